"""Nobody has a connection without the proof of its account, and loading declarations does not wait for it."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.base.errors import AccountError, StoppedError
from common.commands.environment_command import EnvironmentCommand
from common.engine.connection import Connecting, Connection
from common.engine.interruptible import Counts
from common.engine.opening import Opening
from common.model.choices import Choices
from common.model.events import Closed, Event
from common.packaging import secret_detector
from tests.support.deploying import ENV
from tests.support.fake_aws import FakeAws, World


class OfAnotherAccount(FakeAws):
    """The credentials belong to somebody else."""

    def guard(self) -> str:
        super().guard()
        raise AccountError("These credentials belong to account 999999999999.")


class Slow(FakeAws):
    """Says who we are once it is let."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.let = threading.Event()

    def guard(self) -> str:
        assert self.let.wait(20)
        return super().guard()


def test_another_account_is_connected_with_nobody() -> None:
    aws = OfAnotherAccount(World())
    with ThreadPoolExecutor(1) as pool, pytest.raises(AccountError):
        Connection(ENV, aws, pool, pool)
    opening = Opening(ENV, aws, 1, ["p"], [()])
    connecting = Connecting(ENV, opening, ["p"])
    with pytest.raises(AccountError):
        connecting.wait()
    opening.close()


def test_the_first_reads_of_a_plan_go_on_while_the_account_is_proved() -> None:
    aws = Slow(World())
    opening = Opening(ENV, aws, 8, ["p"], [()])
    connecting = Connecting(ENV, opening, ["p"])
    assert connecting.wait_for_parameters() is ENV, "declarations can be loaded: no parameter has to be read for them"
    aws.let.set()
    connection = connecting.wait()
    first = connection.first_reads(["p"])
    assert first.root_tag("p").result() is None
    assert first.present() == {}
    opening.close()
    begun = Counter({"resourcegroupstaggingapi:GetResources": 1, "iam:ListRoles": 1, "s3:GetObjectTagging": 2})
    assert opening.calls == {**begun, "sts:GetCallerIdentity": 1}, "what has begun is not asked again"


def test_the_scanner_for_secrets_loads_as_soon_as_a_project_is_known_to_be_new() -> None:
    """A first deploy waits for nothing longer, so it loads while declarations do and the account is proved."""
    secret_detector._load_scanner.cache_clear()
    aws = FakeAws(World())
    opening = Opening(ENV, aws, 8, ["p"], [()])
    end = time.monotonic() + 20
    while secret_detector._load_scanner.cache_info().currsize == 0:
        assert time.monotonic() < end, "nobody has loaded the scanner"
        time.sleep(0.01)
    opening.close()


def test_what_calls_need_is_loaded_before_the_caller_goes_on_loading() -> None:
    """One thread at a time runs Python, so declarations would hold up the first requests. Without a plan nothing is hurried."""
    loaded: list[tuple[str, int]] = []

    class Loading(FakeAws):
        def load(self, service: str) -> None:
            loaded.append((service, self.calls.total()))
            raise AccountError("there is no such profile")

    Opening(ENV, Loading(World()), 8).close()
    assert loaded == []
    opening = Opening(ENV, Loading(World()), 8, ["p"], [()])
    assert loaded == [("resourcegroupstaggingapi", 0)]
    assert opening.reads is not None, "whoever asks is told what is wrong by the first call"
    opening.close()


def test_a_second_plan_reads_anew() -> None:
    aws = FakeAws(World())
    opening = Opening(ENV, aws, 1, ["p"], [()])
    connecting = Connecting(ENV, opening, ["p"])
    connection = connecting.wait()
    assert connection.first_reads(["p"]) is not connection.first_reads(["p"])
    opening.close()


def test_a_command_that_cannot_connect_says_so_in_its_summary(tmp_path: Path) -> None:
    events: list[Event] = []
    command = EnvironmentCommand(tmp_path, Choices(env="dev"), events.append, aws=lambda: OfAnotherAccount(World()))
    command.workspace.environment = ENV
    try:
        command.connection()
    except AccountError:
        command.close()
    assert isinstance(closed := events[-1], Closed)
    assert isinstance(closed.error, AccountError)
    assert closed.calls == {"sts:GetCallerIdentity": 1}


class Incomplete:
    """Work that was stopped."""

    counts = Counts(failed=1)

    def close(self) -> None:
        raise StoppedError(2)


def test_the_first_error_is_the_one_that_the_summary_tells(tmp_path: Path) -> None:
    events: list[Event] = []
    for first in (AccountError("expired"), None):
        command = EnvironmentCommand(tmp_path, Choices(env="dev"), events.append)
        command.work = Incomplete()
        try:
            if first is not None:
                raise first
            with pytest.raises(StoppedError):
                command.close()
        except AccountError:
            with pytest.raises(StoppedError):
                command.close()
    errors = [event.error for event in events if isinstance(event, Closed)]
    assert [type(error) for error in errors] == [AccountError, StoppedError]
