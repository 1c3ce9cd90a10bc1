"""Finds files that differ from the commit by comparing their bytes, without trusting git's index.

Git skips ignored files and trusts its index, in which files may be marked as unchanged or as not checked out. So every file that
an artifact is made from is read and compared with the commit. Two differences are allowed: line ends that the committed
attributes require (``eol=crlf``), and content for which the commit has a git LFS pointer with the same digest.

Follows https://git-scm.com/book/en/v2/Git-Internals-Git-Objects and https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

import os
import re
import stat
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from common.base import digest
from common.base.digest import Digest
from common.base.git import EXECUTABLE, LINK, SUBMODULE, Entry, NoCommitError, Repository

POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize [0-9]+\n")
MAX_LINKS = 40
"""How many links a path may contain; Linux treats more as a circle."""
NEW, OTHER, GONE = "is not in the commit", "differs from the commit", "is missing"
SAVED = "was changed after it was read"


class Committed:
    """The commit that is checked out in a repository, and the differences from it.

    Args:
        root: the folder of the files, which may be a part of the repository.
        commit: a commit to compare with instead of the one that is checked out.

    Raises:
        NoCommitError: there is no repository, or git failed.
    """

    def __init__(self, root: Path, commit: str | None = None) -> None:
        self._root = Path(os.path.abspath(root))  # must not resolve links
        self._repository = Repository(root)
        self.commit = self._repository.commit() if commit is None else commit
        self._entries = self._repository.entries(self.commit)
        self._nested: dict[str, Committed | None] = {}

    def differing(self, files: Mapping[Path, Digest | None]) -> dict[str, str]:
        """Returns the reason for every file that differs, by its path from the root.

        Args:
            files: the files to compare, with the digests of the bytes that were used, where these are known.
        """
        reasons = {self._shown(path): _reason_from_status(letters) for path, letters in self._repository.status().items()}
        inside = f"{self._prefix}/" if self._prefix != "." else ""
        for path in self._entries:
            if path.startswith(inside) and not os.path.lexists(self._top / path):
                reasons[self._shown(path)] = GONE
        for file, content in files.items():
            if reason := self.reason(file, content):
                reasons[self._shown(self._inside(file))] = reason
        return dict(sorted(reasons.items()))

    def reason(self, file: Path, content: Digest | None) -> str:
        """Returns why a file differs from the commit; an empty text if it is equal."""
        path, wrong = self._followed(self._inside(file))
        if wrong:
            return wrong
        submodule = next((parent.as_posix() for parent in Path(path).parents if self._is_submodule(parent.as_posix())), None)
        if submodule is not None:
            nested = self._submodule(submodule)
            return NEW if nested is None else nested.reason(self._top / path, content)
        entry = self._entries.get(path)
        return NEW if entry is None else self._compared(path, entry, content)

    def _compared(self, path: str, entry: Entry, content: Digest | None) -> str:
        file = self._top / path
        try:
            data, mode = file.read_bytes(), file.stat().st_mode
        except OSError:
            return GONE
        if content is not None and digest.of_bytes(data) != content:
            return SAVED
        if content is not None and bool(mode & stat.S_IXUSR) != (entry.mode == EXECUTABLE):
            return "is executable here or in the commit, not in both"
        return "" if entry.name == digest.of_blob(data, len(entry.name)) or self._is_checked_out_so(path, entry, data) else OTHER

    def _is_checked_out_so(self, path: str, entry: Entry, data: bytes) -> bool:
        """Whether the commit requires that exactly these bytes are checked out although it holds others."""
        stored = self._repository.content(entry.name)
        if pointer := POINTER.fullmatch(stored):
            return pointer[1].decode() == digest.of_bytes(data)
        return data.replace(b"\r\n", b"\n") == stored and self._repository.converts_line_ends(path)

    def _followed(self, path: str) -> tuple[str, str]:
        """Resolves the links of a path, each of which must equal the commit. Returns the path and a problem or an empty text."""
        for _ in range(MAX_LINKS):
            if path.startswith("../") or path == "..":
                return path, "is not in the repository"
            ways = (way.as_posix() for way in (*reversed(Path(path).parents), Path(path)) if way.as_posix() != ".")
            link = next((way for way in ways if (self._top / way).is_symlink()), None)
            if link is None:
                return path, ""
            target, entry = os.readlink(self._top / link), self._entries.get(link)  # the text of the link
            if entry is None or entry != Entry(LINK, digest.of_blob(os.fsencode(target), len(entry.name))):
                return path, f"is behind the link {self._shown(link)}, which is not as in the commit"
            target_path = os.path.join(
                self._top, os.path.dirname(link), target, os.path.relpath(path, link)
            )  # pathlib would drop `..`
            path = Path(os.path.relpath(target_path, self._top)).as_posix()
        return path, "is behind links that lead in a circle"

    @property
    def _top(self) -> Path:
        return self._repository.top

    @cached_property
    def _prefix(self) -> str:
        """The root's path from the top folder."""
        return Path(os.path.relpath(self._root.resolve(), self._top)).as_posix()

    def _inside(self, file: Path) -> str:
        """Returns a file's path from the top folder, after resolving only the links in the path of the root."""
        path = os.path.abspath(file)  # must not resolve its links
        inside = os.path.relpath(path, self._root)
        if inside == ".." or inside.startswith("../"):
            return Path(os.path.relpath(path, self._top)).as_posix()
        return Path(os.path.normpath(f"{self._prefix}/{inside}")).as_posix()

    def _shown(self, path: str) -> str:
        return Path(os.path.relpath(path, self._prefix)).as_posix()

    def _is_submodule(self, path: str) -> bool:
        return path in self._entries and self._entries[path].mode == SUBMODULE

    def _submodule(self, path: str) -> "Committed | None":
        """Returns a submodule at the commit that this commit names; None if it is not available."""
        if path not in self._nested:
            self._nested[path] = None
            try:
                nested = Committed(self._top / path, self._entries[path].name)
            except NoCommitError:
                return None
            self._nested[path] = nested if nested._top == (self._top / path).resolve() else None
        return self._nested[path]


def _reason_from_status(letters: str) -> str:
    return NEW if letters == "??" else GONE if letters[1] == "D" else OTHER
