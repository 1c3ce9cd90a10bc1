"""A lease has one holder at a time, who renews it and gives it back."""

import json
import threading
from typing import Any

import pytest

from common.base.errors import LockedError
from common.base.version import VERSION
from common.state.lease import LEASE_SECONDS, Lock
from tests.support.deploying import ENV
from tests.support.fake_aws import FakeAws, World
from tests.support.leases import ABOUT, PATH, Clock, Locks, clock, made, stored, world
from tests.support.waiting import until

__all__ = ["clock", "made", "world"]


def test_who_comes_second_is_told_of_the_first(world: World, made: Locks) -> None:
    made().acquire()
    world.seconds += 7
    with pytest.raises(
        LockedError,
        match=rf"deployed by ann on mill since 2030-01-01T00:00:00\+00:00 \(commit 0123456789ab, deployer {VERSION}\)",
    ) as caught:
        made(holder="bob").acquire()
    assert "in 53 s" in str(caught.value)
    assert json.loads(stored(world).body)["holder"] == "ann"


def test_a_lease_that_was_not_renewed_is_taken_over_and_not_a_second_earlier(world: World, made: Locks) -> None:
    first, second = made(), made(holder="bob")
    first.acquire()
    world.seconds += LEASE_SECONDS
    with pytest.raises(LockedError, match="deploy again in 0 s"):
        second.acquire()
    world.seconds += 1
    second.acquire()
    assert json.loads(stored(world).body)["holder"] == "bob"
    assert "taking over the lease of ann on mill" in made.said[0]


def test_its_holder_renews_it_in_time(world: World) -> None:
    lock = Lock(FakeAws(world), ENV, "p", ABOUT, print, lease=0.2)
    lock.acquire()
    first = stored(world).etag
    try:
        until(lambda: stored(world).etag != first)
    finally:
        lock.release()
    assert stored(world) is None


def test_a_put_whose_answer_was_lost_meets_itself(world: World, made: Locks) -> None:
    """Sent again, it finds what it wrote."""
    aws = FakeAws(world)
    lock = made(aws)
    lock._put({"IfNoneMatch": "*"})
    assert lock._put({"IfNoneMatch": "*"})
    assert not made()._put({"IfNoneMatch": "*"})


def test_who_waits_gets_it_when_it_is_given_back(world: World, made: Locks) -> None:
    first = made()

    class Waiting(FakeAws):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            first.release()

    first.acquire()
    made(Waiting(world), holder="bob").acquire(wait=True)
    assert json.loads(stored(world).body)["holder"] == "bob"
    assert made.said == [f"p: waiting for ann on mill since 2030-01-01T00:00:00+00:00 (commit 0123456789ab, deployer {VERSION})."]


def test_who_is_stopped_waits_no_more(made: Locks) -> None:
    made().acquire()
    with pytest.raises(LockedError, match="is being deployed by ann"):
        made(holder="bob").acquire(wait=True, stopped=lambda: True)


def test_a_lease_that_changes_hands_while_a_person_thinks_is_left(world: World, made: Locks) -> None:
    made().acquire()
    world.seconds += LEASE_SECONDS + 1
    with pytest.raises(LockedError, match=r"was just renewed, taken over or given back. It was not removed"):
        made(holder="carl").remove(lambda _: made(holder="bob").acquire())
    assert json.loads(stored(world).body)["holder"] == "bob"


def test_of_two_who_take_it_over_at_once_one_has_it(world: World, made: Locks) -> None:
    """Both have seen that it ran out."""
    made(holder="dead").acquire()
    world.seconds += LEASE_SECONDS + 1

    def fault(_number: int, when: str, operation: str) -> None:
        if (when, operation, aws.calls["s3:GetObject"]) == ("after", "GetObject", 2):  # the first asks whether it is its own
            made(holder="bob").acquire()

    aws = FakeAws(world, fault)
    with pytest.raises(LockedError, match="is being deployed by bob"):
        made(aws, holder="carl").acquire()
    assert json.loads(stored(world).body)["holder"] == "bob"


def test_what_is_given_back_while_it_is_being_renewed_is_given_back(world: World) -> None:
    """The renewal that is under way makes another ETag, which is the one that must be deleted."""
    renewing, deleting = threading.Event(), threading.Event()

    class Slow(FakeAws):
        def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            if operation == "DeleteObject":
                deleting.set()
            return super().call(service, operation, **parameters)

    def fault(_number: int, when: str, operation: str) -> None:
        if (when, operation, aws.calls["s3:PutObject"]) == ("after", "PutObject", 2):
            renewing.set()
            assert lock._stopping.wait(10), "nobody gives it back"
            assert not deleting.wait(0.2), "it is deleted while it is renewed"

    aws = Slow(world, fault)
    lock = Lock(aws, ENV, "p", ABOUT, print, lease=0.1)
    lock.acquire()
    assert renewing.wait(10)
    lock.release()
    assert stored(world) is None


def test_a_renewal_is_seen_by_who_has_read_the_lease_before(world: World, clock: Clock, made: Locks) -> None:
    sleeper = made()
    sleeper.acquire()
    clock.seconds = world.seconds = LEASE_SECONDS + 1
    before = world.buckets[ENV.artifact_bucket][PATH].etag  # as somebody reads it who will take it over
    sleeper.check()
    assert world.buckets[ENV.artifact_bucket][PATH].etag != before
    assert not made()._put({"IfMatch": before})
    sleeper.check()
