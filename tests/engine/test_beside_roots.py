"""What begins while the roots are written: uploads, and the reads before updates. It relies on the lease and proves nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from common.aws.protocol import Aws
from common.base.errors import DeployError, LockedError, OvertakenError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.engine.reads import MAX_EARLY_READS
from common.engine.rereads import FRESH_SECONDS, Rereads
from common.model.comparison import merged
from common.model.resource import Action, Artifact, Change, Key, Outputs, Resource
from common.state.lease import Lock
from common.state.records import Records
from tests.support.deploying import ENV, deploy, killed, things
from tests.support.fake_aws import FakeAws, Thing, World
from tests.support.garbage import artifacts, collect

LONG = 20.0
"""Seconds in which what must happen has happened on any machine."""
FIELDS = {"a": {"Size": 1}, "b": {"Size": 1}}
OLD, NEW = {"a": "print(1)"}, {"a": "print(2)"}
A = "arn:aws:fake:eu-central-1:123456789012:p/a"


@dataclass(frozen=True, kw_only=True)
class Whole(Thing):
    """A thing whose update replaces all of it."""

    def reread(self, aws: Aws, change: Change) -> JsonObject:
        return aws.call("fake", "Get", arn=self.arn)

    def update(self, aws: Aws, change: Change) -> Outputs:
        return self.update_from(aws, change, self.reread(aws, change))

    def update_from(self, aws: Aws, change: Change, live: JsonObject) -> Outputs:
        aws.call("fake", "Put", arn=self.arn, state=merged(change.desired, live))
        return {}


def wholes(fields: dict[str, Any], codes: dict[str, str]) -> list[Resource]:
    declared = things(fields, codes)
    return [Whole(**vars(item)) if isinstance(item, Thing) and item.key.kind == "thing" else item for item in declared]


class RootsLast(Records):
    """A root is written only once the upload has ended: who uploads after the roots waits for ever."""

    def __init__(self, aws: FakeAws, before_root: Callable[[], None] = lambda: None) -> None:
        super().__init__(aws, ENV)
        self.uploaded, self._before_root = threading.Event(), before_root

    def upload(self, artifact: Artifact, built: Path, sbom: Path | None) -> None:
        try:
            super().upload(artifact, built, sbom)
        finally:
            self.uploaded.set()

    def start(self, project: str, *arguments: Any, **options: Any) -> str:
        if project == "p":
            assert self.uploaded.wait(LONG), "uploads wait for the roots"
            self._before_root()
        return super().start(project, *arguments, **options)


class Reported:
    """Every operation that a deploy has begun, in their order."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        self.reread = threading.Event()

    def __call__(self, _number: int, when: str, operation: str) -> None:
        if when == "before":
            self.operations.append(operation)
        elif operation == "Get":
            self.reread.set()


def test_an_upload_and_the_read_before_an_update_begin_beside_the_roots(tmp_path: Path) -> None:
    """And cost no call more than one after the other."""
    world, other = World(), World()
    for each in (world, other):
        deploy(each, wholes(FIELDS, OLD), tmp_path)
    seen = Reported()

    def read() -> None:
        assert seen.reread.wait(LONG), "the read before the update waits for the roots"

    result = deploy(
        world, wholes(FIELDS, NEW), tmp_path, fault=seen, jobs=4,
        before_apply=seen.reread.clear, records_of=lambda aws: RootsLast(aws, read),
    )  # fmt: skip
    assert result.actions() == {"artifact/a": "upload", "thing/a": "update"}
    assert seen.operations.index("Put") > max(at for at, name in enumerate(seen.operations) if name == "Get")
    assert result.aws.calls == deploy(other, wholes(FIELDS, NEW), tmp_path).aws.calls
    assert world.live == other.live


def test_who_is_refused_the_lease_uploads_nothing(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIELDS, OLD), tmp_path)

    def another() -> None:
        Lock(FakeAws(world), ENV, "p", {"holder": "ann"}, lambda _: None)._put({"IfNoneMatch": "*"})

    with pytest.raises(LockedError, match="ann"):
        deploy(world, things(FIELDS, NEW), tmp_path, jobs=4, before_apply=another)
    assert artifacts(world) == {"print(1)"}


def test_who_is_overtaken_has_uploaded_at_most_what_nothing_uses(tmp_path: Path) -> None:
    """The upload has ended before the lease is given back, and the next deploy need not repeat it."""
    world = World()
    deploy(world, things(FIELDS, OLD), tmp_path)
    seen = Reported()

    def another() -> None:
        deploy(world, things({**FIELDS, "b": {"Size": 8}}, OLD), tmp_path)
        seen.operations.clear()

    with pytest.raises(OvertakenError):
        deploy(world, things(FIELDS, NEW), tmp_path, fault=seen, jobs=4, before_apply=another, records_of=RootsLast)
    assert (world.live[A]["Size"], world.live[A.replace("/a", "/b")]["Size"]) == (1, 8)
    assert "Put" not in seen.operations
    assert seen.operations[-1] == "DeleteObject"
    assert not any(name.endswith("lock.json") for name in world.buckets[ENV.artifact_bucket])
    assert deploy(world, things({**FIELDS, "b": {"Size": 8}}, NEW), tmp_path).actions() == {"thing/a": "update"}


def test_a_collection_takes_no_artifact_while_a_deploy_that_uploads_it_holds_the_lease(tmp_path: Path) -> None:
    """Not even one that takes everything unused: it needs the lease of the project."""
    world = World()
    deploy(world, things(FIELDS, OLD), tmp_path)
    refused: list[str] = []

    def collecting() -> None:
        with pytest.raises(LockedError) as error:
            collect(world, days=0)
        refused.append(str(error.value))

    deploy(world, things(FIELDS, NEW), tmp_path, jobs=4, records_of=lambda aws: RootsLast(aws, collecting))
    assert "is being deployed by test" in refused[0]
    assert "print(2)" in artifacts(world)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", ["again", "back"])
def test_killed_at_any_call_with_the_roots_after_the_uploads_the_next_deploy_converges(
    tmp_path: Path, when: str, then: str
) -> None:
    boundaries, target = 0, wholes(FIELDS, NEW if then == "again" else OLD)
    expected = World()
    deploy(expected, target, tmp_path)
    while True:
        world = World()
        deploy(world, wholes(FIELDS, OLD), tmp_path)
        if not killed(world, wholes(FIELDS, NEW), tmp_path, boundaries, when, jobs=4, records_of=RootsLast):
            break
        boundaries += 1
        deploy(world, target, tmp_path)
        assert world.live == expected.live, f"killed {when} call {boundaries}"
        assert deploy(world, target, tmp_path).actions() == {}
    assert boundaries > 15


def test_nothing_is_uploaded_before_the_bucket_is_as_declared(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIELDS, OLD), tmp_path)
    bucket, *others = things(FIELDS, NEW)
    assert isinstance(bucket, Thing)
    seen = Reported()
    changed = type(bucket)(**{**vars(bucket), "fields": {"Versioned": False}})
    deploy(world, [changed, *others], tmp_path, fault=seen, jobs=4, before_apply=seen.operations.clear)
    puts = [name for name in seen.operations if name in {"PutObject", "Put"}]
    assert puts[:5] == ["PutObject"] * 4 + ["Put"]  # leases and roots of both projects, then the bucket


def test_a_failed_upload_fails_alone(tmp_path: Path) -> None:
    class Refusing(RootsLast):
        def upload(self, artifact: Artifact, built: Path, sbom: Path | None) -> None:
            self.uploaded.set()
            raise DeployError("The upload was refused.")

    world = World()
    deploy(world, things(FIELDS, OLD), tmp_path)
    result = deploy(world, things({**FIELDS, "b": {"Size": 2}}, NEW), tmp_path, jobs=4, records_of=Refusing)
    assert (result.failed, result.untried) == ({Key("p", "artifact", "a")}, {Key("p", "thing", "a"), Key("p", "thing", "b")})
    assert deploy(world, things({**FIELDS, "b": {"Size": 2}}, NEW), tmp_path).actions() == {
        "artifact/a": "upload",
        "thing/a": "update",
        "thing/b": "update",
    }


def test_only_what_was_read_a_moment_ago_is_believed_and_only_few_are_read_early() -> None:
    world, names = World(), [f"t{number}" for number in range(MAX_EARLY_READS + 1)]
    declared = [item for item in wholes({name: {"Size": 2} for name in names}, {}) if isinstance(item, Whole)]
    aws, seconds = FakeAws(world), [0.0]
    for item in declared:
        world.live[item.arn] = {"Size": 1, "Color": "red"}
    with ThreadPoolExecutor(4) as pool:
        rereads = Rereads(aws, pool, lambda: seconds[0])
        changes = [Change(item.key, Action.UPDATE, "", {"Size": 2}, None, frozenset({"Size"})) for item in declared]
        for item, change in zip(declared, changes, strict=True):
            rereads.begin(item, change)
        pool.shutdown()
    assert aws.calls["fake:Get"] == MAX_EARLY_READS
    for item in declared:
        world.live[item.arn]["Color"] = "blue"
    rereads.update(aws, declared[0], changes[0])
    assert (aws.calls["fake:Get"], world.live[declared[0].arn]["Color"]) == (MAX_EARLY_READS, "red")
    seconds[0] += FRESH_SECONDS + 1
    for item, change in [*zip(declared, changes, strict=True)][1:]:
        rereads.update(aws, item, change)
        assert world.live[item.arn] == {"Size": 2, "Color": "blue"}
