"""Archives whose bytes follow from their members alone, and folders that are whole or not there.

Members are sorted, carry a fixed date and one of two modes, and are named by relative POSIX paths. What is in an archive already
is taken from it as it is compressed there: deflating it again would take most of the time, and give the same bytes.

Follows https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import os
import shutil
import struct
import tempfile
import threading
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest
from common.packaging.build_folder import used
from common.packaging.tree import Digests, Found, copy

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_LOCAL_BYTES, _METHOD_AT, _SIZES_AT, _LENGTHS_AT = 30, 8, 14, 26
"""Of the header before each member: its length, and where it has the method, checksum and sizes, and lengths of what follows."""
_busy: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
_seen: set[Path] = set()
"""Folders that this process has made or compared with what they held when they were made."""


class Packed(NamedTuple):
    """A file that is compressed in an archive of ours."""

    archive: Path
    info: zipfile.ZipInfo

    @property
    def is_executable(self) -> bool:
        """See `Found`."""
        return bool(self.info.external_attr >> 16 & 0o100)

    @property
    def size(self) -> int:
        """Bytes, once it is unpacked."""
        return self.info.file_size


Members = Mapping[str, Found | Packed]
"""What a package holds, under the relative POSIX paths that it has in it."""


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


def packed(archive: Path) -> dict[str, Found | Packed]:
    """The members of an archive that `write_zip` has made."""
    with zipfile.ZipFile(archive) as opened:
        return {info.filename: Packed(archive, info) for info in opened.infolist()}


def write_zip(target: Path, members: Members, digests: Digests, texts: Mapping[str, str] | None = None) -> None:
    """A zip of files, of members of other archives, and of texts that are no files; whole, or not there at all.

    Raises:
        ArtifactError: a file holds other bytes than its digest in `digests` says.
    """
    texts = texts or {}
    with new_file(target) as temporary, temporary.open("w+b") as file, ExitStack() as opened:
        sources: dict[Path, IO[bytes]] = {}
        compressed: list[zipfile.ZipInfo] = []
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in sorted([*members, *texts]):
                if name in texts:
                    archive.writestr(_member(name, executable=False), texts[name].encode())
                elif isinstance(member := members[name], Packed):
                    if member.archive not in sources:
                        sources[member.archive] = opened.enter_context(member.archive.open("rb"))
                    compressed.append(_add_compressed(archive, name, member, sources[member.archive]))
                else:
                    with archive.open(_member(name, executable=member.is_executable), "w") as target_member:
                        copy(member, target_member, digests)
        for info in compressed:
            _correct_header(file, info)


def _add_compressed(archive: zipfile.ZipFile, name: str, member: Packed, source: IO[bytes]) -> zipfile.ZipInfo:
    """Adds a member as it is compressed elsewhere: stored as it lies there, and then told to be what it is.

    The directory at the end of the archive is written from what is told; `_correct_header` tells it before the member, too.
    """
    source.seek(member.info.header_offset + _LENGTHS_AT)
    lengths = struct.unpack("<HH", source.read(4))
    source.seek(member.info.header_offset + _LOCAL_BYTES + sum(lengths))
    added = _member(name, executable=member.is_executable)
    added.compress_type = zipfile.ZIP_STORED
    with archive.open(added, "w") as target:
        target.write(source.read(member.info.compress_size))
    added.compress_type, added.CRC, added.file_size = member.info.compress_type, member.info.CRC, member.info.file_size
    return added


def _correct_header(file: IO[bytes], info: zipfile.ZipInfo) -> None:
    file.seek(info.header_offset + _METHOD_AT)
    file.write(struct.pack("<H", info.compress_type))
    file.seek(info.header_offset + _SIZES_AT)
    file.write(struct.pack("<LLL", info.CRC, info.compress_size, info.file_size))


def _member(name: str, *, executable: bool) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, ZIP_DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    member.external_attr = (0o100755 if executable else 0o100644) << 16
    return member
