"""`invoke gc`: shows what nothing needs any more, and deletes it unless it is only to be shown."""

from invoke.context import Context

from common.commands.option_help import COLLECTING, options
from common.commands.task import task
from common.model.choices import Choices


@task(help=options("env", "project", "json", "yes", **COLLECTING))
def gc(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    days: str = "30",
    dry_run: bool = False,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Delete old artifacts and old versions of layers.

    Old is what no record, no recent release and none of the last ten releases
    names.
    """
    from common.base.errors import UsageError
    from common.commands.environment_command import deployed_projects, opened
    from common.engine import protection
    from common.engine.collection import GarbageCollection
    from common.report import garbage_report
    from common.report.deploy_report import TextReport
    from common.report.json_report import JsonReport

    if not (days.isascii() and days.isdecimal()) or not 8 <= int(days) <= 3650:
        raise UsageError(f"--days is {days!r}; it must be from 8 to 3650: a run of a Glue job may last for 7 days.")
    report = JsonReport(env) if json else TextReport()
    command = opened(Choices(env=env, project=project, yes=yes), report, json=json)
    connection = command.connection()
    collection = GarbageCollection(connection, int(days), command.about, command.say)
    garbage = collection.find(deployed_projects(connection, project))
    if garbage and not dry_run:
        protection.confirm(connection.env, command.ask, yes=yes)
        garbage = collection.delete(garbage)
    if isinstance(report, JsonReport):
        report.contents |= garbage_report.as_object(garbage, deleted=not dry_run)
    for line in garbage_report.lines(garbage, deleted=not dry_run):
        command.say(line)
