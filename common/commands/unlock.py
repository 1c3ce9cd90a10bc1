"""`invoke unlock`: takes a lease from its holder, after showing whose it is.

A lease runs out by itself a minute after its holder has died; this is for people who cannot wait, or know better. A holder that
is alive notices when it renews its lease the next time, or when it wakes, and changes nothing more from then on. What it had sent
before may still arrive, so what it had begun is doubted for as long as that is possible: see `release_root.Root`.
"""

import math

from invoke.context import Context

from common.commands.invocation import INVOCATION
from common.commands.option_help import options
from common.commands.task import task
from common.model.choices import Choices


@task(help=options("env", project="The one project whose lease it is, or shared.", yes="Do not ask."))
def unlock(_c: Context, env: str | None = None, project: str | None = None, yes: bool = False) -> None:
    """Take the lease on a project from a deploy that died."""
    from common.base.errors import UsageError
    from common.commands.environment_command import opened
    from common.declare import project_names
    from common.engine import protection
    from common.engine.lease_takeover import remove_lease
    from common.model.resource import SHARED
    from common.report.deploy_report import TextReport

    root, choices = INVOCATION.get().root, Choices(env=env, project=project, yes=yes)
    name = project or ""
    if not name or "," in name:
        raise UsageError(f"Whose lease? Add --project NAME; there are {', '.join([SHARED, *project_names.list_projects(root)])}.")
    if name != SHARED:
        project_names.check_projects(root, name)
    command = opened(choices, TextReport())
    if instances := command.workspace.environment.instances_of(name):
        raise UsageError(f"Whose lease? {name} is deployed as {', '.join(instances)}, each with a lease of its own.")
    connection = command.connection()

    def confirm(holder: str) -> None:
        if yes:
            command.say(f"{holder}.")
        else:
            protection.name_back(name, holder, command.ask, hint="Add --yes to take it all the same.")

    removed = remove_lease(connection, name, confirm)
    command.say(f"{connection.env.name}/{name}: {removal() if removed else 'nobody holds the lease.'}")


def removal() -> str:
    """What the removal of a lease means for whoever held it."""
    from common.aws.fence import REQUEST_SECONDS
    from common.state.lease import LEASE_SECONDS, RENEW_AFTER

    seconds, minutes = LEASE_SECONDS * RENEW_AFTER, math.ceil((REQUEST_SECONDS + LEASE_SECONDS) / 60)
    return (
        f"the lease is removed. A holder that is alive notices within {seconds:.0f} seconds, and changes nothing more after "
        f"that. What it had begun is read from AWS by every plan, until a deploy finds it as declared after {minutes} minutes."
    )
