"""The build folder: everything that was built on this machine, and the deletion of what has not been used for a while.

Everything in it can be built again, so age decides: what was not used for `KEPT_DAYS` is deleted. Using an entry sets its time of
modification. Old entries are deleted at most once a day, when a command ends, and never while another command uses the folder:
each command holds a shared lock on it, and the deletion needs the exclusive lock. The system releases the lock when the process
ends.
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
"""How many days an entry is kept after its last use."""
DAY_SECONDS = 86_400
DIGEST_PREFIX = re.compile(r"[0-9a-f]{64}")
"""Files whose names begin with the same digest are one entry: an artifact, its manifest, its bill of materials and so on."""


class BuildFolder:
    """The build folder, which is in use until it is closed.

    Args:
        path: the folder. If it does not exist yet or cannot be written, nothing can be deleted from it, so no lock is taken.
        clock: returns the seconds since the epoch.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = path, clock
        self._lock: int | None = None
        with suppress(OSError):
            self._lock = os.open(path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(self._lock, fcntl.LOCK_SH)

    def close(self) -> None:
        """Ends the use. Deletes old entries if that is due and no other command uses the folder."""
        if self._lock is None:
            return
        with suppress(OSError):  # another command holds the lock, or a file cannot be deleted: try again another day
            if self._clock() - os.fstat(self._lock).st_mtime > DAY_SECONDS:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.utime(self._lock, (self._clock(), self._clock()))
                self._tidy(self._clock() - KEPT_DAYS * DAY_SECONDS)
        os.close(self._lock)
        self._lock = None

    def _tidy(self, oldest: float) -> None:
        """Deletes entries that were last used before `oldest`, and unfinished entries of commands that were killed."""
        for folder in (*self.path.glob(".*/"), *self.path.glob("[!.]*/*/")):
            paths_by_key: dict[str, list[Path]] = defaultdict(list)
            for path in folder.iterdir():
                match = DIGEST_PREFIX.match(path.name)
                paths_by_key[match[0] if match else path.name].append(path)
            for name, parts in paths_by_key.items():
                if name.startswith(".new-") or max(map(_last_used, parts)) < oldest:
                    for part in parts:
                        _delete(part)
            if not any(folder.iterdir()):
                folder.rmdir()


class NewBuildFolder(BuildFolder):
    """A new, empty build folder that is deleted when it is closed, so that nothing built before is used."""

    def __init__(self, kept: Path) -> None:
        kept.mkdir(parents=True, exist_ok=True)
        super().__init__(kept)
        (kept / ".rebuilt").mkdir(exist_ok=True)
        self._kept, self.path = kept, Path(tempfile.mkdtemp(dir=kept / ".rebuilt", prefix=".new-"))

    def close(self) -> None:
        """Deletes what was built, then does the same as `BuildFolder.close`."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path = self._kept
        super().close()


def mark_used(path: Path) -> bool:
    """Whether a path exists. If it does, it counts as used now."""
    with suppress(OSError):  # it does not exist, or belongs to another user
        os.utime(path)
    return path.exists()


def _last_used(path: Path) -> float:
    inside = list(path.iterdir()) if path.is_dir() else []
    return max(member.lstat().st_mtime for member in (path, *inside))


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
