"""The command line waits for Spark, shows that it waits, and says why Spark does not start."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from common.base.errors import LocalError
from common.local.server import Embedded
from common.local.spark_start import PATH, start_spark

ANSWERS: list[dict[str, str] | int] = []
ASKED: list[tuple[str, str]] = []


class Answering(BaseHTTPRequestHandler):
    """Gives the next answer."""

    def do_POST(self) -> None:
        ASKED.append((self.path, self.headers["Authorization"][:16]))
        answer = ANSWERS.pop(0)
        body = json.dumps(answer).encode() if isinstance(answer, dict) else b"<Error>"
        self.send_response(200 if isinstance(answer, dict) else answer)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Embedded]:
    """A server that gives the answers in `ANSWERS`."""
    with HTTPServer(("127.0.0.1", 0), Answering) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield Embedded(f"http://127.0.0.1:{listening.server_port}", 1, "000000000000", "eu-central-1", "", "secret")
        listening.shutdown()


def start(server: Embedded, *states: str | int, message: str = "") -> tuple[bool, list[str]]:
    ANSWERS[:] = [state if isinstance(state, int) else {"state": state, "message": message} for state in states]
    ASKED.clear()
    shown: list[str] = []
    try:
        return start_spark(server, shown.append, lambda _: None), shown
    finally:
        assert shown[-1] == "", "the live line is gone"


def test_it_is_waited_for(server: Embedded) -> None:
    begun, shown = start(server, "starting", "starting", "running")
    assert begun
    assert shown == ["starting Spark: 0 s", "starting Spark: 0 s", ""]
    assert ASKED == [(PATH, "AWS4-HMAC-SHA256")] * 3


def test_one_that_runs_is_left_alone(server: Embedded) -> None:
    assert start(server, "running") == (False, [""])


def test_the_reason_of_a_failure_is_told(server: Embedded) -> None:
    with pytest.raises(LocalError, match="no Java"):
        start(server, "starting", "failed", message="Spark does not start: no Java")


def test_an_embedded_aws_that_does_not_know_the_request_is_to_be_started_again(server: Embedded) -> None:
    with pytest.raises(LocalError, match=r"did not start Spark: it answered 404\. Stop it, then start it again: .*local\.stop"):
        start(server, 404)


def test_an_embedded_aws_that_ends_meanwhile_is_told() -> None:
    ended = Embedded("http://127.0.0.1:9", 1, "000000000000", "eu-central-1", "", "secret")
    with pytest.raises(LocalError, match=r"did not start Spark: .*refused"):
        start(ended, "running")
