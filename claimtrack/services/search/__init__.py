"""Search: which claims have the words that were typed, in which of their texts."""
