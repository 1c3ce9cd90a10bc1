"""Guards protected environments: a person must type their name, and only committed files are deployed to them."""

from collections.abc import Callable, Mapping

from common.base.errors import UsageError
from common.base.git import NoCommitError
from common.environment.config import Environment

Ask = Callable[[str], str]
"""Asks the user a question and returns the answer."""
SHOWN = 10


def check(env: Environment, uncommitted: Callable[[], Mapping[str, str]], ask: Ask | None, *, yes: bool) -> None:
    """Checks a deploy: to a protected environment only committed files are deployed, and only after confirmation.

    Args:
        env: the environment.
        uncommitted: returns the files that are not as committed, each with the reason.
        ask: asks the user; None if nobody can be asked.
        yes: the user has confirmed the deploy on the command line.

    Raises:
        UsageError: files are not committed, or the user did not confirm; nothing was changed.
    """
    if env.protected:
        _check_committed(env.name, uncommitted)
    confirm(env, ask, yes=yes)


def confirm(env: Environment, ask: Ask | None, *, yes: bool) -> None:
    """Asks for confirmation of a change of a protected environment.

    Raises:
        UsageError: the user did not confirm; nothing was changed.
    """
    if env.protected and not yes:
        name_back(env.name, f"{env.name} is protected", ask, hint="Add --yes if you mean it.")


def check_not_protected(env: Environment) -> None:
    """Refuses to destroy a protected environment.

    Raises:
        UsageError: the environment is protected.
    """
    if env.protected:
        raise UsageError(f"{env.name} is protected: it is not destroyed. Nothing was changed.")


def check_named(env: Environment, project: str | None, named: str | bool | None) -> None:
    """Checks the name behind --yes of a command that destroys or unbinds, before anything is read.

    Args:
        env: the environment.
        project: the project, if only a project is destroyed.
        named: the value of --yes; True if it has none, None without the option.

    Raises:
        UsageError: it is not the name of what is destroyed; nothing was changed.
    """
    name = project or env.name
    if named is True:
        raise UsageError(f"--yes takes the name of the environment or project: --yes {name}. Nothing was changed.")
    if named not in {None, name}:
        raise UsageError(f"--yes is {named!r}, but this is about {name!r}. Nothing was changed.")


def confirm_removal(env: Environment, project: str | None, what: str, ask: Ask | None, *, named: str | bool | None) -> None:
    """Asks for the name of what is destroyed or unbound, as confirmation, unless the command line has it.

    Args:
        env: the environment.
        project: the project, if only a project is destroyed.
        what: what happens, as in ``3 resources will be deleted from dev``.
        ask: asks the user; None if nobody can be asked.
        named: the value of --yes; see `check_named`.

    Raises:
        UsageError: the name was not typed, or is another; nothing was changed.
    """
    check_named(env, project, named)
    if named is None:
        name = project or env.name
        name_back(name, what, ask, hint=f"Add --yes {name} if you mean it.")


def name_back(name: str, why: str, ask: Ask | None, *, hint: str) -> None:
    """Asks the user to type a name.

    Raises:
        UsageError: the answer is not this name, or nobody can be asked.
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
