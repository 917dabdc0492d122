"""What claimtrack does. Services take a connection, may write, and never commit."""
