"""What became of each key of a converted configuration, as text or as an object."""

import json
from collections.abc import Iterator

from common.base.json_types import JsonObject
from common.base.plural import counted
from common.importing.config_import import ConfigImport
from common.state.stored_objects import printable

VALUE_WIDTH = 80
"""How many characters of a value are shown."""


def lines(result: ConfigImport, *, written: bool) -> Iterator[str]:
    """Yields a line for each key, the tokens for the declaration, and a summary."""
    converted = result.converted
    for keys, value in converted.values.items():
        shown = printable(json.dumps(value, ensure_ascii=False), VALUE_WIDTH)
        yield f"{printable(converted.sources[keys])}: {'.'.join(keys)} = {shown}"
    for refused in converted.refused:
        yield f"{printable(refused.path)}: not converted: {printable(refused.where)}."
    if converted.tokens:
        yield f"definitions with these tokens need in deploy.py: tokens={json.dumps(converted.tokens, ensure_ascii=False)}"
    verb = "written to" if written else "for"
    yield f"{counted(len(converted.values), 'value')} {verb} {result.file}, {len(converted.refused)} not converted."


def as_object(result: ConfigImport, *, written: bool) -> JsonObject:
    """The result as an object."""
    converted = result.converted
    return {
        "written": written,
        "file": result.file,
        "converted": [
            {"from": converted.sources[keys], "path": list(keys), "value": value} for keys, value in converted.values.items()
        ],
        "refused": [{"from": refused.path, "where": refused.where} for refused in converted.refused],
        "tokens": converted.tokens,
    }
