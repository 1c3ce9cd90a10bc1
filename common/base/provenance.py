"""Who deploys what, from where; told to whoever meets the lease or reads the release."""

import getpass
import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from common.base.git import NoCommitError, Repository
from common.base.version import VERSION

TOLD = 5
"""How many files that are not as committed are told by name."""


def about(commit: str, uncommitted: Mapping[str, str] | None) -> dict[str, str]:
    """User, host, time, commit and this version; `clean` says whether all was as committed, "" where there is no repository.

    Args:
        commit: what is checked out; empty before the first.
        uncommitted: what differs from it, by path; None where git cannot tell.
    """
    clean = {"clean": "" if uncommitted is None else "no" if uncommitted else "yes"}
    return {
        "holder": getpass.getuser(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "deployer": VERSION,
        **clean,
        **({"uncommitted": bounded(uncommitted)} if uncommitted else {}),
    }


def bounded(names: Iterable[str]) -> str:
    """The first of some names, and how many more there are."""
    known = list(names)
    more = [f"and {len(known) - TOLD} more"] if len(known) > TOLD else []
    return ", ".join([*known[:TOLD], *more])


def ignored(root: Path) -> set[str]:
    """What git ignores below a folder, by its path there; of a folder that is ignored as a whole that alone."""
    try:
        repository = Repository(root)
        words = ("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
        prefix = root.resolve().relative_to(repository.top).as_posix()
        found = repository.run(*words, "--", prefix).decode(errors="surrogateescape").split("\0")
    except NoCommitError:
        return set()
    return {Path(path).relative_to(prefix).as_posix() for path in found if path and Path(path).is_relative_to(prefix)}
