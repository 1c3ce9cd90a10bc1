"""Glue's library for machine learning, which exists only in AWS: scripts can import it, and a call is refused by name."""
