"""A deploy notices that another one has changed the same project since it was planned."""

from pathlib import Path

import pytest

from common.base.errors import LockedError, OvertakenError
from common.engine.options import Options
from tests.support.deploying import deploy, things
from tests.support.fake_aws import World

FIRST = {"a": {"Size": 1}, "b": {"Size": 1, "Kind": "x"}, "c": {"Size": 1}}


def test_another_deploy_between_plan_and_apply_is_noticed(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)

    def another() -> None:
        deploy(world, things({**FIRST, "a": {"Size": 8}}), tmp_path)

    with pytest.raises(OvertakenError, match="another deploy has changed it since"):
        deploy(world, things({**FIRST, "a": {"Size": 9}}), tmp_path, before_apply=another)
    assert world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]["Size"] == 8


def test_another_deploy_is_noticed_where_the_plan_had_only_the_tag_of_a_root(tmp_path: Path) -> None:
    """Drift is repaired by a plan that trusts the root's tag; it must not be carried out over what was released since."""
    world = World()
    deploy(world, things(FIRST), tmp_path)
    world.live["arn:aws:fake:eu-central-1:123456789012:p/a"]["Size"] = 7
    newer = {**FIRST, "b": {"Size": 8, "Kind": "x"}}

    def another() -> None:
        deploy(world, things(newer), tmp_path)

    with pytest.raises(OvertakenError):
        deploy(world, things(FIRST), tmp_path, options=Options(verify=True), before_apply=another)
    assert deploy(world, things(newer), tmp_path).actions() == {}
    assert deploy(world, things(FIRST), tmp_path).actions() == {"thing/b": "update"}


def test_a_first_deploy_notices_another_first_deploy(tmp_path: Path) -> None:
    world = World()

    def another() -> None:
        deploy(world, things({**FIRST, "a": {"Size": 8}}), tmp_path)

    with pytest.raises(OvertakenError):
        deploy(world, things(FIRST), tmp_path, before_apply=another)
    assert deploy(world, things({**FIRST, "a": {"Size": 8}}), tmp_path).actions() == {}


def test_a_lease_keeps_others_out_until_it_expires(tmp_path: Path) -> None:
    world = World()
    deploy(world, things(FIRST), tmp_path)
    changed = things({**FIRST, "a": {"Size": 2}})

    def die_holding(number: int, when: str, operation: str) -> None:
        if operation == "Put" and when == "before":
            raise SystemExit

    with pytest.raises(SystemExit):
        deploy(world, changed, tmp_path, fault=die_holding)
    with pytest.raises(LockedError, match="being deployed by test"):
        deploy(world, changed, tmp_path)
    world.seconds += 61
    assert deploy(world, changed, tmp_path).actions() == {"thing/a": "update"}
