"""Evaluates the filters of paths, such as ``?(@.kind == 'csv' && @.size > 10)``.

Follows https://github.com/json-path/JsonPath#filter-operators
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress

from common.base.json_types import Json
from common.declare.asl.json_filters import Condition, Joined, Listed, Negation, Operand, Pattern
from common.declare.asl.path_steps import JsonPath
from common.declare.asl.walk import listed
from common.testing.errors import NothingThereError, StateError

Holds = Callable[[Json, Json], bool]
"""Says of an item, and of the data in which the whole path began, whether a filter keeps the item."""
Read = Callable[[JsonPath, Json, Json], Json]
"""Returns what a path leads to, from an item and from the whole data.

It raises a NothingThereError if that is nothing, and a StateError if a function at the end of the path cannot be applied to it.
"""
MISSING = object()
"""Stands for what a path does not lead to."""
Value = Callable[[Json, Json], Json]
"""Returns a value of a condition, from an item and from the whole data."""


def condition(parsed: Condition, read: Read) -> Holds:
    """Returns a function that evaluates a condition."""
    if isinstance(parsed, Negation):
        inner = condition(parsed.inner, read)
        return lambda item, root: not inner(item, root)
    if isinstance(parsed, Joined):
        parts, join = [condition(part, read) for part in parsed.parts], all if parsed.operator == "&&" else any
        return lambda item, root: join(part(item, root) for part in parts)
    left = _operand(parsed.left, read)
    if parsed.right is None:
        return lambda item, root: left(item, root) is not MISSING
    right, compare = _operand(parsed.right, read), COMPARING[parsed.operator]
    return lambda item, root: bool(compare(left(item, root), right(item, root)))


def _operand(parsed: Operand, read: Read) -> Value:
    if isinstance(parsed, JsonPath):

        def value(item: Json, root: Json) -> Json:
            with suppress(NothingThereError, StateError):
                return read(parsed, item, root)
            return MISSING

        return value
    if isinstance(parsed, Listed):
        values = [_operand(value, read) for value in parsed.values]
        return lambda item, root: [value(item, root) for value in values]
    if isinstance(parsed, Pattern):
        pattern = re.compile(parsed.source, re.IGNORECASE if "i" in parsed.flags else 0)
        return lambda _item, _root: pattern
    return lambda _item, _root: parsed.value


def _equal(left: Json, right: Json) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _ordered(left: Json, right: Json) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    return numbers or (isinstance(left, str) and isinstance(right, str))


def _is_among(value: Json, values: Json) -> bool:
    return any(_equal(value, other) for other in listed(values))


def _contains(whole: Json, part: Json) -> bool:
    return part in whole if isinstance(whole, str) and isinstance(part, str) else _is_among(part, whole)


def _matches(left: Json, right: Json) -> bool:
    return isinstance(left, str) and isinstance(right, re.Pattern) and right.fullmatch(left) is not None


COMPARING: Mapping[str, Callable[[Json, Json], Json]] = {
    "==": _equal,
    "===": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "!==": lambda left, right: not _equal(left, right),
    "<": lambda left, right: _ordered(left, right) and left < right,
    "<=": lambda left, right: _ordered(left, right) and left <= right,
    ">": lambda left, right: _ordered(left, right) and left > right,
    ">=": lambda left, right: _ordered(left, right) and left >= right,
    "=~": _matches,
    "matches": _matches,
    "in": _is_among,
    "nin": lambda left, right: not _is_among(left, right),
    "subsetof": lambda left, right: all(_is_among(value, right) for value in listed(left)),
    "anyof": lambda left, right: any(_is_among(value, right) for value in listed(left)),
    "noneof": lambda left, right: not any(_is_among(value, right) for value in listed(left)),
    "contains": _contains,
    "size": lambda left, right: isinstance(left, str | list) and len(left) == right,
    "empty": lambda left, right: isinstance(left, str | list) and (not left) == right,
    "type": lambda left, right: type(left).__name__ == right,
}
"""The operators of filters."""
