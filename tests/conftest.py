"""For all tests: no credentials of anybody's, and a repository to do harm to."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from botocore import handlers
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import settings
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from common.aws import polling
from common.aws.rates import Rates
from common.base.command_text import UV
from common.engine import opening
from tests.faults.bounded import SEED
from tests.support import ending, slow
from tests.support.moto_gaps import moto_gaps, moto_glue, strict_s3
from tests.support.repository import Repository

__all__ = ["moto_gaps", "moto_glue", "strict_s3"]

# How long an example takes says more of the machine than of the test; and new examples are for the soak, not for whoever changes
# something else.
settings.register_profile("repeatable", deadline=None, derandomize=SEED is None, database=None)
settings.load_profile("repeatable")


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are CPUs, because many slow tests wait: for a lease to run out, or for a server."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tells the slow tests from the others, and lets them begin first, so that nobody waits for one in the end."""
    slow.mark(items)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def nothing_outlives_the_tests() -> None:
    """Servers that tests start end with the test run, however it ends."""
    ending.promise()


@pytest.fixture(scope="session", autouse=True)
def models_loaded_once() -> Iterator[None]:
    """Every test's clients share what botocore reads of its service models; what it merges into them is the same each time."""
    load, once = JSONFileLoader.load_file, cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patched:
        own = Loader.BUILTIN_DATA_PATH
        patched.setattr(JSONFileLoader, "load_file", lambda self, path: once(path) if path.startswith(own) else load(self, path))
        yield


@pytest.fixture(autouse=True)
def no_real_aws(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever runs the tests may be signed in somewhere, and have a default environment; nothing of it may be found."""
    for name in ("DEPLOY_ENV", UV, "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    nowhere = tmp_path_factory.getbasetemp() / "no-such-file"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nowhere))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is signed in."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


@pytest.fixture
def moto(moto_gaps: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account, as close to AWS as moto gets, which is never busy and takes any rate."""
    monkeypatch.setattr(polling, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(polling, "FIRST_POLL_SECONDS", {})
    monkeypatch.setattr(opening, "Rates", partial(Rates, sleep=lambda _: None))
    with mock_aws():
        yield


@pytest.fixture
def aws_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every operation that any client made from now on is asked for, as in ``s3:PutObject``."""
    calls: list[str] = []

    def noted(model: Any, **_: Any) -> None:
        calls.append(f"{model.service_model.service_name}:{model.name}")

    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, ("before-call", noted)])
    return calls


@pytest.fixture
def moto_dates(monkeypatch: pytest.MonkeyPatch, moto: None) -> None:
    """Moto with a Date in every answer, which AWS never leaves out."""
    answered = BotocoreStubber.__call__

    def dated(stubber: BotocoreStubber, event_name: str, request: Any, **parameters: Any) -> Any:
        response = answered(stubber, event_name, request, **parameters)
        if response is not None:
            response.headers["date"] = format_datetime(datetime.now(UTC), usegmt=True)
        return response

    monkeypatch.setattr(BotocoreStubber, "__call__", dated)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository in the current folder."""
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path)
