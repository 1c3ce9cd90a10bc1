"""`invoke drift`: shows where AWS is no longer as the last deploy left it."""

from invoke.context import Context
from invoke.exceptions import Exit

from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices, parallel


@task(help=options("env", "project", "json", "jobs", "verbose"), reads_only=True)
def drift(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    json: bool = False,
    jobs: str = "32",
    verbose: bool = False,
) -> None:
    """Show what somebody changed since the last deploy.

    Reads every live resource, writes nothing. Exit code 0: nothing; 2: something.
    """
    from dataclasses import asdict

    from common.commands.environment_command import opened
    from common.engine.drift import compare, with_missing
    from common.report import drift_report
    from common.report.deploy_report import TextReport
    from common.report.json_report import JsonReport

    report = JsonReport(env) if json else TextReport()
    command = opened(Choices(env=env, project=project, jobs=parallel(jobs)), report)
    declarations = command.declarations()
    command.edited(declarations)
    connection = command.connection()
    result = compare(declarations.env, connection.aws, connection.records, declarations.resources, connection.pool)
    result, notes = with_missing(result, declarations.env, connection.aws.in_region, declarations.resources, connection.pool)
    for note in notes:
        command.say(note)
    if isinstance(report, JsonReport):
        report.contents |= {"checked": result.checked, "drifted": [asdict(drifted) for drifted in result.drifted]}
        report.contents |= {"not_deployed": list(result.undeployed), "left_over": list(result.left_over)}
        report.contents["kept"] = [asdict(kept) for kept in result.kept]
    else:
        drift_report.show(result, environment=declarations.env.name, verbose=verbose)
    if result.drifted:
        raise Exit(code=2)
