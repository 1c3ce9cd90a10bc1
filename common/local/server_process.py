"""Finds the process of a folder's embedded AWS by what it was started with.

What `embedded.json` says of it is for people: whoever edits that file, or puts an old one back, must not make us end a process of
somebody else. The server leads a group of its own, and its command line ends with its program, from whichever copy of the
repository, and the folder's settings.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def server_process(program: str, settings: Path) -> int | None:
    """The id of the process that runs a program of this file name with these settings, which is its group's, too."""
    ending = f"/{program} {settings}"
    for pid, command in _linux() if (_PROCESSES / "self").exists() else _others():
        with suppress(ProcessLookupError):
            if command.endswith(ending) and os.getpgid(pid) == pid:
                return pid
    return None


def _linux() -> Iterator[tuple[int, str]]:
    """Every process and its command line, which needs no program to be installed."""
    for entry in _PROCESSES.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # it has ended
                yield int(entry.name), os.fsdecode((entry / "cmdline").read_bytes()).rstrip("\0").replace("\0", " ")


def _others() -> Iterator[tuple[int, str]]:
    """Every process and its command line where there is no ``/proc``, as on macOS."""
    shown = subprocess.run(["/bin/ps", "-A", "-ww", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
    for line in shown.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command
