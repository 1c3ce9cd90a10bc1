"""What was built on this machine, and what of it nobody needs any more.

All of it can be made again, so age decides: what was not used for `KEPT_DAYS` goes. Whoever uses something says so by its time of
change. Looked for it is once a day at most, when a command ends, and never while another command works here: each holds the
folder's lock together with the others, and who tidies up has it alone. The lock ends with its process, however that ends.
"""

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

KEPT_DAYS = 30
DAY_SECONDS = 86_400
OF_ONE = re.compile(r"[0-9a-f]{64}")
"""What lies beside each other under one digest is one thing: a package, its manifest, and whatever else tells of it."""


class BuildFolder:
    """The folder of what is built, in use until it is closed.

    Args:
        path: where it is. Nothing can go from one that is not there yet, or cannot be written, so these need no lock.
        clock: seconds since the epoch.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = path, clock
        self._lock: int | None = None
        with suppress(OSError):
            self._lock = os.open(path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def close(self) -> None:
        """Ends the use; tidies up if that is due and nobody else is here."""
        if self._lock is None:
            return
        with suppress(OSError):  # a lock that another holds, or a file that cannot be deleted, waits for another day
            if self._clock() - os.fstat(self._lock).st_mtime > DAY_SECONDS:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.utime(self._lock, (self._clock(), self._clock()))
                self._tidy(self._clock() - KEPT_DAYS * DAY_SECONDS)
        os.close(self._lock)
        self._lock = None

    def _tidy(self, oldest: float) -> None:
        """Deletes what was last used before `oldest`, and what commands that were killed had begun."""
        for folder in (*self.path.glob(".*/"), *self.path.glob("[!.]*/*/")):
            things: dict[str, list[Path]] = defaultdict(list)
            for one in folder.iterdir():
                match = OF_ONE.match(one.name)
                things[match[0] if match else one.name].append(one)
            for name, parts in things.items():
                if name.startswith(".new-") or max(map(_used, parts)) < oldest:
                    for part in parts:
                        _delete(part)
            if not any(folder.iterdir()):
                folder.rmdir()


class NewBuildFolder(BuildFolder):
    """An empty folder, gone when it is closed: nothing is used that was built before."""

    def __init__(self, kept: Path) -> None:
        kept.mkdir(parents=True, exist_ok=True)
        super().__init__(kept)
        (kept / ".rebuilt").mkdir(exist_ok=True)
        self._kept, self.path = kept, Path(tempfile.mkdtemp(dir=kept / ".rebuilt", prefix=".new-"))

    def close(self) -> None:
        """See `BuildFolder`; what was built is deleted."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path = self._kept
        super().close()


def used(path: Path) -> bool:
    """Whether it is there; from now on it counts as used today."""
    with suppress(OSError):  # it is not there, or somebody else's
        os.utime(path)
    return path.exists()


def _used(path: Path) -> float:
    inside = list(path.iterdir()) if path.is_dir() else []
    return max(one.lstat().st_mtime for one in (path, *inside))


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
