"""Computes all digests; no other module hashes.

A digest is the lower-case hexadecimal SHA-256 of a canonical text, never of concatenated values: every struct starts with its
kind and a schema number, keys are sorted, and files are named by their relative POSIX path. So two different inputs never have
the same text. Bump the schema number of a kind when its digest covers something else.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, BinaryIO, NewType, Protocol

from common.base.json_types import Json
from common.base.plural import counted

Digest = NewType("Digest", str)
OfFile = Callable[[Path, os.stat_result], Digest]
"""A function that returns the digest of a file with this status."""


class FileDigests(Protocol):
    """Returns digests of files without reading unchanged files again."""

    def of(self, kind: str, read: Callable[[Path], Digest], path: Path, status: os.stat_result) -> Digest:
        """Returns what `read` returns for a file, from memory if the file has not changed since.

        Args:
            kind: a word that stands for the function `read`.
            read: reads the file.
            path: the path of the file.
            status: the status of the file, taken before this call.
        """
        ...


def of_struct(kind: str, schema: int, value: Json, stand_in: Callable[[object], str] | None = None) -> Digest:
    """Returns the digest of a JSON-like value (str, int, float, bool, None, list, tuple, dict).

    Args:
        kind: what is digested.
        schema: the schema number of the kind.
        value: the value that the digest covers.
        stand_in: returns a text for values of other types, or raises TypeError.

    Raises:
        TypeError: the value has no canonical JSON form, for example because a key is not a text.
        ValueError: the value contains a number that JSON does not have, such as NaN.
    """
    _check_keys(value)
    text = json.dumps(
        [kind, schema, value], sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=stand_in
    )
    return of_bytes(text.encode())


def _check_keys(value: object) -> None:
    """Refuses keys that are not text: `json` writes the keys 1 and "1" alike, so two values would have the same text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is not a text")
            if type(inner) is not str:  # most are
                _check_keys(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            if type(inner) is not str:
                _check_keys(inner)


def of_bytes(data: bytes) -> Digest:
    """Returns the digest of bytes."""
    return Digest(hashlib.sha256(data).hexdigest())


def of_blob(data: bytes, length: int) -> str:
    """Returns the name that git gives to a blob.

    Args:
        data: the content of the file.
        length: the length of names in the repository: 40 for SHA-1, 64 for SHA-256.
    """
    hasher = hashlib.sha256() if length == 64 else hashlib.sha1(usedforsecurity=False)
    hasher.update(b"blob %d\0" % len(data) + data)
    return hasher.hexdigest()


def of_file(path: Path) -> Digest:
    """Returns the digest of a file's bytes, which are streamed."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())


def of_copy(source: BinaryIO, target: IO[bytes]) -> Digest:
    """Copies the rest of a stream and returns the digest of the copied bytes."""
    hasher = hashlib.sha256()
    while part := source.read(1 << 20):
        hasher.update(part)
        target.write(part)
    return Digest(hasher.hexdigest())


def md5(path: Path) -> Digest:
    """Returns the hexadecimal MD5 of a file's bytes, which S3 uses as ETag. No name of the deployer depends on it."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest())


def md5_of_bytes(data: bytes) -> Digest:
    """Returns the hexadecimal MD5 of bytes, see `md5`."""
    return Digest(hashlib.md5(data, usedforsecurity=False).hexdigest())


def of_stat(status: os.stat_result) -> list[int]:
    """Returns the parts of a file's status that identify its bytes: while they are equal, the bytes count as unchanged."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def of_file_with_status(path: Path, _: os.stat_result) -> Digest:
    """Reads the file and returns its digest, whatever its status."""
    return of_file(path)


def of_files(files: Mapping[str, Digest]) -> Digest:
    """Returns the digest of a folder from the digests of its files by their relative POSIX paths."""
    return of_struct("tree", 1, dict(files))


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Describes for people which files differ; returns an empty text if none does.

    Args:
        before: each file's digest by its name; a mode may follow after a blank.
        now: the same, later.
    """
    names = [f"{name} {how}" for name in sorted(before.keys() & now.keys()) if (how := _difference(before[name], now[name]))]
    names += [f"{name} added" for name in sorted(now.keys() - before.keys())]
    names += [f"{name} removed" for name in sorted(before.keys() - now.keys())]
    more = len(names) - 3
    return ", ".join(names if more <= 0 else [*names[:3], f"and {counted(more, 'more file')}"])


def _difference(before: str, now: str) -> str:
    """Describes how one file differs. Older records have no mode; then modes are not compared."""
    (content, _, mode), (content_now, _, mode_now) = before.partition(" "), now.partition(" ")
    if content != content_now:
        return "changed"
    if not (mode and mode_now) or mode == mode_now:
        return ""
    return "is executable now" if mode_now == "755" else "is no longer executable"


def short(digest: str) -> str:
    """Returns the first twelve digits, which are enough for people to tell digests apart."""
    return digest[:12]


def of_base64(text: str) -> Digest:
    """Converts a SHA-256 in base64, as AWS writes it, to a digest."""
    return Digest(binascii.hexlify(base64.b64decode(text)).decode())


def to_record(digest: Digest) -> str:
    """Converts a digest to the form in which installers write it into the RECORD of a Python library."""
    return f"sha256={base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip('=')}"


def to_base64(digest: Digest) -> str:
    """Converts a digest to base64, in which AWS writes it (Lambda's CodeSha256, S3's ChecksumSHA256)."""
    return base64.b64encode(binascii.unhexlify(digest)).decode()


def by_algorithm(name: str, content: bytes) -> str:
    """Returns the digest by another algorithm, such as ``md5``, as Step Functions computes it for definitions."""
    return hashlib.new(name, content, usedforsecurity=False).hexdigest()
