"""Archives whose bytes follow from their members alone, and folders that are whole or not there.

Members are sorted, carry a fixed date and one of two modes, and are named by relative POSIX paths.
"""

import os
import shutil
import tempfile
import threading
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from common import digest
from common.build_folder import used
from common.digest import Digest
from common.new_file import new_file
from common.packaging.tree import Digests, Files, Found, copy

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_busy: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
_seen: set[Path] = set()
"""Folders that this process has made or compared with what they held when they were made."""


class new_folder:  # noqa: N801 - reads as the function it is
    """A folder beside `target` to fill; it becomes `target` when nothing failed, and is gone when something did.

    Of two that fill one folder at the same time the first wins; the other's is as good, and is thrown away.
    """

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> Path:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = Path(tempfile.mkdtemp(dir=self._target.parent, prefix=".new-"))
        return self._temporary

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None and not self._target.exists():
            try:
                self._temporary.rename(self._target)
            except OSError:
                if not self._target.exists():
                    raise
        shutil.rmtree(self._temporary, ignore_errors=True)


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, which `make` has filled, now or some other time; of several threads that need it one makes it.

    It is made again if it does not hold what it held when it was made; that is looked for once in a process.
    """
    known = folder.with_name(f"{folder.name}.sha256")
    with _busy[folder]:
        if folder not in _seen and used(folder):
            told = known.read_text(encoding="utf-8", errors="replace") if known.exists() else ""
            if told != _held(folder):
                shutil.rmtree(folder)
        if not used(folder):
            with new_folder(folder) as fresh:
                make(fresh)
                held = _held(fresh)
                with new_file(known) as temporary:
                    temporary.write_text(held, encoding="utf-8")
        _seen.add(folder)
    return folder


def _held(folder: Path) -> Digest:
    """The digest of all that a folder holds: bytes, executable bits, and where links lead."""
    held: dict[str, list[Any]] = {}
    for place, folders, files in os.walk(folder):
        for path in (Path(place, name) for name in (*folders, *files)):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink():
                held[name] = ["link", str(path.readlink())]
            elif path.is_file():
                held[name] = ["file", digest.of_file(path), bool(path.stat().st_mode & 0o100)]
    return digest.of_struct("folder", 1, held)


def write_zip(target: Path, members: Files, digests: Digests, texts: Mapping[str, str] | None = None) -> None:
    """A zip of files, and of texts that are no files; whole, or not there at all.

    Raises:
        ArtifactError: a file holds other bytes than its digest in `digests` says.
    """
    texts = texts or {}
    with new_file(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted([*members, *texts]):
            if name in texts:
                add_text(archive, name, texts[name])
            else:
                add(archive, name, members[name], digests)


def add_text(archive: zipfile.ZipFile, name: str, text: str) -> None:
    """Adds a member that is no file."""
    archive.writestr(_member(archive, name, executable=False), text.encode())


def add(archive: zipfile.ZipFile, name: str, found: Found, digests: Digests) -> None:
    """Adds a file."""
    with archive.open(_member(archive, name, executable=found.is_executable), "w") as target:
        copy(found, target, digests)


def _member(archive: zipfile.ZipFile, name: str, *, executable: bool) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, ZIP_DATE)
    member.compress_type = archive.compression
    member.create_system = 3
    member.external_attr = (0o100755 if executable else 0o100644) << 16
    return member
