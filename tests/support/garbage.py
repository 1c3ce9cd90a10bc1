"""Deploys that leave old artifacts in a world in memory, and the collection of these."""

from datetime import timedelta
from pathlib import Path

from common.engine.garbage import Collector
from common.state.lease import Lock
from common.state.records import Records
from tests.support.deploying import ABOUT, ENV, deploy, pool_of, things
from tests.support.fake_aws import EPOCH, FakeAws, World

DAY = 24 * 3600.0
FIELDS = {"a": {"Size": 1}, "b": {"Size": 1}}


def released(world: World, tmp_path: Path, *codes: str, apart: float = DAY) -> None:
    """Each code deployed in turn, so many seconds apart."""
    for code in codes:
        deploy(world, things(FIELDS, {"b": code}), tmp_path)
        world.seconds += apart


def artifacts(world: World) -> set[str]:
    bodies = (stored.body for name, stored in world.buckets[ENV.artifact_bucket].items() if "/artifacts/" in name)
    return {body.decode() for body in bodies}


def collect(world: World, aws: FakeAws | None = None, days: int = 30) -> list[str]:
    aws = aws or FakeAws(world)
    lock = Lock(aws, ENV, "p", {"holder": "test"}, lambda _: None)
    with pool_of(1) as pool:
        collector = Collector(ENV, aws, Records(aws, ENV), pool, EPOCH + timedelta(seconds=world.seconds), days)
        try:
            return [removed.key for removed in collector.collect("p", lock, {**ABOUT, "id": "gc"})]
        finally:
            lock._stopping.set()
