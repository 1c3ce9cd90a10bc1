"""Which answers show that a thing of somebody else can be used."""

import json

import pytest

from common.base.json_types import JsonObject
from common.model.lookup import ALARMS
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of


def is_there(kind: str, response: JsonObject) -> bool:
    lookup = kind_of(kind).lookup
    assert lookup is not None
    return lookup.is_there(response, Ref(Key("existing", kind, "Runs"), "Runs", "arn:any"))


@pytest.mark.parametrize(
    ("kind", "usable", "deleted"),
    [
        ("key", {"KeyMetadata": {"KeyState": "Enabled"}}, {"KeyMetadata": {"KeyState": "PendingDeletion"}}),
        ("key", {"KeyMetadata": {"KeyState": "Updating"}}, {"KeyMetadata": {"KeyState": "PendingReplicaDeletion"}}),
        ("secret", {"Name": "Runs"}, {"Name": "Runs", "DeletedDate": "2026-01-01"}),
        ("table", {"Table": {"TableStatus": "UPDATING"}}, {"Table": {"TableStatus": "DELETING"}}),
        ("state-machine", {"status": "ACTIVE"}, {"status": "DELETING"}),
    ],
)
def test_what_is_being_deleted_cannot_be_used(kind: str, usable: JsonObject, deleted: JsonObject) -> None:
    """AWS still describes it until it is gone.

    Of keys for up to 30 days: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    Of secrets likewise: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    Of machines until their executions end: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    assert is_there(kind, usable)
    assert not is_there(kind, deleted)


def test_a_log_group_is_the_one_of_its_whole_name() -> None:
    assert is_there("log-group", {"logGroups": [{"logGroupName": "Runs-2"}, {"logGroupName": "Runs"}]})
    assert not is_there("log-group", {"logGroups": [{"logGroupName": "Runs-2"}]})


def statement(principal: object, action: object = "SNS:Publish") -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "arn:any"}]})


USUAL = statement({"AWS": "*"}, ["SNS:Subscribe", "SNS:Publish"])


@pytest.mark.parametrize(
    ("attributes", "publishes"),
    [
        ({"Policy": USUAL}, True),
        ({"Policy": USUAL, "KmsMasterKeyId": "0a1b2c3d-0000-4000-8000-123456789012"}, True),
        ({"Policy": USUAL, "KmsMasterKeyId": "alias/aws/sns"}, False),
        ({"Policy": statement({"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}, "sns:*")}, True),
        ({"Policy": statement({"Service": "events.amazonaws.com"})}, False),
        ({"Policy": statement({"Service": "cloudwatch.amazonaws.com"}, "sns:Subscribe")}, False),
        ({}, False),
    ],
)
def test_a_topic_lets_alarms_publish_by_its_policy(attributes: JsonObject, publishes: bool) -> None:
    """And by its key: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html."""
    lookup = kind_of("topic").lookup
    assert lookup is not None
    assert lookup.further[ALARMS].holds({"Attributes": attributes}) is publishes
