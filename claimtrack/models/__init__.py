"""The tables, one aggregate per file; ``rules`` completes them with all that DDL needs.

Nothing is imported here: a command pays at its start for the tables that it uses.
"""
