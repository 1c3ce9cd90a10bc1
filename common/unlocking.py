"""What `invoke unlock` does: takes a lease from its holder, after showing whose it is.

A lease runs out by itself a minute after its holder has died; this is for people who cannot wait, or know better. A holder that
is alive notices at its next change and stops.
"""

from pathlib import Path

from common import answering, projects, protection
from common.errors import AwsError, UsageError
from common.invocation import Invocation
from common.lock import Lock
from common.resource import SHARED
from common.session import Choices, Session


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
    session.say(f"{place}: the lease is removed." if removed else f"{place}: nobody holds the lease.")
    return removed
