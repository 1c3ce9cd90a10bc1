"""What is no longer declared: told, deleted where that is asked for, and only if it is ours."""

import json
from pathlib import Path

import pytest

from common.base.errors import AwsError, DeployError
from common.engine.options import Options
from common.model.declared import Identity
from common.model.events import Blocked
from common.model.resource import Key, Resource
from tests.support.deploying import BUCKET, ENV, deploy, killed, plan, things
from tests.support.fake_aws import Store, Thing, World

ARN = "arn:aws:fake:eu-central-1:123456789012:p/"
ABC = {"a": {"Size": 1}, "b": {"Size": 1}, "c": {"Size": 1}}
PRUNE = Options(prune=True)


def store(name: str, **fields: object) -> Resource:
    key = Key("p", "store", name)
    return Store(
        identity=Identity(key=key, name=name, arn=f"{ARN}{name}", tags=ENV.ownership("p"), needs=(BUCKET,)), fields=fields
    )


def recorded(world: World, project: str = "p") -> set[str]:
    objects = world.buckets[ENV.artifact_bucket]
    return {name.removeprefix(f"dev/{project}/") for name in objects if name.startswith(f"dev/{project}/records/")}


def test_what_needs_others_goes_before_them(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    pruned = deploy(world, things({}), tmp_path, options=PRUNE, undeclared=["p"])
    assert [str(change.key) for change in pruned.plan.changes if change.action == "delete"] == ["thing/c", "thing/b", "thing/a"]
    assert set(world.live) == {"arn:aws:s3:::test-artifacts"}
    assert recorded(world) == set()
    assert "dev/p/release.json" not in world.buckets[ENV.artifact_bucket]
    after = deploy(world, things({}), tmp_path, options=PRUNE, undeclared=["p"])
    assert after.actions() == {}


def test_without_being_asked_nothing_is_deleted(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    reported = deploy(world, things({"a": ABC["a"]}), tmp_path)
    assert reported.reasons() == {
        "thing/b": "no longer declared; it stays, unless you say --prune",
        "thing/c": "no longer declared; it stays, unless you say --prune",
    }
    assert set(world.live) > {f"{ARN}b", f"{ARN}c"}


def test_what_configuration_names_no_more_goes_at_once(tmp_path: Path) -> None:
    world, key = World(), Key("p", "resource", "subscription.alerts.email-team-example-com")
    identity = Identity(key=key, name="subscribed", arn=f"{ARN}subscribed", tags=ENV.ownership("p"), needs=(BUCKET,))
    deploy(world, [*things(ABC), Thing(identity=identity, fields={"Size": 1})], tmp_path)
    after = deploy(world, things(ABC), tmp_path)
    assert after.reasons() == {str(key): "no longer configured"}
    assert after.actions() == {str(key): "delete"}


def test_what_holds_data_takes_both_options(tmp_path: Path) -> None:
    world = World()
    deploy(world, [*things({}), store("kept", Size=1)], tmp_path)
    reported = deploy(world, things({}), tmp_path, undeclared=["p"])
    assert reported.reasons() == {"store/kept": "no longer declared; it holds data and stays, unless you say --prune --data"}
    assert f"{ARN}kept" in world.live


def test_what_has_a_kind_that_nobody_knows_any_more_stays(tmp_path: Path) -> None:
    world, key = World(), Key("p", "gadget", "g")
    identity = Identity(key=key, name="g", arn=f"{ARN}g", tags=ENV.ownership("p"), needs=(BUCKET,))
    deploy(world, [*things({}), Thing(identity=identity, fields={"Size": 1})], tmp_path)
    plain = deploy(world, things({}), tmp_path, undeclared=["p"])
    assert plain.reasons() == {"gadget/g": "no longer declared; it stays, unless you say --prune"}
    assert deploy(world, things({}), tmp_path, options=PRUNE, undeclared=["p"]).actions() == {"gadget/g": "orphan"}
    assert f"{ARN}g" in world.live


def test_what_holds_data_under_its_old_name_costs_no_read_when_nothing_changes(tmp_path: Path) -> None:
    world, old = World(), store("kept", Size=1)
    identity = Identity(key=old.key, name="newer", arn=f"{ARN}newer", tags=old.tags, needs=(BUCKET,))
    renamed = [*things({}), Store(identity=identity, fields={"Size": 1})]
    deploy(world, [*things({}), old], tmp_path)
    deploy(world, renamed, tmp_path)
    unchanged = deploy(world, renamed, tmp_path)
    assert unchanged.actions() == {"store/kept/formerly/kept": "orphan"}
    assert unchanged.aws.calls["s3:GetObject"] == 1, "the release root, and no record"
    assert {f"{ARN}kept", f"{ARN}newer"} <= set(world.live)


def test_what_is_still_used_when_something_failed_is_not_deleted(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)

    def refuse(_number: int, when: str, operation: str) -> None:
        if operation == "Put" and when == "before":
            raise AwsError("fake", "Put", "Denied", "no")

    changed = things({"a": {"Size": 2}})
    failed = deploy(world, changed, tmp_path, options=PRUNE, fault=refuse)
    assert failed.failed == {Key("p", "thing", "a")}
    assert {event.change.key.name for event in failed.events if isinstance(event, Blocked)} == {"b", "c"}
    assert set(world.live) > {f"{ARN}b", f"{ARN}c"}
    assert set(deploy(world, changed, tmp_path, options=PRUNE).actions()) == {"thing/a", "thing/b", "thing/c"}
    assert set(world.live) == {"arn:aws:s3:::test-artifacts", f"{ARN}a"}


def test_a_deletion_that_fails_keeps_what_it_needs_and_is_tried_again(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)

    def refuse(_number: int, when: str, operation: str) -> None:
        if operation == "Delete" and when == "before":
            raise AwsError("fake", "Delete", "InUse", "executions still run")

    failed = deploy(world, things({"a": ABC["a"]}), tmp_path, options=PRUNE, fault=refuse)
    assert (failed.failed, failed.untried) == ({Key("p", "thing", "c")}, {Key("p", "thing", "b")})
    assert set(deploy(world, things({"a": ABC["a"]}), tmp_path, options=PRUNE).actions()) == {"thing/b", "thing/c"}
    assert recorded(world) == {"records/thing/a.json"}


def test_data_stays_unless_it_is_asked_for_too(tmp_path: Path) -> None:
    world = World()
    deploy(world, [*things(ABC), store("kept", Size=1)], tmp_path)
    first = deploy(world, things({}), tmp_path, options=PRUNE, undeclared=["p"])
    assert "it holds data and stays" in first.reasons()["store/kept"]
    assert set(world.live) == {"arn:aws:s3:::test-artifacts", f"{ARN}kept"}
    deploy(world, things({}), tmp_path, options=Options(prune=True, data=True), undeclared=["p"])
    assert set(world.live) == {"arn:aws:s3:::test-artifacts"}


def test_data_is_not_replaced_by_the_way(tmp_path: Path) -> None:
    world = World()
    deploy(world, [*things({}), store("s", Kind="x")], tmp_path)
    with pytest.raises(
        DeployError, match=r"store/s: Kind cannot be changed in place, and replacing it would delete what it holds"
    ):
        plan(world, [*things({}), store("s", Kind="y")], tmp_path)
    assert world.live[f"{ARN}s"]["Kind"] == "x"
    done = deploy(world, [*things({}), store("s", Kind="y")], tmp_path, options=Options(data=True))
    assert done.reasons()["store/s"] == "Kind cannot be changed in place; everything in it is deleted"
    assert world.live[f"{ARN}s"]["Kind"] == "y"


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        (None, "gone from AWS"),
        ({}, "does not carry our tags, and stays"),
        ({"deployer:environment": "other/dev", "deployer:project": "p"}, "does not carry our tags, and stays"),
        ({**ENV.ownership("q")}, "does not carry our tags, and stays"),
    ],
)
def test_what_is_not_there_or_not_ours_is_only_forgotten(tmp_path: Path, tags: dict[str, str] | None, reason: str) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    if tags is None:
        del world.live[f"{ARN}c"]
    else:
        world.live[f"{ARN}c"] = {"Size": 9, "Tags": tags}
    fewer = {name: ABC[name] for name in "ab"}
    pruned = deploy(world, things(fewer), tmp_path, options=PRUNE)
    assert pruned.actions() == {"thing/c": "forget"}
    assert reason in pruned.reasons()["thing/c"]
    assert pruned.aws.calls["fake:Delete"] == 0
    assert (tags is None) == (f"{ARN}c" not in world.live)
    assert deploy(world, things(fewer), tmp_path, options=PRUNE).actions() == {}


def test_what_was_only_renamed_is_forgotten_under_its_old_name(tmp_path: Path) -> None:
    world = World()
    deploy(world, things({"a": ABC["a"]}), tmp_path)
    renamed = Thing(
        identity=Identity(key=Key("p", "thing", "new"), name="a", arn=f"{ARN}a", tags=ENV.ownership("p"), needs=(BUCKET,)),
        fields=ABC["a"],
    )
    pruned = deploy(world, [things({})[0], renamed], tmp_path, options=PRUNE)
    assert pruned.actions() == {"thing/new": "record", "thing/a": "forget"}
    assert f"{ARN}a" in world.live


BROKEN = {
    "cut off": b'{"schema": 1, "key": "thing/c", "na',
    "no schema": b'{"schema": 0, "key": "thing/c", "name": "c", "arn": "%s"}' % f"{ARN}c".encode(),
    "another key": b'{"schema": 1, "key": "thing/b", "name": "c", "arn": "%s"}' % f"{ARN}c".encode(),
    "another account": b'{"schema": 1, "key": "thing/c", "name": "c", "arn": "arn:aws:fake:eu-central-1:999999999999:p/c"}',
    "two names": b'{"schema": 1, "key": "thing/c", "name": "a", "arn": "%s"}' % f"{ARN}c".encode(),
    "no place": b'{"schema": 1, "key": "thing/c"}',
    "a list": b"[]",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_record_that_cannot_be_believed_deletes_nothing(tmp_path: Path, body: bytes) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    world.buckets[ENV.artifact_bucket]["dev/p/records/thing/c.json"].body = body
    pruned = deploy(world, things({"a": ABC["a"]}), tmp_path, options=PRUNE)
    assert pruned.actions() == {"thing/b": "delete", "thing/c": "orphan"}
    assert "its record does not say where it is" in pruned.reasons()["thing/c"]
    assert f"{ARN}c" in world.live
    deploy(world, things(ABC), tmp_path, options=Options(force=True))  # as the message says
    assert deploy(world, things({"a": ABC["a"]}), tmp_path, options=PRUNE).actions() == {"thing/b": "delete", "thing/c": "delete"}


def test_needs_in_a_circle_have_no_order_but_an_end(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(ABC), tmp_path)
    path = "dev/p/records/thing/a.json"
    stored = world.buckets[ENV.artifact_bucket][path]
    stored.body = json.dumps({**json.loads(stored.body), "needs": ["p:thing/c", 7, "../x:y"]}).encode()
    pruned = deploy(world, things({}), tmp_path, options=PRUNE, undeclared=["p"])
    assert pruned.untried == {Key("p", "thing", name) for name in "abc"}
    assert set(world.live) > {f"{ARN}a", f"{ARN}b", f"{ARN}c"}


def test_what_was_created_and_never_recorded_is_pruned_all_the_same(tmp_path: Path) -> None:
    """Killed between creation and record, then taken out of the declaration: no record knows of it, but the root does."""
    boundaries = 0
    while True:
        world = World()
        deploy(world, things({"a": ABC["a"]}), tmp_path)
        if not killed(world, things(ABC), tmp_path, boundaries, "after"):
            break
        boundaries += 1
        deploy(world, things({"a": ABC["a"]}), tmp_path, options=PRUNE)
        assert set(world.live) == {"arn:aws:s3:::test-artifacts", f"{ARN}a"}, f"killed after call {boundaries}"
        assert deploy(world, things({"a": ABC["a"]}), tmp_path, options=PRUNE).actions() == {}
    assert boundaries > 15


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("data", [False, True])
def test_killed_at_any_call_a_destruction_is_taken_up_again(tmp_path: Path, when: str, data: bool) -> None:
    """Nothing is declared, so everything goes but the artifact bucket, which a task of its own removes last."""
    everything = [*things(ABC, {"c": "print(1)"}), store("s", Size=1)]
    options, gone = Options(prune=True, data=data), ["p", "shared"]
    boundaries = 0
    while True:
        world = World()
        deploy(world, everything, tmp_path)
        if not killed(world, [], tmp_path, boundaries, when, options=options, undeclared=gone):
            break
        boundaries += 1
        deploy(world, [], tmp_path, options=options, undeclared=gone)
        assert set(world.live) == {"arn:aws:s3:::test-artifacts", *([] if data else [f"{ARN}s"])}, f"{when} call {boundaries}"
        assert recorded(world) == (set() if data else {"records/store/s.json"})
        assert ("dev/p/release.json" in world.buckets[ENV.artifact_bucket]) != data
        assert set(deploy(world, [], tmp_path, options=options, undeclared=gone).actions().values()) == {"orphan"}
    assert boundaries > 20


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("left", ["a", ""])
@pytest.mark.parametrize("then", ["again", "plain, then again", "declared once more"])
def test_killed_at_any_call_a_deletion_is_taken_up_again(tmp_path: Path, when: str, left: str, then: str) -> None:
    target, gone = {name: ABC[name] for name in left}, [] if left else ["p"]
    boundaries = 0
    while True:
        world = World()
        deploy(world, things(ABC, {"c": "print(1)"}), tmp_path)
        if not killed(world, things(target), tmp_path, boundaries, when, options=PRUNE, undeclared=gone):
            break
        boundaries += 1
        if then == "declared once more":
            deploy(world, things(ABC, {"c": "print(1)"}), tmp_path)
            expected = World()
            deploy(expected, things(ABC, {"c": "print(1)"}), tmp_path)
            assert world.live == expected.live, f"killed {when} call {boundaries}"
            continue
        if then == "plain, then again":
            deploy(world, things(target), tmp_path)
        deploy(world, things(target), tmp_path, options=PRUNE, undeclared=gone)
        assert set(world.live) == {"arn:aws:s3:::test-artifacts", *(f"{ARN}{name}" for name in left)}
        assert recorded(world) == {f"records/thing/{name}.json" for name in left}
        assert ("dev/p/release.json" in world.buckets[ENV.artifact_bucket]) == bool(left)
        assert deploy(world, things(target), tmp_path, options=PRUNE, undeclared=gone).actions() == {}
    assert boundaries > 15
