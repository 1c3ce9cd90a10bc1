"""Tells whether the embedded AWS of a folder runs, and ends it with all that it has started."""

import fcntl
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from common.base.errors import LocalError
from common.local.process_lookup import server_process


def end_server(program: str, folder: Path) -> None:
    """Ends the server of the folder and lets it save its state.

    Args:
        program: the file name of its program.
        folder: where it stores everything.

    Raises:
        LocalError: it does not end.
    """
    pid = server_process(program, folder / "settings.json")
    if pid is None:
        raise LocalError(
            f"the embedded AWS in {folder} runs, but was started from another place; end the process that locks "
            f"{folder}/embedded.lock"
        )
    _send_signal(os.kill, pid, signal.SIGTERM)
    if not wait_until(lambda: not is_alive(folder), 20):
        _send_signal(os.killpg, pid, signal.SIGKILL)
    _send_signal(os.killpg, pid, signal.SIGKILL)  # handlers that did not end with it
    if not wait_until(lambda: not is_alive(folder), 5):
        raise LocalError(f"the embedded AWS (process {pid}) does not end; end it with: kill -9 -- -{pid}")
    wait_until(lambda: not _send_signal(os.killpg, pid, 0), 0.3)  # what is killed ends at once, but its entry may wait for init
    (folder / "embedded.json").unlink(missing_ok=True)


def is_alive(folder: Path) -> bool:
    """Whether a server holds the folder's lock."""
    try:
        with (folder / "embedded.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Waits until a condition holds; returns False if it does not within some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _send_signal(send: Callable[[int, int], None], pid: int, number: int) -> bool:
    """Sends a signal and returns False if no process is left to receive it."""
    try:
        send(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS reports this for a group that has only ended processes
        return False
    return True
