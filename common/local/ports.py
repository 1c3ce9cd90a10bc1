"""Finds free ports of this machine: for the embedded AWS, and for debuggers."""

import socket
from pathlib import Path

from common.base.errors import LocalError


def choose(folder: Path, requested: int | None) -> int:
    """Returns the requested port if it is free, or else the last one (which URLs in the state contain), or else any."""
    if requested is not None:
        if not 1024 <= requested <= 65535:
            raise LocalError(f"port {requested} cannot be used: choose one from 1024 to 65535")
        if free(requested) is None:
            raise LocalError(f"port {requested} is in use by another program: choose another one, or leave it out for a free one")
    remembered = folder / "port"
    text = remembered.read_text() if remembered.exists() else ""
    last = int(text) if text.isdecimal() else 0
    port = requested or (last and free(last)) or free(0)
    if port is None:
        raise LocalError("no port is free on 127.0.0.1")
    remembered.write_text(str(port))
    return port


def free(port: int) -> int | None:
    """Returns the port if it is free, for 0 any that is; None if it is not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
