"""What earlier versions of the deployer wrote is read as it is, and nothing in AWS is touched for it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from common.base.errors import LockedError
from common.base.version import VERSION
from common.engine.options import Options
from common.state.lease import LEASE_SECONDS, Lock
from common.state.release_root import root_of
from tests.support.deploying import ENV, deploy, things
from tests.support.fake_aws import FakeAws, World

ABC = {"a": {"Size": 1}, "b": {"Size": 1}, "c": {"Size": 1}}
BIGGER = {**ABC, "c": {"Size": 2}}
ROOT, RECORD, LOCK = "dev/p/release.json", "dev/p/records/thing/c.json", "dev/p/lock.json"
ARN = "arn:aws:fake:eu-central-1:123456789012:p/"


def as_first_written(world: World) -> None:
    """The first format: what is pending is a list, records do not say where a resource is, nobody says what was changed."""
    for path, stored in world.buckets[ENV.artifact_bucket].items():
        if path.endswith("/release.json"):
            body = json.loads(stored.body)
            old = {name: body[name] for name in ("schema", "digests", "files", "about")} | {"pending": sorted(body["pending"])}
            stored.body = json.dumps(old, sort_keys=True).encode()
            stored.tags = {name: stored.tags[name] for name in ("root-sha256", "state")}
        elif "/records/" in path:
            body = json.loads(stored.body)
            stored.body = json.dumps({name: body[name] for name in ("schema", "key", "desired", "outputs")}).encode()


def before_doubts(world: World) -> None:
    """The second: with places and changes, without what is doubted, the time of writing and the version."""
    for path, stored in world.buckets[ENV.artifact_bucket].items():
        if path.endswith(".json"):
            body = json.loads(stored.body)
            stored.body = json.dumps({name: body[name] for name in body if name not in {"doubted", "deployer"}}).encode()
            stored.tags = {name: value for name, value in stored.tags.items() if name != "written"}


def before_versions(world: World) -> None:
    """The third, of version 0.1.0: all but the version."""
    for path, stored in world.buckets[ENV.artifact_bucket].items():
        if path.endswith(".json"):
            body = json.loads(stored.body)
            stored.body = json.dumps({name: body[name] for name in body if name != "deployer"}).encode()


EARLIER = [as_first_written, before_doubts, before_versions]


@pytest.mark.parametrize("options", [Options(), Options(verify=True)], ids=["deploy", "verify"])
@pytest.mark.parametrize("earlier", EARLIER)
def test_what_earlier_versions_wrote_is_read_and_nothing_is_deployed_again(
    tmp_path: Path, earlier: Callable[[World], None], options: Options
) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    earlier(world)
    live = dict(world.live)
    upgraded = deploy(world, things(ABC), tmp_path, options=options)
    assert upgraded.plan.is_empty
    assert world.live == live
    assert upgraded.aws.calls["fake:Put"] + upgraded.aws.calls["s3:PutObject"] == 0, "it proves as much as what is written now"
    deploy(world, things(BIGGER), tmp_path)
    for path in (ROOT, RECORD):
        assert json.loads(world.buckets[ENV.artifact_bucket][path].body)["deployer"] == VERSION


@pytest.mark.parametrize("earlier", EARLIER)
def test_what_a_deploy_of_an_earlier_version_left_pending_is_finished(tmp_path: Path, earlier: Callable[[World], None]) -> None:
    """It died after it had changed a resource, before it had recorded that."""
    world = World()
    deploy(world, things(ABC), tmp_path)
    root = world.buckets[ENV.artifact_bucket][ROOT]
    body = json.loads(root.body)
    del body["digests"]["thing/c"]
    body["pending"] = {"thing/c": {}}
    pending = root_of(body)
    assert pending is not None
    root.body, root.tags = json.dumps(body).encode(), {"root-sha256": pending.digest(), "state": "deploying"}
    world.live[f"{ARN}c"] |= {"Size": 2}
    earlier(world)
    upgraded = deploy(world, things(BIGGER), tmp_path)
    assert upgraded.actions() == {"thing/c": "record"}
    assert upgraded.aws.calls["fake:Put"] == 0
    assert world.buckets[ENV.artifact_bucket][ROOT].tags["state"] == "clean"


@pytest.mark.parametrize("earlier", EARLIER)
def test_what_earlier_versions_wrote_is_pruned(tmp_path: Path, earlier: Callable[[World], None]) -> None:
    """Records of the first format do not say where a resource is: declare it, deploy, and it can be pruned."""
    world = World()
    deploy(world, things(ABC), tmp_path)
    earlier(world)
    fewer = things({name: ABC[name] for name in "ab"})
    pruned = deploy(world, fewer, tmp_path, options=Options(prune=True))
    assert pruned.actions() == {"thing/c": "orphan" if earlier is as_first_written else "delete"}
    if earlier is as_first_written:
        deploy(world, things(ABC), tmp_path, options=Options(force=True))
        assert deploy(world, fewer, tmp_path, options=Options(prune=True)).actions() == {"thing/c": "delete"}


def test_a_lease_of_an_earlier_version_is_held_and_taken_over(tmp_path: Path) -> None:
    def lock(world: World) -> Lock:
        return Lock(FakeAws(world), ENV, "p", {"holder": "ann"}, lambda _: None, clock=lambda: world.seconds)

    world = World()
    deploy(world, things(ABC), tmp_path)
    lock(world).acquire()
    stored = world.buckets[ENV.artifact_bucket][LOCK]
    stored.body = json.dumps({"schema": 1, "token": "t", "holder": "bob"}).encode()
    with pytest.raises(LockedError, match=r"being deployed by bob on an unknown machine\. Wait"):
        lock(world).acquire()
    world.seconds += 2 * LEASE_SECONDS
    taken = lock(world)
    taken.acquire()
    taken.release()
