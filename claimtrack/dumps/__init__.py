"""Dumps of a database, by PostgreSQL's own pg_dump and pg_restore: finding the two, running them.

A dump is a plain archive of pg_dump's (custom format), which anybody's pg_restore reads. It goes
back in by way of the script that ``pg_restore`` makes of it, on a connection of ours: so replacing
what was there, restoring and checking are one transaction, and a setting that only a newer server
knows stands in no older server's way.
"""
