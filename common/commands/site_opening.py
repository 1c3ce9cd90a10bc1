"""Opens what only needs to know where an environment is: tells which one it is, and makes the session with its account."""

from pathlib import Path
from typing import TYPE_CHECKING

from common.base.git import checked_out
from common.base.json_types import JsonMapping
from common.commands.invocation import INVOCATION
from common.engine.opening import connect
from common.environment.site import Site
from common.model.choices import Choices
from common.model.events import Note, Opened, Report, UnderWay

if TYPE_CHECKING:
    from common.aws.session import AwsSession


def tell_opened(root: Path, site: Site, report: Report) -> None:
    """Tells which environment a command is about, before anything is asked there."""
    invocation = INVOCATION.get(None)
    command = invocation.again() if invocation else ""
    report(Opened(site.name, site.account_id, site.region, checked_out(root), site.protected, command))


def connected(root: Path, site: Site, choices: Choices, report: Report) -> "AwsSession":
    """The session with the environment's account, at the endpoints that its configuration names.

    Args:
        root: the repository.
        site: where the environment is.
        choices: what the command line says.
        report: gets every event.

    Raises:
        UsageError, LocalError, AccountError: see `connect`.
    """

    def policy() -> JsonMapping:
        from common.declare.workspace import Workspace  # only an embedded AWS that enforces IAM asks for it
        from common.engine import deployer_policy

        return deployer_policy.of_workspace(Workspace(root, Choices(env=site.name)))

    return connect(
        root,
        site,
        choices.jobs,
        lambda text: report(Note(text)),
        lambda text: report(UnderWay(text)),
        enforce_iam=choices.enforce_iam,
        current=choices.debug,
        policy=policy,
    )
