"""The replacement of a rule by a schedule waits for the middle of a minute, when nothing is due."""

import pytest

from common.engine import moving
from common.model.resource import Action, Change, Key, Plan
from tests.support.fake_aws import FakeAws
from tests.support.fake_world import World

SCHEDULE, RULE = Key("acres", "resource", "nightly.schedule"), Key("acres", "rule", "nightly")
CREATION = Change(SCHEDULE, Action.CREATE, "does not exist")
DELETION = Change(RULE, Action.DELETE, "replaced by resource/nightly.schedule", successor=SCHEDULE)


@pytest.mark.parametrize(("second", "waits"), [(0, 15), (14, 1), (15, 0), (35, 0), (36, 39), (59, 16)])
def test_it_begins_when_nothing_is_due(second: int, waits: int) -> None:
    aws = FakeAws(World())
    moving.wait_until_quiet(aws, CREATION, Plan((CREATION, DELETION)), now=lambda: 1_700_000_040 + second)
    assert sum(aws.slept) == waits


def test_what_replaces_nothing_waits_for_nothing() -> None:
    aws = FakeAws(World())
    moving.wait_until_quiet(aws, CREATION, Plan((CREATION,)), now=lambda: 1_700_000_040)
    assert aws.slept == []


def test_only_what_is_of_the_same_step_is_deleted_right_after() -> None:
    replaced = {RULE: SCHEDULE, (role := Key("acres", "role", "nightly-trigger")): SCHEDULE}
    assert moving.in_step(Change(RULE, Action.DELETE, ""), replaced).successor == SCHEDULE
    assert moving.in_step(Change(role, Action.DELETE, ""), replaced).successor is None
    assert moving.in_step(Change(RULE._replace(name="other"), Action.DELETE, ""), replaced).successor is None
