"""Taking in files: what a row means, what it becomes on record, and how to take it back."""
