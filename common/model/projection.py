"""The part of a live JSON value that a declared value is about, spelled like the declared one where both mean the same.

AWS fills in defaults, reorders lists that have no order, and returns some numbers and documents as texts. Nothing of that counts.
"""

import json
from collections.abc import Iterator, Mapping

from common.base.json_types import Json


def projected(live: Json, declared: Json) -> Json:
    """The live value, reduced to what is declared: of objects the declared fields, of lists each entry in the same way."""
    if isinstance(declared, Mapping):
        values = _parsed(live)
        if not isinstance(values, Mapping):
            return live
        return {name: projected(values[name], value) for name, value in declared.items() if name in values}
    if isinstance(declared, list | tuple):
        entries = _parsed(live)
        if not isinstance(entries, list) or len(entries) != len(declared):
            return entries
        return _in_declared_order(entries, list(declared))
    return declared if _means_the_same(live, declared) else live


def with_value(document: Json, path: tuple[str, ...], value: Json) -> Json:
    """The JSON value with another value at a path."""
    if not path:
        return value
    inner = document if isinstance(document, Mapping) else {}
    return {**inner, path[0]: with_value(inner.get(path[0]), path[1:], value)}


def value_at(document: Json, path: tuple[str, ...]) -> Json:
    """The value at a path of names in a JSON value; None if there is none."""
    for part in path:
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


def values_at(document: Json, path: tuple[str, ...]) -> Iterator[Json]:
    """Yields the values at a path, in which ``*`` stands for every entry of a list."""
    if not path:
        yield document
    elif path[0] == "*":
        for entry in document if isinstance(document, list | tuple) else ():
            yield from values_at(entry, path[1:])
    elif isinstance(document, Mapping) and path[0] in document:
        yield from values_at(document[path[0]], path[1:])


def texts_in(value: Json) -> Iterator[str]:
    """Yields every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)


def _in_declared_order(entries: list[Json], declared: list[Json]) -> list[Json]:
    """The entries, each where an equal one is declared; those that equal none fill the places that are left."""
    left = [*entries]
    result: list[Json] = []
    for value in declared:
        equal = next((entry for entry in left if projected(entry, value) == value), None)
        if equal is not None:
            left.remove(equal)
            result.append(value)
        else:
            result.append(_MISSING)
    rest = iter(left)
    return [projected(next(rest), value) if entry is _MISSING else entry for entry, value in zip(result, declared, strict=True)]


_MISSING: Json = object()


def _parsed(live: Json) -> Json:
    """A JSON document that AWS returns as text; anything else as it is."""
    if isinstance(live, str) and live[:1] in {"{", "["}:
        try:
            return json.loads(live)
        except ValueError:
            return live
    return live


def _means_the_same(live: Json, declared: Json) -> bool:
    """Whether a simple value is the declared one, perhaps as a text: ``"300"`` for 300, ``"true"`` for True."""
    if live == declared:
        return type(live) is type(declared) or not isinstance(live, bool)
    if isinstance(declared, bool):
        return isinstance(live, str) and live.lower() == str(declared).lower()
    if isinstance(declared, int | float):
        return isinstance(live, str) and live == str(declared)
    return isinstance(declared, str) and isinstance(live, int | float) and not isinstance(live, bool) and declared == str(live)
