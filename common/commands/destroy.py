"""`invoke destroy`: shows what goes, asks for the name of it, and deletes it."""

from invoke.context import Context

from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices


@task(
    help=options(
        *("env", "project", "json"),
        data="What holds data (buckets, tables, log groups …), too; with a whole environment, the artifact bucket.",
        yes="The name of what goes, given back: ask nothing. `--yes dev` for a whole environment, `--yes orders` for a project.",
        dry_run="Only show what would be deleted.",
    ),
    optional=["yes"],
)
def destroy(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    data: bool = False,
    yes: str | bool | None = None,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Delete what was deployed of a project, or of a whole environment; data stays, unless you say --data."""
    from common.commands.environment_command import opened
    from common.engine import protection
    from common.engine.destruction import Destruction
    from common.report.deploy_report import TextReport, as_object
    from common.report.json_report import JsonReport

    report = JsonReport(env) if json else TextReport()
    command = opened(Choices(env=env, project=project, data=data), report, json=json)
    protection.check_not_protected(command.workspace.environment)
    destruction = Destruction(command.connection(), command.workspace.build_dir, command.about, report, data=data)
    command.work = destruction
    removal = destruction.plan(project)
    if isinstance(report, JsonReport):
        changes = [as_object(change) for change in removal.changes]
        report.contents |= {"projects": sorted(removal.projects), "changes": changes}
    if not removal.size:
        command.say("There is nothing to delete.")
    elif dry_run:
        command.say("This was only shown. Nothing was deleted.")
    else:
        protection.confirm_removal(command.workspace.environment, project, removal.size, command.ask, named=yes)
        destruction.carry_out(removal)
