"""`invoke types`: lists what can be declared, and prints the properties of one type."""

from invoke.context import Context

from common.commands.option_help import TYPES, options
from common.commands.task import task


@task(help=options("json", **TYPES), reads_only=True)
def types(_c: Context, match: str | None = None, schema: bool = False, json: bool = False) -> None:
    """Show what can be declared.

    The kinds that have a method of their own, and all types for `p.resource`.
    Needs no environment.
    """
    from common.report import types_report

    if schema:
        types_report.show_file_schema(match)
    elif json:
        types_report.show_as_json(match)
    else:
        types_report.show(match)
