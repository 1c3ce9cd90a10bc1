"""Tells how far uv is in fetching packages: without a terminal, it writes a line when a large package begins, and when it ends.

Packages of less than about a megabyte have no line. uv does not say how much of a package it has, so the sum grows by whole ones.
"""

import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

BEGINS = re.compile(r"\s*Downloading (?P<name>\S+) \((?P<size>[\d.]+)(?P<unit>[KMG]i?B)\)")
ENDS = re.compile(r"\s*Downloaded (?P<name>\S+)")
INSTALLS = re.compile(r"\s*Prepared \d+ packages?")
MIB = {"KiB": 1 / 1024, "MiB": 1.0, "GiB": 1024.0}


class Download:
    """One run of uv.

    Args:
        name: the environment that it fills.
        say: tells the user at the end how much was fetched.
        show: shows how far it is; an empty text removes that.
        clock: returns seconds.
    """

    def __init__(
        self, name: str, say: Callable[[str], None], show: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._say, self._show, self._clock = name, say, show, clock
        self._sizes: dict[str, float] = {}
        self._ended: set[str] = set()
        self._began = clock()

    def __enter__(self) -> Self:
        """Shows that it begins."""
        self._show(f"fetching packages of {self._name}: looking them up")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Tells how much was fetched, unless it failed."""
        self._show("")
        if error is None and self._sizes:
            self._say(f"fetched {sum(self._sizes.values()):.1f} MiB in {self._clock() - self._began:.0f} s")

    def take(self, line: str) -> None:
        """Takes a line that uv has written."""
        if begins := BEGINS.match(line):
            self._sizes[begins["name"]] = float(begins["size"]) * MIB.get(begins["unit"], 1.0)
        elif ends := ENDS.match(line):
            self._ended.add(ends["name"])
        elif INSTALLS.match(line):
            self._show(f"installing packages of {self._name}")
            return
        else:
            return
        fetched = sum(size for name, size in self._sizes.items() if name in self._ended)
        open_ones = [f"{name} {size:.1f} MiB" for name, size in self._sizes.items() if name not in self._ended]
        still = f": {', '.join(sorted(open_ones))}" if open_ones else ""
        self._show(f"fetching packages of {self._name}, {fetched:.1f} of {sum(self._sizes.values()):.1f} MiB{still}")
