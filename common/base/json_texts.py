"""Replaces the strings of JSON values, however deep they are."""

from collections.abc import Callable, Mapping

from common.base.json_types import Json


def replace_texts(value: Json, replaced: Callable[[str], Json], text: Callable[[str], Json]) -> Json:
    """A JSON value with every string replaced; keys, and values whose keys end with ``.$``, by `text`."""
    if isinstance(value, str):
        return replaced(value)
    if isinstance(value, Mapping):
        return {
            text(key) if isinstance(key, str) else key: replace_texts(inner, text if str(key).endswith(".$") else replaced, text)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [replace_texts(inner, replaced, text) for inner in value]
    return value


def in_strings(value: Json, replaced: Callable[[str], str]) -> Json:
    """A JSON value with `replaced` applied to every string and key in it."""
    return replace_texts(value, replaced, replaced)
