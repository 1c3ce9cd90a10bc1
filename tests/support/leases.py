"""Leases that share a world in memory and a clock that only a test moves."""

from collections.abc import Iterator
from typing import Any

import pytest

from common.state.lease import Lock
from tests.support.deploying import BUCKET, ENV, bucket
from tests.support.fake_aws import FakeAws, World

PATH = "dev/p/lock.json"
ABOUT = {"holder": "ann", "host": "mill", "since": "2030-01-01T00:00:00+00:00", "commit": "0123456789abcdef"}


class Clock:
    """Seconds that only a test lets rise."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


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
        for lease in self._made:
            lease._stopping.set()


def stored(world: World) -> Any:
    return world.buckets[ENV.artifact_bucket].get(PATH)


@pytest.fixture
def world() -> World:
    made = World()
    bucket_resource = bucket()
    bucket_resource.create(FakeAws(made), bucket_resource.desired())
    assert bucket_resource.key == BUCKET
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def made(world: World, clock: Clock) -> Iterator[Locks]:
    locks = Locks(world, clock)
    yield locks
    locks.end()
