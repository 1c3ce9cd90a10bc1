"""How large a nested value is once everything that is shared in it is written out, told without writing it out.

A few lines of YAML whose aliases refer to aliases stand for more than any machine can hold. So sizes are computed from the parts,
each looked at once, and a value that is within itself is refused.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from collections.abc import Iterable, Mapping

import yaml

SIZE_LIMIT = 1_048_576
"""Characters of a definition."""
DEPTH_LIMIT = 100
"""How deep a definition may be nested; AWS names no limit, and nobody reads this much."""


class ExtentError(Exception):
    """A value is too large, too deep, or within itself; says which."""


def check_extent(root: object) -> None:
    """Looks at JSON-like values and at the nodes of YAML.

    Raises:
        ExtentError: what they stand for is larger than a definition may be.
    """
    sizes: dict[int, int] = {}
    depths: dict[int, int] = {}
    within: set[int] = set()
    waiting = [(root, False)]
    while waiting:
        value, seen = waiting.pop()
        parts, key = list(_parts(value)), id(value)
        if seen:
            within.discard(key)
            sizes[key] = _length(value) + sum(sizes[id(part)] for part in parts)
            depths[key] = 1 + max((depths[id(part)] for part in parts), default=0)
            if sizes[key] > SIZE_LIMIT:
                raise ExtentError(f"stands for more than the {SIZE_LIMIT} characters that AWS allows")
            if depths[key] > DEPTH_LIMIT:
                raise ExtentError(f"is nested more than {DEPTH_LIMIT} levels deep")
        elif key in within:
            raise ExtentError("contains itself")
        elif key not in sizes:
            within.add(key)
            waiting.append((value, True))
            waiting.extend((part, False) for part in parts)


def _parts(value: object) -> Iterable[object]:
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


def _length(value: object) -> int:
    """At least as many characters stand for it in JSON, its parts left out."""
    text = value.value if isinstance(value, yaml.ScalarNode) else value
    return 1 + (len(text) if isinstance(text, str) else 0)
