"""Glue's library for data quality, which exists only in AWS: scripts can import it, and a call is refused by name."""
