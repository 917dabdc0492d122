"""The formats of others: each is read or written in a file of its own, without a database."""
