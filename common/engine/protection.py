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
    confirm(env, ask, yes=yes)


def confirm(env: Environment, ask: Ask | None, *, yes: bool) -> None:
    """Lets a change of a protected environment pass if it is meant.

    Raises:
        UsageError: it is not; nothing was changed.
    """
    if env.protected and not yes:
        name_back(env.name, f"{env.name} is protected", ask, hint="Add --yes if you mean it.")


def check_not_protected(env: Environment) -> None:
    """Lets a destruction pass, unless the environment is protected.

    Raises:
        UsageError: it is.
    """
    if env.protected:
        raise UsageError(f"{env.name} is protected: it is not destroyed. Nothing was changed.")


def confirm_removal(env: Environment, project: str | None, count: int, ask: Ask | None, *, named: str | bool | None) -> None:
    """Lets a destruction pass if its name is given.

    Args:
        env: what is destroyed, if it is no project.
        project: what is destroyed.
        count: how many resources are deleted.
        ask: puts a question to the user; None where nobody can be asked.
        named: the name, if the command line gives it already; True if it says --yes and no name.

    Raises:
        UsageError: the name was not given, or is another; nothing was changed.
    """
    name = project or env.name
    if named is None:
        why = f"{count} {'resource is' if count == 1 else 'resources are'} deleted from {env.name}"
        name_back(name, why, ask, hint=f"Add --yes {name} if you mean it.")
    elif named is True:
        raise UsageError(f"--yes takes the name of what is destroyed: --yes {name}. Nothing was changed.")
    elif named != name:
        raise UsageError(f"--yes is {named!r}, but {name!r} would be destroyed. Nothing was changed.")


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
