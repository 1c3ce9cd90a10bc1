"""A place where nothing may be asked, what in a shell would send calls there, and the way to AWS, which ends at once."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.utils import CLIENT_NAME_TO_HYPHENIZED_SERVICE_ID_OVERRIDES as OVERRIDES

from common.environment.endpoints import SERVICES

VARIABLE = {name: f"AWS_ENDPOINT_URL_{OVERRIDES.get(name, name).upper().replace('-', '_')}" for name in SERVICES}
SETTING = {name: OVERRIDES.get(name, name).replace("-", "_") for name in SERVICES}


@dataclass
class Recorder:
    """A server that writes down who is asked for what, and answers nobody."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def recording() -> Iterator[Recorder]:
    class Handler(BaseHTTPRequestHandler):
        def note(self) -> None:
            recorder.asked.append(f"{self.command} {self.path}")
            self.send_error(403)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_CONNECT = note  # the names that http.server calls

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder = Recorder(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def elsewhere() -> Iterator[Recorder]:
    """Where nothing may be asked."""
    with recording() as recorder:
        yield recorder


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """The way to AWS: a proxy that notes which hosts are asked for, and lets nobody through."""
    with recording() as recorder:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, recorder.url)
        for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield recorder


def divert_by_variables(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    del folder
    for name in ("AWS_ENDPOINT_URL", *VARIABLE.values()):
        monkeypatch.setenv(name, url)


def divert_by_one_variable(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    del folder
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)


def divert_by_profile(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    (folder / "aws-config").write_text(f"[profile work]\nendpoint_url = {url}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "aws-config"))
    monkeypatch.setenv("AWS_PROFILE", "work")


def divert_by_services(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    services = "".join(f"{setting} =\n  endpoint_url = {url}\n" for setting in SETTING.values())
    (folder / "aws-config").write_text(f"[default]\nservices = elsewhere\n[services elsewhere]\n{services}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "aws-config"))


def divert_by_credentials_file(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    text = f"[default]\naws_access_key_id = a\naws_secret_access_key = b\nendpoint_url = {url}\n"
    (folder / "credentials").write_text(text)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))


def divert_against_its_will(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    divert_by_profile(monkeypatch, url, folder)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false")
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)


def divert_by_models(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path) -> None:
    """Rules of other endpoints, for every service."""
    rules = {
        "version": "1.0",
        "parameters": {"Region": {"type": "String", "builtIn": "AWS::Region", "required": False, "documentation": "x"}},
        "rules": [{"type": "endpoint", "conditions": [], "endpoint": {"url": url, "properties": {}, "headers": {}}}],
    }
    for name in SERVICES:
        newest = max((Path(Loader.BUILTIN_DATA_PATH) / name).iterdir()).name
        target = folder / "models" / name / newest
        target.mkdir(parents=True)
        (target / "endpoint-rule-set-1.json").write_text(json.dumps(rules))
    monkeypatch.setenv("AWS_DATA_PATH", str(folder / "models"))


DIVERSIONS = [
    divert_by_variables,
    divert_by_one_variable,
    divert_by_profile,
    divert_by_services,
    divert_by_credentials_file,
    divert_against_its_will,
    divert_by_models,
]
