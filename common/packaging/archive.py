"""Writes zip archives whose bytes depend on their members alone, and folders that are either complete or absent.

Members are sorted, have a fixed date and one of two modes, and are named by relative POSIX paths. A member of another archive is
copied in its compressed form: compressing it again would take most of the time and give the same bytes.

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
from typing import IO, NamedTuple

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest
from common.packaging.build_folder import mark_used
from common.packaging.source_files import Digests, SourceFile, copy

ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_LOCAL_BYTES, _METHOD_AT, _SIZES_AT, _LENGTHS_AT = 30, 8, 14, 26
"""The length of a local file header in bytes, and the offsets in it of the method, of checksum and sizes, and of the lengths
of name and extra field."""
_busy: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
_seen: set[Path] = set()
"""Folders that this process has built or has checked against the digest of their contents."""


class CompressedMember(NamedTuple):
    """A file in an archive that `write_zip` has written."""

    archive: Path
    info: zipfile.ZipInfo

    @property
    def is_executable(self) -> bool:
        """Whether the owner may execute the file, see `SourceFile`."""
        return bool(self.info.external_attr >> 16 & 0o100)

    @property
    def size(self) -> int:
        """The uncompressed size in bytes."""
        return self.info.file_size


Members = Mapping[str, SourceFile | CompressedMember]
"""The members of a package by their relative POSIX paths in it."""


class new_folder:  # noqa: N801 - reads as the function it is
    """A temporary folder that becomes `target` if the block succeeds, and is deleted if it fails.

    If two processes fill the same target at the same time, the first wins; the other's result is equal and is deleted.
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


def build_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Returns the folder after `make` has filled it, now or in an earlier run. Of several threads only one fills it.

    It is filled again if its contents are no longer those that were made; each process checks that once.
    """
    digest_file = folder.with_name(f"{folder.name}.sha256")
    with _busy[folder]:
        if folder not in _seen and mark_used(folder):
            recorded = digest_file.read_text(encoding="utf-8", errors="replace") if digest_file.exists() else ""
            if recorded != _digest_folder(folder):
                shutil.rmtree(folder)
        if not mark_used(folder):
            with new_folder(folder) as fresh:
                make(fresh)
                stored = _digest_folder(fresh)
                with new_file(digest_file) as temporary:
                    temporary.write_text(stored, encoding="utf-8")
        _seen.add(folder)
    return folder


def _digest_folder(folder: Path) -> Digest:
    """Returns the digest of a folder's contents: bytes, executable bits, and targets of links."""
    contents: dict[str, list[object]] = {}
    for directory, folders, files in os.walk(folder):
        for path in (Path(directory, name) for name in (*folders, *files)):
            name = path.relative_to(folder).as_posix()
            if path.is_symlink():
                contents[name] = ["link", str(path.readlink())]
            elif path.is_file():
                contents[name] = ["file", digest.of_file(path), bool(path.stat().st_mode & 0o100)]
    return digest.of_struct("folder", 1, contents)


def compressed_members(archive: Path) -> dict[str, SourceFile | CompressedMember]:
    """Returns the members of an archive that `write_zip` has written."""
    with zipfile.ZipFile(archive) as opened:
        return {info.filename: CompressedMember(archive, info) for info in opened.infolist()}


def write_zip(target: Path, members: Members, digests: Digests, texts: Mapping[str, str] | None = None) -> None:
    """Writes a zip of files, of members of other archives, and of texts without a file. It is complete, or it does not exist.

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
                    archive.writestr(_new_member(name, executable=False), texts[name].encode())
                elif isinstance(member := members[name], CompressedMember):
                    if member.archive not in sources:
                        sources[member.archive] = opened.enter_context(member.archive.open("rb"))
                    compressed.append(_add_compressed(archive, name, member, sources[member.archive]))
                else:
                    with archive.open(_new_member(name, executable=member.is_executable), "w") as target_member:
                        copy(member, target_member, digests)
        for info in compressed:
            _correct_header(file, info)


def _add_compressed(archive: zipfile.ZipFile, name: str, member: CompressedMember, source: IO[bytes]) -> zipfile.ZipInfo:
    """Adds a member without compressing it again: writes its compressed bytes as if stored, then corrects its description.

    The directory at the end of the archive is written from the corrected description; `_correct_header` corrects the header
    in front of the member.
    """
    source.seek(member.info.header_offset + _LENGTHS_AT)
    lengths = struct.unpack("<HH", source.read(4))
    source.seek(member.info.header_offset + _LOCAL_BYTES + sum(lengths))
    added = _new_member(name, executable=member.is_executable)
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


def _new_member(name: str, *, executable: bool) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, ZIP_DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    member.external_attr = (0o100755 if executable else 0o100644) << 16
    return member
