"""Has this been said, or checked, before?"""
