"""A holder that has lost its lease notices that, and then changes nothing."""

import copy
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from common.aws.fence import fenced
from common.base.errors import AccountError, AwsError, LockedError
from common.state.lease import LEASE_SECONDS, Lock
from tests.support.deploying import ENV, deploy, things
from tests.support.fake_aws import FakeAws, World
from tests.support.leases import PATH, Clock, Locks, clock, made, stored, world

__all__ = ["clock", "made", "world"]


def test_who_slept_asks_before_the_next_change(world: World, clock: Clock, made: Locks) -> None:
    """Nobody has taken it: it is renewed, and all is well."""
    lock = made()
    lock.acquire()
    before = stored(world).etag
    clock.seconds += LEASE_SECONDS / 15
    lock.check()
    assert stored(world).etag == before
    clock.seconds += LEASE_SECONDS
    lock.check()
    assert stored(world).etag != before


def test_who_lost_it_while_asleep_calls_nothing_more(world: World, clock: Clock, made: Locks) -> None:
    aws = FakeAws(world)
    first, second = made(aws), made(holder="bob")
    first.acquire()
    with fenced(first.check):
        aws.call("fake", "Put", arn="x", state={})
    clock.seconds += LEASE_SECONDS * 2
    world.seconds += LEASE_SECONDS * 2
    second.acquire()
    calls: list[Callable[[], object]] = [
        lambda: aws.call("fake", "Put", arn="y", state={}),
        lambda: aws.find("fake", "Get", "NotFound", arn="y"),
        lambda: list(aws.pages("fake", "Get", arn="y")),
        lambda: aws.wait("fake", "ready", arn="y"),
    ]
    before = aws.calls["fake:Put"]
    for call in calls:
        with pytest.raises(LockedError, match="The lease on dev/p was lost"), fenced(first.check):
            call()
    assert (aws.calls["fake:Put"], "y" in world.live) == (before, False)
    first.release()
    assert json.loads(stored(world).body)["holder"] == "bob"


def test_who_cannot_renew_it_for_its_whole_time_has_lost_it(world: World, clock: Clock, made: Locks) -> None:
    broken = False

    def fault(_number: int, when: str, operation: str) -> None:
        if broken and when == "before" and operation == "PutObject":
            raise AwsError("s3", "PutObject", "ServiceUnavailable", "Later")

    began = clock.seconds = 1000.0  # of a machine that has been up for a while
    lock = made(FakeAws(world, fault))
    lock.acquire()
    broken = True
    for _ in range(40):  # it never pauses, as its own thread sees
        clock.seconds = lock._awake = clock.seconds + 1
        lock.check()
    clock.seconds = lock._awake = began + LEASE_SECONDS * 0.75 + 1
    with pytest.raises(LockedError, match="was lost"):
        lock.check()
    broken = False
    with pytest.raises(LockedError, match="was lost"):
        lock.check()


def test_who_has_no_credentials_any_more_has_lost_it_at_once(world: World, clock: Clock, made: Locks) -> None:
    """Waiting does not bring them back, and nothing else that it sends would be taken."""
    ended = False

    def fault(_number: int, when: str, operation: str) -> None:
        if ended and when == "before" and operation == "PutObject":
            raise AccountError("The credentials have ended. Sign in again.")

    lock = made(FakeAws(world, fault))
    lock.acquire()
    ended = True
    clock.seconds = lock._awake = LEASE_SECONDS * 0.6
    with pytest.raises(LockedError, match=r"could not be renewed\. The credentials have ended"):
        lock.check()


def test_who_does_not_know_yet_that_it_was_lost_gives_nothing_back(world: World, made: Locks) -> None:
    first = made()
    first.acquire()
    world.seconds += LEASE_SECONDS + 1
    made(holder="bob").acquire()
    first.release()
    assert json.loads(stored(world).body)["holder"] == "bob"


FIELDS = {"a": {"Size": 1, "Weight": 1}, "b": {"Size": 1, "Weight": 1}}
CHANGED = {"a": {"Size": 2, "Weight": 2}, "b": {"Size": 2, "Weight": 2}, "c": {"Size": 1}}


def test_whoever_loses_its_lease_at_any_call_of_a_deploy_changes_nothing_after_it(tmp_path: Path) -> None:
    """Not even the rest of one resource's update. What is marked as under way may be; what is said to be done may not."""
    lost = 0
    for number in itertools.count():
        world, left = World(), dict[str, object]()
        deploy(world, things(FIELDS, {"a": "print(1)"}), tmp_path)

        def fault(call: int, when: str, _operation: str, at: int = number, world: World = world, left: Any = left) -> None:
            if (call, when) == (at, "after") and PATH in world.buckets[ENV.artifact_bucket]:
                world.seconds += LEASE_SECONDS * 2
                Lock(FakeAws(world), ENV, "p", {"holder": "other"}, print)._put({"IfMatch": stored(world).etag})
                left.update(seen(world))

        done = None
        with suppress(LockedError):
            done = deploy(world, things(CHANGED, {"a": "print(2)"}), tmp_path, fault=fault)
        if not left:
            if done is not None and number >= done.aws.calls.total():
                break
            continue
        if done is None:
            lost += 1
            assert seen(world) == left, f"lost after call {number}"
            assert json.loads(stored(world).body)["holder"] == "other"
        else:  # everything was done and told before it was lost
            assert world.buckets[ENV.artifact_bucket]["dev/p/release.json"].tags["state"] == "clean"
        world.seconds += LEASE_SECONDS * 2
        deploy(world, things(CHANGED, {"a": "print(2)"}), tmp_path)
        assert {name: state["Size"] for name, state in world.live.items() if "/" in name} == {
            f"arn:aws:fake:eu-central-1:123456789012:p/{name}": fields["Size"] for name, fields in CHANGED.items()
        }
    assert lost > 10


def seen(world: World) -> dict[str, object]:
    """What a deploy changes, the mark of its beginning left out."""
    objects = world.buckets[ENV.artifact_bucket]
    written = {name: stored.etag for name, stored in objects.items() if "/records/" in name or "/artifacts/" in name}
    clean = objects["dev/p/release.json"].etag if objects["dev/p/release.json"].tags["state"] == "clean" else "under way"
    return {"live": copy.deepcopy(world.live), "written": written, "clean": clean}
