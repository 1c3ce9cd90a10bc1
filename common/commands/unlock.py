"""What `invoke unlock` does: takes a lease from its holder, after showing whose it is.

A lease runs out by itself a minute after its holder has died; this is for people who cannot wait, or know better. A holder that
is alive notices when it renews its lease the next time, or when it wakes, and changes nothing more from then on. What it had sent
before may still arrive, so what it had begun is doubted for as long as that is possible: see `release.Root`.
"""

import math
from pathlib import Path

from common.aws.fence import REQUEST_SECONDS
from common.base.errors import AwsError, UsageError
from common.commands import answering
from common.commands.invocation import Invocation
from common.declare import projects
from common.engine import protection
from common.engine.session import Choices, Session
from common.model.resource import SHARED
from common.state.lease import LEASE_SECONDS, RENEWED_AFTER, Lock


def unlock(root: Path, choices: Choices, invocation: Invocation) -> bool:
    """Removes the lease of one project; whether there was one.

    Raises:
        UsageError: no project was named, or the user does not go on.
    """
    project = choices.project or ""
    if not project or "," in project:
        known = ", ".join([SHARED, *projects.names(root)])
        raise UsageError(f"Whose lease? Add --project NAME; there are {known}.")
    if project != SHARED:
        projects.chosen(root, project)
    session, _ = answering.opened(Session, root, choices, invocation, json=False)
    _ = session.caller  # the account guard comes first
    lock = Lock(session.aws, session.configured, project, {}, lambda _: None)

    def ask(held: str) -> None:
        if choices.yes:
            session.say(f"{held}.")
        else:
            protection.name_back(project, held, session.ask, hint="Add --yes to take it all the same.")

    try:
        removed = lock.remove(ask)
    except AwsError as error:
        if error.code != "NoSuchBucket":
            raise
        removed = False
    place = f"{session.configured.name}/{project}"
    seconds, minutes = LEASE_SECONDS * RENEWED_AFTER, math.ceil((REQUEST_SECONDS + LEASE_SECONDS) / 60)
    gone = (
        f"the lease is removed. A holder that is alive notices within {seconds:.0f} seconds, and changes nothing more after "
        f"that. What it had begun is read from AWS by every plan, until a deploy finds it as declared after {minutes} minutes."
    )
    session.say(f"{place}: {gone if removed else 'nobody holds the lease.'}")
    return removed
