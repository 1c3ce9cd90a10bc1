"""`invoke import`: writes a project from what runs in the environment's account."""

from invoke.context import Context

from common.commands.option_help import IMPORTING, options
from common.commands.task import task
from common.model.choices import Choices, parallel


@task(name="import", help=options("env", "json", "jobs", **IMPORTING), iterable=["match", "tag", "from_machine", "type"])
def import_project(
    _c: Context,
    match: list[str],  # Invoke gives an empty list where the option is left out
    tag: list[str],
    from_machine: list[str],
    type: list[str],
    env: str | None = None,
    project: str | None = None,
    config: str | None = None,
    dry_run: bool = False,
    json: bool = False,
    jobs: str = "32",
) -> None:
    """Write a project from what runs in the account.

    Writes declaration, code, definitions and configuration. Changes nothing in
    AWS.
    """
    from common.aws.regions import in_region
    from common.base.errors import UsageError
    from common.commands.environment_command import opened
    from common.importing.account import LiveAccount
    from common.importing.next_environment import importer_of
    from common.importing.selection import Selection
    from common.report import import_report
    from common.report.deploy_report import TextReport
    from common.report.json_report import JsonReport

    if config is not None:
        convert_config(Choices(env=env), project, config, chosen=[*match, *tag, *from_machine, *type], dry_run=dry_run, json=json)
        return
    selection = Selection.of(match, tag, from_machine, type)
    if not project or "," in project:
        raise UsageError("Which project is to be written? Add --project NAME; projects/NAME/ need not exist yet.")
    report = JsonReport(env) if json else TextReport()
    command = opened(Choices(env=env, jobs=parallel(jobs)), report, json=json)
    connection = command.connection()
    region = connection.env.region_of(project)
    account = LiveAccount(connection.env.in_region(region), in_region(connection.aws, region), connection.pool)
    result = importer_of(command.workspace.root, connection.env, project, account).run(selection, dry_run=dry_run)
    if isinstance(report, JsonReport):
        report.contents |= import_report.as_object(result, project, written=not dry_run)
    else:
        for line in import_report.lines(result, connection.env.name, project, written=not dry_run):
            command.say(line)


def convert_config(choices: Choices, project: str | None, config: str, *, chosen: list[str], dry_run: bool, json: bool) -> None:
    """Converts a configuration file of others to that of a project. Nothing is read from AWS.

    Raises:
        UsageError: no project is named, there is no such file, or other options say what to import.
    """
    from pathlib import Path

    from common.base.errors import UsageError
    from common.commands.environment_command import opened
    from common.declare.project_names import check_name
    from common.importing.config_import import check_apart, convert_file
    from common.importing.config_places import ConfigPlaces
    from common.report import config_import_report
    from common.report.deploy_report import TextReport
    from common.report.json_report import JsonReport

    if not project or "," in project:
        raise UsageError("Whose configuration is it? Add --project NAME; projects/NAME/ need not exist yet.")
    if chosen:
        raise UsageError(
            "--config converts a file, and imports nothing else: leave out --match, --tag, --from-machine and --type."
        )
    check_name(project)
    report = JsonReport(choices.env) if json else TextReport()
    command = opened(choices, report, json=json)
    workspace = command.workspace
    check_apart(workspace.root, Path(config))
    result = convert_file(workspace.root, workspace.environment, project, Path(config))
    if not dry_run:
        ConfigPlaces(workspace.root, workspace.environment).write(result.contents)
    if isinstance(report, JsonReport):
        report.contents |= config_import_report.as_object(result, written=not dry_run)
    else:
        for line in config_import_report.lines(result, written=not dry_run):
            command.say(line)
