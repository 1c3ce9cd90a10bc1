"""The embedded AWS as a process that can be copied whole at any moment. Runs in ministack's own environment.

Usage: ``python forkable_aws.py <folder> <runtime folder>``; prints its port. It serves one request at a time in one thread, so
`os.fork` is a copy of everything: ``POST /_copy?port=N`` makes a process that goes on from this state on that port (0: on any
that is free). A test that needs a thousand equal worlds makes one and copies it. ``POST /_ahead?seconds=N`` puts its clock
forward, ``POST /_crawl?name&looks`` lets a crawler run until it has been looked at so often.
"""

import asyncio
import gc
import json
import logging
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from signal import SIG_IGN, SIGCHLD, signal
from typing import Any
from urllib.parse import unquote, urlsplit

PARTS = ("glue_api", "crawlers", "tagging", "strict")
SERVICES = ("s3", "iam", "sts", "lambda", "glue", "dynamodb", "sns", "events", "logs", "tagging", "states")


def main() -> None:
    folder, runtime = Path(sys.argv[1]), sys.argv[2]
    sys.path.insert(0, runtime)
    import settings as launch_settings  # type: ignore[import-not-found]  # in ministack's environment only

    server = Server(0)
    settings = launch_settings.Settings("000000000000", "us-east-1", server.server_port, folder, (), "any", {})
    os.environ.update(launch_settings._ministack_variables(settings))
    os.environ.update({"PERSIST_STATE": "0", "S3_PERSIST": "0", "TMPDIR": str(folder)})
    server.prepare(settings)
    gc.freeze()  # a collection would touch, and so copy, every page
    gc.disable()
    signal(SIGCHLD, SIG_IGN)  # nobody waits for a copy that was killed
    print(server.server_port, flush=True)
    server.serve_forever()


class Server(HTTPServer):
    """One request at a time; ends with the process that has started it."""

    request_queue_size = 256

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.ahead = 0.0
        self._parent = os.getppid()

    def prepare(self, settings: Any) -> None:
        import importlib

        from ministack import app
        from ministack.core import responses
        from ministack.services import glue, lambda_svc

        logging.disable(logging.ERROR)
        for part in PARTS:
            importlib.import_module(part).install(settings)
        lambda_svc._schedule_state_transition = _busy_for_one_look
        lambda_svc._get_function = _looked_at(lambda_svc._get_function)
        glue._get_crawler = _watched(glue._get_crawler)
        for service in SERVICES:  # once, and not again in each copy
            responses._service_model(service)
            app._get_module(app.SERVICE_REGISTRY[service]["module"])

    def service_actions(self) -> None:
        """Called between requests, at least twice a second."""
        if os.getppid() != self._parent:
            os._exit(0)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed while it waited is what this is for."""

    def copy(self, port: int) -> tuple[int, int]:
        """The process id and the port of a copy, which serves when this returns; port 0 if it could not be bound."""
        ready, tell = os.pipe()
        child = os.fork()
        if child:
            os.close(tell)
            bound = int(os.read(ready, 8) or 0)
            os.close(ready)
            return child, bound
        self.socket.close()
        os.close(ready)
        asyncio.set_event_loop(None)
        server = _bound(port)
        os.write(tell, str(server.server_port).encode())
        os.close(tell)
        server.serve_forever()
        os._exit(0)


def _bound(port: int) -> Server:
    """The copy that had this port before may still be about to end."""
    for _ in range(200):
        try:
            return Server(port)
        except OSError:
            time.sleep(0.01)
    os._exit(3)


class Handler(BaseHTTPRequestHandler):
    """Hands a request to ministack's application, and closes: a connection kept open would starve all others."""

    protocol_version = "HTTP/1.1"
    server: Server

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if self.raw_requestline and self.parse_request():
            self._answer()

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.server.ahead)

    def _answer(self) -> None:
        self.close_connection = True
        headers: Any = []
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/_copy?port="):
            status, answer = 200, json.dumps(self.server.copy(int(self.path.partition("=")[2]))).encode()
        elif self.path == "/_objects":
            status, answer = 200, _objects()
        elif self.path.startswith("/_ahead?seconds="):
            self.server.ahead = float(self.path.partition("=")[2])
            status, answer = 200, b""
        elif self.path.startswith("/_crawl?"):
            name, looks = (part.partition("=")[2] for part in self.path.partition("?")[2].split("&"))
            status, answer = 200, _crawl(name, int(looks))
        else:
            status, headers, answer = _ask(self.command, self.path, self.headers.items(), body)
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "connection", "date", "server"}:
                self.send_header(name, value)
        length = next((value for name, value in headers if name.lower() == "content-length"), None)
        if self.command == "HEAD" and length is not None:
            self.send_header("Content-Length", length)
        elif status not in {204, 304}:
            self.send_header("Content-Length", str(len(answer)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)


def _ask(method: str, target: str, headers: Any, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    """One request through ministack's ASGI application."""
    from ministack import app

    parts = urlsplit(target)
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app.app(scope, receive, send))
    start = next(message for message in sent if message["type"] == "http.response.start")
    answer = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return start["status"], [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]], answer


def _objects() -> bytes:
    """Every object, its newest version: text and tags."""
    from ministack.services import s3

    objects = {}
    for bucket, kept in s3._buckets.items():
        for key, stored in kept["objects"].items():
            tags = s3._object_tags.get((bucket, key, stored.get("version_id")))
            objects[f"{bucket}/{key}"] = [stored["body"].decode("latin-1"), tags or {}]
    return json.dumps(objects).encode()


_BUSY: set[str] = set()


def _busy_for_one_look(name: str, delay: float) -> None:
    """A function is busy until it has been looked at once: what AWS needs time for, without the time."""
    from ministack.core.responses import get_account_id

    _BUSY.add(f"{get_account_id()}/{name}")


def _looked_at(get_function: Any) -> Any:
    def looked_at(name: str, *rest: Any) -> Any:
        from ministack.core.responses import get_account_id
        from ministack.services import lambda_svc

        answer = get_function(name, *rest)
        if f"{get_account_id()}/{name}" in _BUSY and name in lambda_svc._functions:
            _BUSY.discard(f"{get_account_id()}/{name}")
            lambda_svc._functions[name]["config"].update(State="Active", LastUpdateStatus="Successful", StateReason="")
        return answer

    return looked_at


_LOOKS: dict[str, int] = {}


def _crawl(name: str, looks: int) -> bytes:
    """Lets a crawler run without crawling anything."""
    from ministack.services import glue

    next(crawler for crawler in glue._crawlers.all_values() if crawler["Name"] == name)["State"] = "RUNNING"
    _LOOKS[name] = looks
    return b""


def _watched(get_crawler: Any) -> Any:
    """Ends a crawl that has been looked at often enough; one that is being stopped, at the next look."""

    def watched(data: Any) -> Any:
        from ministack.services import glue

        answer, name = get_crawler(data), data.get("Name")
        _LOOKS[name] = _LOOKS.get(name, 0) - 1
        crawler = glue._crawlers.get(name)
        if crawler and (crawler["State"] == "STOPPING" or (crawler["State"] == "RUNNING" and _LOOKS[name] <= 0)):
            crawler["State"] = "READY"
        return answer

    return watched


if __name__ == "__main__":
    main()
