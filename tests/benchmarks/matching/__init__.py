"""How well matching finds, on collections of claims and posts that are not ours to keep."""
