"""What is particular to topics: one call makes one, and one that exists with other tags or attributes is brought up to date."""

import json
from typing import Any

import pytest

from common.base.errors import AwsError
from common.model.tags import tag_list
from common.resources.topic import KIND
from tests.resources.builders import Place, final, updated
from tests.resources.scripted import ScriptedAws, refused


def test_a_topic_is_made_by_one_call(place: Place) -> None:
    topic, aws = place.topic(), ScriptedAws({"sns:CreateTopic": {}})
    topic.create(aws, final(topic))
    assert aws.operations == ["sns:CreateTopic"] == [f"sns:{operation}" for operation in KIND.calls.create]


def test_one_that_exists_with_other_tags_is_brought_up_to_date(place: Place) -> None:
    """SNS refuses the creation, and moto does not: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html."""
    topic = place.topic(properties={"DisplayName": "orders"})
    message = "Invalid parameter: Tags Reason: Topic already exists with different tags"
    answers: dict[str, Any] = {
        "sns:CreateTopic": refused("CreateTopic", "InvalidParameter", message),
        "sns:GetTopicAttributes": {"Attributes": {"DisplayName": "", "Policy": ""}},
        "sns:ListTagsForResource": {"Tags": tag_list({name: text for name, text in topic.tags.items() if name != "team"})},
        "sns:SetTopicAttributes": {},
        "sns:TagResource": {},
    }
    aws = ScriptedAws(answers)
    assert topic.create(aws, final(topic)) == {}
    assert [name for name, _ in aws.calls][-2:] == ["sns:SetTopicAttributes", "sns:TagResource"]


def test_any_other_refusal_is_loud(place: Place) -> None:
    aws = ScriptedAws({"sns:CreateTopic": refused("CreateTopic", "InvalidParameter", "Invalid parameter: Topic Name")})
    with pytest.raises(AwsError, match="Topic Name"):
        place.topic().create(aws, final(place.topic()))


def test_a_policy_that_is_declared_no_more_gives_way_to_the_one_of_a_new_topic(place: Place) -> None:
    """By hand from https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html: its account alone may use it."""
    topic, aws = place.topic(), ScriptedAws({"sns:SetTopicAttributes": {}})
    updated(aws, topic, {"Policy"}, stale={"Policy": "{}"})
    sent = aws.sent("sns:SetTopicAttributes")
    policy = json.loads(sent["AttributeValue"])
    (statement,) = policy["Statement"]
    assert (sent["AttributeName"], policy["Id"], statement["Resource"]) == ("Policy", "__default_policy_ID", topic.arn)
    assert (statement["Effect"], statement["Principal"]) == ("Allow", {"AWS": "*"})
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": place.account_id}}
    own = "DeleteTopic GetTopicAttributes ListSubscriptionsByTopic SetTopicAttributes"
    actions = f"AddPermission Publish RemovePermission Subscribe {own}"
    assert {*statement["Action"]} == {f"SNS:{action}" for action in actions.split()}
