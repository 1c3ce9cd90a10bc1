"""What archives hold: zips (wheels, jars, spreadsheets), tarballs and compressed files, one within the other.

They are known by their content, as names say what they like. What is encrypted or damaged holds nothing that could be read.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, cast

LIMIT = 512 * 2**20
"""Bytes that one file may expand to, with all that is in it."""
DEPTH = 16
"""Archives within archives."""
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, NotImplementedError)
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
"""How gzip, bzip2 and xz begin."""


class TooMuch(Exception):  # noqa: N818 - says what was met; nothing is wrong with the archive
    """A file expands to more than `LIMIT`, or is nested more than `DEPTH` times."""


def members(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every file within a file that is an archive, and their content; names of inner archives are joined by ``!/``.

    Raises:
        TooMuch: it cannot be read whole.
    """
    yield from _members(file, _Budget(), 0)


class _Budget:
    def __init__(self) -> None:
        self._left = LIMIT

    def read(self, file: IO[bytes]) -> bytes:
        data = file.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise TooMuch
        return data


def _members(file: IO[bytes], budget: _Budget, depth: int) -> Iterator[tuple[str, bytes]]:
    for name, data in _direct(file, budget):
        if depth >= DEPTH:
            raise TooMuch
        yield name, data
        for inner, content in _members(io.BytesIO(data), budget, depth + 1):
            yield f"{name}!/{inner}", content


def _direct(file: IO[bytes], budget: _Budget) -> Iterator[tuple[str, bytes]]:
    head = file.read(512)
    file.seek(0)
    with suppress(*DAMAGED):
        if head[257:262] == b"ustar":
            with tarfile.open(fileobj=file, mode="r:") as tar:
                for entry in tar:
                    content = tar.extractfile(entry) if entry.isfile() else None
                    if content is not None:
                        yield entry.name, budget.read(content)
        elif head.startswith(COMPRESSED):
            yield "content", budget.read(_decompressed(file, head))
        elif zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for info in archive.infolist():
                    if not info.is_dir() and not info.flag_bits & 1:
                        with suppress(*DAMAGED), archive.open(info) as content:
                            yield info.filename, budget.read(content)


def _decompressed(file: IO[bytes], head: bytes) -> IO[bytes]:
    if head.startswith(COMPRESSED[0]):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    return bz2.BZ2File(file) if head.startswith(COMPRESSED[1]) else lzma.LZMAFile(file)
