"""The only place that hashes.

A digest is the lower-case hexadecimal SHA-256 of a canonical text, never of concatenated values: every struct starts with its
kind and a schema number, keys are sorted, and files are named by their relative POSIX path. So two different inputs cannot
share a text, and a change of what a kind's digest covers is a change of its schema number.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO, NewType, Protocol

Digest = NewType("Digest", str)
OfFile = Callable[[Path, os.stat_result], Digest]
"""Gives the digest of a file that `stat` was asked about just now."""


class Known(Protocol):
    """What is known of files without reading them again."""

    def of(self, kind: str, read: Callable[[Path], Digest], path: Path, found: os.stat_result) -> Digest:
        """What `read` gives of a file, or has given when it held the same bytes.

        Args:
            kind: what `read` gives: one word for one function.
            read: reads the file.
            path: where it is.
            found: what `stat` has said of it, before this call.
        """
        ...


def of_struct(kind: str, schema: int, value: Any, stand_in: Callable[[Any], str] | None = None) -> Digest:
    """The digest of a JSON-like value (str, int, float, bool, None, list, tuple, dict).

    Args:
        kind: what is digested.
        schema: of the kind.
        value: what it covers.
        stand_in: gives the text that stands for anything else, and raises TypeError where nothing can.

    Raises:
        TypeError: the value holds something that has no canonical JSON form; a key that is no text, among others.
        ValueError: it holds a number that JSON does not know, such as NaN.
    """
    _check_keys([value])
    text = json.dumps(
        [kind, schema, value], sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=stand_in
    )
    return of_bytes(text.encode())


def _check_keys(values: Iterable[Any]) -> None:
    """`json` would write the keys 1 and "1" alike, and so give two values one text."""
    for value in values:
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    raise TypeError(f"the key {key!r} is no text")
            _check_keys(value.values())
        elif isinstance(value, list | tuple):
            _check_keys(value)


def of_bytes(data: bytes) -> Digest:
    """The digest of bytes as they are."""
    return Digest(hashlib.sha256(data).hexdigest())


def of_blob(data: bytes, length: int) -> str:
    """What git calls bytes.

    Args:
        data: the content of a file.
        length: of the names in its repository: 40 for SHA-1, 64 for SHA-256.
    """
    made = hashlib.sha256() if length == 64 else hashlib.sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(data) + data)
    return made.hexdigest()


def of_file(path: Path) -> Digest:
    """The digest of a file's bytes, streamed."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").hexdigest())


def of_copy(source: BinaryIO, target: IO[bytes]) -> Digest:
    """Copies the rest of a stream; the digest of just the bytes that were copied."""
    found = hashlib.sha256()
    while part := source.read(1 << 20):
        found.update(part)
        target.write(part)
    return Digest(found.hexdigest())


def md5(path: Path) -> Digest:
    """The MD5 of a file's bytes, hexadecimal: what S3 calls an object; nothing of ours is named by it."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest())


def md5_of_bytes(data: bytes) -> Digest:
    """As `md5`, of bytes that were read already."""
    return Digest(hashlib.md5(data, usedforsecurity=False).hexdigest())


def of_stat(found: os.stat_result) -> list[int]:
    """What `stat` says of a file's bytes: where this is the same, they are taken to be the same."""
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def of_found(path: Path, _: os.stat_result) -> Digest:
    """The digest of a file, read whatever `stat` says."""
    return of_file(path)


def of_files(files: Mapping[str, Digest]) -> Digest:
    """The digest of a tree, given each file's digest under its relative POSIX path."""
    return of_struct("tree", 1, dict(files))


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Which files differ, for people; empty if none does.

    Args:
        before: each file's digest under its name; a mode may follow it after a blank.
        now: the same, later.
    """
    names = [f"{name} {how}" for name in sorted(before.keys() & now.keys()) if (how := _difference(before[name], now[name]))]
    names += [f"{name} added" for name in sorted(now.keys() - before.keys())]
    names += [f"{name} removed" for name in sorted(before.keys() - now.keys())]
    more = len(names) - 3
    return ", ".join(names if more <= 0 else [*names[:3], f"and {more} more {'file' if more == 1 else 'files'}"])


def _difference(before: str, now: str) -> str:
    """How one file differs; of a mode that was not recorded, as it was not always, nothing is known."""
    (content, _, mode), (content_now, _, mode_now) = before.partition(" "), now.partition(" ")
    if content != content_now:
        return "changed"
    if not (mode and mode_now) or mode == mode_now:
        return ""
    return "is executable now" if mode_now == "755" else "is no longer executable"


def short(digest: str) -> str:
    """The first twelve digits: enough for a person to tell two apart."""
    return digest[:12]


def to_base64(digest: Digest) -> str:
    """The same digest as AWS writes it (Lambda's CodeSha256, S3's ChecksumSHA256)."""
    return base64.b64encode(binascii.unhexlify(digest)).decode()
