"""Tables of text: within a terminal's width on a terminal, as wide as they are elsewhere, so that no value is cut in a log."""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

_BETWEEN = 2
"""Characters between two columns."""
_FOLDED = 8
"""Characters of a word that is broken."""
_Rows = Sequence[Sequence[str]]


def laid_out(
    columns: Sequence[str],
    rows: _Rows,
    room: int | None,
    *,
    right: Sequence[int] = (),
    whole: Sequence[int] = (),
    folding: Sequence[int] = (),
) -> tuple[Table, int]:
    """A table whose cells wrap where a terminal is too narrow: between words, where there is room for these; and its full width.

    Args:
        columns: their names.
        rows: plain text, in the order of `columns`.
        room: characters of a terminal's line; None where there is none.
        right: the positions of columns that are aligned to the right.
        whole: of those that are the last to wrap.
        folding: of those whose words may be broken.
    """
    table = Table(box=box.SIMPLE_HEAD if room else None, padding=(0, 1, 0, 0 if room else 1), pad_edge=False, show_edge=False)
    widths = _widths(columns, rows, room, whole, folding) if room else [None] * len(columns)
    for at, name in enumerate(columns):
        table.add_column(Text(name), justify="right" if at in right else "left", overflow="fold", width=widths[at])
    for row in rows:
        table.add_row(*map(Text, row))
    return table, _width(columns, rows)


def fitting(columns: Sequence[str], rows: _Rows, room: int | None) -> int:
    """How many of the first columns a line has room for without wrapping; at least one."""
    count = len(columns)
    while room and count > 1 and _width(columns[:count], rows) > room:
        count -= 1
    return count


def _widths(columns: Sequence[str], rows: _Rows, room: int, whole: Sequence[int], folding: Sequence[int]) -> list[int]:
    """Of each column so many characters that all fit: the widest give way first, down to their longest word."""
    widths, places = _natural(columns, rows), range(len(columns))
    texts = [" ".join((name, *(row[at] for row in rows))) for at, name in enumerate(columns)]
    words = [max(map(cell_len, text.split()), default=1) for text in texts]
    words = [min(word, _FOLDED) if at in folding else word for at, word in enumerate(words)]
    least = [widths[at] if at in whole else words[at] for at in places]
    room -= _BETWEEN * (len(columns) - 1)
    least = least if sum(least) <= room else words
    while sum(widths) > room and (wide := [at for at in places if widths[at] > least[at]]):
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _natural(columns: Sequence[str], rows: _Rows) -> list[int]:
    return [max([cell_len(name), *(cell_len(row[at]) for row in rows)]) for at, name in enumerate(columns)]


def _width(columns: Sequence[str], rows: _Rows) -> int:
    return sum(_natural(columns, rows)) + _BETWEEN * len(columns)
