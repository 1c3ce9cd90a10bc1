"""Who deploys what, from where; told to whoever meets the lease or reads the release."""

import getpass
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

COMMIT = "# branch.oid "
"""Begins the line of `git status` that tells the commit; there may be none yet."""


def about(root: Path) -> dict[str, str]:
    """User, host, time and commit; `clean` says whether the tree was as committed, "" where there is no repository."""
    told = _git(root, "status", "--porcelain=v2", "--branch")
    lines = (told or "").splitlines()
    commit = next((line.removeprefix(COMMIT) for line in lines if line.startswith(COMMIT)), "")
    changes = [line for line in lines if not line.startswith("#")]
    return {
        "holder": getpass.getuser(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": "" if commit == "(initial)" else commit,
        "clean": "" if told is None else "no" if changes else "yes",
    }


def uncommitted(root: Path) -> list[str] | None:
    """The files that are not as committed, with git's two letters each; None where there is no repository."""
    changes = _git(root, "status", "--porcelain")
    return None if changes is None else [line.strip() for line in changes.splitlines()]


def ignored(root: Path) -> set[str]:
    """What git ignores below a folder, by its path there; of a folder that is ignored as a whole that alone."""
    found = _git(root, "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
    return {path.rstrip("/") for path in (found or "").split("\0") if path}


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, or None where there is no git or no repository."""
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
