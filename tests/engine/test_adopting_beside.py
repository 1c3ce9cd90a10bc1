"""Taking over touches nothing that other operations have set: settings of buckets, topics, tables and functions of their own."""

import json
from typing import Any

import boto3
import pytest

from tests.engine.test_adopting import NAME, PLACE, done
from tests.resources.builders import zipped
from tests.support.repository import ACCOUNT, Repository

BUCKET = "t-dev-artifacts"
ROLE_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
RULE = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 7}}
MACHINE = f"arn:aws:states:eu-central-1:{ACCOUNT}:stateMachine:{NAME}-main"


@pytest.fixture
def adopting(repository: Repository, moto_dates: None) -> Repository:
    shared = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", shared.replace("    return shared", '    shared.topic("alerts")\n    return shared'))
    repository.project(
        "acres",
        'p.function("Validate")',
        'p.table("runs", partition_key="id")',
        'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})',
        'p.schedule("daily", m, "rate(1 day)")',
    )
    return repository


def make() -> None:
    """What is there, made with plain boto3."""
    s3, lambda_, sns, dynamodb, iam, events = clients("s3", "lambda", "sns", "dynamodb", "iam", "events")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": PLACE["region_name"]})
    s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"")
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [RULE]})
    cors = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}
    s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [cors]})
    topic = sns.create_topic(Name="t-dev-alerts")["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="theirs")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="them@example.com")
    notified = [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"TopicConfigurations": notified})
    key = {"AttributeName": "id", "AttributeType": "S"}
    provisioned = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    dynamodb.create_table(
        TableName=f"{NAME}-runs",
        AttributeDefinitions=[key, {"AttributeName": "day", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput=provisioned,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": provisioned,
            }
        ],
    )
    dynamodb.update_time_to_live(TableName=f"{NAME}-runs", TimeToLiveSpecification={"Enabled": True, "AttributeName": "gone"})
    trust = json.dumps({"Version": "2012-10-17", "Statement": [ROLE_TRUST]})
    role = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    validate = f"{NAME}-Validate"
    code = {
        "FunctionName": validate,
        "Runtime": "python3.11",
        "Handler": "x.y",
        "Role": role,
        "Code": {"ZipFile": zipped("").data},
    }
    lambda_.create_function(**code, Publish=True)
    lambda_.create_alias(FunctionName=validate, Name="live", FunctionVersion="1")
    lambda_.put_function_concurrency(FunctionName=validate, ReservedConcurrentExecutions=3)
    lambda_.put_function_event_invoke_config(FunctionName=validate, MaximumRetryAttempts=1)
    lambda_.create_function_url_config(FunctionName=validate, AuthType="AWS_IAM")
    lambda_.add_permission(FunctionName=validate, StatementId="x", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    events.put_rule(Name=f"{NAME}-daily", ScheduleExpression="rate(1 day)", Description="theirs")
    targets = [{"Id": "Id1", "Arn": MACHINE, "RoleArn": role, "Input": '{"day": 1}', "RetryPolicy": {"MaximumRetryAttempts": 2}}]
    events.put_targets(Rule=f"{NAME}-daily", Targets=[*targets, {"Id": "Id2", "Arn": topic}])


def clients(*names: str) -> list[Any]:
    return [boto3.client(name, **PLACE) for name in names]


def seen() -> dict[str, Any]:
    """What other operations tell of all that."""
    s3, lambda_, sns, dynamodb, events = clients("s3", "lambda", "sns", "dynamodb", "events")
    validate = {"FunctionName": f"{NAME}-Validate"}
    topic = f"arn:aws:sns:eu-central-1:{ACCOUNT}:t-dev-alerts"
    answers = {
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"],
        "cors": s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"],
        "notifications": s3.get_bucket_notification_configuration(Bucket=BUCKET)["TopicConfigurations"],
        "topic": sns.get_topic_attributes(TopicArn=topic)["Attributes"],
        "subscriptions": sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"],
        "ttl": dynamodb.describe_time_to_live(TableName=f"{NAME}-runs")["TimeToLiveDescription"],
        "alias": lambda_.get_alias(**validate, Name="live"),
        "concurrency": lambda_.get_function_concurrency(**validate)["ReservedConcurrentExecutions"],
        "invoke": lambda_.get_function_event_invoke_config(**validate)["MaximumRetryAttempts"],
        "url": lambda_.get_function_url_config(**validate)["FunctionUrl"],
        "policy": lambda_.get_policy(**validate)["Policy"],
        "description": events.describe_rule(Name=f"{NAME}-daily")["Description"],
        "targets": {target["Id"]: {**target, "RoleArn": ""} for target in rule_targets(events)},
    }
    table = dynamodb.describe_table(TableName=f"{NAME}-runs")["Table"]
    answers |= {"indexes": [index["IndexName"] for index in table["GlobalSecondaryIndexes"]]}
    answers |= {name: table[name] for name in ("AttributeDefinitions", "StreamSpecification")}
    for answer in answers.values():
        if isinstance(answer, dict):
            answer.pop("ResponseMetadata", None)
    return answers


def rule_targets(events: Any) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = events.list_targets_by_rule(Rule=f"{NAME}-daily")["Targets"]
    return targets


def test_nothing_that_another_operation_has_set_is_lost(adopting: Repository) -> None:
    make()
    before = seen()
    done(adopting, "deploy", "--adopt")
    assert seen() == before
    assert "nothing to do" in done(adopting, "plan", "--verify")


def test_a_target_with_our_arn_is_ours_whatever_its_id_is(adopting: Repository) -> None:
    """A second one of ours beside it would start the machine twice each time. Its input stays until one is declared."""
    make()
    done(adopting, "deploy", "--adopt")
    events = boto3.client("events", **PLACE)
    assert [target["Arn"] for target in rule_targets(events)].count(MACHINE) == 1
    declaration = (adopting.root / "projects/acres/deploy.py").read_text()
    adopting.write("projects/acres/deploy.py", declaration.replace('"rate(1 day)")', '"rate(1 day)", {"day": 2})'))
    done(adopting, "deploy")
    (own,) = [target for target in rule_targets(events) if target["Arn"] == MACHINE]
    assert (own["Id"], json.loads(own["Input"]), own["RetryPolicy"]) == ("Id1", {"day": 2}, {"MaximumRetryAttempts": 2})
    adopting.write("projects/acres/deploy.py", declaration)
    done(adopting, "deploy")
    (own,) = [target for target in rule_targets(events) if target["Arn"] == MACHINE]
    assert own["Input"] == "{}"
    assert "nothing to do" in done(adopting, "plan", "--verify")
