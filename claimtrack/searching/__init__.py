"""Search: what is typed as a tree of words, the words of a text, snippets, spelling. Pure."""
