"""`invoke run`: starts a pipeline or one thing of it, follows it to its end, and shows the rows that it made.

Without --project, every chosen project that declares an entry runs, one after another, in the embedded AWS. In a real account
an execution costs money and changes data, so there the project must be named if several could be meant.
"""

from invoke.context import Context

from common.commands.invocation import INVOCATION
from common.commands.option_help import RUNNING, options
from common.commands.task import task
from common.model.choices import Choices, parallel


@task(
    help=options("env", "project", "json", "jobs", "yes", "enforce_iam", **RUNNING), optional=["preview"], iterable=["argument"]
)
def run(
    _c: Context,
    argument: list[str],  # Invoke gives an empty list where the option is left out
    env: str | None = None,
    project: str | None = None,
    only: str | None = None,
    input_: str | None = None,
    preview: str | bool | None = None,
    from_: str | None = None,
    execution: str | None = None,
    redrive: bool = False,
    debug: bool = False,
    enforce_iam: bool = False,
    yes: bool = False,
    json: bool = False,
    jobs: str = "32",
) -> None:
    """Run a pipeline or one thing of it, and show its result.

    Follows it to its end, and shows what it made. Exit code 0: it succeeded.
    """
    from common.base.errors import UsageError
    from common.commands.environment_command import opened
    from common.engine import protection
    from common.execution.requests import RunRequest
    from common.report.run_report import JsonRunReport, TextRunReport

    if debug and json:
        raise UsageError("--debug and --json exclude each other: the text says where to attach.")
    request = RunRequest(only, input_, tuple(argument), preview, from_, execution, redrive, debug)
    root, report = INVOCATION.get().root, JsonRunReport(env) if json else TextRunReport()
    choices = Choices(env=env, project=project, jobs=parallel(jobs), enforce_iam=enforce_iam, debug=debug)
    command = opened(choices, report, json=json, must_exist=True)
    declarations = command.declarations()
    prepared = request.prepare(root, declarations)
    connection = command.connection()
    if request.changes_something:
        protection.confirm(declarations.env, command.ask, yes=yes)
    prepared.run(connection.aws, connection.pool, report)
