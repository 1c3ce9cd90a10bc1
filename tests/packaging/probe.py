"""Builds one package in a process of its own and prints its digests; what differs there is named on the command line.

Usage: ``python probe.py <function's folder> <build folder> [difference…]``.
"""

import hashlib
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from common.model.resource import Key
from common.packaging import secret_detector
from common.packaging.imports import Libraries
from common.packaging.lambda_package import Package
from common.packaging.source_files import check_case

SCANDIR, STAT, COMPRESS = os.scandir, Path.stat, zlib.compressobj


class reversed_scandir:  # noqa: N801 - stands for the function
    """A file system that lists its files in another order."""

    def __init__(self, path: Any = ".") -> None:
        with SCANDIR(path) as entries:
            self._entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

    def __iter__(self) -> Iterator[os.DirEntry[str]]:
        return self._entries

    def __next__(self) -> os.DirEntry[str]:
        return next(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing left to close."""


def stat_without_case(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
    """A file system that takes upper and lower case for one."""
    try:
        return STAT(path, follow_symlinks=follow_symlinks)
    except FileNotFoundError:
        if path.parent == path:
            raise
        with suppress(OSError):
            for other in path.parent.iterdir():
                if other.name.casefold() == path.name.casefold():
                    return STAT(other, follow_symlinks=follow_symlinks)
        raise


def other_zlib(_level: int = 6, *arguments: Any) -> Any:
    """A zlib that finds other matches."""
    return COMPRESS(1, *arguments)


def put(where: object, name: str, other: Any) -> None:
    """Puts something in the standard library's place."""
    setattr(where, name, other)


def main(folder: Path, build: Path, *differences: str) -> None:
    if "order" in differences:
        put(os, "scandir", reversed_scandir)
    if "case" in differences:
        put(Path, "stat", stat_without_case)
    if "zlib" in differences:
        put(zlib, "compressobj", other_zlib)
    if "umask" in differences:
        os.umask(0o077)
    secret_detector.find_in_text(b"")  # loads modules, which another user of this machine may not be able to read,
    check_case(["é"], "")  # and so does this
    if "user" in differences:
        os.seteuid(65534)
    root = folder.parents[1]
    libraries = Libraries({"shared": root / "shared"})
    package = Package(
        Key("acres", "artifact", "Load"), "dev/acres/", folder, "handler.handler", "python3.11", "x86_64", libraries
    )
    built = package.build(build)
    bill = package.sbom_file(build)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (built, bill) if path]
    print(package.input_digest(), *digests, built.stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
