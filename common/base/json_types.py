"""Types of JSON values whose fields are checked elsewhere: by AWS, by their reader, or by a data class made from them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A value that can be written as JSON. Its type is not checked: every reader checks what it takes from it."""
JsonObject: TypeAlias = dict[str, Json]
"""A JSON object that its holder may change."""
JsonMapping: TypeAlias = Mapping[str, Json]
"""A JSON object that is only read."""


def are_equal(first: Json, second: Json) -> bool:
    """Whether two JSON values are equal, with numbers and booleans of one type: for Python 1, 1.0 and true are equal."""
    if first != second:
        return False
    if isinstance(first, Mapping):
        return all(are_equal(value, second[name]) for name, value in first.items())
    if isinstance(first, list | tuple):
        return all(map(are_equal, first, second))
    return type(first) is type(second) or not isinstance(first, int | float)
