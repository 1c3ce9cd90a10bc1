"""Lays out tables of text: within the width of a terminal, or at full width elsewhere, so that no value is cut in a log."""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

_BETWEEN = 2
"""How many characters are between two columns."""
_FOLDED = 8
"""How many characters of a word stay together when it is broken."""
_Rows = Sequence[Sequence[str]]


def lay_out(
    columns: Sequence[str],
    rows: _Rows,
    room: int | None,
    *,
    right: Sequence[int] = (),
    whole: Sequence[int] = (),
    folding: Sequence[int] = (),
) -> tuple[Table, int]:
    """Returns a table and its full width. Cells wrap if the terminal is too narrow, between words if possible.

    Args:
        columns: the names of the columns.
        rows: plain text, in the order of `columns`.
        room: the width of the terminal in characters; None without a terminal.
        right: the positions of columns that are aligned to the right.
        whole: the positions of columns that wrap last.
        folding: the positions of columns whose words may be broken.
    """
    table = Table(box=box.SIMPLE_HEAD if room else None, padding=(0, 1, 0, 0 if room else 1), pad_edge=False, show_edge=False)
    widths = _fit_widths(columns, rows, room, whole, folding) if room else [None] * len(columns)
    for at, name in enumerate(columns):
        table.add_column(Text(name), justify="right" if at in right else "left", overflow="fold", width=widths[at])
    for row in rows:
        table.add_row(*map(Text, row))
    return table, _total_width(columns, rows)


def count_fitting_columns(columns: Sequence[str], rows: _Rows, room: int | None) -> int:
    """Returns how many of the first columns fit on a line without wrapping; at least one."""
    count = len(columns)
    while room and count > 1 and _total_width(columns[:count], rows) > room:
        count -= 1
    return count


def _fit_widths(columns: Sequence[str], rows: _Rows, room: int, whole: Sequence[int], folding: Sequence[int]) -> list[int]:
    """Returns the widths of columns that fit together: the widest column shrinks first, down to its longest word."""
    widths, places = _natural_widths(columns, rows), range(len(columns))
    texts = [" ".join((name, *(row[at] for row in rows))) for at, name in enumerate(columns)]
    words = [max(map(cell_len, text.split()), default=1) for text in texts]
    words = [min(word, _FOLDED) if at in folding else word for at, word in enumerate(words)]
    least = [widths[at] if at in whole else words[at] for at in places]
    room -= _BETWEEN * (len(columns) - 1)
    least = least if sum(least) <= room else words
    while sum(widths) > room and (wide := [at for at in places if widths[at] > least[at]]):
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _natural_widths(columns: Sequence[str], rows: _Rows) -> list[int]:
    return [max([cell_len(name), *(cell_len(row[at]) for row in rows)]) for at, name in enumerate(columns)]


def _total_width(columns: Sequence[str], rows: _Rows) -> int:
    return sum(_natural_widths(columns, rows)) + _BETWEEN * len(columns)
