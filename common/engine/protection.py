"""What stands between a command and a protected environment: its name, typed by a person, and a commit that says what it gets."""

from collections.abc import Callable, Mapping

from common.base.errors import UsageError
from common.base.git import NoCommitError
from common.environment.config import Environment

Ask = Callable[[str], str]
"""Puts a question to the user and returns the answer."""
SHOWN = 10


def check(env: Environment, uncommitted: Callable[[], Mapping[str, str]], ask: Ask | None, *, yes: bool) -> None:
    """Lets a deploy pass: on a protected environment only what is committed, and only if it is meant.

    Args:
        env: where it goes.
        uncommitted: tells which files are not as committed, and why.
        ask: puts a question to the user; None where nobody can be asked.
        yes: it is meant.

    Raises:
        UsageError: it is not to go on; nothing was changed.
    """
    if env.protected:
        _check_committed(env.name, uncommitted)
        if not yes:
            name_back(env.name, f"{env.name} is protected", ask, hint="Add --yes if you mean it.")


def name_back(name: str, why: str, ask: Ask | None, *, hint: str) -> None:
    """Asks for a name, and goes on if just that is the answer.

    Raises:
        UsageError: it is not, or nobody can be asked.
    """
    if ask is None:
        raise UsageError(f"{why}, and nobody can be asked here. {hint} Nothing was changed.")
    if ask(f"{why}. Type {name} to go on: ").strip() != name:
        raise UsageError(f"That is not {name!r}. Nothing was changed.")


def _check_committed(name: str, uncommitted: Callable[[], Mapping[str, str]]) -> None:
    try:
        changed = [f"{path} {reason}" for path, reason in uncommitted().items()]
    except NoCommitError as error:
        raise UsageError(f"{name} is protected and takes only what a commit says, but {error}. Nothing was changed.") from None
    if changed:
        more = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
        shown = "\n".join(f"  {line}" for line in [*changed[:SHOWN], *more])
        raise UsageError(
            f"{name} is protected and takes only what a commit says, but these files differ:\n{shown}\n"
            f"Commit them, or put them away. Nothing was changed."
        )
