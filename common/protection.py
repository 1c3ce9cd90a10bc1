"""What stands between a command and a protected environment: its name, typed by a person, and a commit that says what it gets."""

from collections.abc import Callable
from pathlib import Path

from common import provenance
from common.config import Environment
from common.errors import UsageError

Ask = Callable[[str], str]
"""Puts a question to the user and returns the answer."""
SHOWN = 10


def check(env: Environment, root: Path, ask: Ask | None, *, yes: bool) -> None:
    """Lets a deploy pass: on a protected environment only from a clean tree, and only if it is meant.

    Raises:
        UsageError: it is not to go on; nothing was changed.
    """
    if env.protected:
        _check_committed(env.name, root)
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


def _check_committed(name: str, root: Path) -> None:
    changed = provenance.uncommitted(root)
    if changed is None:
        raise UsageError(f"{name} is protected and takes only what a commit says, but there is no git repository here.")
    if changed:
        more = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
        shown = "\n".join(f"  {line}" for line in [*changed[:SHOWN], *more])
        raise UsageError(
            f"{name} is protected and takes only what a commit says, but these files differ:\n{shown}\n"
            f"Commit them, or put them away. Nothing was changed."
        )
