"""The rows of a query as a table, as CSV or as one JSON object."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

from common.base.plural import counted
from common.base.terminal import Screen, quoted, say
from common.execution.query_result import QueryResult
from common.model.events import Event

_NUMBERS = int | float | Decimal | None
"""What columns that are aligned to the right hold."""


def quiet(_event: Event) -> None:
    """Tells nothing: the rows alone are what somebody wants to see or to read with a program."""


def write(result: QueryResult, form: str) -> None:
    """Writes the rows to standard output, in the form ``table``, ``csv`` or ``json``; what Athena scanned to standard error."""
    screen = Screen()
    if form == "json":
        rows = [dict(zip(result.columns, map(_plain, row), strict=True)) for row in result.rows]
        screen.object({"columns": list(result.columns), "rows": rows, "scanned_bytes": result.scanned_bytes})
        return
    texts = [["" if value is None else str(value) for value in row] for row in result.rows]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([result.columns, *texts])
        screen.text(text.getvalue())
        return
    from common.base import text_table  # loads rich, which programs do not need

    if text_table.count_fitting_columns(result.columns, texts, screen.room) < len(result.columns):
        _write_records(screen, result.columns, texts)
    else:
        right = [at for at in range(len(result.columns)) if all(isinstance(row[at], _NUMBERS) for row in result.rows)]
        screen.table(result.columns, texts, right=right)
    scanned = "" if result.scanned_bytes is None else f", {result.scanned_bytes:,} bytes scanned"
    say(f"{counted(len(result.rows), 'row')}{scanned}")


def _write_records(screen: Screen, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Writes each row as a block with a line for each column, where a table is too wide for the terminal."""
    names = [quoted(name) for name in columns]
    width = max(map(len, names))
    for number, row in enumerate(rows, 1):
        screen.line(f"[dim]row {number}[/dim]")
        for name, text in zip(names, row, strict=True):
            screen.line(f"  [bold]{name.ljust(width)}[/bold]  {quoted(text)}".rstrip())


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)
