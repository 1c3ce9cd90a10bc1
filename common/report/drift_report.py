"""What has drifted, field by field, as text."""

import json
from typing import TextIO

from common.base.json_types import Json
from common.base.terminal import Screen, quoted
from common.engine.drift import ABSENT, Drifted, DriftResult
from common.model.events import Note
from common.report.deploy_report import TextReport
from common.state.stored_objects import printable

COLUMNS = ("field", "last applied", "declared", "live")
VALUE_WIDTH = 120
"""How many characters of a value are shown."""


def show(result: DriftResult, stream: TextIO | None = None) -> None:
    """Prints each resource that has drifted with its fields, and what else is not as it is declared."""
    screen, report = Screen(stream), TextReport(stream=stream)
    for drifted in result.drifted:
        screen.line(quoted(f"{drifted.project}: {drifted.key} {drifted.how}: {printable(drifted.what)}"))
        if drifted.fields:
            screen.table(COLUMNS, _rows(drifted), folding=range(4))
    for kept in result.kept:
        screen.line(quoted(f"{kept.project}: {kept.key} kept, not declared: {printable(', '.join(kept.fields))}"))
    if result.undeployed:
        report(Note(f"not deployed yet: {', '.join(result.undeployed)}"))
    if result.left_over:
        report(Note(f"deployed and not declared, or not by this name: {', '.join(result.left_over)}; see `plan`"))
    repair = " `deploy --verify` puts it back." if result.drifted else ""
    resources = "resource" if result.checked == 1 else "resources"
    report(Note(f"{result.checked} {resources} compared, {len(result.drifted)} drifted.{repair}"))


def _rows(drifted: Drifted) -> list[list[str]]:
    return [
        [field.label or field.name, *(_value(value, field.text) for value in (field.applied, field.declared, field.live))]
        for field in drifted.fields
    ]


def _value(value: Json, text: str) -> str:
    if text and value != ABSENT:
        return text.strip("()")
    return printable(value if isinstance(value, str) else json.dumps(value, sort_keys=True), VALUE_WIDTH)
