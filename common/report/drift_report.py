"""What has drifted, field by field, as text."""

import json
from typing import TextIO

from common.base.command_text import typed
from common.base.json_types import Json
from common.base.plural import counted
from common.base.terminal import Screen, quoted, visible
from common.engine.drift import ABSENT, Drifted, DriftResult, Field
from common.model.events import Note
from common.report.deploy_report import TextReport
from common.state.stored_objects import printable

SIGNS = {"changed": ("yellow", "~"), "deleted": ("red", "-"), "replaced": ("magenta", "±")}
"""The style and the sign of what happened to a resource."""
COLUMNS = ("field", "last applied", "declared", "live")
VALUE_WIDTH = 120
"""How many characters of a value are shown."""


def show(result: DriftResult, stream: TextIO | None = None, *, environment: str = "", verbose: bool = False) -> None:
    """Prints each resource that has drifted with its fields, and what else is not as it is declared.

    Args:
        result: what was found.
        stream: where to write; standard output, if it is not given.
        environment: its name, for the command that repairs.
        verbose: print a table of the fields on a terminal, too.
    """
    screen, report = Screen(stream), TextReport(stream=stream)
    if screen.is_live and not verbose:
        _show_by_project(screen, result)
    else:
        _show_tables(screen, result)
    if result.undeployed:
        report(Note(f"not deployed yet: {', '.join(result.undeployed)}"))
    if result.left_over:
        report(Note(f"deployed and not declared, or not by this name: {', '.join(result.left_over)}; see `plan`"))
    repair = " `deploy --verify` puts it back." if result.drifted else ""
    report(Note(f"{counted(result.checked, 'resource')} compared, {len(result.drifted)} drifted.{repair}"))
    if result.drifted and environment:
        screen.line(f"[dim]Next[/dim]   {quoted(typed(f'deploy --env {environment} --verify'))}")


def _show_tables(screen: Screen, result: DriftResult) -> None:
    """Prints a line for each resource, and below it a table of its fields."""
    for drifted in result.drifted:
        screen.line(quoted(f"{drifted.project}: {drifted.key} {drifted.how}: {printable(drifted.what)}"))
        if drifted.fields:
            screen.table(COLUMNS, _rows(drifted), folding=range(4))
    for kept in result.kept:
        screen.line(quoted(f"{kept.project}: {kept.key} kept, not declared: {printable(', '.join(kept.fields))}"))


def _show_by_project(screen: Screen, result: DriftResult) -> None:
    """Prints each project with its resources, and below each what it was deployed with and what it has now."""
    from common.base import text_fit  # loads rich, which only a terminal needs

    projects = [*(drifted.project for drifted in result.drifted), *(kept.project for kept in result.kept)]
    for project in dict.fromkeys(projects):
        own = [drifted for drifted in result.drifted if drifted.project == project]
        screen.line(f"[bold]{quoted(project)}[/bold]  [dim]{len(own)} drifted[/dim]")
        for drifted in own:
            style, sign = SIGNS.get(drifted.how, ("red", "✗"))
            screen.line(f"  [{style}]{screen.spelled(sign)}[/{style}] {quoted(drifted.key)}  [dim]{quoted(drifted.how)}[/dim]")
            lines = [_change(field) for field in drifted.fields] or [printable(drifted.what)]
            for line in lines:
                for part in text_fit.paragraphs(screen.spelled(visible(line, lines=False)), screen.width - 8, indent=" " * 6):
                    screen.line(quoted(part))
        for kept in result.kept:
            if kept.project == project:
                text = f"= {kept.key}  kept, not declared: {printable(', '.join(kept.fields))}"
                for part in text_fit.paragraphs(visible(text, lines=False), screen.width - 4):
                    screen.line(f"[dim]{quoted(part)}[/dim]")


def _change(field: Field) -> str:
    """A field with the value that was deployed and the live one; and the declared one if that is a third."""
    applied, declared, live = (_value(value, field.text) for value in (field.applied, field.declared, field.live))
    third = f" (declared: {declared})" if declared != applied else ""
    return f"{field.label or field.name} {applied} → {live}{third}"


def _rows(drifted: Drifted) -> list[list[str]]:
    return [
        [field.label or field.name, *(_value(value, field.text) for value in (field.applied, field.declared, field.live))]
        for field in drifted.fields
    ]


def _value(value: Json, text: str) -> str:
    if text and value != ABSENT:
        return text.strip("()")
    return printable(value if isinstance(value, str) else json.dumps(value, sort_keys=True), VALUE_WIDTH)
