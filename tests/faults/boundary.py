"""The calls of one process, one after the other: each has a number, and the process can be killed at any of them.

Unlike `proxy` it works in the thread that asks, so that this process may be forked before and after.
"""

import http.client
import os
import signal
import time
from collections.abc import Collection
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from tests.faults.emulator import Emulator

Place = tuple[int, str]
"""The number of a call, and whether it is "before" the call was passed on or "after" it was."""
TURN_SECONDS = 0.02
"""How long to wait for a call before looking whether the process has ended."""
BESIDE_SECONDS = 0.2
"""How long a call that is sent beside another one may be on its way."""


class Boundary(HTTPServer):
    """Passes the calls of one process on to an AWS, kills it at the place `fatal`, and keeps copies of AWS as it is at others.

    With `roots_last`, AWS gets a root only after all that the process sends beside it.
    """

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self, port: int, upstream: Emulator, fatal: Place = (-1, ""), places: Collection[Place] = (), *, roots_last: bool = False
    ) -> None:
        super().__init__(("127.0.0.1", port), _Passing)
        self.upstream, self.fatal, self.places, self._roots_last = upstream, fatal, places, roots_last
        self.copies: dict[Place, Emulator] = {}
        self.calls: list[str] = []
        self.victim = 0
        self.timeout = TURN_SECONDS

    def server_bind(self) -> None:
        """The AWS that had the port before may still be about to end."""
        for _ in range(500):
            try:
                return super().server_bind()
            except OSError:
                time.sleep(0.01)
        return super().server_bind()

    def serve(self, victim: int) -> int:
        """Until the process has ended; its wait status."""
        self.victim = victim
        while True:
            ended, status = os.waitpid(victim, os.WNOHANG)
            if ended:
                return status
            self.handle_request()

    def let_others_pass(self, call: str) -> None:
        """Before a root is passed on: until nothing else has come for a moment."""
        if not (self._roots_last and call.startswith("PUT ") and call.endswith("/release.json")):
            return
        self.timeout, passed = BESIDE_SECONDS, -1
        while len(self.calls) > passed:
            passed = len(self.calls)
            self.handle_request()
        self.timeout = TURN_SECONDS

    def pass_by(self, when: str) -> bool:
        """True unless the process has just been killed."""
        here = (len(self.calls) - 1, when)
        if here in self.places:
            self.copies[here] = self.upstream.copy()
        if here != self.fatal:
            return True
        os.kill(self.victim, signal.SIGKILL)
        return False


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Boundary

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            return
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = named(self.command, self.path, self.headers, body)
        self.server.let_others_pass(call)
        self.server.calls.append(call)
        if not self.server.pass_by("before"):
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream.port, timeout=60)
        connection.request(self.command, self.path, body, dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        if not self.server.pass_by("after"):
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def named(method: str, path: str, headers: Message, body: bytes) -> str:
    """What a request is about, for people: its operation, or its method and path."""
    target = headers.get("X-Amz-Target")
    if target:
        return str(target).rpartition(".")[2]
    if body.startswith(b"Action="):
        return body.split(b"&", 1)[0].partition(b"=")[2].decode()
    return f"{method} {path}"


def is_read(call: str) -> bool:
    return call.startswith(("GET ", "HEAD ", "Get", "List", "Describe"))
