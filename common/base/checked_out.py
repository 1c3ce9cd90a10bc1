"""Reads which commit is checked out from the files of git, for screens: running git would make every command slower.

Follows https://git-scm.com/docs/gitrepository-layout
"""

import re
from pathlib import Path

COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def checked_out(folder: Path) -> str:
    """Returns the hash of the commit that is checked out in a folder's repository; empty if the files do not tell."""
    try:
        start = folder.resolve()
        top = next((parent for parent in (start, *start.parents) if (parent / ".git").exists()), None)
        return _head(top / ".git") if top is not None else ""
    except (OSError, UnicodeError):
        return ""


def _head(git: Path) -> str:
    """The commit of the `HEAD` below a repository's folder, or below the one that a work tree's file names."""
    if git.is_file():
        git = git.parent / git.read_text().partition("gitdir:")[2].strip()
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return head if COMMIT.fullmatch(head) else ""
    branch, common = head.partition("ref:")[2].strip(), git / "commondir"
    folders = [git, *([git / common.read_text().strip()] if common.exists() else [])]
    for path in (folder / branch for folder in folders):
        if path.is_file():
            commit = path.read_text().strip()
            return commit if COMMIT.fullmatch(commit) else ""
    packed = folders[-1] / "packed-refs"
    lines = packed.read_text().splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {branch}") and COMMIT.match(line)), "")
