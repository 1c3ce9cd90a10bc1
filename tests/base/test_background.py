"""Threads in the background: so many at once, and nobody waits for them at the end."""

import threading
from concurrent.futures import Future

import pytest

from common.base import background
from common.base.background import Background
from tests.support.waiting import until


def test_the_background_runs_so_many_calls_at_once_and_begins_none_when_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "SHUTDOWN_SECONDS", 0.05)
    pool, going, under_way = Background(2), threading.Event(), threading.Semaphore(0)

    def call(number: int) -> int:
        under_way.release()
        going.wait()
        return number

    futures = [pool.submit(call, number) for number in range(4)]
    for _ in range(2):
        assert under_way.acquire(timeout=20)
    assert not under_way.acquire(timeout=0.1)
    pool.shutdown()  # does not wait for the two that are under way
    going.set()
    done = [future for future in futures if not _is_cancelled(future)]
    assert len(done) == 2
    assert all(future.result(timeout=20) in range(4) for future in done)


def _is_cancelled(future: Future[int]) -> bool:
    until(future.done)
    return future.cancelled()


def test_an_error_of_a_read_is_met_by_whoever_needs_it() -> None:
    def refuse() -> None:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        Background(1).submit(refuse).result(timeout=20)
