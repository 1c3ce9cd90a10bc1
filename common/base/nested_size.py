"""Computes the size of a nested value with shared parts written out, without writing it out.

A few lines of YAML whose aliases refer to aliases can expand to more than any machine can hold. So the size is computed from the
parts, each of which is visited once. A value that contains itself is refused.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from collections.abc import Iterable, Mapping

import yaml

SIZE_LIMIT = 1_048_576
"""How many characters AWS allows for the definition of a state machine."""
DEPTH_LIMIT = 100
"""How deeply a definition may be nested. AWS documents no limit; nobody could read more."""


class NestedSizeError(Exception):
    """A value is too large, too deep, or contains itself; the message says which."""


def check_nested_size(root: object) -> None:
    """Checks the expanded size of JSON-like values and of YAML nodes.

    Raises:
        NestedSizeError: the expanded value is larger than a definition may be.
    """
    sizes: dict[int, int] = {}
    depths: dict[int, int] = {}
    within: set[int] = set()
    waiting = [(root, False)]
    while waiting:
        value, seen = waiting.pop()
        parts, key = list(_list_parts(value)), id(value)
        if seen:
            within.discard(key)
            sizes[key] = _own_length(value) + sum(sizes[id(part)] for part in parts)
            depths[key] = 1 + max((depths[id(part)] for part in parts), default=0)
            if sizes[key] > SIZE_LIMIT:
                raise NestedSizeError(f"expands to more than the {SIZE_LIMIT} characters that AWS allows")
            if depths[key] > DEPTH_LIMIT:
                raise NestedSizeError(f"is nested more than {DEPTH_LIMIT} levels deep")
        elif key in within:
            raise NestedSizeError("contains itself")
        elif key not in sizes:
            within.add(key)
            waiting.append((value, True))
            waiting.extend((part, False) for part in parts)


def _list_parts(value: object) -> Iterable[object]:
    match value:
        case yaml.MappingNode():
            return (part for pair in value.value for part in pair)
        case yaml.SequenceNode():
            return value.value  # type: ignore[no-any-return]  # the stubs do not say what a node holds
        case Mapping():
            return (part for pair in value.items() for part in pair)
        case list() | tuple():
            return value
        case _:
            return ()


def _own_length(value: object) -> int:
    """Returns the least number of characters for the value in JSON, without its parts."""
    text = value.value if isinstance(value, yaml.ScalarNode) else value
    return 1 + (len(text) if isinstance(text, str) else 0)
