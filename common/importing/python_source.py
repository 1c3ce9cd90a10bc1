"""Writes Python as a person would: a call on one line where it fits, else an argument a line."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping

from common.base.json_types import Json
from common.importing.entries import Code

WIDTH = 130
"""The width of a line, as in `projects/ruff.toml`."""


def comment(text: str, indent: int = 4) -> Iterator[str]:
    """The lines of a comment."""
    beginning = f"{' ' * indent}# "
    yield from textwrap.wrap(text, WIDTH, initial_indent=beginning, subsequent_indent=beginning, break_on_hyphens=False)


def call(function: str, arguments: Iterable[Json], named: Mapping[str, Json], indent: int = 4) -> list[str]:
    """The lines of a call."""
    parts = [("", value) for value in arguments] + [(f"{name}=", value) for name, value in named.items()]
    return _enclosed(" " * indent + function + "(", parts, ")")


def literal(value: Json) -> str:
    """A value on one line."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _enclosed(beginning: str, parts: list[tuple[str, Json]], end: str) -> list[str]:
    """The parts between brackets, on one line if they fit."""
    whole = beginning + ", ".join(f"{name}{literal(value)}" for name, value in parts) + end
    if len(whole) <= WIDTH:
        return [whole]
    indent = " " * (len(beginning) - len(beginning.lstrip()) + 4)
    lines = [beginning]
    for name, value in parts:
        lines += _value(f"{indent}{name}", value)
    return [*lines, f"{indent[4:]}{end}"]


def _value(beginning: str, value: Json) -> list[str]:
    """A value in a list of its kind, with the comma after it."""
    line = f"{beginning}{literal(value)},"
    if len(line) <= WIDTH or isinstance(value, Code) or not isinstance(value, Mapping | list | tuple) or not value:
        return [line]
    if isinstance(value, Mapping):
        return _enclosed(f"{beginning}{{", [(f"{literal(key)}: ", inner) for key, inner in value.items()], "},")
    return _enclosed(f"{beginning}[", [("", inner) for inner in value], "],")
