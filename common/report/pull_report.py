"""What `invoke pull` wrote, and what belongs elsewhere, as text or as an object."""

import json
from collections.abc import Iterator

from common.base.json_types import JsonObject
from common.base.plural import counted
from common.importing.pull import PullResult
from common.state.stored_objects import printable

VALUE_WIDTH = 120
"""How many characters of a value are shown."""


def lines(result: PullResult, *, written: bool) -> Iterator[str]:
    """Yields a line for each setting and for each field that belongs elsewhere, and a summary."""
    for pulled in result.pulled:
        yield f"{pulled.place} is {printable(json.dumps(pulled.value, ensure_ascii=False), VALUE_WIDTH)}, as {pulled.key} in AWS"
    for left in result.left:
        yield f"{left.project}: {left.key}{f' {left.field}' if left.field else ''}: {printable(left.where)}."
    if not result.pulled and not result.left:
        yield "nothing was edited in AWS since the last deploy"
        return
    verb = "written" if written else "to write"
    settings, fields = counted(len(result.pulled), "setting"), counted(len(result.left), "field")
    yield f"{settings} {verb}; {fields} must be changed elsewhere. `deploy` records what was written; commit the files."


def as_object(result: PullResult, *, written: bool) -> JsonObject:
    """The result as an object."""
    return {
        "written": written,
        "pulled": [
            {
                "project": pulled.project,
                "key": pulled.key,
                "field": pulled.field,
                "file": pulled.place.file,
                "path": list(pulled.place.keys),
                "value": pulled.value,
            }
            for pulled in result.pulled
        ],
        "left": [{"project": left.project, "key": left.key, "field": left.field, "where": left.where} for left in result.left],
    }
