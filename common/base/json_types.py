"""Types of JSON values whose fields are checked elsewhere: by AWS, by their reader, or by a data class made from them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A value that can be written as JSON. Its type is not checked: every reader checks what it takes from it."""
JsonObject: TypeAlias = dict[str, Json]
"""A JSON object that its holder may change."""
JsonMapping: TypeAlias = Mapping[str, Json]
"""A JSON object that is only read."""
