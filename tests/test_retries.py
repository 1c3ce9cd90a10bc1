"""What is tried again, and what is not."""

from types import SimpleNamespace
from typing import Any

import pytest

from common.retries import ATTEMPTS, CONNECTS, LONGEST_PAUSE, SECONDS, WHEN_DOWN, Retries


class ResetError(Exception):
    """A connection that ended before the answer came."""


class NobodyError(ResetError):
    """Nobody listens."""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def asked(retries: Retries, attempts: int = 1, *, status: int = 200, code: str = "", error: Exception | None = None) -> Any:
    response = None if error else (SimpleNamespace(status_code=status), {"Error": {"Code": code}} if code else {})
    return retries(attempts=attempts, request_dict={"context": {}}, response=response, caught_exception=error, endpoint=None)


@pytest.fixture
def retries() -> Retries:
    return Retries((ResetError,), (NobodyError,), ResetError, Clock())


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 429, "code": "TooManyRequestsException"},
        {"status": 503, "code": "SlowDown"},
        {"status": 500, "code": "InternalError"},
        {"status": 502},
        {"status": 400, "code": "ThrottlingException"},
        {"status": 400, "code": "Throttling"},
        {"error": ResetError()},
    ],
)
def test_what_passes_is_tried_again(retries: Retries, failure: dict[str, Any]) -> None:
    assert asked(retries, **failure) is not None
    assert asked(retries, ATTEMPTS - 1, **failure) is not None
    assert asked(retries, ATTEMPTS, **failure) is None


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 200},
        {"status": 403, "code": "AccessDenied"},
        {"status": 400, "code": "AccessDeniedException"},
        {"status": 404, "code": "NoSuchKey"},
        {"status": 412, "code": "PreconditionFailed"},
        {"status": 400, "code": "ValidationException"},
        {"error": ValueError("a parameter is wrong")},
    ],
)
def test_what_stays_is_told_at_once(retries: Retries, failure: dict[str, Any]) -> None:
    assert asked(retries, **failure) is None


def test_where_nobody_listens_it_is_told_soon(retries: Retries) -> None:
    pauses = [asked(retries, attempt, error=NobodyError()) for attempt in range(1, ATTEMPTS)]
    assert [pause is not None for pause in pauses].count(True) == CONNECTS - 1
    assert sum(2.0 ** (attempt - 1) for attempt in range(1, CONNECTS)) <= 7


def test_pauses_grow_and_stay_below_their_bound(retries: Retries) -> None:
    for attempt in range(1, ATTEMPTS):
        pauses = [asked(retries, attempt, status=500) for _ in range(50)]
        assert max(pauses) <= min(2.0 ** (attempt - 1), LONGEST_PAUSE)
        assert len(set(pauses)) > 40


def test_a_call_that_fails_for_too_long_is_not_tried_again() -> None:
    clock = Clock()
    retries, error = Retries((ResetError,), (NobodyError,), ResetError, clock), ResetError()
    request: dict[str, Any] = {"context": {}}
    assert retries(attempts=1, request_dict=request, caught_exception=error) is not None
    clock.now += SECONDS - 1
    assert retries(attempts=2, request_dict=request, caught_exception=error) is not None
    clock.now += 2
    assert retries(attempts=3, request_dict=request, caught_exception=error) is None


def test_once_a_call_was_given_up_the_others_are_not_asked_as_patiently(retries: Retries) -> None:
    """A thousand resources shall not each take a minute to find out that AWS is down."""
    assert asked(retries, WHEN_DOWN, status=500) is not None
    assert asked(retries, ATTEMPTS, status=500) is None
    assert asked(retries, 1, status=500) is not None
    assert asked(retries, WHEN_DOWN, status=500) is None
    assert asked(retries, status=404, code="NoSuchKey") is None  # an answer: it is up again
    assert asked(retries, WHEN_DOWN, status=500) is not None
