"""`invoke run`: starts a pipeline, follows it to its end, and shows the table that it made.

Without --project, every chosen project that declares an entry runs, one after another, in the embedded AWS. In a real account
an execution costs money and changes data, so there the project must be named if several could be meant.
"""

from invoke.context import Context

from common.commands.invocation import INVOCATION
from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices, parallel


@task(help=options("env", "project", "json", "jobs", input="A JSON file or object."))
def run(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    input_: str | None = None,
    json: bool = False,
    jobs: str = "16",
) -> None:
    """Start a pipeline, follow it to its end, and show what it made. Exit code 0: it succeeded."""
    from common.commands.environment_command import opened
    from common.execution.running import Runner
    from common.execution.starting import find_starts
    from common.report.run_report import JsonRunReport, TextRunReport

    root, report = INVOCATION.get().root, JsonRunReport(env) if json else TextRunReport()
    command = opened(Choices(env=env, project=project, jobs=parallel(jobs)), report, must_exist=True)
    declarations = command.declarations()
    connection = command.connection()
    runner = Runner(root, declarations, connection.aws, connection.pool, report)
    runner.run_all(find_starts(root, declarations, input_))
