"""The schemas of resource types, and what they say of properties."""

from typing import Any

import pytest

from common.aws.resource_schemas import STORES, schema_of, type_names


def problems(type_name: str, **properties: Any) -> list[str]:
    return list(schema_of(type_name).problems(properties))


@pytest.mark.parametrize(
    ("type_name", "properties", "message"),
    [
        ("AWS::SQS::Queue", {"QueName": "x"}, "QueName: AWS::SQS::Queue has no such property. Did you mean 'QueueName'?"),
        ("AWS::SQS::Queue", {"DelaySeconds": "5"}, 'DelaySeconds: "5" is not of type "integer".'),
        ("AWS::SQS::Queue", {"DelaySeconds": 901}, "DelaySeconds: 901 is greater than the maximum of 900."),
        ("AWS::SQS::Queue", {"Tags": [{"Key": "a"}]}, 'Tags[0]: "Value" is a required property.'),
        ("AWS::SQS::Queue", {"Arn": "arn:x"}, "Arn: AWS gives this value; it cannot be set."),
        ("AWS::SNS::Subscription", {"Protocol": "email"}, 'AWS::SNS::Subscription: "TopicArn" is a required property.'),
        (
            "AWS::Scheduler::Schedule",
            {"FlexibleTimeWindow": {"Mode": "OF"}, "ScheduleExpression": "rate(1 hour)", "Target": {"Arn": "a", "RoleArn": "b"}},
            "Did you mean 'OFF'?",
        ),
        (
            "AWS::Scheduler::Schedule",
            {"FlexibleTimeWindow": {"Mod": "OFF"}},
            "FlexibleTimeWindow.Mod: AWS::Scheduler::Schedule has no such property. Did you mean 'Mode'?",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_path(type_name: str, properties: dict[str, Any], message: str) -> None:
    assert any(message in problem for problem in problems(type_name, **properties))


def test_properties_that_fit_the_schema_are_accepted() -> None:
    assert (
        problems("AWS::SQS::Queue", DelaySeconds=5, Tags=[{"Key": "a", "Value": "ä"}], RedrivePolicy={"maxReceiveCount": 1}) == []
    )


def test_nothing_is_said_of_what_is_not_known_yet() -> None:
    schema = schema_of("AWS::SQS::Queue")
    assert list(schema.problems({"DelaySeconds": "«later»"}, is_unknown=lambda value: value == "«later»")) == []


@pytest.mark.parametrize(
    ("type_name", "region", "message"),
    [
        ("AWS::SQS::Queu", "us-east-1", "Did you mean 'AWS::SQS::Queue'?"),
        ("SQS::Queue", "us-east-1", "'SQS::Queue' is not a resource type that AWS has in us-east-1"),
        ("AWS::Glue::DevEndpoint", "us-east-1", "does not manage AWS::Glue::DevEndpoint: only CloudFormation can make it"),
    ],
)
def test_a_type_that_cannot_be_had_is_told(type_name: str, region: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        schema_of(type_name, region)
    assert message in str(refusal.value)


def test_a_region_that_is_not_listed_has_the_types_of_most_regions() -> None:
    assert schema_of("AWS::SQS::Queue", "mx-central-9").type_name == "AWS::SQS::Queue"


@pytest.mark.parametrize(
    ("type_name", "name", "tags", "identifiers"),
    [
        ("AWS::SQS::Queue", "QueueName", "Tags", ("QueueUrl",)),
        ("AWS::SNS::Subscription", "", "", ("Arn",)),
        ("AWS::Athena::WorkGroup", "Name", "Tags", ("Name",)),
        ("AWS::KMS::Key", "", "Tags", ("KeyId",)),
        ("AWS::CloudWatch::Alarm", "AlarmName", "Tags", ("AlarmName",)),
        ("AWS::Glue::Table", "Name", "", ("CatalogId", "DatabaseName", "Name")),
        ("AWS::SecretsManager::Secret", "Name", "Tags", ("Id",)),
    ],
)
def test_how_a_type_is_named_tagged_and_identified(type_name: str, name: str, tags: str, identifiers: tuple[str, ...]) -> None:
    schema = schema_of(type_name)
    assert (schema.name_property, schema.tag_property, schema.identifiers) == (name, tags, identifiers)


def test_every_schema_can_be_used() -> None:
    used = 0
    for type_name in type_names():
        try:
            schema = schema_of(type_name)
        except ValueError:  # only CloudFormation can make it
            continue
        list(schema.problems({}))
        assert all(action.partition(":")[2] for action in schema.permissions("create", "read", "update", "delete"))
        used += 1
    assert used > 1500


def test_what_counts_as_data_exists() -> None:
    assert {*type_names()} >= STORES


@pytest.mark.parametrize(
    ("type_name", "service"),
    [
        *(("AWS::SQS::Queue", "sqs"), ("AWS::Athena::WorkGroup", "athena"), ("AWS::StepFunctions::StateMachine", "states")),
        *(("AWS::CloudWatch::Alarm", "cloudwatch"), ("AWS::EFS::FileSystem", "elasticfilesystem"), ("AWS::KMS::Key", "kms")),
        *(("AWS::KinesisFirehose::DeliveryStream", "firehose"), ("AWS::Lambda::EventSourceMapping", "lambda")),
    ],
)
def test_the_tagging_index_is_asked_for_its_service(type_name: str, service: str) -> None:
    assert schema_of(type_name).service == service


@pytest.mark.parametrize(
    ("declared", "live", "same"),
    [
        ("load", "arn:aws:lambda:us-east-1:123456789012:function:load", True),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:load:live",
            "arn:aws:lambda:us-east-1:123456789012:function:load:live",
            True,
        ),
        ("arn:aws:lambda:us-east-1:123456789012:function:load", "load", True),
        ("load", "arn:aws:lambda:us-east-1:123456789012:function:unload", False),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:load:live",
            "arn:aws:lambda:us-east-1:123456789012:function:other:live",
            False,
        ),
    ],
)
def test_the_function_of_a_mapping_may_be_told_by_its_arn(declared: str, live: str, same: bool) -> None:
    """As the `propertyTransform` of AWS's own schema says; GetEventSourceMapping knows the ARN alone.

    See https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html
    """
    schema = schema_of("AWS::Lambda::EventSourceMapping")
    assert (declared == live or schema.is_told_as({"FunctionName": declared}, ("FunctionName",), {}, live)) == same
    assert not schema_of("AWS::SQS::Queue").is_told_as({"QueueName": declared}, ("QueueName",), {}, live)
