"""Starts the Java process of Spark jobs before the first job needs it."""

import json
import time
from collections.abc import Callable
from http.client import HTTPException

from common.base.command_text import typed
from common.base.errors import LocalError
from common.base.json_types import JsonMapping
from common.local.environments import Say
from common.local.server import Embedded, post

PATH = "/_ministack/spark"
POLL_SECONDS = 0.5
"""How often to ask whether it has started, in seconds."""


def start_spark(server: Embedded, show: Say, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Starts the process and waits for it. Returns False if it was running.

    Args:
        server: the embedded AWS.
        show: shows how far it is, in a line that is overwritten; an empty text removes the line.
        sleep: waits between two requests.

    Raises:
        LocalError: it does not start.
    """
    began, is_new = time.monotonic(), False
    try:
        while True:
            answer = _state(server)
            if answer["state"] == "failed":
                raise LocalError(answer["message"])
            if answer["state"] == "running":
                return is_new
            is_new = True
            show(f"starting Spark: {time.monotonic() - began:.0f} s")
            sleep(POLL_SECONDS)
    finally:
        show("")


def _state(server: Embedded) -> JsonMapping:
    """Starts the process unless it runs, and returns how far that is. Earlier versions of the deployer do not know the path."""
    try:
        state: JsonMapping = json.loads(post(server, PATH))
    except (OSError, HTTPException, ValueError) as error:
        message = f"the embedded AWS did not start Spark: {error}. Stop it, then start it again: {typed('local.stop')}"
        raise LocalError(message) from error
    return state
