"""`invoke logs`: shows what a function, job, crawler or state machine has logged.

For a state machine it shows the lines of everything that its last execution has called, each with its state.
"""

from invoke.context import Context

from common.commands.invocation import INVOCATION
from common.commands.option_help import LOGS, options
from common.commands.task import task
from common.model.choices import Choices


@task(
    help=options("env", "project", "json", key="What to read, such as lambda/Validate or crawler/final.", **LOGS),
    subject="key",
    reads_only=True,
)
def logs(
    _c: Context,
    key: str | None = None,
    env: str | None = None,
    project: str | None = None,
    follow: bool = False,
    since: str | None = None,
    failed: bool = False,
    grep: str | None = None,
    json: bool = False,
) -> None:
    """Show the log of a function, job, crawler or machine.

    Lines come in order of time. Of a state machine: those of all that its last
    execution called, each with its state.
    """
    from datetime import UTC, datetime

    from common.base.command_text import typed
    from common.base.errors import DeclarationError, UsageError
    from common.commands.environment_command import opened
    from common.declare.asl.walk import distributed_maps
    from common.execution import log_feeds, selecting
    from common.execution.log_following import Following
    from common.execution.moments import moment
    from common.report.log_report import JsonLogReport, TextLogReport
    from common.resources.state_machine import StateMachine

    if key is None:
        raise UsageError(f"Which log? Name a function, job, crawler or state machine, as in `{typed('logs lambda/Validate')}`.")
    if follow and json:
        raise UsageError("--follow shows lines as they come, and --json prints one object at the end. Use one of them.")
    start = None if since is None else moment(since, datetime.now(UTC))
    report = JsonLogReport(env) if json else TextLogReport()
    command = opened(Choices(env=env, project=project), report, json=json, must_exist=True)
    declarations, problems = command.usable_declarations()
    try:
        resource = selecting.select(declarations.resources, key, "be read")
    except UsageError as error:
        if not problems:
            raise
        raise DeclarationError("\n".join((str(error), *problems.values()))) from None
    if isinstance(resource, StateMachine) and (maps := distributed_maps(resource.definition)):
        advice = "each has an execution of its own. Read the log of what they call by its key, such as lambda/Validate."
        command.say(f"The items of {', '.join(maps)} are not shown: {advice}")
    aws = command.connection().aws
    feed = log_feeds.feed(aws, declarations.env, resource, start, failed=failed)
    Following(INVOCATION.get().root, resource, declarations.resources, feed, report, grep).run(aws.sleep, follow=follow)
