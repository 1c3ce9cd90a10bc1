"""A bounded number of sequences, the same ones every time, the soak looks for new ones; and those worth a name of their own."""

from pathlib import Path

import pytest

from common.engine.options import Options
from common.model.resource import Resource
from tests.faults.bounded import bounded
from tests.faults.sequences import Sequences, _arn
from tests.support.deploying import BUCKET, deploy, killed, plan, things
from tests.support.fake_aws import World

TestSequences = Sequences.TestCase
TestSequences.settings = bounded(60, steps=30)

FIELDS = {"a": {"Size": 1}, "b": {"Size": 1}}


def deleted_behind_the_index(tmp_path: Path) -> tuple[World, list[Resource]]:
    """A world whose index still lists `b`, which is gone."""
    world, declared = World(), things(FIELDS)
    deploy(world, declared, tmp_path)
    world.index_stale = {_arn("b"): dict(world.live.pop(_arn("b"))["Tags"])}
    return world, declared


def test_what_the_index_lists_though_it_is_gone_is_missed_once_the_index_knows(tmp_path: Path) -> None:
    world, declared = deleted_behind_the_index(tmp_path)
    assert deploy(world, declared, tmp_path).actions() == {}
    world.index_stale = {}
    result = deploy(world, declared, tmp_path)
    assert (result.actions(), result.reasons()) == ({"thing/b": "create"}, {"thing/b": "is gone from AWS"})
    assert world.live[_arn("b")]["Size"] == 1


def test_verify_does_not_ask_the_index(tmp_path: Path) -> None:
    world, declared = deleted_behind_the_index(tmp_path)
    assert deploy(world, declared, tmp_path, options=Options(verify=True)).actions() == {"thing/b": "create"}


def test_an_edit_of_what_is_gone_makes_it_again_whatever_the_index_lists(tmp_path: Path) -> None:
    world, _ = deleted_behind_the_index(tmp_path)
    assert deploy(world, things({**FIELDS, "b": {"Size": 2}}), tmp_path).actions() == {"thing/b": "create"}
    assert world.live[_arn("b")]["Size"] == 2


def test_what_the_index_does_not_list_yet_is_looked_at_and_left_alone(tmp_path: Path) -> None:
    world, declared = World(index_lags={_arn("a"), _arn("b")}), things(FIELDS)
    deploy(world, declared, tmp_path)
    again = deploy(world, declared, tmp_path)
    assert again.actions() == {}
    assert (again.aws.calls["fake:Get"], again.aws.calls["fake:Put"]) == (2, 0)


def test_what_the_index_still_lists_of_what_was_deleted_is_no_promise_for_what_is_declared_again(tmp_path: Path) -> None:
    """Pruned, and declared once more while the index has not heard of it."""
    world, declared = World(), things(FIELDS)
    deploy(world, declared, tmp_path)
    tags = dict(world.live[_arn("b")]["Tags"])
    deploy(world, things({"a": FIELDS["a"]}), tmp_path, options=Options(prune=True))
    world.index_stale = {_arn("b"): tags}
    assert deploy(world, declared, tmp_path).actions() == {"thing/b": "create"}
    assert plan(world, declared, tmp_path)[0].plan.is_empty


@pytest.mark.parametrize("damage", ["lost", "no tags", "no text", "foreign", "empty tags"])
@pytest.mark.parametrize("first", ["everything", "a part"])
def test_who_was_killed_and_lost_the_root_too_looks_at_everything(tmp_path: Path, damage: str, first: str) -> None:
    """Updated, not recorded, then taken back: the record of before matches, and no list says any more that it proves nothing."""
    boundaries = 0
    while True:
        world = Sequences()
        world.world, world.build_dir = World(), tmp_path
        deploy(world.world, things(FIELDS), tmp_path)
        if not killed(world.world, things({**FIELDS, "a": {"Size": 2}}), tmp_path, boundaries, "after"):
            break
        world._damage("dev/p/release.json", damage)
        if first == "a part":
            part = things({**FIELDS, "b": {"Size": 3}})
            deploy(world.world, part, tmp_path, options=Options(selected=lambda key: key.name in {"b", BUCKET.name}))
        deploy(world.world, things(FIELDS), tmp_path)
        assert world.world.live[_arn("a")]["Size"] == 1, f"killed after call {boundaries}"
        boundaries += 1
    assert boundaries > 10
