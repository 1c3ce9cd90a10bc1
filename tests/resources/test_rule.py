"""What is particular to rules: answers that refuse politely, and targets that are in the way."""

from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.errors import AwsError, DeclarationError
from common.engine.resource_facts import find_stale
from common.model import comparison
from tests.resources.builders import TAGS, Place, final, live_state, updated
from tests.resources.scripted import ScriptedAws, refused


def test_a_refused_target_is_loud(place: Place) -> None:
    rule = place.rule()
    entry = {"TargetId": "target", "ErrorCode": "ResourceNotFoundException", "ErrorMessage": "no such machine"}

    class Polite:
        def call(self, service: str, operation: str, /, **_: Any) -> dict[str, Any]:
            assert (service, operation) == ("events", "PutTargets")
            return {"FailedEntryCount": 1, "FailedEntries": [entry]}

    with pytest.raises(AwsError, match="events:PutTargets was refused: ResourceNotFoundException: no such machine"):
        updated(Polite(), rule, {"Targets"})  # type: ignore[arg-type]  # no other call is made


def test_a_target_that_nobody_declared_stays(moto_aws: AwsSession, place: Place) -> None:
    rule = place.rule(input={"n": 1})
    rule.create(moto_aws, final(rule))
    extra = {"Id": "by-hand", "Arn": place.arn("lambda", "function:x")}
    moto_aws.call("events", "PutTargets", Rule=rule.name, Targets=[extra])
    state = live_state(moto_aws, rule)
    assert state == final(rule)
    updated(moto_aws, rule, {"Targets"}, rule.read(moto_aws))
    live = rule.read(moto_aws)
    assert live is not None
    assert live.undeclared == {"Targets": {"by-hand": extra}}
    rule.delete(moto_aws)
    assert rule.read(moto_aws) is None


@pytest.mark.parametrize("overrides", [{"schedule": None}, {"schedule": "rate(1 day)", "pattern": {"source": ["aws.s3"]}}])
def test_either_a_schedule_or_a_pattern(overrides: dict[str, Any], place: Place) -> None:
    with pytest.raises(DeclarationError, match="trigger/t-daily: a rule has either a schedule or a pattern"):
        place.rule(**overrides).desired()


def test_one_kind_of_input(place: Place) -> None:
    with pytest.raises(DeclarationError, match="trigger/t-daily: its target takes either"):
        place.rule(input={}, input_transformer=({}, "{}")).desired()


def test_a_schedule_that_declares_no_input_leaves_a_target_without_one_as_it_is(moto_aws: AwsSession, place: Place) -> None:
    """Without an input the machine receives the event. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html."""
    rule = place.rule(input={}, is_default_input=True)
    rule.create(moto_aws, final(rule))
    (sent,) = moto_aws.call("events", "ListTargetsByRule", Rule=rule.name)["Targets"]
    assert sent["Input"] == "{}"
    bare = {"Id": "by-hand", "Arn": sent["Arn"], "RoleArn": sent["RoleArn"]}
    moto_aws.call("events", "RemoveTargets", Rule=rule.name, Ids=["target"])
    moto_aws.call("events", "PutTargets", Rule=rule.name, Targets=[bare])
    assert live_state(moto_aws, rule) == final(rule)
    updated(moto_aws, rule, {"Targets"}, rule.read(moto_aws))
    assert moto_aws.call("events", "ListTargetsByRule", Rule=rule.name)["Targets"] == [bare]


def test_a_rule_for_events_that_declares_no_input_leaves_the_one_of_its_target_as_it_is(
    moto_aws: AwsSession, place: Place
) -> None:
    rule = place.rule(schedule=None, pattern={"source": ["aws.glue"]})
    rule.create(moto_aws, final(rule))
    (sent,) = moto_aws.call("events", "ListTargetsByRule", Rule=rule.name)["Targets"]
    assert "Input" not in sent
    transformed = {**sent, "InputTransformer": {"InputPathsMap": {"x": "$.detail"}, "InputTemplate": '{"x": <x>}'}}
    moto_aws.call("events", "PutTargets", Rule=rule.name, Targets=[transformed])
    assert live_state(moto_aws, rule) == final(rule)
    live = rule.read(moto_aws)
    assert live is not None
    assert live.undeclared["Targets"] == {"target": {"InputTransformer": transformed["InputTransformer"]}}
    updated(moto_aws, rule, {"Targets"}, live)
    assert moto_aws.call("events", "ListTargetsByRule", Rule=rule.name)["Targets"] == [transformed]


def test_what_a_rule_is_for_is_put_compared_and_taken_away(moto_aws: AwsSession, place: Place) -> None:
    def brought(rule: Any, applied: Any) -> str:
        live = rule.read(moto_aws)
        stale = find_stale(rule, live, [final(applied)])
        updated(moto_aws, rule, {*comparison.difference(final(rule), live.state), *stale}, live, stale)
        assert live_state(moto_aws, rule) == final(rule)
        described: str = moto_aws.call("events", "DescribeRule", Name=rule.name).get("Description", "")
        return described

    plain, described = place.rule(), place.rule(description="Every day")
    described.create(moto_aws, final(described))
    assert live_state(moto_aws, described) == final(described)
    moto_aws.call("events", "PutRule", Name=plain.name, ScheduleExpression="rate(1 day)", Description="by hand")
    assert brought(described, described) == "Every day"
    assert brought(plain, described) == ""


def test_whose_a_rule_is_can_be_asked_until_it_is_gone(place: Place) -> None:
    rule, tags = place.rule(), [{"Key": key, "Value": value} for key, value in TAGS.items()]
    aws = ScriptedAws({"events:DescribeRule": {}, "events:ListTagsForResource": {"Tags": tags}})
    assert rule.live_tags(aws, rule) == TAGS
    gone = refused("DescribeRule", "ResourceNotFoundException")
    assert rule.live_tags(ScriptedAws({"events:DescribeRule": gone}), rule) is None


def test_with_a_declared_description_only_the_role_of_the_rule_is_of_others(place: Place) -> None:
    rule = place.rule(description="Daily")
    live = {"State": "ENABLED", "Description": "Nightly", "RoleArn": "arn:theirs", "ScheduleExpression": "rate(1 day)"}
    aws = ScriptedAws(
        {"events:DescribeRule": live, "events:ListTagsForResource": {"Tags": []}, "events:ListTargetsByRule": {"Targets": []}}
    )
    read = rule.read(aws)
    assert read is not None
    assert (read.state["Description"], dict(read.undeclared)) == ("Nightly", {"RoleArn": "arn:theirs"})
