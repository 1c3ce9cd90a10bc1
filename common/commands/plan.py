"""`invoke plan`: shows what `deploy` would do."""

from invoke.context import Context

from common.commands.deploy import deployment, loaded_deployment, show_plan
from common.commands.option_help import OPTIONAL, PLANNING, options
from common.commands.task import task
from common.model.choices import Choices, parallel

HTML = "Write the plan to this file, too, as a page to show to others."
VALIDATE = "Let AWS validate the definitions of state machines that change, too: one call a second."


@task(help=options(*PLANNING, validate=VALIDATE, html=HTML), optional=OPTIONAL, reads_only=True)
def plan(  # Invoke reads a task's options from its signature
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    only: str | None = None,
    force: bool = False,
    verify: bool = False,
    rebuild: bool = False,
    adopt: bool | str = False,
    adopt_from: str = "",
    exclusive: bool = False,
    json: bool = False,
    jobs: str = "32",
    prune: bool = False,
    data: bool = False,
    validate: bool = False,
    enforce_iam: bool = False,
    verbose: bool = False,
    html: str | None = None,
) -> None:
    """Show what `deploy` would do, and why.

    Reads, and writes nothing. Exit code 0: nothing to do; 2: something.
    """
    choices = Choices(
        env=env,
        project=project,
        only=only,
        force=force,
        verify=verify,
        rebuild=rebuild,
        adopt=adopt,
        adopt_from=adopt_from,
        exclusive=exclusive,
        jobs=parallel(jobs),
        prune=prune,
        data=data,
        validate=validate,
        enforce_iam=enforce_iam,
    )
    if html is None:
        show_plan(deployment(choices, ["plan"], planning=True, json=json, verbose=verbose))
        return
    from datetime import UTC, datetime

    from common.base import terminal
    from common.report import picture_file
    from common.report.page import plan as plan_page

    picture_file.check_writable(html)
    opened = loaded_deployment(choices, ["plan"], planning=True, json=json, verbose=verbose)
    picture_file.write_text(html, plan_page.page(opened.declarations, opened.plan(), datetime.now(UTC)))
    terminal.say(f"{html} is written. Open it in a browser; it needs no network.")
    show_plan(opened)
