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


NESTED = (dict, list, tuple, Mapping, yaml.CollectionNode)
"""What has parts."""


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
    waiting: list[tuple[object, int | None, list[object]]] = [(root, None, [])]
    while waiting:
        value, own, nested = waiting.pop()
        key = id(value)
        if own is not None:
            within.discard(key)
            sizes[key] = own + sum(sizes[id(part)] for part in nested)
            depths[key] = 1 + max((depths[id(part)] for part in nested), default=0)
            if sizes[key] > SIZE_LIMIT:
                raise NestedSizeError(f"expands to more than the {SIZE_LIMIT} characters that AWS allows")
            if depths[key] > DEPTH_LIMIT:
                raise NestedSizeError(f"is nested more than {DEPTH_LIMIT} levels deep")
        elif key in within:
            raise NestedSizeError("contains itself")
        elif key not in sizes:
            own, nested = _parts(value)
            within.add(key)
            waiting.append((value, own, nested))
            waiting.extend((part, None, []) for part in nested)


def _parts(value: object) -> tuple[int, list[object]]:
    """Returns the least number of characters for a value in JSON without its nested parts, and these parts."""
    own, nested = 1, list[object]()
    for part in _listed(value):
        if isinstance(part, str):
            own += 1 + len(part)
        elif isinstance(part, NESTED):
            nested.append(part)
        else:
            own += 1 + (len(part.value) if isinstance(part, yaml.ScalarNode) else 0)
    return own, nested


def _listed(value: object) -> Iterable[object]:
    """Returns the keys, values or items of a value; a value without any is listed itself."""
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
            return (value,)
