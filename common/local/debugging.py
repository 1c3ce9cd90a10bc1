"""Asks the embedded AWS to let one job run or one invocation wait for a debugger.

The request is a file with a lock. The process that waits ends when the lock is gone, so also when this command is killed.
"""

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from common.base.errors import LocalError
from common.base.json_types import JsonObject
from common.local import ports

PORT = 5678
"""The port where debuggers look first, unless another program has it."""
JOB_ARGUMENT = "embedded-debug"
"""The argument of a job run that has the token; its script does not see it."""
POLL_SECONDS = 0.1
"""How often to look whether the process listens, in seconds."""


def client_context(token: str) -> JsonObject:
    """Returns the client context of an invocation that has the token; the function does not see it."""
    return {"custom": {"embedded_debug": token}}


@contextmanager
def requested(root: Path, files: Mapping[str, Path], listens: Callable[[str], None]) -> Iterator[str]:
    """Requests a debugger for the block.

    Args:
        root: the repository with the embedded AWS.
        files: the files of the repository, by their paths in the package.
        listens: is called with host and port, in another thread, once the process waits for a debugger.

    Yields:
        The token that names the request to the embedded AWS.

    Raises:
        LocalError: no port is free.
    """
    folder = root.resolve() / "build" / "local" / "debug"
    folder.mkdir(parents=True, exist_ok=True)
    token, port, ended = secrets.token_hex(16), ports.free(PORT) or ports.free(0), threading.Event()
    if port is None:
        raise LocalError("no port is free on 127.0.0.1")
    request, mark = folder / f"{token}.json", folder / f"{token}.listening"
    with os.fdopen(os.open(request, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump({"port": port, "files": {name: str(path) for name, path in files.items()}}, file)
        file.flush()

        def watch() -> None:
            while not ended.wait(POLL_SECONDS):
                if mark.exists() and (in_use := mark.read_text()):
                    listens(f"127.0.0.1:{in_use}")
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield token
        finally:
            ended.set()
            watcher.join()
            for path in (request, mark):
                with suppress(FileNotFoundError):
                    path.unlink()
