"""What git knows of a folder, whatever the user's variables and settings tell it.

The repository is the one that the folder is in, not one that ``GIT_DIR`` names. What is asked for runs none of the programs that
a repository's settings may name; `status` alone runs the filters that its attributes ask for.

Follows https://git-scm.com/docs/git#_environment_variables and https://git-scm.com/docs/git-ls-tree
"""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from common.base import programs

SETTINGS = (
    *("core.fsmonitor=false", "core.untrackedCache=false", "core.quotePath=false", "core.ignoreStat=false"),
    *("core.trustctime=true", "core.checkStat=default", "core.attributesFile=/dev/null"),
)
"""What would let git overlook a change, run a program, or spell names in its own way."""
LINK, EXECUTABLE, SUBMODULE = "120000", "100755", "160000"
SECONDS = 60


class NoCommitError(Exception):
    """Git cannot tell what is committed; the message says why, as the end of a sentence."""


class Entry(NamedTuple):
    """One file of a commit: its mode and the name of its content, as git writes them."""

    mode: str
    name: str


class Repository:
    """The repository that a folder is in.

    Args:
        folder: any folder in it.

    Raises:
        NoCommitError: it is in none.
    """

    def __init__(self, folder: Path) -> None:
        place = folder.resolve()
        top = next((one for one in (place, *place.parents) if (one / ".git").exists()), None)
        if top is None:
            raise NoCommitError("there is no git repository here")
        self.top = top

    def run(self, *words: str, given: bytes = b"") -> bytes:
        """What `git WORDS…` prints, run in the top folder.

        Raises:
            NoCommitError: git is not installed, or refuses.
        """
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        place = [f"--git-dir={self.top / '.git'}", f"--work-tree={self.top}"]
        command = ["git", "--no-optional-locks", "--no-replace-objects", *settings, *place, *words]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        variables |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        variables["PATH"] = programs.tools()
        try:
            return subprocess.run(  # noqa: S603 - our own words
                command, input=given, capture_output=True, timeout=SECONDS, check=True, cwd=self.top, env=variables
            ).stdout
        except subprocess.CalledProcessError as error:
            said = (error.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {error.returncode}"])[-1]
            raise NoCommitError(f"git cannot tell: {said}") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise NoCommitError(f"git cannot tell: {error}") from None

    def commit(self) -> str:
        """The name of the commit that is checked out; empty before the first."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
        except NoCommitError:
            _ = self.run("rev-parse", "--git-dir")  # says what is wrong if it is more than that
            return ""

    def entries(self, commit: str) -> dict[str, Entry]:
        """Every file of a commit, by its path from the top folder; a submodule is one entry."""
        if not commit:
            return {}
        lines = self.run("ls-tree", "-r", "-z", "--full-tree", commit).decode(errors="surrogateescape").split("\0")
        parts = (line.partition("\t") for line in lines if line)
        return {path: Entry(head.split()[0], head.split()[2]) for head, _, path in parts}

    def content(self, name: str) -> bytes:
        """The content of a file of a commit, as it is stored."""
        return self.run("cat-file", "blob", name)

    def status(self) -> dict[str, str]:
        """What git sees of changes: two letters by the path from the top folder."""
        words = ("--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=none", "--no-renames")
        lines = self.run("status", *words).decode(errors="surrogateescape").split("\0")
        return {line[3:]: line[:2] for line in lines if line}

    def converts_line_ends(self, path: str) -> bool:
        """Whether attributes, as they are committed, ask for CRLF in the file that is checked out."""
        own = Path(self.run("rev-parse", "--git-path", "info/attributes").decode().strip())
        said = self.run("check-attr", "-z", "eol", "--", path).decode(errors="surrogateescape").split("\0")
        return said[2:3] == ["crlf"] and not (self.top / own).exists()
