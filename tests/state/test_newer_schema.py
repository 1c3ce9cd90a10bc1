"""What a later version of the deployer wrote, in a format that this one does not know, is refused and never written over."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import LockedError, NewerSchemaError
from common.base.lean_dataclass import dataclass
from common.base.version import VERSION
from common.engine.garbage import Collector
from common.engine.options import Options
from common.model.declared import Identity
from common.model.resource import Key, Resource
from common.state.lease import LEASE_SECONDS, Lock
from common.state.old_versions import superseded
from common.state.records import Records
from common.state.releases import history
from common.state.stored_objects import SCHEMA
from tests.support.deploying import BUCKET, ENV, WHOSE, bucket, deploy, pool_of, things
from tests.support.fake_aws import EPOCH, FakeAws, Thing, World

ABC = {"a": {"Size": 1}, "b": {"Size": 1}, "c": {"Size": 1}}
BIGGER = {**ABC, "c": {"Size": 2}}
ROOT, RECORD, LOCK = "dev/p/release.json", "dev/p/records/thing/c.json", "dev/p/lock.json"
ARN = "arn:aws:fake:eu-central-1:123456789012:p/"


def raise_schema(world: World, path: str, **overrides: object) -> None:
    """Makes an object one of a later version's, which keeps no field but the two that every version keeps."""
    stored = world.buckets[ENV.artifact_bucket][path]
    stored.body = json.dumps({"schema": SCHEMA + 1, "deployer": "9.1.0", **overrides, "contents": "unknown"}).encode()
    if path == ROOT:
        stored.tags = {**stored.tags, "root-sha256": "0" * 64}  # the schema is part of every root's digest


def everything(world: World) -> dict[str, Any]:
    """All that a deploy could spoil; leases come and go."""
    objects = {
        path: stored for path, stored in world.buckets[ENV.artifact_bucket].items() if path != LOCK and "/shared/" not in path
    }
    return {path: (stored.body, dict(stored.tags)) for path, stored in objects.items()} | {
        "live": json.dumps(world.live, sort_keys=True)
    }


def create_again(world: World, folder: Path) -> None:
    del world.live[f"{ARN}c"]
    deploy(world, things(ABC), folder)


COMMANDS: dict[str, Callable[[World, Path], object]] = {
    "deploy": lambda world, folder: deploy(world, things(BIGGER), folder),
    "force": lambda world, folder: deploy(world, things(ABC), folder, options=Options(force=True)),
    "verify": lambda world, folder: deploy(world, things(ABC), folder, options=Options(verify=True)),
    "verify a change": lambda world, folder: deploy(world, things(BIGGER), folder, options=Options(verify=True)),
    "adopt": lambda world, folder: deploy(world, things(BIGGER), folder, options=Options(adopt=("nobody",))),
    "create again": create_again,
    "prune": lambda world, folder: deploy(world, things({"a": ABC["a"]}), folder, options=Options(prune=True)),
    "destroy": lambda world, folder: deploy(world, things({}), folder, options=Options(prune=True, data=True), undeclared=["p"]),
}


@dataclass(frozen=True, kw_only=True)
class Role(Thing):
    """A role that things run with."""

    kind = "role"


def test_the_record_of_what_is_only_given_its_role_anew_is_not_overwritten_either(tmp_path: Path) -> None:
    def declared(of: type[Thing], name: str, needed: Key, **fields: str) -> Thing:
        key = Key("p", of.kind, name)
        identity = Identity(key=key, name=name, arn=f"{ARN}{name}", tags=ENV.ownership("p"), needs=(needed,))
        return of(identity=identity, fields=fields)

    role = declared(Role, "runner", BUCKET)
    resources: list[Resource] = [bucket(), role, declared(Thing, "c", role.key, Role=role.arn)]
    world = World()
    deploy(world, resources, tmp_path)
    raise_schema(world, RECORD)
    del world.live[role.arn]
    before = everything(world)
    with pytest.raises(NewerSchemaError):
        deploy(world, resources, tmp_path)
    assert everything(world) == before


@pytest.mark.parametrize("path", [ROOT, RECORD])
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_changed_where_a_later_version_has_deployed(tmp_path: Path, command: str, path: str) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    raise_schema(world, path)
    before, live = everything(world), dict(world.live)
    with pytest.raises(NewerSchemaError) as refused:
        COMMANDS[command](world, tmp_path)
    where = f"s3://{ENV.artifact_bucket}/{path}"
    assert str(refused.value) == (
        f"{where} was written by version 9.1.0 of the deployer, in a format (schema {SCHEMA + 1}) that this version, {VERSION}, "
        "does not know. Upgrade this repository's deployer to version 9.1.0 or later: docs/upgrading.md. "
        "The object is left as it is."
    )
    world.live.update({arn: live[arn] for arn in live if arn not in world.live and command == "create again"})
    assert everything(world) == before
    assert LOCK not in world.buckets[ENV.artifact_bucket], "it was refused before anything was begun"


@pytest.mark.parametrize("age", [0.0, 2 * LEASE_SECONDS], ids=["alive", "silent"])
@pytest.mark.parametrize("wait", [False, True])
def test_a_lease_of_a_later_version_is_neither_waited_for_nor_taken_over(world: World, age: float, wait: bool) -> None:
    holder = lock(world)
    holder.acquire()
    raise_schema(world, LOCK)
    world.seconds += age
    before = world.buckets[ENV.artifact_bucket][LOCK].body
    with pytest.raises(NewerSchemaError, match=r"dev/p/lock\.json was written by version 9\.1\.0"):
        lock(world).acquire(wait=wait)
    with pytest.raises(NewerSchemaError, match="Upgrade this repository"):
        lock(world).remove(lambda _: pytest.fail("nobody is asked about what cannot be read"))
    with pytest.raises(NewerSchemaError):
        lock(world).holder()
    assert world.buckets[ENV.artifact_bucket][LOCK].body == before
    holder._stopping.set()


def test_a_holder_whose_lease_a_later_version_took_over_stops(world: World) -> None:
    """It meets the other's lease when it renews its own, in a thread whose exception nobody would see."""
    holder = lock(world)
    holder.acquire()
    raise_schema(world, LOCK)
    world.buckets[ENV.artifact_bucket][LOCK].etag = '"another"'
    world.seconds += LEASE_SECONDS * 0.6
    with pytest.raises(LockedError, match=r"The lease on dev/p was lost: .* written by version 9\.1\.0"):
        holder.check()
    holder.release()
    assert b"9.1.0" in world.buckets[ENV.artifact_bucket][LOCK].body


def test_garbage_is_not_collected_beside_what_a_later_version_wrote(tmp_path: Path) -> None:
    for path in (ROOT, "dev/p/records/thing/b.json"):
        world = World()
        for number in range(12):
            deploy(world, things({"b": {"Size": number}}, {"b": f"print({number})"}), tmp_path)
            world.seconds += 3600
        world.seconds += 400 * 86_400
        raise_schema(world, path)
        before, aws = everything(world), FakeAws(world)
        with pool_of(1) as pool, pytest.raises(NewerSchemaError):
            Collector(ENV, aws, Records(aws, ENV), pool, EPOCH + timedelta(seconds=world.seconds)).collect("p", lock(world), {})
        assert everything(world) == before
        assert LOCK not in world.buckets[ENV.artifact_bucket]


def test_history_does_not_guess_what_a_later_version_released(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    newer = json.dumps({"schema": SCHEMA + 1, "deployer": "9.1.0"}).encode()
    FakeAws(world).call("s3", "PutObject", **WHOSE, Key=ROOT, Body=newer)
    records = Records(FakeAws(world), ENV)
    with pool_of(1) as pool:
        with pytest.raises(NewerSchemaError, match=r"9\.1\.0"):
            history(records, "p", 20, pool)
        with pytest.raises(NewerSchemaError, match=r"9\.1\.0"):
            superseded(ENV, FakeAws(world), records, "p", 10, EPOCH, pool)


@pytest.mark.parametrize("writer", ["", 7, None, ["9"]])
def test_a_later_version_that_does_not_say_its_name_is_refused_all_the_same(tmp_path: Path, writer: object) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    raise_schema(world, RECORD, deployer=writer)
    with pytest.raises(NewerSchemaError, match=r"was written by a later version of the deployer.* to a later version: "):
        deploy(world, things(BIGGER), tmp_path)


def test_what_a_version_calls_itself_does_not_steer_the_terminal(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    raise_schema(world, RECORD, deployer="9\x1b[2J" + "x" * 500)
    with pytest.raises(NewerSchemaError) as refused:
        deploy(world, things(BIGGER), tmp_path)
    assert r"version 9\x1b[2J" in str(refused.value)
    assert "x" * 60 not in str(refused.value)


@pytest.mark.parametrize("schema", ["2", None, True, [2], {}, 0, -1])
def test_what_has_no_number_for_a_schema_is_damaged_and_written_anew(tmp_path: Path, schema: object) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    raise_schema(world, RECORD, schema=schema)
    deploy(world, things(ABC), tmp_path, options=Options(verify=True))
    assert json.loads(world.buckets[ENV.artifact_bucket][RECORD].body)["deployer"] == VERSION


def test_everything_that_is_stored_says_who_wrote_it(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    held = lock(world)
    held.acquire()
    for path in (ROOT, RECORD, LOCK):
        body = json.loads(world.buckets[ENV.artifact_bucket][path].body)
        assert (body["schema"], body["deployer"]) == (SCHEMA, VERSION), path
    with pytest.raises(LockedError, match=rf"being deployed by ann on .* \(deployer {VERSION}\)\."):
        lock(world).acquire()
    held.release()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World()
    deploy(made, things(ABC), tmp_path)
    return made


def lock(world: World) -> Lock:
    return Lock(FakeAws(world), ENV, "p", {"holder": "ann"}, lambda _: None, clock=lambda: world.seconds)
