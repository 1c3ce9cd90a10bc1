"""Answers that break off: a connection may end before all has come, and botocore does not mind."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from common.aws.retries import ATTEMPTS
from common.aws.session import BODY_ATTEMPTS, AwsSession
from common.base.errors import AwsError
from common.environment.endpoints import DEFAULT, Endpoints

ACCOUNT, REGION = "123456789012", "eu-central-1"
FOUND = json.dumps({"ResourceTagMappingList": [{"ResourceARN": "arn:aws:s3:::x", "Tags": []}]}).encode()


@contextmanager
def answering(body: bytes, sent: Callable[[int], int]) -> Iterator[tuple[str, list[int]]]:
    """A server that sends so many of the body's bytes to the nth request, and its log."""
    log: list[int] = []

    class Server(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            log.append(sent(len(log)))
            self.send_response_only(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: log[-1]])

        do_GET = do_POST = do_HEAD = answer  # the names that http.server calls

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", log
        server.shutdown()
        thread.join()


def session(endpoint: str) -> AwsSession:
    return AwsSession(REGION, ACCOUNT, endpoints=Endpoints({DEFAULT: endpoint}, "any"), sleep=lambda _: None)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.mark.parametrize("first", [0, 1, len(FOUND) // 2, len(FOUND) - 1])
def test_an_answer_that_was_cut_short_is_asked_for_again(first: int) -> None:
    with answering(FOUND, lambda number: first if number < 2 else len(FOUND)) as (endpoint, log):
        answer = session(endpoint).call("resourcegroupstaggingapi", "GetResources")
    assert [mapping["ResourceARN"] for mapping in answer["ResourceTagMappingList"]] == ["arn:aws:s3:::x"]
    assert log == [first, first, len(FOUND)]


def test_answers_that_are_always_cut_short_are_no_answer() -> None:
    with answering(FOUND, lambda _: 10) as (endpoint, log), pytest.raises(AwsError, match="IncompleteReadError: 10 read"):
        session(endpoint).call("resourcegroupstaggingapi", "GetResources")
    assert len(log) == ATTEMPTS


def test_the_response_of_a_head_request_needs_no_body() -> None:
    with answering(b"x" * 10, lambda _: 0) as (endpoint, log):
        assert session(endpoint).call("s3", "HeadObject", Bucket="b", Key="k")["ContentLength"] == 10
    assert len(log) == 1


@pytest.mark.parametrize("first", [0, 9, 99])
def test_a_body_that_breaks_off_is_asked_for_again(first: int) -> None:
    with answering(b"x" * 100, lambda number: first if number < 2 else 100) as (endpoint, log):
        assert session(endpoint).call("s3", "GetObject", Bucket="b", Key="k")["Body"].read() == b"x" * 100
    assert log == [first, first, 100]


def test_a_body_that_always_breaks_off_is_no_body() -> None:
    with answering(b"x" * 100, lambda _: 50) as (endpoint, log), pytest.raises(AwsError, match="IncompleteReadError"):
        session(endpoint).call("s3", "GetObject", Bucket="b", Key="k")
    assert len(log) == BODY_ATTEMPTS
