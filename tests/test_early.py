"""What was edited is read before it is known that it has to be: not more than that, and not too early."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.planning import EARLY, Options, Outcome, Planner
from common.records import Records
from common.release import Root
from common.resource import Resource
from tests.deploying import ENV, deploy, things
from tests.fake_aws import FakeAws, World


class Slow(Records):
    """The root takes its time."""

    def root(self, project: str) -> tuple[Root | None, str | None]:
        time.sleep(0.05)
        return super().root(project)


def planned(world: World, resources: list[Resource], likely: list[Resource], tmp_path: Path) -> tuple[Outcome, list[str]]:
    """The plan, and the operations in the order in which they were asked for."""
    asked: list[str] = []
    aws = FakeAws(world, lambda _, when, operation: asked.append(operation) if when == "before" else None)
    with ThreadPoolExecutor(16) as pool:
        return Planner(ENV, aws, Slow(aws, ENV), tmp_path, pool).plan(resources, Options(), lambda: None, (), likely), asked


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World()
    deploy(made, things({"a": {"Size": 1}, "b": {"Size": 1}}), tmp_path)
    return made


def test_it_is_read_once_and_after_the_root(world: World, tmp_path: Path) -> None:
    """The root is overwritten only if nobody has written it since: so what is planned must be no older than that."""
    resources = things({"a": {"Size": 2}, "b": {"Size": 1}})
    outcome, asked = planned(world, resources, resources[1:2], tmp_path)
    assert [(str(one.key), str(one.action)) for one in outcome.plan.changes if one.action != "noop"] == [("thing/a", "update")]
    assert asked.count("Get") == 1
    assert asked.index("GetObject") < asked.index("Get")


def test_after_a_switch_of_branches_only_what_differs_is_read(world: World, tmp_path: Path) -> None:
    many = {f"t{number}": {"Size": 1} for number in range(EARLY + 1)}
    deploy(world, things(many), tmp_path)
    resources = things(many)
    assert "Get" not in planned(world, resources, resources[1:], tmp_path)[1]
    assert planned(world, resources, resources[2:], tmp_path)[1].count("Get") == EARLY
