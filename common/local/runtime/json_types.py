"""Types of JSON values, and of the functions of ministack, in the embedded AWS, which imports nothing of the deployer."""

from collections.abc import Callable
from typing import Any

Json = Any
"""A value that can be written as JSON. Its type is checked by ministack, or by whoever sent it."""
JsonObject = dict[str, Json]
"""A JSON object. Its fields are checked by ministack, or by whoever sent it."""
Function = Callable[..., Any]
"""A function of ministack, whose parameters are checked by name when the embedded AWS starts."""
Response = tuple[int, dict[str, str], bytes]
"""What an operation of ministack returns: status, headers and body."""
Operation = Callable[[JsonObject], Response]
"""An operation of ministack, which gets the parsed body of a request."""
