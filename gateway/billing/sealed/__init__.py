"""The sealed ledger, read again: whether all rows of money are what was sealed, what is published
of it every day, and the proof of one row."""
