"""`invoke status`: shows what is released of each project, who is deploying it, and how its last execution went."""

from invoke.context import Context

from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices


@task(
    help=options(
        *("env", "project", "json"),
        verify="Read the tag of each record, too, and name the records that are missing or have lost it.",
        verbose="List each resource, too, with its name in AWS and on real accounts the address of its page in the console.",
        unmanaged="List instead which functions, jobs, crawlers and state machines of the account carry no owner's tag.",
    ),
    reads_only=True,
)
def status(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    verify: bool = False,
    unmanaged: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Show what is deployed, by whom and from which commit.

    Also who is deploying right now, and how the last execution went.
    """
    from dataclasses import asdict

    from common.commands.environment_command import opened
    from common.engine.status import read_all
    from common.report import status_report
    from common.report.deploy_report import TextReport
    from common.report.json_report import JsonReport

    report = JsonReport(env) if json else TextReport()
    command = opened(Choices(env=env, project=project), report, must_exist=True)
    declarations, problems = command.usable_declarations()
    if unmanaged:
        from common.importing.unmanaged import find_unmanaged

        for name, problem in problems.items():
            command.say(f"What {name} declares is not told: {problem}")
        connection = command.connection()
        resources = find_unmanaged(declarations.env, connection.aws, connection.pool, declarations.resources)
        if isinstance(report, JsonReport):
            report.contents["unmanaged"] = [asdict(resource) for resource in resources]
        else:
            status_report.show_unmanaged(resources)
        return
    undeclared = command.workspace.undeclared
    connection, others = command.connection(), project is None
    statuses = read_all(connection, declarations, others=others, why_undeclared=undeclared, problems=problems, verify=verify)
    if isinstance(report, JsonReport):
        report.contents["projects"] = [asdict(status) for status in statuses]
    else:
        status_report.show(statuses, names=project is not None, verbose=verbose)
