"""Fits text of one line into columns of a terminal: pads, cuts, wraps, and shortens names in the middle; loads rich."""

import re
import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size

BOUNDARY = re.compile(r"(?<=[/:_. -])|(?=[/:_. -])")
"""A name is cut at these positions, if one is near."""
NEAR = 6
"""How many characters a cut moves at most to reach a boundary."""
SEPARATOR = " · "
CODE = re.compile(r"`[^`]*`")
"""Matches what messages quote for people to type."""
JOINT = "\0"
"""Stands for a blank at which a line is not broken."""
LEAST_WIDTH = 20
"""Text is not folded to fewer characters."""


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes: some characters take two."""
    return cell_len(text)


def padded(text: str, width: int) -> str:
    """The text with blanks up to a width."""
    return text + " " * max(width - cell_len(text), 0)


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """As much of the beginning of a text as has room."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(ellipsis)
    return set_cell_size(text, room).rstrip() + ellipsis if room > 0 else set_cell_size(text, max(width, 0))


def shortened(name: str, width: int, ellipsis: str = "…") -> str:
    """A name that fits: its beginning and the longer part of its end, which tells names apart, cut between words if possible."""
    if cell_len(name) <= width:
        return name
    room = width - cell_len(ellipsis)
    if room < NEAR:
        return cut(name, width, ellipsis)
    first = _before(name, room // 3)
    last = _after(name, len(name) - (room - len(first)))
    while cell_len(f"{name[: len(first)]}{name[last:]}") > room and last < len(name):
        last += 1
    return f"{first}{ellipsis}{name[last:]}"


def end_of(name: str, width: int, ellipsis: str = "…") -> str:
    """The end of a name, cut between words if possible."""
    if cell_len(name) <= width:
        return name
    return ellipsis + name[_after(name, len(name) - max(width - cell_len(ellipsis), 1)) :]


def widest(texts: Sequence[str], most: int) -> int:
    """The width of a column that holds these texts, but not more than `most`."""
    return min(max(map(cell_len, texts), default=0), most)


def wrapped(parts: Sequence[str], width: int, separator: str = SEPARATOR) -> Iterator[str]:
    """The parts in as many lines as they need, separated; a part that is wider than a line is shortened."""
    line = ""
    for part in (shortened(part, width) for part in parts):
        longer = f"{line}{separator}{part}" if line else part
        if line and cell_len(longer) > width:
            yield line
            longer = part
        line = longer
    if line:
        yield line


def _before(name: str, end: int) -> str:
    near = [match.start() for match in BOUNDARY.finditer(name) if end - NEAR <= match.start() <= end]
    return name[: near[-1] if near and near[-1] > 0 else end]


def _after(name: str, start: int) -> int:
    near = [match.start() for match in BOUNDARY.finditer(name) if start <= match.start() <= start + NEAR]
    return near[0] if near and near[0] < len(name) else start


def paragraphs(text: str, width: int, indent: str = "  ") -> list[str]:
    """A text of several lines, each of them folded to a width, behind an indent."""
    return [f"{indent}{line}" for line in folded(text, width)]


def folded(text: str, width: int) -> list[str]:
    """A text of several lines, broken between words where a line has no room; what follows a break is indented by two more.

    A command in backticks is not broken, so that it can be copied, nor is a word that is wider than a line.
    """
    lines: list[str] = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
        wrapper = textwrap.TextWrapper(
            max(width, LEAST_WIDTH), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        joined = CODE.sub(lambda match: match[0].replace(" ", JOINT), line)
        lines += [part.replace(JOINT, " ") for part in wrapper.wrap(joined)] or [""]
    return lines
