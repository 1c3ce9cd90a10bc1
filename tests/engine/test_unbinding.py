"""What is unbound or was adopted stays in AWS, whatever is deleted beside it, and wherever a process dies meanwhile."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.base.errors import AwsError, DeployError, OwnershipError
from common.engine.options import Options
from common.model.choices import NOBODY
from common.model.resource import Key
from common.state.records import Records
from tests.support.deploying import ENV, deploy, killed, plan, things
from tests.support.fake_aws import FakeAws, Thing, World

ARN = "arn:aws:fake:eu-central-1:123456789012:p/"
AB = {"a": {"Size": 1}, "b": {"Size": 1}}
OURS = {"deployer:environment", "deployer:project"}
GONE: dict[str, Any] = {"undeclared": ["p"]}


def unbinding(*names: str) -> Options:
    return Options(selected=lambda key: key.name in names, prune=True, data=True, unbind=True)


def adopting() -> Options:
    return Options(adopt={NOBODY})


def with_foreign(name: str, **tags: str) -> World:
    world = World()
    world.live[f"{ARN}{name}"] = {"Size": 1, "Tags": dict(tags)}
    return world


def tags(world: World, name: str) -> set[str]:
    return {*world.live[f"{ARN}{name}"]["Tags"]}


def record(world: World, name: str) -> Any:
    return Records(FakeAws(world), ENV).read(Key("p", "thing", name))


def test_tags_and_records_go_and_the_resource_stays(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(AB), tmp_path)
    done = deploy(world, [], tmp_path, options=unbinding("b"), **GONE)
    assert done.reasons() == {"thing/b": "stays as it is, without our tags and our record"}
    assert (tags(world, "a") & OURS, tags(world, "b") & OURS) == (OURS, set())
    assert world.live[f"{ARN}b"]["Size"] == 1
    assert record(world, "b") == {}
    root, _ = Records(FakeAws(world), ENV).root("p")
    assert root is not None
    assert [(change["key"], change["action"], change["outcome"]) for change in root.changes] == [("thing/b", "unbind", "done")]
    assert deploy(world, things({"a": AB["a"]}), tmp_path).actions() == {}, "nothing is left of it to tell"


def test_what_is_unbound_and_still_declared_is_told_and_may_be_taken_over_again(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(AB), tmp_path)
    deploy(world, [], tmp_path, options=unbinding("b"), **GONE)
    with pytest.raises(OwnershipError, match=r"thing/b: .* was unbound at \S+Z?, so it is not ours any more.*--adopt"):
        plan(world, things(AB), tmp_path)
    deploy(world, things(AB), tmp_path, options=adopting())
    assert record(world, "b")["adopted"] == NOBODY


def test_what_is_ours_again_is_not_said_to_be_unbound_when_somebody_takes_its_tags_away(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(AB), tmp_path)
    deploy(world, [], tmp_path, options=unbinding("b"), **GONE)
    deploy(world, things(AB), tmp_path, options=adopting())
    world.live[f"{ARN}b"]["Tags"].clear()
    with pytest.raises(OwnershipError, match=r"thing/b: .* exists and does not carry this environment's tags"):
        plan(world, things(AB), tmp_path, Options(verify=True))


@pytest.mark.parametrize("when", ["before", "after"])
def test_wherever_it_is_killed_the_next_one_completes_it(tmp_path: Path, when: str) -> None:
    for boundary in range(1, 100):
        world = World()
        deploy(world, things(AB), tmp_path)
        if not killed(world, [], tmp_path, boundary, when, options=unbinding("b"), **GONE):
            assert boundary > 5
            return
        if not tags(world, "b") & OURS and record(world, "b"):
            with pytest.raises(OwnershipError, match="was unbound"):  # a deploy in between does not bind it again
                plan(world, things(AB), tmp_path)
        deploy(world, [], tmp_path, options=unbinding("b"), **GONE)
        assert tags(world, "b") & OURS == set()
        assert record(world, "b") == {}
        assert deploy(world, things({"a": AB["a"]}), tmp_path).actions() == {}
    pytest.fail("it never ended")


def test_what_was_adopted_is_not_deleted_unless_it_is_named(tmp_path: Path) -> None:
    world = with_foreign("b", theirs="1")
    deploy(world, things(AB), tmp_path, options=adopting())
    deploy(world, things({**AB, "b": {"Size": 2}}), tmp_path)
    assert record(world, "b")["adopted"] == NOBODY, "later deploys know it"
    pruned = deploy(world, things({}), tmp_path, options=Options(prune=True), **GONE)
    assert pruned.actions() == {"thing/b": "unbind", "thing/a": "delete"}
    assert pruned.reasons()["thing/b"].endswith(
        "it was adopted, so it stays, without our tags and our record; --only thing/b deletes it"
    )
    assert tags(world, "b") == {"theirs"}
    assert f"{ARN}a" not in world.live


def test_what_was_adopted_is_deleted_if_it_is_named(tmp_path: Path) -> None:
    world = with_foreign("b")
    deploy(world, things(AB), tmp_path, options=adopting())
    named = Options(prune=True, named=lambda key: str(key) == "thing/b")
    assert deploy(world, things({}), tmp_path, options=named, **GONE).actions()["thing/b"] == "delete"
    assert f"{ARN}b" not in world.live


@pytest.mark.parametrize("when", ["before", "after"])
def test_wherever_an_adoption_is_killed_it_is_remembered(tmp_path: Path, when: str) -> None:
    for boundary in range(1, 100):
        world = with_foreign("b")
        ended = not killed(world, things(AB), tmp_path, boundary, when, options=adopting())
        deploy(world, things(AB), tmp_path, options=adopting())
        pruned = deploy(world, things({}), tmp_path, options=Options(prune=True), **GONE)
        assert pruned.actions().get("thing/b") == "unbind", (boundary, when)
        if ended:
            return
    pytest.fail("it never ended")


def test_the_mark_outlives_an_update_that_fails(tmp_path: Path) -> None:
    def fault(_number: int, when: str, operation: str) -> None:
        if (operation, when) == ("Put", "before"):
            raise AwsError("fake", "Put", "ThrottlingException", "slow down")

    world = with_foreign("b")
    deploy(world, things(AB), tmp_path, options=adopting())
    deploy(world, things({**AB, "b": {"Size": 2}}), tmp_path, fault=fault)
    root, _ = Records(FakeAws(world), ENV).root("p")
    assert root is not None
    assert ({*root.pending}, dict(root.adopted)) == ({"thing/b"}, {"thing/b": NOBODY})


def test_the_mark_outlives_a_record_that_is_lost(tmp_path: Path) -> None:
    world = with_foreign("b")
    deploy(world, things(AB), tmp_path, options=adopting())
    del world.buckets[ENV.artifact_bucket]["dev/p/records/thing/b.json"]
    deploy(world, things(AB), tmp_path, options=Options(verify=True))
    assert record(world, "b")["adopted"] == NOBODY


def test_the_mark_outlives_a_release_root_that_is_overwritten_unread_or_lost(tmp_path: Path) -> None:
    world = with_foreign("b")
    deploy(world, things(AB), tmp_path, options=adopting())
    del world.live[f"{ARN}a"]  # the tags of the root say that all is as declared, and one thing is gone
    assert deploy(world, things(AB), tmp_path).actions() == {"thing/a": "create"}
    del world.buckets[ENV.artifact_bucket]["dev/p/records/thing/b.json"]
    deploy(world, things(AB), tmp_path, options=Options(verify=True))
    assert record(world, "b")["adopted"] == NOBODY
    del world.buckets[ENV.artifact_bucket]["dev/p/release.json"]
    deploy(world, things({**AB, "a": {"Size": 3}}), tmp_path)
    root, _ = Records(FakeAws(world), ENV).root("p")
    assert root is not None
    assert root.adopted == {"thing/b": NOBODY}


def test_what_is_created_again_is_ours_alone(tmp_path: Path) -> None:
    world = with_foreign("b")
    deploy(world, things(AB), tmp_path, options=adopting())
    del world.live[f"{ARN}b"]
    deploy(world, things(AB), tmp_path)
    assert "adopted" not in record(world, "b")
    pruned = deploy(world, things({}), tmp_path, options=Options(prune=True), **GONE)
    assert pruned.actions() == {"thing/b": "delete", "thing/a": "delete"}


def test_what_was_adopted_is_not_replaced_unless_it_is_named(tmp_path: Path) -> None:
    world = with_foreign("b")
    world.live[f"{ARN}b"]["Kind"] = "x"
    fields = {"a": {"Size": 1}, "b": {"Size": 1, "Kind": "x"}}
    deploy(world, things(fields), tmp_path, options=adopting())
    fields["b"] = {"Size": 1, "Kind": "y"}
    with pytest.raises(DeployError, match=r"what was adopted is not replaced: .*or name it: --only thing/b"):
        plan(world, things(fields), tmp_path)
    assert deploy(world, things(fields), tmp_path, options=Options(named=lambda _: True)).actions() == {"thing/b": "replace"}


def test_what_was_adopted_is_not_replaced_although_its_record_was_read_last(tmp_path: Path) -> None:
    """The tags say that all is as declared, so that it was adopted is known only once its record has been read."""
    world = with_foreign("b")
    world.live[f"{ARN}b"]["Kind"] = "x"
    bucket, thing = things({"b": {"Kind": "x"}})
    assert isinstance(thing, Thing)
    resources = [bucket, replace(thing, identity=replace(thing.identity, always_verified=True))]
    deploy(world, resources, tmp_path, options=adopting())
    world.live[f"{ARN}b"]["Kind"] = "y"
    with pytest.raises(DeployError, match="what was adopted is not replaced"):
        plan(world, resources, tmp_path)


def test_an_unbound_resource_that_was_renamed_stays_under_its_former_name(tmp_path: Path) -> None:
    world = with_foreign("b")
    deploy(world, things({"b": AB["b"]}), tmp_path, options=adopting())
    bucket, thing = things({"b": AB["b"]})
    assert isinstance(thing, Thing)
    renamed = replace(thing, identity=replace(thing.identity, name="b2", arn=f"{ARN}b2"))
    done = deploy(world, [bucket, renamed], tmp_path)
    assert done.actions() == {"thing/b": "create", "thing/b/formerly/b": "unbind"}
    assert {f"{ARN}b", f"{ARN}b2"} <= world.live.keys()
    assert tags(world, "b") & OURS == set()
