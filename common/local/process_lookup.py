"""Finds the process of a folder's embedded AWS by its command line.

The process id in `embedded.json` is not used: if the file was edited or restored from a copy, another process would be ended. The
server leads its own process group, and its command line ends with its program (of any copy of the repository) and the settings of
the folder.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")


def server_process(program: str, settings: Path) -> int | None:
    """Returns the id of the process (and of its group) that runs a program of this file name with these settings."""
    ending = f"/{program} {settings}"
    for pid, command in _processes_on_linux() if (_PROCESSES / "self").exists() else _processes_by_ps():
        with suppress(ProcessLookupError):
            if command.endswith(ending) and os.getpgid(pid) == pid:
                return pid
    return None


def _processes_on_linux() -> Iterator[tuple[int, str]]:
    """Yields every process and its command line from ``/proc``."""
    for entry in _PROCESSES.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # the process has ended
                yield int(entry.name), os.fsdecode((entry / "cmdline").read_bytes()).rstrip("\0").replace("\0", " ")


def _processes_by_ps() -> Iterator[tuple[int, str]]:
    """Yields every process and its command line on systems without ``/proc``, such as macOS."""
    shown = subprocess.run(["/bin/ps", "-A", "-ww", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
    for line in shown.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command
