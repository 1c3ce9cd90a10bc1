"""A new artifact bucket: what is done beside its creation, and what a failure or a crash in the middle leaves behind."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.lean_dataclass import dataclass, field
from common.engine.apply import Engine
from common.engine.apply_context import ApplyContext
from common.model.resource import Change, Key, Outputs, Resource
from common.state.lease import Lock
from common.state.records import Records
from tests.support.deploying import BUCKET, ENV, bucket, deploy, plan, things
from tests.support.fake_aws import ArtifactBucket, FakeAws, Killed, World

STORED = ENV.artifact_bucket
FIRST = {"a": {"Size": 1}}


@dataclass(frozen=True, kw_only=True)
class SlowBucket(ArtifactBucket):
    """A bucket whose settings are made only after a lease was taken: who takes it afterwards waits for ever."""

    leased: threading.Event = field(default_factory=threading.Event, compare=False)
    error: BaseException | None = field(default=None, compare=False)

    def update(self, aws: Aws, change: Change) -> Outputs:
        assert self.leased.wait(20)
        if self.error is not None:
            raise self.error
        return super().update(aws, change)


class Leasing(Lock):
    """A lease that tells when it was taken."""

    leased: threading.Event

    def acquire(self, **options: Any) -> None:
        super().acquire(**options)
        self.leased.set()


class Together(Records):
    """A root is written only once the record of the artifact bucket has been: who writes that afterwards waits for ever."""

    def __init__(self, aws: FakeAws) -> None:
        super().__init__(aws, ENV)
        self._recorded = threading.Event()

    def write(self, key: Key, *arguments: Any) -> None:
        super().write(key, *arguments)
        self._recorded.set()

    def start(self, project: str, *arguments: Any, **options: Any) -> str:
        assert self._recorded.wait(20)
        return super().start(project, *arguments, **options)


def apply(world: World, slow: SlowBucket, build_dir: Path, fault: Any = lambda *_: None) -> Engine:
    """Deploys one thing and the bucket, with a pool of threads."""
    resources: list[Resource] = [slow, *things(FIRST)[1:]]
    outcome, _ = plan(world, resources, build_dir)
    aws = FakeAws(world, fault)

    def lease(name: str) -> Lock:
        lock = Leasing(aws, ENV, name, {}, lambda _: None)
        lock.leased = slow.leased
        return lock

    with ThreadPoolExecutor(4) as pool:
        engine = Engine(aws, Together(aws), resources, outcome, BUCKET, ApplyContext(pool, build_dir, lambda _: None, lease))
        engine.apply({change.key for change in outcome.plan.changes})
        engine.finish()
    return engine


def slow_bucket(error: BaseException | None = None) -> SlowBucket:
    usual = bucket()
    return SlowBucket(identity=usual.identity, fields=usual.fields, error=error)


def test_leases_are_taken_beside_the_settings_and_the_record_is_written_beside_the_roots(tmp_path: Path) -> None:
    """There is nothing yet that could be in the bucket, so nothing waits for these alone."""
    engine = apply(world := World(), slow_bucket(), tmp_path)
    assert {str(key) for key in engine.done} == {"bucket/artifacts", "thing/a"}
    assert "dev/shared/records/bucket/artifacts.json" in world.buckets[STORED]
    assert deploy(world, things(FIRST), tmp_path).actions() == {}


def test_no_root_is_written_before_all_settings_are_made(tmp_path: Path) -> None:
    """A root that is written before the bucket keeps versions has none."""
    world = World()

    def fault(_number: int, when: str, operation: str) -> None:
        if when == "after" and operation == "PutObject" and any(name.endswith("release.json") for name in world.buckets[STORED]):
            assert world.live[f"arn:aws:s3:::{STORED}"]["Versioned"]

    assert not apply(world, slow_bucket(), tmp_path, fault).failed


def test_a_bucket_whose_settings_are_refused_stops_everything_and_leaves_no_lease(tmp_path: Path) -> None:
    world = World()
    engine = apply(world, slow_bucket(AwsError("s3", "PutBucketVersioning", "AccessDenied", "no")), tmp_path)
    assert (engine.failed, {str(key) for key in engine.untried}) == ({BUCKET}, {"thing/a"})
    assert world.buckets[STORED] == {}
    assert deploy(world, things(FIRST), tmp_path).actions() == {"bucket/artifacts": "update", "thing/a": "create"}
    assert world.live[f"arn:aws:s3:::{STORED}"]["Versioned"]


def test_a_crash_between_the_lease_and_the_settings_is_healed(tmp_path: Path) -> None:
    world = World()
    with pytest.raises(Killed):
        apply(world, slow_bucket(Killed()), tmp_path)
    assert "Versioned" not in world.live[f"arn:aws:s3:::{STORED}"]
    world.seconds += 61  # the lease of the dead is over
    assert deploy(world, things(FIRST), tmp_path).actions() == {"bucket/artifacts": "update", "thing/a": "create"}
    assert deploy(world, things(FIRST), tmp_path).actions() == {}


def test_a_bucket_that_cannot_be_created_takes_no_lease(tmp_path: Path) -> None:
    def refuse(_number: int, when: str, operation: str) -> None:
        if (when, operation) == ("before", "CreateBucket"):
            raise AwsError("s3", "CreateBucket", "TooManyBuckets", "no")

    engine = apply(world := World(), slow_bucket(), tmp_path, refuse)
    assert (engine.failed, {str(key) for key in engine.untried}) == ({BUCKET}, {"thing/a"})
    assert world.buckets == {}
