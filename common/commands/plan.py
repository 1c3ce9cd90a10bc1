"""`invoke plan`: shows what `deploy` would do."""

from invoke.context import Context

from common.commands.deploy import deployment, show_plan
from common.commands.option_help import OPTIONAL, PLANNING, options
from common.commands.task import task
from common.model.choices import Choices, parallel

VALIDATE = "Let AWS validate the definitions of state machines that change, too: one call a second."


@task(help=options(*PLANNING, validate=VALIDATE), optional=OPTIONAL, reads_only=True)
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
    jobs: str = "16",
    prune: bool = False,
    data: bool = False,
    validate: bool = False,
    verbose: bool = False,
) -> None:
    """What `deploy` would do. Exit code 0: nothing; 2: something."""
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
    )
    show_plan(deployment(choices, ["plan"], planning=True, json=json, verbose=verbose))
