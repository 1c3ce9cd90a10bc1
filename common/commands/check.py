"""`invoke check`: checks the declarations and the state machines of all projects, without calling anything."""

from invoke.context import Context

from common.commands.option_help import options
from common.commands.task import task


@task(
    help=options("project", "json", sarif="Write what was found to this file, too, as SARIF: for the lines of pull requests."),
    for_all=True,
    reads_only=True,
)
def check(_c: Context, project: str | None = None, json: bool = False, sarif: str | None = None) -> None:
    """Check declarations and state machines without an account.

    Needs no environment and no credentials. Exit code 1: something is wrong.
    """
    from common.base import terminal
    from common.base.errors import DeclarationError
    from common.commands.environment_command import opened
    from common.declare.asl.problem import pages
    from common.declare.checking import check_all
    from common.model.choices import Choices
    from common.report import check_report
    from common.report.deploy_report import TextReport
    from common.report.json_report import JsonReport

    report = JsonReport(None) if json else TextReport()
    command = opened(Choices(project=project), report, json=json, must_exist=True)
    checked = check_all(command.workspace, command.say)
    if sarif:
        check_report.write_sarif(checked, sarif)
    if isinstance(report, JsonReport):
        report.contents |= check_report.as_json(checked)
    else:
        screen = terminal.Screen()
        for line in [*map(str, checked.problems), *pages(checked.problems), *checked.errors]:
            screen.line(terminal.quoted(line))
    summary = check_report.summary(checked)
    if checked.is_wrong:
        raise DeclarationError(summary)
    command.say(summary)
