"""Who deploys what, from where; told to whoever meets the lease or reads the release."""

import getpass
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path


def about(root: Path, caller: str) -> dict[str, str]:
    """Caller, user, host, time and commit; `clean` says whether the tree was as committed, "" where there is no repository."""
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain")
    return {
        "who": caller,
        "holder": getpass.getuser(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit or "",
        "clean": "" if changes is None else "no" if changes else "yes",
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
