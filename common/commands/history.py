"""`invoke history`: shows who released what, when, from which commit, and how it ended."""

from invoke.context import Context

from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices


@task(help=options("env", "project", "json", last="How many of each project, 1 to 1000 (default: 20)."), reads_only=True)
def history(_c: Context, env: str | None = None, project: str | None = None, last: str = "20", json: bool = False) -> None:
    """Show who deployed what, when, and how it ended."""
    from dataclasses import asdict

    from common.base.errors import UsageError
    from common.commands.environment_command import deployed_projects, opened
    from common.report import history_report
    from common.report.deploy_report import TextReport
    from common.report.json_report import JsonReport
    from common.state import releases

    if not (last.isascii() and last.isdecimal()) or not 1 <= int(last) <= 1000:
        raise UsageError(f"--last is {last!r}; it must be a whole number from 1 to 1000.")
    report = JsonReport(env) if json else TextReport()
    connection = opened(Choices(env=env, project=project), report).connection()
    names = deployed_projects(connection, project)
    released = releases.of_projects(connection.records, names, int(last), connection.pool)
    if isinstance(report, JsonReport):
        report.contents["releases"] = [asdict(release) for release in released]
    else:
        history_report.show(released)
