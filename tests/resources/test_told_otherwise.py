"""Resources of any type, of which AWS tells a property otherwise than it was declared: no change for ever, and still a drift.

Most are bugs that users of other tools have met: https://github.com/hashicorp/terraform-provider-aws/issues/23288
"""

import json
from typing import Any

import pytest

from tests.resources.test_cloud_control import URL, CloudControl, brought, deployed, queue

QUEUE, TOPIC, SUBSCRIPTION = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::SNS::Subscription"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "arn:q"}
ROOT = "arn:aws:iam::123456789012:root"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function"
NOTIFIED = {"Event": "s3:ObjectCreated:*", "Function": "arn:f"}


def policy(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{**ALLOW, "Principal": principal, **more}]}


def notification(name: str, value: str = "in/") -> dict[str, Any]:
    rules = [{"Name": name, "Value": value}]
    return {"LambdaConfigurations": [{**NOTIFIED, "Filter": {"S3Key": {"Rules": rules}}}]}


TOLD: list[tuple[str, str, Any, Any, Any]] = [
    # An account in a policy is told as its root, a list of one as the text in it: hashicorp/terraform#13972
    (
        "AWS::SQS::QueueInlinePolicy",
        "PolicyDocument",
        policy({"AWS": "123456789012"}),
        policy({"AWS": ROOT}),
        policy({"AWS": "*"}),
    ),
    (
        "AWS::SQS::QueueInlinePolicy",
        "PolicyDocument",
        policy({"AWS": ["123456789012", "111122223333"]}),
        policy({"AWS": ["arn:aws:iam::111122223333:root", ROOT]}, Action="sqs:SendMessage"),
        policy({"AWS": [ROOT]}, Action="sqs:SendMessage"),
    ),
    ("AWS::SNS::TopicInlinePolicy", "PolicyDocument", policy("*"), policy({"AWS": "*"}), policy({"AWS": ROOT})),
    ("AWS::S3::BucketPolicy", "PolicyDocument", policy("*"), json.dumps(policy({"AWS": "*"})), policy(ROOT)),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument", policy({"AWS": ROOT}), policy({"AWS": [ROOT]}), policy({"AWS": []})),
    # A document that is declared as text comes back in another spelling: hashicorp/terraform-provider-aws#40119
    (
        "AWS::Logs::ResourcePolicy",
        "PolicyDocument",
        json.dumps(policy({"AWS": "123456789012"}), indent=2),
        json.dumps(policy({"AWS": [ROOT]}, Action="sqs:SendMessage"), sort_keys=True),
        json.dumps(policy({"AWS": [ROOT]}, Action="sqs:SendMessage", Sid="added")),
    ),
    (QUEUE, "RedriveAllowPolicy", {"redrivePermission": "byQueue"}, '{ "redrivePermission" : "byQueue" }', {}),
    (
        SUBSCRIPTION,
        "FilterPolicy",
        {"kind": ["b", "a"], "n": [{"numeric": [">", 1]}]},
        '{"n":[{"numeric":[">",1.0]}],"kind":["a","b"]}',
        "{}",
    ),
    # Numbers and switches are texts, what is empty or off is left out.
    (QUEUE, "VisibilityTimeout", 60, "60", "61"),
    (QUEUE, "DelaySeconds", 5, 5.0, 6.0),
    (QUEUE, "MaximumMessageSize", 2**53, str(2**53), str(2**53 + 1)),  # as floats, these two are the same
    (QUEUE, "MaximumMessageSize", 5, "5.0", "sNaN"),
    (TOPIC, "FifoTopic", False, None, True),
    (TOPIC, "Subscription", [], None, [{"Protocol": "sqs"}]),
    ("AWS::DynamoDB::Table", "SSESpecification", {"SSEEnabled": False}, None, {"SSEEnabled": True}),
    ("AWS::Lambda::EventSourceMapping", "FilterCriteria", {"Filters": []}, {}, {"Filters": [{"Pattern": "{}"}]}),
    # What the schema of the type says in `propertyTransform`.
    ("AWS::Lambda::EventSourceMapping", "FunctionName", "load", f"{FUNCTION}:load", f"{FUNCTION}:other"),
    ("AWS::S3::Bucket", "NotificationConfiguration", notification("prefix"), notification("Prefix"), notification("Suffix")),
    (
        "AWS::DynamoDB::Table",
        "SSESpecification",
        {"KMSMasterKeyId": KEY.rpartition("/")[2]},
        {"KMSMasterKeyId": KEY},
        {"KMSMasterKeyId": f"{KEY}1"},
    ),
    ("AWS::RDS::DBCluster", "PreferredMaintenanceWindow", "Sun:05:00-Sun:06:00", "sun:05:00-sun:06:00", "mon:05:00-mon:06:00"),
    # Lists without an order, and what AWS adds to the parts of one.
    ("AWS::IAM::Role", "ManagedPolicyArns", ["arn:a", "arn:b"], ["arn:b", "arn:a"], ["arn:b", "arn:c"]),
    (
        "AWS::DynamoDB::Table",
        "AttributeDefinitions",
        [{"AttributeName": "a"}, {"AttributeName": "b"}],
        [{"AttributeName": "b", "AttributeType": "S"}, {"AttributeName": "a", "AttributeType": "S"}],
        [{"AttributeName": "b"}],
    ),
]


@pytest.mark.parametrize(("type_name", "name", "declared", "live", "drifted"), TOLD)
def test_what_aws_tells_otherwise_is_as_declared_and_a_drift_is_seen(
    type_name: str, name: str, declared: Any, live: Any, drifted: Any
) -> None:
    resource, api = queue(type_name, **{name: declared}), CloudControl(given={"Id": "1"})
    recorded = deployed(api, resource)

    def told(value: Any) -> frozenset[str]:
        if value is None:
            api.resources[URL].pop(name)
        else:
            api.resources[URL][name] = value
        return brought(api, resource, recorded)

    assert told(live) == frozenset()
    assert told(drifted) == {name}


def test_an_order_that_has_just_been_declared_is_sent() -> None:
    """AWS may tell any order, but runs a command in the one that it was given."""
    api = CloudControl(given={"Id": "1"})
    recorded = deployed(api, queue("AWS::ECS::TaskDefinition", Volumes=["a", "b"]))
    assert brought(api, queue("AWS::ECS::TaskDefinition", Volumes=["b", "a"]), recorded) == {"Volumes"}
    assert api.resources[URL]["Volumes"] == ["b", "a"]


def test_what_is_off_is_believed_of_what_was_applied_alone() -> None:
    """A switch that AWS leaves out may be on by default; what is declared to be off for the first time is sent."""
    api = CloudControl(given={"Id": "1"})
    recorded = deployed(api, queue("AWS::Lambda::EventSourceMapping", FunctionName="load"))
    assert brought(api, queue("AWS::Lambda::EventSourceMapping", FunctionName="load", Enabled=False), recorded) == {"Enabled"}
