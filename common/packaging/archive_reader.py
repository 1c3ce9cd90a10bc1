"""Reads the files within archives: zips (wheels, jars, spreadsheets), tarballs and compressed files, nested to any kind.

Archives are recognized by their content, because a name proves nothing. Encrypted and damaged archives are treated as empty.
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

MAX_EXPANDED_BYTES = 512 * 2**20
"""How many bytes one file may expand to, with all archives that are nested in it."""
MAX_DEPTH = 16
"""How deeply archives may be nested."""
READ_ERRORS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    NotImplementedError,
)
COMPRESSION_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
"""The first bytes of gzip, bzip2 and xz files."""


class ArchiveTooLarge(Exception):  # noqa: N818 - the archive is valid, so this is not an error
    """A file expands to more than `MAX_EXPANDED_BYTES`, or is nested more than `MAX_DEPTH` times."""


def read_members(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yields the name and content of every file within an archive. Names within nested archives are joined by ``!/``.

    Raises:
        ArchiveTooLarge: the archive cannot be read completely.
    """
    yield from _read_nested(file, _Budget(), 0)


class _Budget:
    def __init__(self) -> None:
        self._left = MAX_EXPANDED_BYTES

    def read(self, file: IO[bytes]) -> bytes:
        data = file.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveTooLarge
        return data


def _read_nested(file: IO[bytes], budget: _Budget, depth: int) -> Iterator[tuple[str, bytes]]:
    for name, data in _read_archive(file, budget):
        if depth >= MAX_DEPTH:
            raise ArchiveTooLarge
        yield name, data
        for inner, content in _read_nested(io.BytesIO(data), budget, depth + 1):
            yield f"{name}!/{inner}", content


def _read_archive(file: IO[bytes], budget: _Budget) -> Iterator[tuple[str, bytes]]:
    head = file.read(512)
    file.seek(0)
    with suppress(*READ_ERRORS):
        if head[257:262] == b"ustar":
            with tarfile.open(fileobj=file, mode="r:") as tar:
                for entry in tar:
                    content = tar.extractfile(entry) if entry.isfile() else None
                    if content is not None:
                        yield entry.name, budget.read(content)
        elif head.startswith(COMPRESSION_MAGIC):
            yield "content", budget.read(_decompress(file, head))
        elif zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for info in archive.infolist():
                    if not info.is_dir() and not info.flag_bits & 1:
                        with suppress(*READ_ERRORS), archive.open(info) as content:
                            yield info.filename, budget.read(content)


def _decompress(file: IO[bytes], head: bytes) -> IO[bytes]:
    if head.startswith(COMPRESSION_MAGIC[0]):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    return bz2.BZ2File(file) if head.startswith(COMPRESSION_MAGIC[1]) else lzma.LZMAFile(file)
