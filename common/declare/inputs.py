"""Records the input files of a command: the files that are packaged, and those that configuration and declarations read.

Configuration and declarations can read files in any way, so Python's audit events report every file that is opened, and every
folder that is listed. Packaged files are often not opened, because their digests are known, so the artifacts name theirs.

Follows https://docs.python.org/3/library/audit_events.html
"""

import os
import sys
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from threading import Lock

from common.base import digest, provenance
from common.base.digest import Digest
from common.base.git import NoCommitError
from common.base.import_source import DECLARATION_NAMES
from common.base.uncommitted import SAVED, Committed
from common.model.resource import Resource
from common.packaging.artifact import Sources
from common.packaging.source_files import NEVER_PACKAGED
from common.resources.directory import Directory

WRITING = os.O_WRONLY | os.O_RDWR
LISTING = frozenset({"os.listdir", "os.scandir"})
MATCHING = frozenset({"pathlib.Path.glob", "pathlib.Path.rglob"})
"""The events of searches, which list a folder only if it exists."""
WILDCARDS = frozenset("*?[")
_noting: list["Inputs"] = []
"""The instance that records opened files: the last one, as an audit hook stays until the process ends."""


class Inputs:
    """The input files of a command. From its creation on it records files that are opened.

    Args:
        root: the repository.

    Attributes:
        opened: the status of each file below the repository just before it was first opened, by its path.
        elsewhere: the paths of the other files that were opened, and of those below the repository that did not exist.
        listed: the paths of the folders that were listed, or would have been, had they existed.
        is_complete: whether nothing was loaded before this was made, and nobody else has recorded since. Python loads a
            declaration once, so the files that it has opened before are not recorded again.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.abspath(root)  # as audit events are compared with it
        self._beginning = f"{self._root}{os.sep}"
        self.opened: dict[str, list[int]] = {}
        self.elsewhere: set[str] = set()
        self.listed: set[str] = set()
        self.is_complete = sys.modules.keys().isdisjoint(DECLARATION_NAMES)
        self.commit = ""
        self._found: dict[str, str] | None = None
        self._lock = Lock()
        if not _noting:
            sys.addaudithook(_note)
        for other in _noting:
            other.is_complete = False
        _noting[:] = [self]

    def note(self, path: str) -> None:
        """Records that a file is opened for reading."""
        # This runs whenever a file is opened: each of hundreds of modules, then each script.
        place = path if path.startswith(os.sep) and "/." not in path and "//" not in path else os.path.abspath(path)
        if place.endswith(".pyc"):
            return
        if not place.startswith(self._beginning):
            self.elsewhere.add(place)
            return
        try:
            self.opened.setdefault(place, digest.of_stat(os.stat(place)))  # see above
        except OSError:  # the file does not exist
            self.elsewhere.add(place)

    def files(self, resources: Iterable[Resource]) -> dict[Path, Digest | None]:
        """Returns all input files, with the digests of those that are packaged.

        Args:
            resources: what is declared.
        """
        below = {*self.opened.copy(), *self.modules()}
        return {**{Path(path): None for path in below if self._is_input(path)}, **packaged(resources)}

    def modules(self) -> set[str]:
        """The files of all modules of the repository that are loaded."""
        files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
        return {path for path in files if path.startswith(self._beginning)}

    def uncommitted(self, resources: Iterable[Resource]) -> dict[str, str]:
        """Returns why files differ from the commit, by path, for input files and all files of git. It is computed once.

        Args:
            resources: what is declared.

        Raises:
            NoCommitError: git failed.
        """
        with self._lock:
            if self._found is None:
                committed = Committed(Path(self._root))
                self.commit, self._found = committed.commit, {**committed.differing(self.files(resources)), **self._changed()}
            return self._found

    def _changed(self) -> dict[str, str]:
        """Returns the files that were saved after they were read, so that what was read may be in no commit."""
        now = {place: Path(place) for place in self.opened.copy() if self._is_input(place)}
        saved = [path for place, path in now.items() if path.exists() and digest.of_stat(path.stat()) != self.opened[place]]
        return {path.relative_to(self._root).as_posix(): SAVED for path in saved}

    def about(self, resources: Iterable[Resource]) -> dict[str, str]:
        """Describes who deploys from where; see `provenance`.

        Args:
            resources: what is declared, if anything was.
        """
        try:
            uncommitted = self.uncommitted(resources)
        except NoCommitError:
            return provenance.describe_deploy("", None)
        return provenance.describe_deploy(self.commit, uncommitted)

    def _is_input(self, place: str) -> bool:
        parts = Path(place).relative_to(self._root).parts
        apart = parts[0] == "build" or "site-packages" in parts or not NEVER_PACKAGED.isdisjoint(parts)
        return not apart and os.path.lexists(place)


def packaged(resources: Iterable[Resource]) -> dict[Path, Digest | None]:
    """Returns the files of artifacts and directories, with the digests of those that are packaged as they are."""
    files: dict[Path, Digest | None] = {}
    for resource in resources:
        if isinstance(resource, Directory):
            files |= {content.path: None for content in resource.files.values()}
        for artifact in resource.artifacts:
            files |= artifact.inputs() if isinstance(artifact, Sources) else {}
    return files


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and not flags & WRITING and isinstance(path, (str, bytes, os.PathLike)):
            _noting[0].note(os.fsdecode(path))
    elif event in LISTING and isinstance(path := arguments[0], (str, bytes, os.PathLike)):
        _noting[0].listed.add(os.fsdecode(path))
    elif event in MATCHING:
        folder, pattern = arguments
        _noting[0].listed.add(os.path.join(str(folder), *takewhile(WILDCARDS.isdisjoint, str(pattern).split("/"))))
