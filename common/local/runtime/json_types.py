"""Types of JSON values in the embedded AWS, which imports nothing of the deployer."""

from typing import Any

JsonObject = dict[str, Any]
"""A JSON object. Its fields are checked by ministack, or by whoever sent it."""
