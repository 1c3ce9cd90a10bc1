"""Starts the Java process of Spark jobs before the first job needs it."""

import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPException

from common.aws_common import sign_request
from common.base.command_text import typed
from common.base.errors import LocalError
from common.base.json_types import JsonMapping
from common.local.environments import Say
from common.local.server import Embedded, send

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
    url, began, is_new = f"{server.endpoint}{PATH}", time.monotonic(), False
    try:
        while True:
            headers = sign_request("POST", url, server.region, server.account_id, server.secret)
            answer = _answer(url, headers)
            if answer["state"] == "failed":
                raise LocalError(answer["message"])
            if answer["state"] == "running":
                return is_new
            is_new = True
            show(f"starting Spark: {time.monotonic() - began:.0f} s")
            sleep(POLL_SECONDS)
    finally:
        show("")


def _answer(url: str, headers: Mapping[str, str]) -> JsonMapping:
    """What the embedded AWS says. One that an earlier version of the deployer has started does not know the path."""
    try:
        status, body = send("POST", url, headers, timeout_seconds=60)
        if status == HTTPStatus.OK:
            answer: JsonMapping = json.loads(body)
            return answer
        problem = f"it answered {status}"
    except (OSError, HTTPException, ValueError) as error:
        problem = str(error)
    raise LocalError(f"the embedded AWS did not start Spark: {problem}. Stop it, then start it again: {typed('local.stop')}")
