"""Reading and writing resources of any type, and the keys that encrypt them."""

from pathlib import Path
from typing import Any, cast

import pytest

from common.aws import iam_actions, resource_arns
from common.aws.resource_schemas import schema_of
from common.base.errors import DeclarationError
from common.declare.type_access import TYPES
from common.resources.role import Role
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
ID = "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
KEY = f"arn:aws:kms:{HERE}:key/{ID}"
TASK = (
    '{{"StartAt": "A", "States": {{"A": {{"Type": "Task", "Resource": "arn:aws:states:::{}", "Parameters": {}, "End": True}}}}}}'
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def statements(repository: Repository, role: str, *lines: str) -> list[dict[str, Any]]:
    repository.project("acres", *lines)
    return [dict(statement) for statement in cast(Role, repository.resources()[f"role/{role}"]).statements]


def granted(repository: Repository, *lines: str, role: str = "Validate-lambda") -> dict[str, list[str]]:
    """Of each action the resources on which a role is allowed it, without what every function may do."""
    arns_of: dict[str, list[str]] = {}
    for statement in statements(repository, role, *lines):
        for action in statement["Action"]:
            arns_of.setdefault(action, []).extend(statement["Resource"])
    return {action: sorted(arns) for action, arns in arns_of.items() if not action.startswith("logs:")}


@pytest.mark.parametrize("type_name", TYPES)
def test_every_action_can_be_allowed_on_its_type_and_every_key_is_where_the_schema_has_it(type_name: str) -> None:
    """The list says of answers to tasks that they have no resource, but AWS asks for the machine: aws/aws-cdk#8486."""
    access, schema = TYPES[type_name], schema_of(type_name)
    assert resource_arns.attribute_of(schema) or resource_arns.form_of(schema)
    service = type_name.split("::")[1].lower()
    services = {"kinesisfirehose": "firehose", "stepfunctions": "states"}
    for action in (*access.actions(writing=False), *access.actions(writing=True)):
        assert iam_actions.types_of(action) or action.startswith("states:SendTask"), f"{action} can be allowed on all alone"
        assert action.split(":")[0] == services.get(service, service)
    node = schema.document
    for part in access.encryption:
        node = schema.resolved(node)
        node = node["items"] if part == "*" else node["properties"][part]
    assert not access.encryption or schema.resolved(node) != {}


@pytest.mark.parametrize(
    ("resource", "verb", "action", "arn"),
    [
        ('"AWS::SQS::Queue"', "reads", "sqs:ReceiveMessage", "«acres: resource/it#Arn»"),
        ('"AWS::SQS::Queue"', "writes", "sqs:SendMessage", "«acres: resource/it#Arn»"),
        ('"AWS::SNS::Topic"', "writes", "sns:Publish", "«acres: resource/it#TopicArn»"),
        ('"AWS::Kinesis::Stream"', "reads", "kinesis:GetRecords", "«acres: resource/it#Arn»"),
        ('"AWS::Kinesis::Stream"', "writes", "kinesis:PutRecords", "«acres: resource/it#Arn»"),
        ('"AWS::KinesisFirehose::DeliveryStream"', "writes", "firehose:PutRecord", "«acres: resource/it#Arn»"),
        ('"AWS::SecretsManager::Secret"', "reads", "secretsmanager:GetSecretValue", "«acres: resource/it#Id»"),
        (
            '"AWS::SSM::Parameter", {"Type": "String", "Value": "1", "Name": "/acres/url"}',
            *("reads", "ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/acres/url"),
        ),
        ('"AWS::KMS::Key"', "reads", "kms:Decrypt", "«acres: resource/it#Arn»"),
        ('"AWS::KMS::Key"', "writes", "kms:GenerateDataKey", "«acres: resource/it#Arn»"),
        ('"AWS::Events::EventBus", {"Name": "orders"}', "writes", "events:PutEvents", "«acres: resource/it#Arn»"),
        (
            '"AWS::Athena::WorkGroup", {"Name": "reports"}',
            *("reads", "athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/«acres: resource/it#Name»"),
        ),
        (
            '"AWS::DynamoDB::Table", {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}',
            *("reads", "dynamodb:Query", "«acres: resource/it#Arn»"),
        ),
    ],
)
def test_it_is_read_and_written_as_its_type_is(repository: Repository, resource: str, verb: str, action: str, arn: str) -> None:
    lines = (f'it = p.resource("it", {resource})', f'p.function("Validate", {verb}=[it])')
    assert arn in granted(repository, *lines)[action]
    assert "resource/it" in {str(key) for key in cast(Any, repository.resources()["lambda/Validate"]).needs}


def test_a_bucket_of_any_way_of_declaring_has_places(repository: Repository) -> None:
    lines = ('raw = p.resource("raw", "AWS::S3::Bucket")', 'p.function("Validate", reads=[raw / "in"], writes=[raw / "out"])')
    bucket = "«acres: resource/raw#Arn»"
    actions = granted(repository, *lines)
    assert actions["s3:GetObject"] == sorted(
        [*(f"{bucket}/{end}" for end in ("in", "in/*")), *(f"{bucket}/{end}" for end in ("out", "out/*", "out_$folder$"))]
    )
    assert actions["s3:PutObject"] == sorted(f"{bucket}/{end}" for end in ("out", "out/*", "out_$folder$"))
    assert actions["s3:ListBucket"] == [bucket, bucket]
    allowed = 'from common import allow; p.function("Validate", permissions=[allow("s3:GetObjectVersion", on=raw)])'
    assert granted(repository, lines[0], allowed)["s3:GetObjectVersion"] == [f"{bucket}/*"]


MADE = 'k = p.resource("k", "AWS::KMS::Key", {"KeyPolicy": {}})'


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        (f'"AWS::SQS::Queue", {{"KmsMasterKeyId": "{KEY}"}}', KEY),
        (f'"AWS::SQS::Queue", {{"KmsMasterKeyId": "{ID}"}}', KEY),
        ('"AWS::SQS::Queue", {"KmsMasterKeyId": "${k.Arn}"}', "«acres: resource/k#Arn»"),
        (
            '"AWS::SQS::Queue", {"KmsMasterKeyId": k.attribute("KeyId")}',
            f"arn:aws:kms:{HERE}:key/«acres: resource/k#KeyId»",
        ),
        (f'"AWS::Kinesis::Stream", {{"StreamEncryption": {{"EncryptionType": "KMS", "KeyId": "{KEY}"}}}}', KEY),
        (f'"AWS::SecretsManager::Secret", {{"KmsKeyId": "{KEY}"}}', KEY),
        (
            (
                '"AWS::S3::Bucket", {"BucketEncryption": {"ServerSideEncryptionConfiguration": '
                '[{"ServerSideEncryptionByDefault": '
                f'{{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "{KEY}"}}}}]}}}}'
            ),
            KEY,
        ),
    ],
)
def test_a_grant_brings_exactly_the_key_that_the_declaration_names(repository: Repository, resource: str, key: str) -> None:
    lines = (MADE, f'it = p.resource("it", {resource})')
    assert granted(repository, *lines, 'p.function("Validate", reads=[it])')["kms:Decrypt"] == [key]
    actions = granted(repository, MADE, 'p.function("Validate", reads=[p.resource("it", "AWS::SQS::Queue")])')
    assert not {action for action in actions if action.startswith("kms:")}


def test_who_only_reads_may_not_encrypt(repository: Repository) -> None:
    line = f'it = p.resource("it", "AWS::SQS::Queue", {{"KmsMasterKeyId": "{KEY}"}})'
    read = granted(repository, line, 'p.function("Validate", reads=[it])')
    written = granted(repository, line, 'p.function("Validate", writes=[it])')
    assert [action for action in read if action.startswith("kms:")] == ["kms:Decrypt"]
    assert written["kms:GenerateDataKey"] == [KEY]


def test_an_alias_is_allowed_by_a_condition_and_a_key_of_aws_needs_nothing(repository: Repository) -> None:
    """See https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html."""
    line = 'it = p.resource("it", "AWS::SQS::Queue", {{"KmsMasterKeyId": "{}"}}); p.function("Validate", reads=[it])'
    (decrypt,) = (
        statement
        for statement in statements(repository, "Validate-lambda", line.format("alias/orders"))
        if "kms:Decrypt" in statement["Action"]
    )
    assert decrypt["Resource"] == [f"arn:aws:kms:{HERE}:key/*"]
    assert decrypt["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/orders"]}}
    assert "kms:Decrypt" not in granted(repository, line.format("alias/aws/sqs"))


@pytest.mark.parametrize(
    ("declaration", "verb"),
    [
        (f'it = p.queue("it", kms_key="{KEY}")', "writes"),
        (f'it = p.table("it", partition_key="id", properties={{"SSESpecification": {{"KMSMasterKeyId": "{KEY}"}}}})', "reads"),
        ('it = p.shared.bucket("it")', "reads"),
    ],
)
def test_kinds_of_ours_bring_their_key_as_well(repository: Repository, declaration: str, verb: str) -> None:
    default = f'{{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "{KEY}"}}'
    rules = f'{{"ServerSideEncryptionConfiguration": {{"Rules": [{{"ApplyServerSideEncryptionByDefault": {default}}}]}}}}'
    repository.write("deploy.py", SHARED.replace("return shared", f'shared.bucket("it", properties={rules})\n    return shared'))
    assert granted(repository, declaration, f'p.function("Validate", {verb}=[it])')["kms:Decrypt"] == [KEY]


@pytest.mark.parametrize(
    ("resource", "verb", "message"),
    [
        ('"AWS::SNS::Topic"', "reads", "what it means that resource/it (AWS::SNS::Topic) is read is not known"),
        ('"AWS::EC2::SecurityGroup", {"GroupDescription": "x"}', "writes", 'permissions=[allow("ec2:…", on=it)]'),
        ('"AWS::Lambda::EventInvokeConfig", {"FunctionName": "f", "Qualifier": "$LATEST"}', "reads", "Allow the actions by name"),
        ('"AWS::SSM::Parameter", {"Type": "String", "Value": "1"}', "writes", "AWS::SQS::Queue"),
    ],
)
def test_a_type_without_a_natural_meaning_is_refused_with_what_to_say(
    repository: Repository, resource: str, verb: str, message: str
) -> None:
    repository.project("acres", f'it = p.resource("it", {resource})', f'p.function("Validate", {verb}=[it])')
    with pytest.raises(DeclarationError) as caught:
        repository.resources()
    assert str(caught.value).startswith("projects/acres: lambda/Validate: what it means")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("resource", "integration", "parameters", "action", "arn"),
    [
        (
            '"AWS::SQS::Queue"',
            "sqs:sendMessage",
            '{"QueueUrl": "${it.QueueUrl}", "MessageBody": "x"}',
            "sqs:SendMessage",
            "#Arn»",
        ),
        ('"AWS::SNS::Topic"', "sns:publish", '{"TopicArn": "${it.TopicArn}", "Message": "x"}', "sns:Publish", "#TopicArn»"),
        (
            '"AWS::DynamoDB::Table", {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}',
            *("dynamodb:getItem", '{"TableName": "${it.TableName}", "Key": {}}', "dynamodb:GetItem", "#Arn»"),
        ),
        (
            '"AWS::SecretsManager::Secret"',
            "aws-sdk:secretsmanager:getSecretValue",
            '{"SecretId": "${it.Id}"}',
            *("secretsmanager:GetSecretValue", "#Id»"),
        ),
        ('"AWS::S3::Bucket"', "aws-sdk:s3:getObject", '{"Bucket": "${it.BucketName}", "Key": "x"}', "s3:GetObject", "#Arn»/x"),
    ],
)
def test_a_task_names_what_aws_gives_it_and_is_allowed_exactly_that(
    repository: Repository, resource: str, integration: str, parameters: str, action: str, arn: str
) -> None:
    machine = f'p.state_machine("main", {TASK.format(integration, parameters)})'
    actions = granted(repository, f'it = p.resource("it", {resource})', machine, role="main-state-machine")
    assert f"«acres: resource/it{arn}" in actions[action]
    assert all(each.startswith("«acres: resource/it") for each in actions[action])


def test_the_machine_may_use_the_key_of_what_its_tasks_act_on_and_no_other(repository: Repository) -> None:
    other = KEY.replace("0f0f-0f0f", "1e1e-1e1e")
    lines = (
        f'p.resource("work", "AWS::SQS::Queue", {{"KmsMasterKeyId": "{KEY}"}})',
        f'p.resource("data", "AWS::SQS::Queue", {{"KmsMasterKeyId": "{other}"}})',
    )
    parameters = '{"QueueUrl": "${work.QueueUrl}", "MessageBody": {"answer_to": "${data.QueueUrl}"}}'
    machine = f'p.state_machine("main", {TASK.format("sqs:sendMessage", parameters)})'
    actions = granted(repository, *lines, machine, role="main-state-machine")
    assert actions["kms:GenerateDataKey"] == [KEY]
    assert actions["sqs:SendMessage"] == ["«acres: resource/work#Arn»"]


def test_a_task_that_names_a_resource_of_another_type_is_refused(repository: Repository) -> None:
    topic = '{"QueueUrl": "${it.TopicArn}", "MessageBody": "x"}'
    machine = f'p.state_machine("main", {TASK.format("sqs:sendMessage", topic)})'
    repository.project("acres", 'it = p.resource("it", "AWS::SNS::Topic")', machine)
    with pytest.raises(DeclarationError, match=r"A.QueueUrl: resource/it \(AWS::SNS::Topic\) is not a queue"):
        repository.resources()


def test_attributes_within_attributes_are_referred_to(repository: Repository) -> None:
    lines = (
        'p.resource("db", "AWS::RDS::DBCluster", {"Engine": "aurora-postgresql"})',
        'p.function("Validate", environment={"HOST": "${db.Endpoint.Address}"})',
    )
    repository.project("acres", *lines)
    desired = repository.resources()["lambda/Validate"].desired()
    assert desired["Environment"]["Variables"]["HOST"] == "«acres: resource/db#Endpoint.Address»"
    repository.project("acres", *(line.replace("Address", "Addres") for line in lines))
    with pytest.raises(DeclarationError, match=r"Did you mean \$\{db.Endpoint.Address\}\?"):
        repository.resources()


def test_a_name_with_tokens_is_the_name_everywhere(repository: Repository) -> None:
    repository.configure(projects={"acres": {"parameters": {"stage": "blue"}}})
    lines = (
        'it = p.resource("it", "AWS::SQS::Queue", {"QueueName": "work-${stage}"})',
        'p.function("Validate", environment={"NAME": it.name})',
    )
    repository.project("acres", *lines)
    resources = repository.resources()
    assert resources["lambda/Validate"].desired()["Environment"]["Variables"]["NAME"] == "work-blue"
    assert resources["resource/it"].desired()["Tags"]["deployer:resource"] == "AWS-SQS-Queue/it/work-blue"
