"""The rows of a query as a table, as CSV or as one JSON object."""

import csv
import io

from common.base.terminal import Screen, say
from common.execution.query_result import QueryResult
from common.model.events import Event


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
    screen.table(result.columns, texts)
    count = len(result.rows)
    scanned = "" if result.scanned_bytes is None else f", {result.scanned_bytes:,} bytes scanned"
    say(f"{count} {'row' if count == 1 else 'rows'}{scanned}")


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)
