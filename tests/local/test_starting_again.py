"""A start where a server runs already, or where something comes in between."""

import fcntl
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from common import local
from common.base.errors import LocalError
from common.local import server
from tests.local.fixtures import ACCOUNT, REGION, client_of

CREDENTIALS = "[embedded]\naws_access_key_id = 123456789012\naws_secret_access_key = its-own\n"


class Answers(BaseHTTPRequestHandler):
    """Answers the checks of its health with these statuses, the last one for ever."""

    statuses: tuple[int, ...] = ()

    def do_GET(self) -> None:
        status, *others = self.statuses
        type(self).statuses = tuple(others) or (status,)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Path]:
    """A root with a server that holds its lock; how it answers is up to the test."""
    folder = tmp_path / "build/local"
    (folder / "tmp").mkdir(parents=True)
    (folder / "tmp/of-a-run").touch()
    (folder / "state").mkdir()
    (folder / "credentials").write_text(CREDENTIALS)
    with HTTPServer(("127.0.0.1", 0), Answers) as listening, (folder / "embedded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Thread(target=listening.serve_forever, daemon=True).start()
        about = {"pid": 1, "account_id": ACCOUNT, "region": REGION, "credentials": str(folder / "credentials")}
        endpoint = f"http://127.0.0.1:{listening.server_port}"
        (folder / "embedded.json").write_text(json.dumps({**about, "endpoint": endpoint}))
        yield tmp_path
        listening.shutdown()


def start(root: Path, lines: list[str] | None = None, *, current: bool = False) -> local.Embedded:
    say = (lines if lines is not None else []).append
    return local.start(root, account_id=ACCOUNT, region=REGION, current=current, say=say)


def test_a_server_that_does_not_answer_keeps_its_credentials(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what it works with deleted. With other credentials it would refuse everybody, once it answers again."""
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(Answers, "statuses", (503,))
    for change in (start, local.reset):
        with pytest.raises(LocalError, match=r"runs and does not answer\. Stop it first: .*local\.stop"):
            change(busy)
    folder = busy / "build/local"
    assert (folder / "credentials").read_text() == CREDENTIALS
    assert (folder / "tmp/of-a-run").exists()
    assert (folder / "state").exists()


def test_a_server_that_is_busy_for_a_while_is_waited_for(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answers, "statuses", (503, 503, 200))
    assert start(busy).secret == "its-own"


def test_another_program_may_take_the_port_and_another_version_may_run(tmp_path: Path) -> None:
    """The port is free when it is chosen. A server of before an upgrade is replaced where a command needs what it cannot do."""
    with closing(socket.socket()) as other:

        def take_port(line: str) -> None:
            lines.append(line)
            if line == "starting the embedded AWS ..." and len(lines) == 1:
                other.bind(("127.0.0.1", int((tmp_path / "build/local/port").read_text())))
                other.listen()

        lines: list[str] = []
        try:
            first = local.start(tmp_path, account_id=ACCOUNT, region=REGION, say=take_port)
            assert lines == ["starting the embedded AWS ..."] * 2
            assert first.endpoint != f"http://127.0.0.1:{other.getsockname()[1]}"
            client_of(first, "s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})

            assert start(tmp_path, current=True) == first
            announcement = tmp_path / "build/local/embedded.json"
            announced = json.loads(announcement.read_text())
            announcement.write_text(json.dumps({name: value for name, value in announced.items() if name != "code"}))
            assert start(tmp_path).pid == first.pid, "an ordinary command goes on with it"
            second = start(tmp_path, lines, current=True)
            assert lines[2:] == [
                "restarting the embedded AWS, which another version of the deployer has started ...",
                "starting the embedded AWS ...",
            ]
            assert (second.code, second.pid != first.pid) == (first.code, True)
            assert [bucket["Name"] for bucket in client_of(second, "s3").list_buckets()["Buckets"]] == ["kept"]
        finally:
            local.stop(tmp_path)
