"""Describes who deploys which commit from which machine, for the lease and for the release."""

import getpass
import os
import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from common.base.git import NoCommitError, Repository
from common.base.version import VERSION

MAX_NAMED = 5
"""How many uncommitted files are listed by name."""


def describe_deploy(commit: str, uncommitted: Mapping[str, str] | None) -> dict[str, str]:
    """Returns user, host, time, commit and version. `clean` says whether everything was committed; "" without a repository.

    Args:
        commit: the commit that is checked out; empty before the first commit.
        uncommitted: the differences from the commit by path; None if git cannot tell them.
    """
    clean = {"clean": "" if uncommitted is None else "no" if uncommitted else "yes"}
    return {
        "holder": login() or f"user {os.getuid()}",
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "deployer": VERSION,
        **clean,
        **({"uncommitted": abbreviate(uncommitted)} if uncommitted else {}),
    }


def login() -> str:
    """Returns the name of the user; empty if no variable has it and the system knows none, as for a number in a container."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # before Python 3.13 it is a KeyError
        return ""


def abbreviate(names: Iterable[str]) -> str:
    """Lists the first names, and how many more there are."""
    listed = list(names)
    more = [f"and {len(listed) - MAX_NAMED} more"] if len(listed) > MAX_NAMED else []
    return ", ".join([*listed[:MAX_NAMED], *more])


def git_ignored(root: Path) -> set[str]:
    """Returns the paths below a folder that git ignores; a folder that is ignored completely is one path."""
    try:
        repository = Repository(root)
        words = ("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
        prefix = root.resolve().relative_to(repository.top).as_posix()
        paths = repository.run(*words, "--", prefix).decode(errors="surrogateescape").split("\0")
    except NoCommitError:
        return set()
    return {Path(path).relative_to(prefix).as_posix() for path in paths if path and Path(path).is_relative_to(prefix)}
