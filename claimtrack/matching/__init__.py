"""Claim matching: which claims a text repeats, by a small learnt model over words. Pure."""
