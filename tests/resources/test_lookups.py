"""Which answers show that a thing of somebody else can be used."""

import json

import pytest

from common.base.json_types import JsonObject
from common.model.lookup import ALARMS, EVENTS, STORE, Further, Lookup
from common.model.reference import Ref
from common.model.resource import Key
from common.resources import kind_of


def lookup_of(kind: str) -> Lookup:
    lookup = kind_of(kind).lookup
    assert lookup is not None
    return lookup


def is_there(kind: str, response: JsonObject) -> bool:
    return lookup_of(kind).is_there(response, Ref(Key("existing", kind, "Runs"), "Runs", "arn:any"))


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
        ({"Policy": json.dumps({"Statement": json.loads(USUAL)["Statement"][0]})}, True),
        ({"Policy": statement({"Service": "events.amazonaws.com"})}, False),
        ({"Policy": statement({"Service": "cloudwatch.amazonaws.com"}, "sns:Subscribe")}, False),
        ({}, False),
    ],
)
def test_a_topic_lets_alarms_publish_by_its_policy(attributes: JsonObject, publishes: bool) -> None:
    """And by its key: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html."""
    assert lookup_of("topic").further[ALARMS].holds({"Attributes": attributes}) is publishes


def test_a_layer_is_asked_for_by_its_name_and_the_number_of_its_version() -> None:
    arn = "arn:aws:lambda:eu-central-1:123456789012:layer:deps"
    layer = Ref(Key("existing", "layer", "deps"), "deps", f"{arn}:12")
    assert lookup_of("layer").parameters(layer) == {"LayerName": arn, "VersionNumber": 12}


def test_that_parameters_are_described_is_allowed_for_all_of_them() -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html: IAM cannot limit it."""
    assert lookup_of("parameter").covers("arn:aws:ssm:eu-central-1:123456789012:parameter/orders/url") == ("*",)


@pytest.mark.parametrize(
    ("response", "region"),
    [
        ({"LocationConstraint": None}, "us-east-1"),
        ({}, "us-east-1"),
        ({"LocationConstraint": "EU"}, "eu-west-1"),
        ({"LocationConstraint": "eu-central-1"}, "eu-central-1"),
    ],
)
def test_a_bucket_is_in_the_region_that_other_services_would_name(response: JsonObject, region: str) -> None:
    """See https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html ."""
    assert lookup_of("bucket").region(response) == region


BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


@pytest.mark.parametrize(
    ("purpose", "operation", "absent", "enough", "lacking"),
    [
        (EVENTS, "GetBucketNotificationConfiguration", "", {"EventBridgeConfiguration": {}}, [{}, {"QueueConfigurations": []}]),
        (STORE[0], "GetBucketVersioning", "", {"Status": "Enabled"}, [{}, {"Status": "Suspended"}]),
        (STORE[1], "GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", {}, []),
        (
            STORE[2],
            "GetPublicAccessBlock",
            "NoSuchPublicAccessBlockConfiguration",
            {"PublicAccessBlockConfiguration": BLOCKED},
            [{"PublicAccessBlockConfiguration": {**BLOCKED, name: False}} for name in BLOCKED],
        ),
    ],
)
def test_a_bucket_of_others_serves_a_purpose_by_one_answer_and_lacks_it_by_others(
    purpose: str, operation: str, absent: str, enough: JsonObject, lacking: list[JsonObject]
) -> None:
    """By hand from the pages of these operations in https://docs.aws.amazon.com/AmazonS3/latest/API/."""
    further: Further = lookup_of("bucket").further[purpose]
    assert (further.operation, further.absent) == (operation, absent)
    assert further.holds(enough)
    assert not any(further.holds(response) for response in lacking)
