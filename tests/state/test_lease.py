"""A lease: one holder at a time, who notices when he is it no more, and then changes nothing."""

import copy
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from common.aws.fence import fenced
from common.base.errors import AccountError, AwsError, LockedError
from common.base.version import VERSION
from common.state.lease import LEASE_SECONDS, Lock
from tests.support.deploying import BUCKET, ENV, bucket, deploy, things
from tests.support.fake_aws import FakeAws, World

PATH = "dev/p/lock.json"
ABOUT = {"holder": "ann", "host": "mill", "since": "2030-01-01T00:00:00+00:00", "commit": "0123456789abcdef"}


class Clock:
    """Seconds that only a test lets rise."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def world() -> World:
    made = World()
    one = bucket()
    one.create(FakeAws(made), one.desired())
    assert one.key == BUCKET
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Locks:
    """Makes locks that share a world and a clock; `said` is what they told."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.said: list[str] = []
        self._world, self._clock, self._made = world, clock, list[Lock]()

    def __call__(self, aws: FakeAws | None = None, **about: str) -> Lock:
        self._made.append(Lock(aws or FakeAws(self._world), ENV, "p", {**ABOUT, **about}, self.said.append, clock=self._clock))
        return self._made[-1]

    def end(self) -> None:
        """What a process takes with it."""
        for one in self._made:
            one._stopping.set()


@pytest.fixture
def made(world: World, clock: Clock) -> Iterator[Locks]:
    locks = Locks(world, clock)
    yield locks
    locks.end()


def stored(world: World) -> Any:
    return world.buckets[ENV.artifact_bucket].get(PATH)


def test_who_comes_second_is_told_of_the_first(world: World, made: Locks) -> None:
    made().acquire()
    world.seconds += 7
    with pytest.raises(
        LockedError,
        match=rf"deployed by ann on mill since 2030-01-01T00:00:00\+00:00 \(commit 0123456789ab, deployer {VERSION}\)",
    ) as told:
        made(holder="bob").acquire()
    assert "in 53 s" in str(told.value)
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
        deadline = time.monotonic() + 10
        while stored(world).etag == first:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        lock.release()
    assert stored(world) is None


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


def test_who_does_not_know_yet_that_it_was_lost_gives_nothing_back(world: World, made: Locks) -> None:
    first = made()
    first.acquire()
    world.seconds += LEASE_SECONDS + 1
    made(holder="bob").acquire()
    first.release()
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
        assert {name: one["Size"] for name, one in world.live.items() if "/" in name} == {
            f"arn:aws:fake:eu-central-1:123456789012:p/{name}": fields["Size"] for name, fields in CHANGED.items()
        }
    assert lost > 10


def seen(world: World) -> dict[str, object]:
    """What a deploy changes, the mark of its beginning left out."""
    objects = world.buckets[ENV.artifact_bucket]
    written = {name: one.etag for name, one in objects.items() if "/records/" in name or "/artifacts/" in name}
    clean = objects["dev/p/release.json"].etag if objects["dev/p/release.json"].tags["state"] == "clean" else "under way"
    return {"live": copy.deepcopy(world.live), "written": written, "clean": clean}


def test_a_renewal_is_seen_by_who_has_read_the_lease_before(world: World, clock: Clock, made: Locks) -> None:
    sleeper = made()
    sleeper.acquire()
    clock.seconds = world.seconds = LEASE_SECONDS + 1
    before = world.buckets[ENV.artifact_bucket][PATH].etag  # as somebody reads it who will take it over
    sleeper.check()
    assert world.buckets[ENV.artifact_bucket][PATH].etag != before
    assert not made()._put({"IfMatch": before})
    sleeper.check()
