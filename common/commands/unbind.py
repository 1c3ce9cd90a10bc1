"""`invoke unbind`: takes our tags and records away from resources and leaves them running."""

from invoke.context import Context

from common.commands.destroy import remove
from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices


@task(
    help=options(
        *("env", "project", "json", "verbose"),
        only="Only keys that match this pattern, such as 'glue-job/*', and their own roles and log groups; '*' is everything.",
        yes="Ask nothing; takes the name of the environment or project: `--yes dev`, or `--yes orders` with --project.",
        dry_run="Only show what would be unbound.",
    ),
    optional=["yes"],
)
def unbind(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    only: str | None = None,
    yes: str | bool | None = None,
    dry_run: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Stop managing what was deployed, and leave it running.

    Takes our tags and records away, so that others may look after it. Asks first.
    """
    from common.base.errors import UsageError

    if only is None and project is None:
        raise UsageError("What is to be unbound? Add --only PATTERN or --project NAME; --only '*' is everything.")
    remove(Choices(env=env, project=project, only=only), yes=yes, dry_run=dry_run, json=json, verbose=verbose, unbind=True)
