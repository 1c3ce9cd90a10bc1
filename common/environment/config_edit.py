"""Sets values in the text of a configuration file, and leaves everything else of it as it is: order, spaces, line ends.

People write these files and read their differences, so a file is never written anew from its data.

Follows https://www.rfc-editor.org/rfc/rfc8259
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from common.base.json_types import Json

BLANK = re.compile(r"[ \t\n\r]*")
INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)
DEFAULT_INDENT = "  "
Path = Sequence[str]
"""The keys that lead to a value, from the top of the file."""


class _Member(NamedTuple):
    """A member of an object in the text: its key, where that begins, and where its value begins and ends."""

    key: str
    start: int
    value: int
    end: int


def set_values(text: str, values: Mapping[tuple[str, ...], Json]) -> str:
    """Returns the text with these values. Objects that are missing on the way are added.

    Args:
        text: the text of a file with a JSON object.
        values: the new values by path.

    Raises:
        ValueError: the text is not a JSON object, or a path leads through a value that is not an object.
    """
    for path, value in values.items():
        text = _set(text, path, value)
    json.loads(text.removeprefix("\ufeff"))
    return text


def _set(text: str, path: Path, value: Json) -> str:
    start = _after_blank(text, 1 if text.startswith("\ufeff") else 0)
    for depth, key in enumerate(path):
        members, end = _members(text, start)
        member = next((member for member in members if member.key == key), None)
        if member is None:
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value}
            return _add(text, members, start, end, key, value)
        start = member.value
        if depth == len(path) - 1:
            is_flat = "\n" not in text[member.value : member.end]
            line = _indent_at(text, member.start)
            return text[: member.value] + _dump(text, value, line, flat=is_flat and _is_flat(value)) + text[member.end :]
    raise ValueError("the path is empty")


def _members(text: str, start: int) -> tuple[list[_Member], int]:
    """Returns the members of the object at `start`, and where its closing brace is."""
    if text[start : start + 1] != "{":
        raise ValueError(f"there is no object at character {start}")
    decoder, members, at = json.JSONDecoder(), list[_Member](), _after_blank(text, start + 1)
    while text[at] != "}":
        begin = at
        key, at = decoder.raw_decode(text, at)
        value = _after_blank(text, _after_blank(text, at) + 1)
        _, end = decoder.raw_decode(text, value)
        members.append(_Member(key, begin, value, end))
        at = _after_blank(text, end)
        at = _after_blank(text, at + 1) if text[at] == "," else at
    return members, at


def _add(text: str, members: list[_Member], start: int, end: int, key: str, value: Json) -> str:
    """Adds a member behind the last one, on a line of its own if the others have lines of their own."""
    name = json.dumps(key, ensure_ascii=False)
    if members and "\n" not in text[start : members[0].start]:
        return f"{text[: members[-1].end]}, {name}: {_dump(text, value, '', flat=True)}{text[members[-1].end :]}"
    if members:
        line = _indent_at(text, members[-1].start)
        added = f",{_newline(text)}{line}{name}: {_dump(text, value, line, flat=_is_flat(value))}"
        return text[: members[-1].end] + added + text[members[-1].end :]
    outer = _indent_at(text, start)
    line = outer + _unit(text)
    added = f"{_newline(text)}{line}{name}: {_dump(text, value, line, flat=_is_flat(value))}{_newline(text)}{outer}"
    return text[: start + 1] + added + text[end:]


def _is_flat(value: Json) -> bool:
    """Whether a value is written on one line: a single value, or a list of such."""
    return not isinstance(value, dict) and not (isinstance(value, list) and any(isinstance(item, dict | list) for item in value))


def _dump(text: str, value: Json, line: str, *, flat: bool) -> str:
    """Returns the JSON of a value, whose further lines begin with `line`."""
    if flat:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, indent=_unit(text)).replace("\n", _newline(text) + line)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _unit(text: str) -> str:
    match = INDENT.search(text)
    return match[1] if match else DEFAULT_INDENT


def _indent_at(text: str, position: int) -> str:
    """Returns the blanks with which the line of a position begins."""
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _after_blank(text: str, position: int) -> int:
    match = BLANK.match(text, position)
    return match.end() if match else position
