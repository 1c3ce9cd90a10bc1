"""Runs git on the repository of a folder, independently of the user's variables and settings.

The repository is the one that contains the folder, not the one that ``GIT_DIR`` names. No call runs programs that the settings of
the repository name; only `status` runs the filters of its attributes.

Follows https://git-scm.com/docs/git#_environment_variables and https://git-scm.com/docs/git-ls-tree
"""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from common.base import programs

SETTINGS = (
    *("core.fsmonitor=false", "core.untrackedCache=false", "core.quotePath=false", "core.ignoreStat=false"),
    *("core.trustctime=true", "core.checkStat=default", "core.attributesFile=/dev/null"),
)
"""Settings that are overridden, because they let git overlook a change, run a program, or quote names."""
COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
LINK, EXECUTABLE, SUBMODULE = "120000", "100755", "160000"
TIMEOUT_SECONDS = 60


class NoCommitError(Exception):
    """Git cannot say what is committed; the message gives the reason, as the end of a sentence."""


class Entry(NamedTuple):
    """A file of a commit: its mode and the name of its blob, as git writes them."""

    mode: str
    name: str


class Repository:
    """The git repository that contains a folder.

    Args:
        folder: any folder of the repository.

    Raises:
        NoCommitError: the folder is not in a repository.
    """

    def __init__(self, folder: Path) -> None:
        top = _top_of(folder)
        if top is None:
            raise NoCommitError("there is no git repository here")
        self.top = top

    def run(self, *words: str, stdin: bytes = b"") -> bytes:
        """Runs `git WORDS…` in the top folder and returns its output.

        Raises:
            NoCommitError: git is not installed, or it fails.
        """
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        folders = [f"--git-dir={self.top / '.git'}", f"--work-tree={self.top}"]
        command = ["git", "--no-optional-locks", "--no-replace-objects", *settings, *folders, *words]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        variables |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        variables["PATH"] = programs.search_path()
        try:
            return subprocess.run(  # the arguments are the deployer's own
                command, input=stdin, capture_output=True, timeout=TIMEOUT_SECONDS, check=True, cwd=self.top, env=variables
            ).stdout
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {error.returncode}"])[-1]
            raise NoCommitError(f"git failed: {reason}") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise NoCommitError(f"git failed: {error}") from None

    def commit(self) -> str:
        """Returns the hash of the commit that is checked out; an empty text before the first commit."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
        except NoCommitError:
            _ = self.run("rev-parse", "--git-dir")  # raises if there is another problem
            return ""

    def entries(self, commit: str) -> dict[str, Entry]:
        """Returns every file of a commit, by its path from the top folder. A submodule is one entry."""
        if not commit:
            return {}
        lines = self.run("ls-tree", "-r", "-z", "--full-tree", commit).decode(errors="surrogateescape").split("\0")
        parts = (line.partition("\t") for line in lines if line)
        return {path: Entry(head.split()[0], head.split()[2]) for head, _, path in parts}

    def content(self, name: str) -> bytes:
        """Returns the content of a blob, as it is stored."""
        return self.run("cat-file", "blob", name)

    def status(self) -> dict[str, str]:
        """Returns git's two status letters of every changed file, by its path from the top folder."""
        words = ("--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=none", "--no-renames")
        lines = self.run("status", *words).decode(errors="surrogateescape").split("\0")
        return {line[3:]: line[:2] for line in lines if line}

    def ignored(self, folder: Path) -> list[str]:
        """Returns the files below a folder that git ignores, by their paths from the top folder: no commit will have them."""
        path = folder.resolve().relative_to(self.top).as_posix()
        lines = self.run("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", path)
        return [line for line in lines.decode(errors="surrogateescape").split("\0") if line]

    def converts_line_ends(self, path: str) -> bool:
        """Whether the committed attributes require CRLF in the checked-out file."""
        own = Path(self.run("rev-parse", "--git-path", "info/attributes").decode().strip())
        fields = self.run("check-attr", "-z", "eol", "--", path).decode(errors="surrogateescape").split("\0")
        return fields[2:3] == ["crlf"] and not (self.top / own).exists()


def checked_out(folder: Path) -> str:
    """Returns the hash of the commit that is checked out in a folder's repository; empty if git's files do not tell.

    It only reads files, because running git would make every command slower. Follows
    https://git-scm.com/docs/gitrepository-layout
    """
    try:
        top = _top_of(folder)
        return _head(top / ".git") if top is not None else ""
    except (OSError, UnicodeError):
        return ""


def _top_of(folder: Path) -> Path | None:
    """The top folder of the repository that contains a folder; None if there is none."""
    start = folder.resolve()
    return next((parent for parent in (start, *start.parents) if (parent / ".git").exists()), None)


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
