"""A proxy on loopback that lets every call wait a while, and counts.

It runs as a program of its own, so that it takes no time from the program that is measured: ``python -m tests.bench.proxy
UPSTREAM``. The first line of its output is its address. ``GET /_proxy/ms`` sets the delay in milliseconds and answers with the
calls since the last time: when each began and ended, its service, and its operation or path.
"""

import http.client
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "expect"})


class Proxy(BaseHTTPRequestHandler):
    """One connection of a client, and the one upstream that belongs to it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    upstream: ClassVar[str]
    delay: ClassVar[float] = 0.0
    calls: ClassVar[list[tuple[float, float, str, str]]] = []
    lock: ClassVar[threading.Lock] = threading.Lock()

    def setup(self) -> None:
        super().setup()
        self._upstream = http.client.HTTPConnection(self.upstream, timeout=300)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def handle_expect_100(self) -> bool:
        """Lets the client send its body now, not when a buffer is full."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def forward(self) -> None:
        """Waits, passes the request on, and passes the answer back."""
        if self.path.startswith("/_proxy/"):
            self._set(float(self.path.rpartition("/")[2]))
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        begun = time.time()
        time.sleep(self.delay)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        try:
            answer = self._ask(body, headers)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):  # it was idle for too long
            self._upstream.close()
            answer = self._ask(body, headers)
        content = answer.read()
        with self.lock:
            self.calls.append((begun, time.time(), *self._named(body)))
        self._answer(answer.status, answer.headers.items(), content, answer.headers.get("Content-Length"))

    def _named(self, body: bytes) -> tuple[str, str]:
        """The service of a call, and its operation, or method and path where only these tell it."""
        scope = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")
        service = scope[3] if len(scope) > 3 else ""
        if target := self.headers.get("X-Amz-Target"):
            return service, target.rpartition(".")[2]
        if action := re.match(rb"Action=(\w+)", body):
            return service, action[1].decode()
        return service, f"{self.command} {urlsplit(self.path).path}"

    def _ask(self, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
        self._upstream.request(self.command, self.path, body, headers)
        return self._upstream.getresponse()

    def _set(self, milliseconds: float) -> None:
        with self.lock:
            calls, type(self).calls, type(self).delay = self.calls, [], milliseconds / 1000
        self._answer(200, (), json.dumps(calls).encode(), None)

    def _answer(self, status: int, headers: object, body: bytes, length: str | None) -> None:
        self.send_response_only(status)
        for name, value in headers:  # type: ignore[attr-defined]  # pairs
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        if status not in {204, 304}:
            self.send_header("Content-Length", length if self.command == "HEAD" and length else str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward  # the names that http.server calls


class Server(ThreadingHTTPServer):
    """Accepts as many connections at once as a deployer has threads: one that is turned away is tried again after a second."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serves until it is ended."""
    Proxy.upstream = urlsplit(sys.argv[1]).netloc
    server = Server(("127.0.0.1", 0), Proxy)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
