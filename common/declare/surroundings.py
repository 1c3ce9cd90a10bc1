"""What declarations can depend on, as one digest: files, configuration, the deployer, Python, the shell's variables, the day.

Files are known by what `stat` says of them, as in `digest_cache`; nothing is read. So an unchanged repository of 2,000 files is
recognised in some 10 ms. The clock, chance and the network are not part of this: see `repeatable`.
"""

import os
import sys
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from common.base import digest
from common.base.digest import Digest
from common.base.import_path import ROOT
from common.packaging.source_files import NEVER_PACKAGED

SETTINGS = ("common", "config")
"""The folders of a repository that decide where an environment is."""
TREES = (*SETTINGS, "projects")
"""The folders of a repository that are looked at as a whole; of its top folder, the files and the names of everything."""
DEPLOYER = f"{ROOT}{os.sep}common"
"""Where the deployer's own modules are: in the repository, unless a test has made another one."""
LEFT = NEVER_PACKAGED | {"build"}
"""Names of what tools and commands leave in the top folder of a repository."""
NEVER_READ = frozenset(
    {
        *("_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION"),
    }
)
"""Variables that differ from command to command and that nothing declared depends on: the account is proved by every command."""
MAX_FILES = 20_000
"""So many files are looked at in 0.1 s. To look at more would take as long as it saves."""
Part = str | int
"""A path, or a part of what `stat` says of a file."""


class TooManyFilesError(Exception):
    """There are more than `MAX_FILES`, as where data or `node_modules` lie in the folders of projects."""


class Surroundings(NamedTuple):
    """What declarations can depend on.

    Args:
        settings: stands for what decides where an environment is: its configuration, the deployer and the process.
        digest: stands for all of it.
        newest_ns: when the youngest of its files and folders was changed, in nanoseconds since the epoch.
    """

    settings: Digest
    digest: Digest
    newest_ns: int


def look(root: Path, about: Iterable[str]) -> Surroundings:
    """Looks at a repository and at the process.

    Args:
        root: the repository.
        about: what the command is about: the environment and the projects.

    Raises:
        TooManyFilesError: see there.
    """
    top = os.path.abspath(root)  # noqa: PTH100 - as audit events are compared with it
    process: list[Part] = [*about, sys.version, sys.prefix, sys.base_prefix, repr(sys.flags), _current_folder(), os.getuid()]
    process += [f"{datetime.now(UTC):%F}", f"{datetime.now().astimezone():%F %z}"]
    process += [f"{name}={value}" for name, value in sorted(os.environ.items()) if name not in NEVER_READ]
    for folder in sys.path:
        process += [folder, _changed_ns(folder or os.curdir) if folder != top else 0]
    files = _Files(process)
    for folder in sorted({*(f"{top}{os.sep}{name}" for name in SETTINGS), DEPLOYER}):
        files.add_tree(folder)
    settings = files.digest()
    for name in TREES:
        if name not in SETTINGS:
            files.add_tree(f"{top}{os.sep}{name}")
    files.add_names(top, LEFT)
    for entry in _listed(top) or ():
        if not _is_folder(entry):
            files.add_file(entry)
    return Surroundings(settings, files.digest(), files.newest_ns)


def look_beside(folders: Iterable[str], paths: Iterable[str]) -> tuple[Digest, int]:
    """Looks at what a declaration uses besides.

    Args:
        folders: folders of which everything counts.
        paths: files, and folders of which the names in them count.

    Returns:
        What stands for all of it, and when the youngest of the files was changed; see `Surroundings`.

    Raises:
        TooManyFilesError: see there.
    """
    files = _Files()
    for folder in folders:
        files.add_tree(folder)
    for path in paths:
        files.add_path(path)
        files.add_names(path)
    return files.digest(), files.newest_ns


class _Files:
    """Collects what `stat` says of files, and the names in folders."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self._parts = [*parts]
        self._linked: set[str] = set()
        self._number = 0
        self.newest_ns = 0

    def digest(self) -> Digest:
        return digest.of_struct("surroundings", 1, self._parts)

    def add_names(self, folder: str, left: Collection[str] = ()) -> None:
        """The names of what is in a folder, except what tools and commands have `left` there, and which of it are folders."""
        entries = [entry for entry in self._list(folder) or () if entry.name not in left]
        self._parts += [f"{entry.name}{os.sep}" if _is_folder(entry) else entry.name for entry in entries]

    def add_tree(self, top: str) -> None:
        """All files below a folder; a link to a folder counts as that folder."""
        folders = [top]
        while folders:
            if self._number > MAX_FILES:
                raise TooManyFilesError
            folder = folders.pop()
            self._parts.append(folder)
            listed = self._list(folder)
            if listed is None:
                self._parts.append("unreadable")
            for entry in listed or ():
                if entry.name in NEVER_PACKAGED:
                    continue
                if not _is_folder(entry):
                    self.add_file(entry)
                elif not entry.is_symlink():
                    folders.append(entry.path)
                else:
                    self._parts += [entry.path, real := os.path.realpath(entry.path)]
                    if real not in self._linked:  # links may lead in a circle
                        self._linked.add(real)
                        folders.append(entry.path)

    def add_file(self, entry: "os.DirEntry[str]") -> None:
        try:
            self._add(entry.name, entry.stat())
        except OSError:
            self._parts += [entry.name, "unreadable"]  # such as a link that leads nowhere

    def add_path(self, path: str) -> None:
        try:
            self._add(path, os.stat(path))  # noqa: PTH116 - takes half as long as Path(path).stat()
        except OSError:
            self._parts += [path, "unreadable"]

    def _add(self, name: str, status: os.stat_result) -> None:
        self._number += 1
        self._parts += [name, *digest.of_stat(status), status.st_mode]
        self.newest_ns = max(self.newest_ns, status.st_mtime_ns, status.st_ctime_ns)

    def _list(self, folder: str) -> "list[os.DirEntry[str]] | None":
        """See `_listed`. What was taken away from a folder or moved shows in the folder's own time alone."""
        self.newest_ns = max(self.newest_ns, _changed_ns(folder))
        return _listed(folder)


def _listed(folder: str) -> "list[os.DirEntry[str]] | None":
    """What is in a folder, by name; None if that cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=attrgetter("name"))
    except OSError:
        return None


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # such as of a link to itself
        return False


def _changed_ns(folder: str) -> int:
    """When something was put into a folder or taken away from it; 0 if there is no such folder."""
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116 - takes half as long as Path(folder).stat()
    except OSError:
        return 0


def _current_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - takes half as long as Path.cwd()
    except OSError:
        return ""
