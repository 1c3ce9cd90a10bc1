"""Digests of files without reading them again: what `stat` says of a file is remembered beside its digest.

A file whose path, size, inode and times are as they were is taken to hold the same bytes. That fails in one case: a file that
changes twice within one tick of its clock looks the same after the second change. So of what was still young when its digest was
taken only the digest is remembered, and it is read again next time (git calls such an entry racy). The cache is speed and nothing
else: it may be deleted, and one that was damaged is not believed.

Follows https://git-scm.com/docs/racy-git
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest

SCHEMA = 1
YOUNG_NS = 2_000_000_000
"""Two seconds: the coarsest clock of a file system in use."""
UNLIKE_ANY = (-1, -1, -1, -1)
"""What `stat` says of no file."""
LIMIT = 50_000
"""With more files than these, only those that were asked for are remembered."""


class StatCache:
    """What is known of files; as a context manager, kept in `path` from one run to the next.

    Args:
        path: where it is kept.
        clock: nanoseconds since the epoch.
        believing: whether a file that looks as it did is taken to be as it was; without, all are read.
    """

    def __init__(self, path: Path, clock: Callable[[], int] = time.time_ns, *, believing: bool = True) -> None:
        self._path, self._old_ns, self._believing = path, clock() - YOUNG_NS, believing
        self._known: dict[str, list[Any]] = {}
        self._used: dict[str, list[Any]] = {}
        self._fresh = False
        self.changed = 0
        """How many files held other bytes when they were last asked for."""

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._known = _parsed(self._path.read_bytes())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._fresh:
            with suppress(OSError):  # a folder that cannot be written costs speed
                self._save()

    def of_file(self, path: Path, found: os.stat_result) -> Digest:
        """The digest of a file.

        Args:
            path: where it is.
            found: what `stat` has said of it, before this call.
        """
        return self.of("", digest.of_file, path, found)

    def of(self, kind: str, read: Callable[[Path], Digest], path: Path, found: os.stat_result) -> Digest:
        """See `Known`."""
        name, seen = f"{kind}{path}", digest.of_stat(found)
        entry = before = self._known.get(name)
        if entry is None or entry[:-1] != seen or not self._believing:
            young = max(found.st_mtime_ns, found.st_ctime_ns) > self._old_ns
            entry = [*(UNLIKE_ANY if young else seen), read(path)]
            self.changed += before is not None and before[-1] != entry[-1]
            self._fresh = self._fresh or entry != before
        self._used[name] = entry
        return Digest(entry[-1])

    def _save(self) -> None:
        """Replaces the file at once: of two runs that end together one wins, and what the other knew is read again."""
        all_known = {**self._known, **self._used}
        text = json.dumps(all_known if len(all_known) <= LIMIT else self._used, separators=(",", ":")).encode()
        with new_file(self._path) as temporary:
            temporary.write_bytes(f"{SCHEMA} {digest.of_bytes(text)}\n".encode() + text)


def _parsed(data: bytes) -> dict[str, list[Any]]:
    """What was saved; nothing if a single byte of it is another one now."""
    head, _, text = data.partition(b"\n")
    known: dict[str, list[Any]] = json.loads(text) if head == f"{SCHEMA} {digest.of_bytes(text)}".encode() else {}
    return known
