"""Between a deploy and its AWS: counts every call, and delays, refuses or loses those that a rule picks.

It speaks HTTP as AWS does: a refusal comes in the error format of the service that was asked. A lost answer is the worst of
them, because the call was carried out and nobody was told.
"""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

QUERY = frozenset({"iam", "sts", "sns"})


@dataclass(frozen=True)
class Call:
    """One request: its number, the service by its signing name, its operation as far as the request names it."""

    number: int
    service: str
    operation: str
    method: str
    path: str
    body: bytes = field(repr=False)
    headers: Message = field(repr=False)

    def __str__(self) -> str:
        return f"{self.service} {self.operation or f'{self.method} {self.path}'}"

    @property
    def is_read(self) -> bool:
        name = self.operation or self.method
        return name.upper() in {"GET", "HEAD"} or name.startswith(("Get", "List", "Describe"))


@dataclass(frozen=True)
class Refused:
    """Answered without asking AWS."""

    status: int
    code: str
    message: str = "injected"


@dataclass(frozen=True)
class Lost:
    """The connection ends without an answer. AWS gets the request only if `delivered`."""

    delivered: bool


@dataclass(frozen=True)
class Silent:
    """No answer for so many seconds, then a closed connection. AWS gets the request only if `delivered`."""

    seconds: float
    delivered: bool


@dataclass(frozen=True)
class Held:
    """The answer waits until `until` is set. AWS gets the request at once if `delivered`, else then. `here`: it has arrived."""

    until: threading.Event
    here: threading.Event
    delivered: bool = True


Fault = Refused | Lost | Silent | Held | None


def pass_on(_: Call) -> Fault:
    """The rule of a healthy AWS."""
    return None


@dataclass
class Proxy(ThreadingHTTPServer):
    """Listens on a port of its own; `rule` may be changed at any time, `upstream` too."""

    upstream: int
    rule: Callable[[Call], Fault] = pass_on
    calls: list[Call] = field(default_factory=list)
    faults: int = 0
    daemon_threads = True
    request_queue_size = 256

    def __post_init__(self) -> None:
        self._counting = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def arrived(self, headers: Message, body: bytes, method: str, path: str) -> tuple[Call, Fault]:
        service, operation = signed_for(headers), named(headers, body)
        with self._counting:
            call = Call(len(self.calls), service, operation, method, path, body, headers)
            self.calls.append(call)
            fault = self.rule(call)
            self.faults += fault is not None
        return call, fault

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the test."""

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            return
        self.close_connection = True
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if (
            len(body) < length
        ):  # the client was killed while it sent: AWS drops half a request, the embedded AWS waits for the rest
            return
        if self.path.startswith("/_ministack/"):
            self._reply(*self._ask(body))
            return
        call, fault = self.server.arrived(self.headers, body, self.command, self.path)
        match fault:
            case Refused(status, code, message):
                self._reply(status, *refusal(call.service, status, code, message))
            case Lost(delivered) | Silent(_, delivered):
                if delivered:
                    self._ask(body)
                if isinstance(fault, Silent):
                    threading.Event().wait(fault.seconds)
                self._hang_up()
            case Held(until, here, delivered):
                answer = self._ask(body) if delivered else None
                here.set()
                until.wait(60)
                self._reply(*(answer or self._ask(body)))
            case None:
                self._reply(*self._ask(body))

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=60)) as upstream:
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def _reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        with suppress(OSError):
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if not any(name.lower() == "content-length" for name, _ in headers) and status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")  # or the client may send its next request into a connection that is closing
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not an end
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def signed_for(headers: Message) -> str:
    """The service in the signature's scope."""
    scope = str(headers.get("Authorization", "")).partition("Credential=")[2].partition(",")[0].split("/")
    return scope[3] if len(scope) > 3 else ""


def named(headers: Message, body: bytes) -> str:
    """The operation, where the protocol names it."""
    if target := headers.get("X-Amz-Target"):
        return str(target).rpartition(".")[2]
    return body.split(b"&", 1)[0].partition(b"=")[2].decode() if body.startswith(b"Action=") else ""


def refusal(service: str, status: int, code: str, message: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body of an error as a service writes it: REST-XML, query, or one of the JSON protocols."""
    if service == "s3":
        return [("Content-Type", "application/xml")], f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    if service in QUERY:
        kind = "Sender" if status < 500 else "Receiver"
        error = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        return [("Content-Type", "text/xml")], f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>".encode()
    body = json.dumps({"__type": code, "message": message}).encode()
    return [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)], body
