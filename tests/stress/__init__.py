"""Many hands on one database, and processes that die in the middle of their work.

The suite runs a short form of each; `python -m tests.stress race|client|server` runs the long one.
"""
