"""The lifecycle contract for resources of any type, on the embedded AWS: what is made there is what other services know."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from common import local
from common.aws.resource_schemas import schema_of
from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.base.json_types import JsonMapping, JsonObject
from common.declare.cloud_resources import resource_of
from common.declare.resource_references import stand_in
from common.engine.recorded import with_request
from common.environment.config import Environment
from common.model import comparison
from common.model.declared import Identity
from common.model.hidden_fields import stored
from common.model.orphan import Orphan
from common.model.resource import Action, Change, Key, Live
from common.resources.cloud_control import CloudResource
from tests.local.fixtures import Client


class Case(NamedTuple):
    """A type with properties, other properties, and the fields that differ then."""

    type_name: str
    before: JsonMapping
    after: JsonMapping
    changed: set[str]


ROLE = "arn:aws:iam::123456789012:role/any"
HERE = "eu-central-1:123456789012"
ALARM = {
    "MetricName": "Errors",
    "Namespace": "AWS/Lambda",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
SCHEDULE = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": f"arn:aws:sqs:{HERE}:x", "RoleArn": ROLE}}
CASES = [
    Case("AWS::SQS::Queue", {"DelaySeconds": 5}, {"DelaySeconds": 7}, {"DelaySeconds"}),
    Case("AWS::SNS::Topic", {"DisplayName": "one"}, {"DisplayName": "two"}, {"DisplayName"}),
    Case("AWS::CloudWatch::Alarm", {**ALARM, "Threshold": 1}, {**ALARM, "Threshold": 2}, {"Threshold"}),
    Case(
        "AWS::CloudWatch::Dashboard",
        {"DashboardBody": '{"widgets": []}'},
        {"DashboardBody": '{"start": "-PT1H", "widgets": []}'},
        {"DashboardBody"},
    ),
    Case("AWS::Athena::WorkGroup", {"Description": "one"}, {"Description": "two", "State": "DISABLED"}, {"Description", "State"}),
    Case(
        "AWS::KMS::Key",
        {"Description": "one", "KeyPolicy": {"Statement": []}},
        {"Description": "two", "KeyPolicy": {"Statement": []}},
        {"Description"},
    ),
    Case(
        "AWS::Scheduler::Schedule",
        {**SCHEDULE, "ScheduleExpression": "rate(1 hour)"},
        {**SCHEDULE, "ScheduleExpression": "cron(30 6 * * ? *)", "ScheduleExpressionTimezone": "America/Chicago"},
        {"ScheduleExpression", "ScheduleExpressionTimezone"},
    ),
    Case("AWS::Scheduler::ScheduleGroup", {}, {}, set()),
    Case("AWS::Events::EventBus", {"Description": "one"}, {"Description": "two"}, {"Description"}),
    Case(
        "AWS::Events::Rule",
        {"ScheduleExpression": "rate(1 hour)"},
        {"ScheduleExpression": "rate(2 hours)"},
        {"ScheduleExpression"},
    ),
    Case("AWS::SSM::Parameter", {"Type": "String", "Value": "one"}, {"Type": "String", "Value": "two"}, {"Value"}),
    Case(
        "AWS::SecretsManager::Secret",
        {"SecretString": "one", "Description": "a"},
        {"SecretString": "two", "Description": "a"},
        {"SecretString"},
    ),
    Case("AWS::Logs::LogGroup", {"RetentionInDays": 7}, {"RetentionInDays": 14}, {"RetentionInDays"}),
    Case("AWS::Kinesis::Stream", {"ShardCount": 1}, {"ShardCount": 2}, {"ShardCount"}),
    Case("AWS::ECR::Repository", {"ImageTagMutability": "MUTABLE"}, {"ImageTagMutability": "IMMUTABLE"}, {"ImageTagMutability"}),
    Case("AWS::ECS::Cluster", {}, {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]}, {"ClusterSettings"}),
    Case(
        "AWS::DynamoDB::Table",
        {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
        {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
        },
        {"TimeToLiveSpecification"},
    ),
    Case(
        "AWS::IAM::ManagedPolicy",
        {
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
            }
        },
        {
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}],
            }
        },
        {"PolicyDocument"},
    ),
    Case("AWS::Glue::SecurityConfiguration", {"EncryptionConfiguration": {}}, {"EncryptionConfiguration": {}}, set()),
    Case("AWS::StepFunctions::Activity", {}, {}, set()),
    Case("AWS::Cognito::UserPool", {"MfaConfiguration": "OFF"}, {"MfaConfiguration": "OPTIONAL"}, {"MfaConfiguration"}),
    Case("AWS::Backup::BackupVault", {}, {}, set()),
]


@pytest.fixture
def aws(embedded: local.Embedded) -> AwsSession:
    return AwsSession(embedded.region, embedded.account_id, endpoints=embedded.endpoints, sleep=lambda _: None)


@pytest.fixture
def env() -> Environment:
    return Environment(
        name="dev", account_id="123456789012", region="eu-central-1", name_prefix="t", artifact_bucket="t-artifacts"
    )


def declared(env: Environment, type_name: str, properties: JsonMapping) -> CloudResource:
    schema, key = schema_of(type_name), Key("acres", "resource", "any")
    name = f"t-acres-{type_name.rpartition(':')[2].lower()}"
    ref = stand_in(env, key, schema, name if schema.name_property else "")
    identity = Identity(key=key, name=ref.name, arn=ref.arn, tags=env.ownership("acres"))
    with_name = {schema.name_property: name, **properties} if schema.name_property else properties
    return resource_of(identity, schema, with_name, env, "test")


def change(resource: CloudResource, live: Live | None, action: Action) -> Change:
    before = live.state if live else {}
    return Change(
        resource.key, action, "", resource.desired(), live, frozenset(comparison.difference(resource.desired(), before))
    )


def recorded(resource: CloudResource, outputs: dict[str, str]) -> JsonObject:
    return {"desired": stored(resource, resource.desired()), "outputs": outputs}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type_name)
def test_lifecycle(aws: AwsSession, env: Environment, case: Case, request: pytest.FixtureRequest) -> None:
    before, after = declared(env, case.type_name, case.before), declared(env, case.type_name, case.after)
    tokens = {before.key: f"{case.type_name} {request.node.name}"}
    assert before.read(aws) is None

    creation = change(before, None, Action.CREATE)
    outputs = with_request(before, creation, tokens).create(aws, before.desired())
    record = recorded(before, outputs)
    live = before.recall(record).read(aws)
    assert live is not None
    assert live.state == before.desired()

    assert with_request(before, creation, tokens).create(aws, before.desired()) == outputs  # the deploy died before its record

    live = after.recall(record).read(aws)
    assert live is not None
    update = change(after, live, Action.UPDATE)
    assert update.changed == case.changed
    record = recorded(after, with_request(after, update, tokens).update(aws, update))
    live = after.recall(record).read(aws)
    assert live is not None
    assert live.state == after.desired()

    orphan = Orphan(after.key, after.name, after.arn, env.account_id, recorded=record)
    tags = CloudResource.live_tags(aws, orphan)
    assert tags is not None
    assert tags.items() >= env.ownership("acres").items()
    CloudResource.untag(aws, orphan, ["deployer:environment"])
    if after.indexed:
        live = after.recall(record).read(aws)
        assert live is not None
        assert comparison.difference(after.desired(), live.state) == ("Tags",)
    CloudResource.erase(aws, orphan)
    assert after.recall(record).read(aws) is None
    CloudResource.erase(aws, orphan)


def test_twenty_types_of_ten_services_keep_the_contract() -> None:
    assert len({case.type_name for case in CASES}) >= 20
    assert len({case.type_name.split("::")[1] for case in CASES}) >= 10


@pytest.fixture
def made(aws: AwsSession, env: Environment, request: pytest.FixtureRequest) -> Callable[..., dict[str, str]]:
    """Creates a resource for one test, and returns its attributes."""

    def create(type_name: str, **properties: Any) -> dict[str, str]:
        resource = declared(env, type_name, properties)
        outputs = resource.recall({"token": request.node.name}).create(aws, resource.desired())
        orphan = Orphan(resource.key, resource.name, resource.arn, env.account_id, recorded=recorded(resource, outputs))
        request.addfinalizer(lambda: CloudResource.erase(aws, orphan))
        return outputs

    return create


def test_a_queue_that_is_made_so_takes_messages(made: Callable[..., dict[str, str]], client: Client) -> None:
    url = made("AWS::SQS::Queue")["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    (message,) = client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"


def test_the_tagging_index_shows_what_is_made_so(made: Callable[..., dict[str, str]], client: Client) -> None:
    made("AWS::Athena::WorkGroup")
    filters = [{"Key": "deployer:resource", "Values": ["AWS-Athena-WorkGroup/any/t-acres-workgroup"]}]
    assert len(client("resourcegroupstaggingapi").get_resources(TagFilters=filters)["ResourceTagMappingList"]) == 1


def test_what_aws_sets_only_at_creation_is_not_changed(made: Callable[..., dict[str, str]], client: Client) -> None:
    arn = made("AWS::SNS::Topic")["TopicArn"]
    subscription = made("AWS::SNS::Subscription", TopicArn=arn, Protocol="email", Endpoint="a@example.com")
    patch = '[{"op": "replace", "path": "/Endpoint", "value": "b@example.com"}]'
    update = {"TypeName": "AWS::SNS::Subscription", "Identifier": subscription["Identifier"], "PatchDocument": patch}
    token = client("cloudcontrol").update_resource(**update)["ProgressEvent"]["RequestToken"]
    event = client("cloudcontrol").get_resource_request_status(RequestToken=token)["ProgressEvent"]
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "NotUpdatable")


def test_a_second_one_of_its_name_is_refused(made: Callable[..., dict[str, str]], aws: AwsSession, env: Environment) -> None:
    made("AWS::Athena::WorkGroup")
    again = declared(env, "AWS::Athena::WorkGroup", {})
    with pytest.raises(AwsError, match="AlreadyExists"):
        again.recall({"token": "another"}).create(aws, again.desired())


def test_a_type_that_does_not_exist_is_refused(client: Client) -> None:
    with pytest.raises(client("cloudcontrol").exceptions.TypeNotFoundException):
        client("cloudcontrol").create_resource(TypeName="AWS::SQS::Nothing", DesiredState="{}")
