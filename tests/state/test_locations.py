"""What gets another physical name or place: the new one is made, the old one is not forgotten, whenever a deploy dies."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.aws.protocol import Aws
from common.base.errors import AwsError, OwnershipError, SkippedError
from common.engine.options import Options
from common.environment.config import Environment
from common.model.declared import Identity
from common.model.resource import Change, Key, Outputs, Resource
from tests.support.deploying import BUCKET, ENV, bucket, deploy, killed
from tests.support.fake_aws import Store, Thing, Trigger, World

ARN = "arn:aws:fake:eu-central-1:123456789012:p/"
USER = Key("p", "thing", "user")
ROOT = {"arn:aws:s3:::test-artifacts"}


def named(prefix: str, *, size: int = 1, env: Environment = ENV) -> list[Resource]:
    """A thing, one that needs it, a store, and a trigger of the second: their names begin with a prefix."""

    def one(made: type[Thing], name: str, *needs: Key) -> Thing:
        key, called = Key("p", made.kind, name), f"{prefix}-{name}"
        tags, needed = env.ownership("p"), needs or (BUCKET,)
        identity = Identity(key=key, name=called, arn=f"{ARN}{called}", tags=tags, needs=needed)
        return made(identity=identity, fields={"Size": size})

    base, user = one(Thing, "base"), one(Thing, "user", Key("p", "thing", "base"))
    return [bucket(), base, user, one(Store, "kept"), one(Trigger, "nightly", user.key)]


def names(world: World) -> set[str]:
    return {arn.removeprefix(ARN) for arn in world.live.keys() - ROOT}


def all_of(prefix: str) -> set[str]:
    return {f"{prefix}-{name}" for name in ("base", "user", "kept", "nightly")}


def root(world: World) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(world.buckets[ENV.artifact_bucket]["dev/p/release.json"].body)
    return body


def test_a_renamed_resource_replaces_the_old_one_in_the_same_deploy_and_data_stays(tmp_path: Path) -> None:
    world = World()
    deploy(world, named("old"), tmp_path)
    renamed = deploy(world, named("new"), tmp_path)
    assert renamed.reasons() == {
        "thing/base": "renamed from old-base",
        "thing/user": "renamed from old-user",
        "store/kept": "renamed from old-kept; what that holds stays there",
        "rule/nightly": "renamed from old-nightly",
        "thing/base/formerly/old-base": "renamed to new-base",
        "thing/user/formerly/old-user": "renamed to new-user",
        "rule/nightly/formerly/old-nightly": "renamed to new-nightly",
        "store/kept/formerly/old-kept": "renamed to new-kept; it holds data and stays, unless you say --prune --data",
    }
    assert [action for key, action in renamed.actions().items() if "formerly" in key] == ["delete", "delete", "delete", "record"]
    assert names(world) == {*all_of("new"), "old-kept"}
    left = deploy(world, named("new"), tmp_path)
    assert left.actions() == {"store/kept/formerly/old-kept": "orphan"}
    assert left.reasons()["store/kept/formerly/old-kept"].startswith("renamed to new-kept; it holds data and stays")
    assert deploy(world, named("new"), tmp_path, options=Options(prune=True)).actions() == left.actions()
    gone = deploy(world, named("new"), tmp_path, options=Options(prune=True, data=True))
    assert gone.actions() == {"store/kept/formerly/old-kept": "delete"}
    assert names(world) == all_of("new")
    assert deploy(world, named("new"), tmp_path).actions() == {}


def test_what_uses_the_old_one_is_changed_before_it_goes_and_an_old_trigger_goes_at_once(tmp_path: Path) -> None:
    world = World()
    deploy(world, named("old"), tmp_path)
    order: list[str] = []

    def seen(_number: int, when: str, operation: str) -> None:
        if when == "after" and operation in {"Put", "Delete"}:
            order.append(",".join(sorted(names(world))))

    deploy(world, named("new"), tmp_path, fault=seen)
    both = [at for at, present in enumerate(order) if "old-nightly" in present and "new-nightly" in present]
    assert order[both[-1] + 1].count("old-nightly") == 0
    first_gone = next(at for at, present in enumerate(order) if "old-base" not in present)
    assert all(name in order[first_gone] for name in all_of("new"))
    assert "old-user" not in order[first_gone], "what needs another goes before it"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", ["again", "back", "elsewhere", "only a part, then again"])
def test_killed_at_any_call_a_rename_forgets_nothing(tmp_path: Path, when: str, then: str) -> None:
    boundaries = 0
    target = {"back": "old", "elsewhere": "third"}.get(then, "new")
    while True:
        world = World()
        deploy(world, named("old"), tmp_path)
        if not killed(world, named("new"), tmp_path, boundaries, when):
            break
        boundaries += 1
        if then == "only a part, then again":
            part = {BUCKET, Key("p", "thing", "base")}
            deploy(world, named("new"), tmp_path, options=Options(selected=part.__contains__))
        deploy(world, named(target), tmp_path)
        kept = {name for name in names(world) if name.endswith("-kept")}
        assert names(world) - kept == all_of(target) - kept, f"killed {when} call {boundaries}"
        left = deploy(world, named(target), tmp_path).actions()
        expected = {f"store/kept/formerly/{name}": "orphan" for name in kept - {f"{target}-kept"}}
        assert left == expected, f"killed {when} call {boundaries}: what holds data is still seen"
        assert root(world)["pending"] == {}
        deploy(world, named(target), tmp_path, options=Options(prune=True, data=True))
        assert names(world) == all_of(target)
        assert deploy(world, named(target), tmp_path).actions() == {}
    assert boundaries > 30


def test_a_failure_keeps_what_may_still_be_used_and_the_next_deploy_takes_it_up(tmp_path: Path) -> None:
    world = World()
    deploy(world, named("old"), tmp_path)

    def refuse(_number: int, when: str, operation: str) -> None:
        if when == "before" and operation == "Put" and "new-base" in names(world):
            raise AwsError("fake", "Put", "Denied", "no")

    failed = deploy(world, named("new"), tmp_path, fault=refuse)
    assert failed.failed
    assert all_of("old") <= names(world), "nothing that is old has gone"
    deploy(world, named("new"), tmp_path)
    assert names(world) == {*all_of("new"), "old-kept"}


def test_a_part_keeps_what_the_rest_may_still_use(tmp_path: Path) -> None:
    world = World()
    deploy(world, named("old"), tmp_path)
    part = {BUCKET, Key("p", "thing", "base")}
    partly = deploy(world, named("new"), tmp_path, options=Options(selected=part.__contains__))
    assert partly.actions() == {"thing/base": "create", "thing/base/formerly/old-base": "record"}
    assert "it stays until a deploy of everything that refers to it" in partly.reasons()["thing/base/formerly/old-base"]
    assert "old-base" in names(world)
    again = deploy(world, named("new"), tmp_path, options=Options(selected=part.__contains__))
    assert again.actions() == {"thing/base/formerly/old-base": "orphan"}
    deploy(world, named("new"), tmp_path)
    assert names(world) == {*all_of("new"), "old-kept"}


def test_something_shared_stays_until_all_projects_are_deployed(tmp_path: Path) -> None:
    world = World()

    def shared(name: str) -> list[Resource]:
        key = Key("shared", "thing", "topic")
        tags = ENV.ownership("shared")
        return [
            bucket(),
            Thing(identity=Identity(key=key, name=name, arn=f"{ARN}{name}", tags=tags, needs=(BUCKET,)), fields={"Size": 1}),
        ]

    deploy(world, shared("old"), tmp_path)
    partly = deploy(world, shared("new"), tmp_path, options=Options(complete=False))
    assert partly.actions() == {"thing/topic": "create", "thing/topic/formerly/old": "record"}
    assert names(world) == {"old", "new"}
    assert deploy(world, shared("new"), tmp_path).actions() == {"thing/topic/formerly/old": "delete"}
    assert names(world) == {"new"}


def test_an_old_one_that_carries_other_tags_by_now_stays(tmp_path: Path) -> None:
    world = World()
    deploy(world, named("old"), tmp_path)
    world.live[f"{ARN}old-nightly"]["Tags"] = {"deployer:environment": "other/prod", "deployer:project": "p"}
    renamed = deploy(world, named("new"), tmp_path)
    assert renamed.actions()["rule/nightly/formerly/old-nightly"] == "forget"
    assert "does not carry our tags, and stays" in renamed.reasons()["rule/nightly/formerly/old-nightly"]
    assert "old-nightly" in names(world)


def test_what_is_left_because_another_failed_is_not_forgotten(tmp_path: Path) -> None:
    """Its successor is recorded under the new name by then, so only the root knows of the old one."""
    world = World()
    deploy(world, named("old"), tmp_path)

    def refuse(_number: int, when: str, operation: str) -> None:
        if when == "before" and operation == "Put" and world.live.get(f"{ARN}new-kept", {}).get("Size"):
            raise AwsError("fake", "Put", "Denied", "no")

    failed = deploy(world, named("new"), tmp_path, fault=refuse)
    assert failed.failed
    assert Key("p", "thing", "base") in failed.done
    deploy(world, named("new"), tmp_path)
    assert names(world) == {*all_of("new"), "old-kept"}


class Busy(Thing):
    """Is left as it is while it runs, as crawlers are."""

    def update(self, aws: Aws, change: Change) -> Outputs:
        del aws, change
        raise SkippedError("it is running")


def test_what_a_skipped_one_may_still_use_is_skipped_too(tmp_path: Path) -> None:
    def using(name: str, made: type[Thing], size: int) -> list[Resource]:
        base = named(name)[1]
        identity = Identity(key=USER, name="user", arn=f"{ARN}user", tags=ENV.ownership("p"), needs=(base.key,))
        return [bucket(), base, made(identity=identity, fields={"Size": size})]

    world = World()
    deploy(world, using("old", Thing, 1), tmp_path)
    skipped = deploy(world, using("new", Busy, 2), tmp_path)
    assert (skipped.failed, names(world)) == (set(), {"old-base", "new-base", "user"})
    deploy(world, using("new", Thing, 2), tmp_path)
    assert names(world) == {"new-base", "user"}


def test_an_old_one_that_may_not_be_looked_at_is_said_with_what_to_allow(tmp_path: Path) -> None:
    """The printed policy is held to the prefix of today."""
    world = World()
    deploy(world, named("old"), tmp_path)

    def deny(_number: int, when: str, operation: str) -> None:
        if when == "before" and operation == "Get":
            requested.append(operation)
            if len(requested) > 4:  # the new ones are looked at first
                raise AwsError("fake", "Get", "AccessDeniedException", "no identity-based policy allows fake:Get")

    requested: list[str] = []
    with pytest.raises(OwnershipError, match=r"formerly/old-.* and these credentials may not look at it: no ident") as refused:
        deploy(world, named("new"), tmp_path, fault=deny)
    assert "If nothing of its kind is declared any more, allow what was printed while it was." in str(refused.value)
    assert names(world) == all_of("old")


def test_two_that_swap_their_names_forget_nothing_and_delete_nothing(tmp_path: Path) -> None:
    def pair(first: str, second: str) -> list[Resource]:
        both = [("a", first, {"Size": 1}), ("b", second, {"Size": 2})]
        tags = ENV.ownership("p")
        problems = [
            Thing(
                identity=Identity(key=Key("p", "thing", key), name=name, arn=f"{ARN}{name}", tags=tags, needs=(BUCKET,)),
                fields=fields,
            )
            for key, name, fields in both
        ]
        return [bucket(), *problems]

    world = World()
    deploy(world, pair("x", "y"), tmp_path)
    swapped = deploy(world, pair("y", "x"), tmp_path)
    assert swapped.aws.calls["fake:Delete"] == 0
    assert {world.live[f"{ARN}x"]["Size"], world.live[f"{ARN}y"]["Size"]} == {1, 2}
    assert world.live[f"{ARN}y"]["Size"] == 1
    assert deploy(world, pair("y", "x"), tmp_path).actions() == {}


def test_what_is_no_longer_declared_at_all_waits_for_prune_under_its_old_name_too(tmp_path: Path) -> None:
    world = World()
    deploy(world, named("old"), tmp_path)
    deploy(world, named("new"), tmp_path)
    undeclared = deploy(world, [bucket()], tmp_path, undeclared=["p"])
    assert undeclared.actions()["store/kept/formerly/old-kept"] == "orphan"
    deploy(world, [bucket()], tmp_path, options=Options(prune=True, data=True), undeclared=["p"])
    assert names(world) == set()


def test_records_of_before_are_read_once_and_touch_nothing(tmp_path: Path) -> None:
    """Whose digests cover no ARN yet, and whose bodies say no owner."""
    world = World()
    deploy(world, named("same"), tmp_path)
    objects = world.buckets[ENV.artifact_bucket]
    for path in [path for path in objects if "/records/" in path]:
        body = {name: value for name, value in json.loads(objects[path].body).items() if name != "owner"}
        objects[path].body = json.dumps(body).encode()
        objects[path].tags = {"desired-sha256": "0" * 64}
    for project in ("p", "shared"):
        del objects[f"dev/{project}/release.json"]
    first = deploy(world, named("same"), tmp_path)
    assert set(first.actions().values()) == {"record"}
    assert first.aws.calls["fake:Put"] == 0
    assert deploy(world, named("same"), tmp_path).actions() == {}
