"""Tables of text: within a terminal's width on a terminal, as wide as they are elsewhere, so that no value is cut in a log."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_BETWEEN = 3
"""Characters between two columns."""


def show(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Prints a table whose cells wrap where a terminal is too narrow.

    Args:
        console: where.
        columns: their names.
        rows: plain text, in the order of `columns`.
        right: the positions of columns that are aligned to the right.
    """
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, show_edge=False)
    for at, name in enumerate(columns):
        table.add_column(escape(name), justify="right" if at in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    wide = console if console.is_terminal else Console(file=console.file, width=_width(columns, rows), highlight=False)
    wide.print(table, soft_wrap=False)


def fitting(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """How many of the first columns a line has room for without wrapping; at least one."""
    count = len(columns)
    while console.is_terminal and count > 1 and _width(columns[:count], rows) > console.width:
        count -= 1
    return count


def _width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    widths = [max([len(name), *(len(row[at]) for row in rows)]) for at, name in enumerate(columns)]
    return sum(widths) + _BETWEEN * len(widths)
