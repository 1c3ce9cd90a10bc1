"""`invoke destroy`: shows what goes, asks for the name of it, and deletes it."""

from invoke.context import Context

from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices


@task(
    help=options(
        *("env", "project", "json", "enforce_iam", "verbose"),
        only="Only keys that match this pattern, and their own roles and log groups. An exact key also deletes what was adopted.",
        data="What holds data (buckets, tables, log groups …), too; with a whole environment, the artifact bucket.",
        yes="Ask nothing; takes the name of what is deleted: `--yes dev` for a whole environment, `--yes orders` for a project.",
        dry_run="Only show what would be deleted.",
    ),
    optional=["yes"],
)
def destroy(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    only: str | None = None,
    data: bool = False,
    yes: str | bool | None = None,
    dry_run: bool = False,
    json: bool = False,
    enforce_iam: bool = False,
    verbose: bool = False,
) -> None:
    """Delete what was deployed; asks first, and keeps data.

    Deletes one project, or a whole environment. With --data also what holds
    data.
    """
    choices = Choices(env=env, project=project, only=only, data=data, enforce_iam=enforce_iam)
    remove(choices, yes=yes, dry_run=dry_run, json=json, verbose=verbose)


def remove(choices: Choices, *, yes: str | bool | None, dry_run: bool, json: bool, verbose: bool, unbind: bool = False) -> None:
    """Shows what is deleted or unbound, asks, and carries it out.

    Args:
        choices: which environment, projects and keys.
        yes: the name that is asked for, if the command line has it; True if it has --yes without a name.
        dry_run: only show it.
        json: print one JSON object instead of text.
        verbose: print one line a resource on a terminal, too.
        unbind: take our tags and records away instead of deleting anything.
    """
    from common.commands.environment_command import opened
    from common.engine import protection
    from common.engine.destruction import Destruction
    from common.report.choice import text_report
    from common.report.deploy_report import as_object
    from common.report.json_report import JsonReport

    report = JsonReport(choices.env) if json else text_report(verbose=verbose)
    command = opened(choices, report, json=json)
    env = command.workspace.environment
    if not unbind:
        protection.check_not_protected(env)
    if not dry_run:
        protection.check_named(env, choices.project, yes)
    destruction = Destruction(command.connection(), command.workspace.build_dir, command.about, report, choices, unbind=unbind)
    command.work = destruction
    removal = destruction.plan()
    if isinstance(report, JsonReport):
        changes = [as_object(change) for change in removal.changes]
        report.contents |= {"projects": sorted(removal.projects), "changes": changes}
    if removal.is_empty:
        command.say(f"There is nothing to {'unbind' if unbind else 'delete'}.")
    elif dry_run:
        command.say(f"This was only shown. Nothing was {'unbound' if unbind else 'deleted'}.")
    else:
        protection.confirm_removal(env, choices.project, removal.summary(env.name), command.ask, named=yes)
        destruction.carry_out(removal)
