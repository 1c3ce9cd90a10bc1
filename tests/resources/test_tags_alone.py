"""Tags that changed are one call, which changes nothing else: what runs goes on running, and nothing is written over."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from common.model.resource import Live
from tests.resources.builders import TAGS, Place, final, updated
from tests.resources.scripted import Answer, ScriptedAws

Build = Callable[[Place], Any]
TYPES: list[tuple[Build, str, str]] = [
    (Place.database, "glue:TagResource", "glue:UntagResource"),
    (Place.table, "dynamodb:TagResource", "dynamodb:UntagResource"),
    (Place.topic, "sns:TagResource", "sns:UntagResource"),
    (Place.log_group, "logs:TagResource", "logs:UntagResource"),
    (Place.role, "iam:TagRole", "iam:UntagRole"),
    (Place.function, "lambda:TagResource", "lambda:UntagResource"),
    (Place.job, "glue:TagResource", "glue:UntagResource"),
    (Place.crawler, "glue:TagResource", "glue:UntagResource"),
    (Place.state_machine, "stepfunctions:TagResource", "stepfunctions:UntagResource"),
    (Place.rule, "events:TagResource", "events:UntagResource"),
]
"""How each type is given tags, and how they are taken from it."""


def told(parameters: dict[str, Any]) -> Any:
    """The tags of a call as a map, or the keys of those that go."""
    (tags,) = [value for name, value in parameters.items() if name.lower().startswith("tag") and "ARN" not in name.upper()]
    if isinstance(tags, dict):
        return tags
    return {item["Key" if "Key" in item else "key"]: item["Value" if "Value" in item else "value"] for item in tags}


def test_with_exclusive_the_tags_of_others_go_whatever_the_type(place: Place) -> None:
    """Only layers have none: the descriptions of their versions say whose they are."""
    builds: list[Build] = [Place.bucket, Place.queue, Place.layer, *(build for build, _, _ in TYPES)]
    assert [build.__name__ for build in builds if "Tags" not in build(place).removable] == ["layer"]


@pytest.mark.parametrize(("build", "tag", "untag"), TYPES, ids=[f"{build.__name__}" for build, _, _ in TYPES])
def test_changed_tags_are_one_call(place: Place, build: Build, tag: str, untag: str) -> None:
    script: dict[str, Answer | list[Answer]] = {tag: {}, untag: {}}
    aws, resource = ScriptedAws(script), build(place)
    updated(aws, resource, {"Tags"}, Live(final(resource)))
    called = [(name, parameters) for name, parameters in aws.calls if name in script]
    assert [name for name, _ in called] == [tag]
    assert told(called[0][1]) == TAGS


@pytest.mark.parametrize(("build", "tag", "untag"), TYPES, ids=[f"{build.__name__}" for build, _, _ in TYPES])
def test_tags_that_are_declared_no_more_are_taken_away_and_no_others(place: Place, build: Build, tag: str, untag: str) -> None:
    script: dict[str, Answer | list[Answer]] = {tag: {}, untag: {}}
    aws, resource = ScriptedAws(script), build(place)
    live = Live(final(resource), undeclared={"Tags": {"old": "x", "theirs": "y"}})
    updated(aws, resource, {"Tags"}, live, {"Tags": {"old": "x"}})
    called = [(name, parameters) for name, parameters in aws.calls if name in script]
    assert [name for name, _ in called] == [tag, untag]
    assert "old" in str(called[1][1])
    assert "theirs" not in str(called[1][1])


@pytest.mark.parametrize(("build", "tag", "untag"), TYPES, ids=[f"{build.__name__}" for build, _, _ in TYPES])
def test_what_an_earlier_name_prefix_has_left_can_be_unbound(place: Place, build: Build, tag: str, untag: str) -> None:
    """If the deployer may delete it by its tags, it may take its tags away, too."""
    policy = sys.modules[type(build(place)).__module__].KIND.policy
    assert tag.partition(":")[2] in policy.operations
    assert not policy.left_over or untag.partition(":")[2] in policy.left_over
