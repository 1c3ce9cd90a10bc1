"""Whatever a test run has started ends with it, however it ends: by a signal, too, that leaves no time to tidy up.

The embedded AWS goes into the background, where it belongs to nobody. So all that a run starts inherits a variable with a name of
the run's own, and a process that stands aside waits for the end of the run, and then ends everything that has that variable.
"""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

VARIABLE = "TESTS_OF_THE_DEPLOYER"
PAUSE = 0.2
"""Seconds between two looks at whether the run is still there."""
ROUNDS = 50
"""What is ended may have just started something."""


@cache
def promise() -> None:
    """Starts, once in a test run, the process that ends all that this one starts from now on, when this one has ended."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-I", __file__, str(os.getpid()), mark]
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)]
    os.posix_spawn(sys.executable, command, os.environ, file_actions=quiet)  # nobody waits for its end
    os.environ[VARIABLE] = mark


def main(run: int, mark: str) -> None:
    """Waits for the end of a test run, and ends what it has left."""
    os.setsid()  # what ends the group of the run leaves this
    while os.getppid() == run:
        time.sleep(PAUSE)
    for _ in range(ROUNDS):
        left = [*marked(f"{VARIABLE}={mark}")]
        if not left:
            return
        for process in left:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
        time.sleep(PAUSE)


def marked(mark: str) -> Iterator[int]:
    """The processes that have a variable, but for this one."""
    for process, variables in _processes():
        if mark in variables and process != os.getpid():
            yield process


def _processes() -> Iterator[tuple[int, str]]:
    if Path("/proc/self/environ").exists():
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                yield int(folder.name), (folder / "environ").read_text(encoding="utf-8", errors="replace")
    else:  # macOS: `ps` tells the variables of one's own processes after their commands
        listed = subprocess.run(["/bin/ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True, check=False).stdout
        for line in listed.splitlines():
            number, _, command = line.strip().partition(" ")
            yield int(number), command


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
