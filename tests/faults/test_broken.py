"""Throttled, refused, cut off, never answered: a deploy finishes with the same result, or says soon why it cannot."""

import random
import socket
import time
from collections.abc import Callable

import pytest

from common.aws.session import AwsSession
from common.base.errors import AccountError, AwsError
from common.environment.endpoints import DEFAULT, Endpoints
from tests.faults.bounded import SEED
from tests.faults.commands import PACE, Clone, settled
from tests.faults.deployers import CHANGED
from tests.faults.emulator import Emulator
from tests.faults.proxy import Call, Fault, Lost, Proxy, Refused, Silent, pass_on
from tests.faults.test_two import CHANGE

PATIENT = 20
"""A pace at which a slow machine is not taken for an AWS that is down."""
THROTTLED = {
    "s3": Refused(503, "SlowDown", "Please reduce your request rate."),
    "lambda": Refused(429, "TooManyRequestsException", "Rate Exceeded."),
    "iam": Refused(400, "Throttling", "Rate exceeded"),
    "sts": Refused(400, "Throttling", "Rate exceeded"),
    "sns": Refused(400, "Throttling", "Rate exceeded"),
    "dynamodb": Refused(400, "ThrottlingException", "Rate exceeded"),
}
BROKEN = {"s3": Refused(500, "InternalError", "We encountered an internal error. Please try again.")}


def throttled(call: Call) -> Refused:
    return THROTTLED.get(call.service, Refused(400, "ThrottlingException", "Rate exceeded"))


def failing(call: Call) -> Refused:
    return BROKEN.get(call.service, Refused(500, "InternalServerError", "internal error"))


def unavailable(_: Call) -> Refused:
    return Refused(503, "ServiceUnavailable", "Service is unable to handle request.")


def storm(seed: int, share: float = 0.3) -> Callable[[Call], Fault]:
    """A rule that breaks this share of all calls, each in one of five ways."""
    chance = random.Random(seed)
    kinds: list[Callable[[Call], Fault]] = [
        throttled,
        failing,
        unavailable,
        lambda _: Lost(delivered=False),
        lambda _: Lost(delivered=True),
    ]

    def rule(call: Call) -> Fault:
        return chance.choice(kinds)(call) if chance.random() < share else None

    return rule


def test_a_first_deploy_in_a_storm_ends_as_in_the_sun(repo: Clone, fresh: Proxy) -> None:
    fresh.rule = storm(int(SEED or 1))
    first = repo.deploy(fresh.endpoint, pace=PATIENT)
    assert first.code == 0, first
    assert fresh.faults > 60
    settled(repo, fresh)


def losing() -> tuple[Callable[[Call], Fault], set[tuple[str, bytes]]]:
    """A rule that loses the answer of every write when it is asked for the first time; and what was asked."""
    requests: set[tuple[str, bytes]] = set()

    def rule(call: Call) -> Fault:
        this = (str(call), call.body)
        if call.is_read or this in requests:
            return None
        requests.add(this)
        return Lost(delivered=True)

    return rule, requests


def test_every_answer_of_a_first_deploy_is_lost_once(repo: Clone, fresh: Proxy) -> None:
    """Each write meets itself: what it wanted to make is there already, by its own hand."""
    fresh.rule, requests = losing()
    first = repo.deploy(fresh.endpoint, pace=PATIENT)
    assert first.code == 0, first
    assert len(requests) > 110
    settled(repo, fresh)


def test_every_answer_of_an_update_is_lost_once(repo: Clone, ready: Proxy) -> None:
    ready.rule, requests = losing()
    with repo.configured(**CHANGED):
        update = repo.deploy(ready.endpoint, pace=PATIENT)
        assert update.code == 0, update
        assert len(requests) > 80
        settled(repo, ready)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda _: Lost(delivered=False), "Connection was closed before we received a valid response"),
        (unavailable, "Service is unable to handle request."),
        (throttled, "Rate exceeded"),
    ],
)
def test_an_aws_that_is_down_is_told_in_one_message(repo: Clone, ready: Proxy, rule: Callable[[Call], Fault], words: str) -> None:
    ready.rule = rule
    down = repo.run(ready.endpoint, "deploy", "--env", "local", pace=PACE)
    assert down.code == 1
    assert words in down.err
    assert down.err.count("\n") <= 2, down.err


def test_an_aws_that_goes_down_half_way_is_gone_on_with(repo: Clone, fresh: Proxy) -> None:
    """What fails is told by resource; when AWS is up again, and the lease has run out, the next deploy does the rest."""

    def rule(call: Call) -> Fault:
        return Lost(delivered=False) if call.number > 130 else None

    fresh.rule = rule
    half = repo.run(fresh.endpoint, "deploy", "--env", "local", pace=PACE)
    assert half.code == 1
    assert "Connection was closed before we received a valid response" in half.out
    assert "Check the network" in half.out
    fresh.rule = pass_on
    Emulator(0, fresh.upstream).put_clock_forward(3600)
    rest = repo.deploy(fresh.endpoint, pace=PACE)
    assert rest.code == 0
    assert 0 < list(rest.changes().values()).count("create") < 39
    settled(repo, fresh)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for an answer does so for a second, and not for a minute."""
    monkeypatch.setenv("HURRIED_ANSWER", "1")


def test_an_aws_that_never_answers_is_told_in_one_message(repo: Clone, ready: Proxy, impatient: None) -> None:
    ready.rule = lambda _: Silent(30, delivered=False)
    down = repo.run(ready.endpoint, "deploy", "--env", "local", pace=PACE)
    assert down.code == 1
    assert "Read timeout on endpoint URL" in down.err
    assert "Check the network" in down.err
    assert down.err.count("\n") <= 2, down.err
    assert len(ready.calls) < 30, "one answer after the other is waited for"


def test_answers_that_never_come_fail_what_waits_for_them_and_nothing_else(repo: Clone, ready: Proxy, impatient: None) -> None:
    """They were carried out, but nobody was told: so the next deploy only has to look."""
    ready.rule = lambda call: Silent(30, delivered=True) if call.operation == "UpdateJob" else None
    with repo.configured(**CHANGE):
        half = repo.run(ready.endpoint, "deploy", "--env", "local", pace=PACE)
        assert half.code == 1
        output, again = half.out.split("\nfailed:\n")
        assert [part.count("glue:UpdateJob was not answered: ReadTimeoutError") for part in (output, again)] == [3, 3]
        assert sum(call.operation == "UpdateJob" for call in ready.calls) <= 3 * 4
        ready.rule = pass_on
        rest = repo.deploy(ready.endpoint, pace=PACE)
        assert set(rest.changes().values()) == {"record"}
        assert len(rest.changes()) == 3
        settled(repo, ready)


def test_where_nobody_listens_it_is_told_within_seconds() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # so that nobody else listens there; it does not
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        aws = AwsSession("us-east-1", "000000000000", endpoints=Endpoints({DEFAULT: endpoint}, "any"))
        started = time.monotonic()
        with pytest.raises(AwsError, match=r"Could not connect to the endpoint URL.* Check the network"):
            aws.guard()
        assert time.monotonic() - started < 45, "as long as for an answer, nobody waits here"


def test_credentials_that_are_refused_are_told_as_such(ready: Proxy) -> None:
    ready.rule = lambda _: Refused(403, "ExpiredToken", "The security token included in the request is expired")
    with pytest.raises(AccountError, match=r"does not accept the credentials: .* is expired Sign in to account 000000000000"):
        AwsSession("us-east-1", "000000000000", endpoints=Endpoints({DEFAULT: ready.endpoint}, "any")).guard()
    assert len(ready.calls) == 1
