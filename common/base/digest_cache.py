"""Remembers the digests of files together with their status, so that unchanged files are not read again.

A file whose path, size, inode and times are equal is taken to hold the same bytes. This fails in one case: a file that changes
twice within one tick of the clock looks the same after the second change. So if a file was young when it was read, only its
digest is remembered, and the file is read again next time (git calls such an entry racy). The cache only saves time: it may be
deleted, and a damaged cache is ignored.

Follows https://git-scm.com/docs/racy-git
"""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest
from common.base.json_types import Json

SCHEMA = 1
YOUNG_NS = 2_000_000_000
"""A file that changed within this time is young: two seconds, the coarsest clock of common file systems."""
NO_STATUS = (-1, -1, -1, -1)
"""A status that no file has."""
MAX_FILES = 50_000
"""If the cache would have more files than this, only those used in the last run are kept."""

MAX_CHECKED = 5_000
"""If the cache has more files than this, nobody checks in advance whether they have changed; for 1,000 that takes 3 ms."""


class StatCache:
    """A cache of file digests. As a context manager it is loaded from `path` and saved there.

    Args:
        path: the file of the cache.
        clock: returns the nanoseconds since the epoch.
        believing: whether files with an unchanged status count as unchanged; if false, every file is read.
    """

    def __init__(self, path: Path, clock: Callable[[], int] = time.time_ns, *, believing: bool = True) -> None:
        self._path, self._old_ns, self._believing = path, clock() - YOUNG_NS, believing
        self._known: dict[str, list[Json]] = {}
        self._used: dict[str, list[Json]] = {}
        self._fresh = False
        self.changed = 0
        """How many files turned out to hold other bytes than remembered."""

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._known = _parse(self._path.read_bytes())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._fresh:
            with suppress(OSError):  # if the folder cannot be written, the next run is slower
                self._save()

    def of_file(self, path: Path, status: os.stat_result) -> Digest:
        """Returns the digest of a file.

        Args:
            path: the path of the file.
            status: the status of the file, taken before this call.
        """
        return self.of("", digest.of_file, path, status)

    def of(self, kind: str, read: Callable[[Path], Digest], path: Path, status: os.stat_result) -> Digest:
        """See `FileDigests`."""
        name, identity = f"{kind}{path}", digest.of_stat(status)
        entry = before = self._known.get(name)
        if entry is None or entry[:-1] != identity or not self._believing:
            is_young = max(status.st_mtime_ns, status.st_ctime_ns) > self._old_ns
            entry = [*(NO_STATUS if is_young else identity), read(path)]
            self.changed += before is not None and before[-1] != entry[-1]
            self._fresh = self._fresh or entry != before
        self._used[name] = entry
        return Digest(entry[-1])

    def _save(self) -> None:
        """Replaces the file atomically. If two runs end together, one wins, and what the other read is read again."""
        entries = {**self._known, **self._used}
        text = json.dumps(entries if len(entries) <= MAX_FILES else self._used, separators=(",", ":")).encode()
        with new_file(self._path) as temporary:
            temporary.write_bytes(f"{SCHEMA} {digest.of_bytes(text)}\n".encode() + text)


def has_changed(path: Path, below: tuple[str, ...]) -> bool:
    """Whether a file holds other bytes than the cache at `path` remembers. It is a hint: a file that is new or gone is ignored.

    Args:
        path: the file of the cache.
        below: the beginnings of the paths of the files that count.
    """
    try:
        known = _parse(path.read_bytes())
    except OSError:
        return False
    return len(known) <= MAX_CHECKED and any(_differs(name, entry) for name, entry in known.items() if name.startswith(below))


def _differs(name: str, entry: list[Json]) -> bool:
    try:
        status = os.stat(name)  # noqa: PTH116 - takes half as long as Path(name).stat()
        return entry[:-1] != digest.of_stat(status) and entry[-1] != digest.of_file(Path(name))
    except OSError:
        return False


def _parse(data: bytes) -> dict[str, list[Json]]:
    """Returns the saved entries; none if a byte of the file has changed."""
    head, _, text = data.partition(b"\n")
    entries: dict[str, list[Json]] = json.loads(text) if head == f"{SCHEMA} {digest.of_bytes(text)}".encode() else {}
    return entries
