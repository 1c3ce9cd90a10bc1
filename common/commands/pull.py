"""`invoke pull`: brings what somebody edited in AWS back into configuration."""

from invoke.context import Context
from invoke.exceptions import Exit

from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices, parallel


@task(help=options("env", "project", "json", "jobs", only="Only keys that match this pattern.", dry_run="Write nothing."))
def pull(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    only: str | None = None,
    dry_run: bool = False,
    json: bool = False,
    jobs: str = "32",
) -> None:
    """Write settings that were edited in AWS into config/.

    Exit code 0: done; 2: something belongs elsewhere, and the output says where.
    """
    from common.commands.environment_command import opened
    from common.engine.drift import compare
    from common.importing.pull import Puller
    from common.report import pull_report
    from common.report.deploy_report import TextReport
    from common.report.json_report import JsonReport

    choices = Choices(env=env, project=project, only=only, jobs=parallel(jobs))
    report = JsonReport(env) if json else TextReport()
    command = opened(choices, report)
    declarations = command.declarations()
    choices.select(declarations.resources)  # refuses a pattern that matches nothing, before AWS is asked
    command.edited(declarations)
    connection = command.connection()
    drift = compare(declarations.env, connection.aws, connection.records, declarations.resources, connection.pool)
    puller = Puller(command.workspace.root, declarations.env, connection.aws, declarations.resources)
    result = puller.find(drift, choices.matches)
    if not dry_run:
        puller.write(result)
    if isinstance(report, JsonReport):
        report.contents |= pull_report.as_object(result, written=not dry_run)
    else:
        for line in pull_report.lines(result, written=not dry_run):
            command.say(line)
    if result.left:
        raise Exit(code=2)
