"""``Unbox``: a field that holds a record as text, in JSON or CSV, becomes that record."""

import csv
import json
from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from pyspark.sql import types

from embedded_glue import paths
from embedded_glue.records import Options, Record, Value
from embedded_glue.unavailable import refuse

if TYPE_CHECKING:
    from embedded_glue.frame import DynamicFrame

_FORMATS = ("json", "csv")


def unboxed(frame: "DynamicFrame", path: str, kind: str, options: Options) -> "DynamicFrame":
    """The frame with the text at ``path`` read; a text that is malformed makes its record an error."""
    if kind not in _FORMATS:
        raise refuse(f"unbox with the format {kind!r}", "There are json and csv; for others use toDF().")
    place = paths.resolved(frame._data.schema, paths.parse(path))
    if place is None:
        return frame
    names = place[0]
    schema = types.StructType.fromJson(json.loads(options["withSchema"])) if "withSchema" in options else None
    if schema is not None and kind == "json":

        def parsed(field: paths.Field) -> list[paths.Field]:
            return [paths.Field(field.name, F.from_json(field.value, schema), schema)]

        return frame._with(paths.selected(frame._data, paths.changed(paths.fields_of(frame._data), names, parsed)))
    columns = schema.fieldNames() if schema is not None else None
    return frame.map(
        lambda record: _read(record, names, json.loads if kind == "json" else lambda text: _row(text, options, columns))
    )


def _read(record: Record, names: paths.Path, parse: Value) -> Record:
    holder = record
    for name in names[:-1]:
        holder = holder.get(name)
        if holder is None:
            return record
    if holder.get(names[-1]) is not None:
        holder[names[-1]] = parse(holder[names[-1]])
    return record


def _row(text: str, options: Options, columns: list[str] | None) -> Record:
    """The first row of a CSV; its fields are named by the schema or the header, else ``col0``, ``col1``, …."""
    escape = options.get("escaper")
    rows = list(csv.reader(text.splitlines(), delimiter=options.get("separator", ","), escapechar=escape or None))
    has_header = str(options.get("withHeader")).lower() == "true"
    if has_header:
        columns = columns or rows[0]
    if has_header or str(options.get("skipFirst")).lower() == "true":
        rows = rows[1:]
    values = rows[0] if rows else []
    return {columns[n] if columns and n < len(columns) else f"col{n}": value for n, value in enumerate(values)}
