"""A call by the AWS SDK is allowed as IAM calls it, on what its parameters name."""

import contextlib
import json
from typing import Any

import pytest

from common.aws import api_models, arn_forms, iam_actions, sdk_services
from common.base.errors import DeclarationError
from common.declare.asl import integrations, sdk_actions, sdk_permissions
from tests.support.machines import ENV, OWN, REGION, named, needed, task

ROLE = "arn:aws:iam::123456789012:role/r"
CALLS = """
athena:getWorkGroup {"WorkGroup": "w"} athena:GetWorkGroup athena:workgroup/w
apigateway:getResources {"RestApiId": "abc"} apigateway:GET arn:aws:apigateway:eu-central-1::/restapis/abc/resources
apigatewayv2:getRoute {"ApiId": "abc", "RouteId.$": "$.r"} apigateway:GET arn:aws:apigateway:eu-central-1::/apis/abc/routes/*
batch:submitJob {"JobQueue": "q", "JobDefinition": "d:1"} batch:SubmitJob batch:job-definition/d:1 batch:job-queue/q
bedrockagentruntime:invokeAgent {"AgentId": "A", "AgentAliasId": "B"} bedrock:InvokeAgent bedrock:agent-alias/A/B
bedrockruntime:converse {"ModelId": "meta.llama"} bedrock:InvokeModel arn:aws:bedrock:eu-central-1::foundation-model/meta.llama
cloudformation:describeStacks {"StackName": "s"} cloudformation:DescribeStacks cloudformation:stack/s/*
cloudwatch:putMetricData {"Namespace": "n"} cloudwatch:PutMetricData *
cloudwatchlogs:describeLogStreams {"LogGroupName": "/x"} logs:DescribeLogStreams logs:log-group:/x logs:log-group:/x:*
dynamodb:executeStatement {"Statement": "SELECT * FROM x_1"} dynamodb:PartiQLSelect dynamodb:table/x_1 dynamodb:table/x_1/index/*
dynamodb:executeStatement {"Statement": "INSERT INTO \\"sales\\" VALUE {}"} dynamodb:PartiQLInsert dynamodb:table/sales
dynamodb:executeStatement {"Statement": "update sales SET a=1"} dynamodb:PartiQLUpdate dynamodb:table/sales
ec2:describeInstances {} ec2:DescribeInstances *
ec2:stopInstances {"InstanceIds": ["i-1", "i-2"]} ec2:StopInstances ec2:instance/i-1 ec2:instance/i-2
ec2:startInstances {"InstanceIds.$": "$.ids"} ec2:StartInstances ec2:instance/*
ecs:updateService {"Cluster": "c", "Service": "s"} ecs:UpdateService ecs:service/c/s
emr:describeCluster {"ClusterId.$": "$.id"} elasticmapreduce:DescribeCluster elasticmapreduce:cluster/*
emrserverless:getJobRun {"ApplicationId": "a", "JobRunId": "b"} emr-serverless:GetJobRun emr-serverless:/applications/a/jobruns/b
eventbridge:putEvents {"Entries": [{"EventBusName": "b"}]} events:PutEvents events:event-bus/b
firehose:putRecord {"DeliveryStreamName": "s"} firehose:PutRecord firehose:deliverystream/s
glue:getTable {"DatabaseName": "${db.name}", "Name": "t"} glue:GetTable glue:catalog glue:database/db glue:table/db/t
glue:startWorkflowRun {"Name": "w"} glue:StartWorkflowRun glue:workflow/w
kinesis:putRecord {"StreamName": "s"} kinesis:PutRecord kinesis:stream/s
kms:decrypt {"KeyId": "arn:aws:kms:eu-central-1:123456789012:key/k"} kms:Decrypt kms:key/k
rds:startDBInstance {"DbInstanceIdentifier": "d"} rds:StartDBInstance rds:db:d
rds:startDBCluster {"DBClusterIdentifier": "d"} rds:StartDBCluster rds:cluster:d
rds:createDBSnapshot {"DbInstanceIdentifier": "d", "DbSnapshotIdentifier.$": "$.x"} rds:CreateDBSnapshot rds:db:d rds:snapshot:*
redshiftdata:describeStatement {"Id.$": "$.id"} redshift-data:DescribeStatement *
s3:putBucketLifecycleConfiguration {"Bucket": "lake"} s3:PutLifecycleConfiguration arn:aws:s3:::lake
s3:getBucketEncryption {"Bucket": "lake"} s3:GetEncryptionConfiguration arn:aws:s3:::lake
s3:deleteObject {"Bucket": "lake", "Key": "a*b"} s3:DeleteObject arn:aws:s3:::lake/a${*}b
s3:listBuckets {} s3:ListAllMyBuckets *
sagemaker:describeEndpoint {"EndpointName": "e"} sagemaker:DescribeEndpoint sagemaker:endpoint/e
secretsmanager:tagResource {"SecretId": "x"} secretsmanager:TagResource secretsmanager:secret:x secretsmanager:secret:x-??????
sfn:stopExecution {"ExecutionArn.$": "$.arn"} states:StopExecution states:execution:*:*
sfn:listExecutions {"StateMachineArn": "${child.arn}"} states:ListExecutions states:stateMachine:child
sqs:receiveMessage {"QueueUrl": "${orders.url}"} sqs:ReceiveMessage sqs:orders
ssm:getParameter {"Name": "/a/b"} ssm:GetParameter ssm:parameter/a/b
timestreamquery:query {"QueryString": "select 1"} timestream:Select timestream:database/*/table/*
"""
"""Calls with their parameters, the action of IAM, and what it is allowed on, as service:resource."""


def arn_of(short: str) -> str:
    service, colon, resource = short.partition(":")
    return f"arn:aws:{service}:{REGION}:{resource}" if colon and service != "arn" else short


@pytest.mark.parametrize("line", CALLS.strip().splitlines(), ids=lambda line: line.partition(" ")[0])
def test_a_call_is_allowed_on_what_its_parameters_name(line: str) -> None:
    call, _, rest = line.partition(" ")
    parameters, end = json.JSONDecoder().raw_decode(rest)
    action, *resources = rest[end:].split()
    assert needed(task(f"arn:aws:states:::aws-sdk:{call}", **parameters), named()) == {action: sorted(map(arn_of, resources))}


FURTHER = """
textract:detectDocumentText {"Document": {"S3Object": {"Bucket": "scans", "Name": "a.pdf"}}} s3:GetObject arn:aws:s3:::scans/a.pdf
textract:startDocumentAnalysis {"OutputConfig": {"S3Bucket": "texts"}} s3:PutObject arn:aws:s3:::texts/*
rekognition:detectLabels {"Image": {"S3Object": {"Bucket": "scans", "Name.$": "$.n"}}} s3:GetObject arn:aws:s3:::scans/*
transcribe:startTranscriptionJob {"Media": {"MediaFileUri": "s3://calls/a.mp3"}} s3:GetObject arn:aws:s3:::calls/a.mp3
polly:startSpeechSynthesisTask {"OutputS3BucketName": "speech"} s3:PutObject arn:aws:s3:::speech/*
redshiftdata:executeStatement {"WorkgroupName": "w"} redshift-serverless:GetCredentials redshift-serverless:workgroup/*
redshiftdata:listTables {"ClusterIdentifier": "c", "Database": "d"} redshift:GetClusterCredentialsWithIAM redshift:dbname:c/d
redshiftdata:executeStatement {"ClusterIdentifier": "c", "Database": "d", "DbUser": "u"} redshift:GetClusterCredentials \
redshift:dbname:c/d redshift:dbuser:c/u
rdsdata:executeStatement {"ResourceArn": "arn:aws:rds:eu-central-1:123456789012:cluster:c", "SecretArn": \
"arn:aws:secretsmanager:eu-central-1:123456789012:secret:x-abcdef"} secretsmanager:GetSecretValue \
secretsmanager:secret:x-abcdef secretsmanager:secret:x-abcdef-??????
"""
"""Calls of services that work with the rights of their caller: what these need besides their own action."""


@pytest.mark.parametrize("line", FURTHER.strip().splitlines(), ids=lambda line: line.partition(" ")[0])
def test_what_a_service_does_with_the_rights_of_its_caller_is_allowed(line: str) -> None:
    call, _, rest = line.partition(" ")
    parameters, end = json.JSONDecoder().raw_decode(rest)
    action, *resources = rest[end:].split()
    assert needed(task(f"arn:aws:states:::aws-sdk:{call}", **parameters), named())[action] == sorted(map(arn_of, resources))


@pytest.mark.parametrize("parameter", ["WorkgroupName", "ClusterIdentifier"])
def test_a_name_never_stands_for_an_id(parameter: str) -> None:
    """The ARN of a serverless workgroup ends with its id, which nobody knows beforehand."""
    machine = task("arn:aws:states:::aws-sdk:redshiftdata:executeStatement", Database="d", Sql="s", **{parameter: "x"})
    expected = {"WorkgroupName": "redshift-serverless:{}:workgroup/*", "ClusterIdentifier": "redshift:{}:cluster:x"}[parameter]
    assert needed(machine, named())["redshift-data:ExecuteStatement"] == [f"arn:aws:{expected.format(REGION)}"]


def test_a_role_that_a_call_gives_a_service_is_passed_and_one_in_a_payload_is_not() -> None:
    function = task("arn:aws:states:::aws-sdk:lambda:createFunction", FunctionName="f", Role=ROLE, Code={"RoleArn": THEIR_ROLE})
    assert needed(function, named())["iam:PassRole"] == [ROLE]
    schedule = task(
        "arn:aws:states:::aws-sdk:scheduler:createSchedule",
        **{"Name.$": "$.n", "Target": {"Arn": "x", "RoleArn": ROLE, "Input": {"RoleArn": THEIR_ROLE}}},
    )
    assert needed(schedule, named())["iam:PassRole"] == [ROLE]
    call = task("arn:aws:states:::aws-sdk:lambda:invoke", FunctionName="${Validate.arn}", Payload={"RoleArn": THEIR_ROLE})
    assert set(needed(call, named())) == {"lambda:InvokeFunction"}


@pytest.mark.parametrize(
    ("call", "parameters", "service"),
    [
        ("cloudformation:createStack", {"StackName": "s", "RoleARN": ROLE}, "cloudformation"),
        ("batch:registerJobDefinition", {"JobDefinitionName": "d", "ContainerProperties": {"JobRoleArn": ROLE}}, "ecs-tasks"),
        ("ecs:registerTaskDefinition", {"Family": "f", "TaskRoleArn": ROLE}, "ecs-tasks"),
        ("emr:runJobFlow", {"Name": "c", "JobFlowRole": "r"}, "ec2"),
        ("glue:createJob", {"Name": "j", "Role": ROLE, "Command": {}}, "glue"),
        ("rds:startExportTask", {"ExportTaskIdentifier": "e", "SourceArn": "x", "IamRoleArn": ROLE}, "export.rds"),
        ("textract:startDocumentAnalysis", {"NotificationChannel": {"RoleArn": ROLE}}, "textract"),
    ],
)
def test_a_role_is_passed_to_the_service_that_uses_it(call: str, parameters: dict[str, Any], service: str) -> None:
    machine = task(f"arn:aws:states:::aws-sdk:{call}", **parameters)
    (passing,) = (
        statement
        for statement in integrations.state_machine(ENV, OWN, machine, named(), "here")
        if statement["Action"] == ["iam:PassRole"]
    )
    assert passing["Resource"] == [ROLE]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": [f"{service}.amazonaws.com"]}}


THEIR_ROLE = "arn:aws:iam::999999999999:role/theirs"


@pytest.mark.parametrize(
    ("call", "parameters", "message"),
    [
        ("lambda:getLayerVersionByArn", {"Arn": "x"}, "A calls lambda:GetLayerVersionByArn, and IAM has no action of that name."),
        ("ssm:getParameter", {"Name.$": "$.n"}, "A.Name.$: which parameter it is, is known only when the machine runs."),
        ("ecs:updateService", {"Cluster": "c", "Service.$": "$.s"}, "A.Service.$: which service it is, is known only when"),
        ("lambda:createFunction", {"FunctionName": "f", "Role": "r*"}, "A.Role: 'r*' is not a role"),
    ],
)
def test_what_cannot_be_told_is_refused(call: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        needed(task(f"arn:aws:states:::aws-sdk:{call}", **parameters), named())
    assert str(caught.value).startswith(f"here: {message}")


def test_actions_that_are_not_looked_up_exist_and_so_does_every_listed_difference() -> None:
    differing = {
        f"{prefix}:{name}" for prefix, names in sdk_actions.DIFFERENT.items() for actions in names.values() for name in actions
    }
    for action in sorted(sdk_permissions.KNOWN | differing):
        assert iam_actions.exists(action), action
        assert action in differing or (described := arn_forms.action_named(action)) is None or described.name == action


def test_the_prefix_of_every_service_that_iam_knows_is_found() -> None:
    prefixes = arn_forms.services()
    unknown = {name for name in sdk_services.services() if sdk_actions.prefix_of(name) not in prefixes}
    assert len(unknown) < 25, unknown
    assert all(
        sdk_actions.prefix_of(name) in prefixes
        for name in (
            "apigatewaymanagementapi",
            "cloudcontrol",
            "cloudwatch",
            "iotdataplane",
            "keyspaces",
            "resourcegroupstaggingapi",
        )
    )
    for name, prefix in sdk_actions.OFTEN.items():
        service = sdk_services.service_of(name)
        assert service is not None
        assert sdk_actions.PREFIXES.get(service, api_models.signing_name(service)) == prefix


@pytest.mark.parametrize("name", ["dynamodb", "ecs", "glue", "kinesis", "lambda", "s3", "sfn", "sns", "sqs", "ssm"])
def test_whatever_a_service_is_called_for_only_actions_that_exist_are_allowed_and_where_iam_can_allow_them(name: str) -> None:
    """One ARN that cannot be of a type of the action would make a statement that allows nothing."""
    service = sdk_services.service_of(name)
    assert service is not None
    model, checked = api_models.model_of(service), 0
    for operation, described in model["operations"].items():
        shape = model["shapes"].get(described.get("input", {}).get("shape"), {})
        texts = [of for of in shape.get("required", ()) if model["shapes"][shape["members"][of]["shape"]]["type"] == "string"]
        parameters = {f"{of[0].upper()}{of[1:]}": VALUES.get(of, ROLE if of.lower().endswith("role") else "a-1") for of in texts}
        call = f"arn:aws:states:::aws-sdk:{name}:{operation[0].lower()}{operation[1:]}"
        allowed: dict[str, list[str]] = {}
        with contextlib.suppress(DeclarationError):  # its action is not known, or what it acts on is in no parameter
            allowed = needed(task(call, **parameters), named())
        for action, arns in allowed.items():
            checked += 1
            assert iam_actions.exists(action) or arn_forms.action_named(action), action
            named_action = arn_forms.action_named(action)
            assert named_action is None or bool(named_action.types) == (arns != ["*"]), f"{call}: {action} on {arns}"
    assert checked > 10


VALUES = {
    "TopicArn": f"arn:aws:sns:{REGION}:t",
    "QueueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/q",
    "stateMachineArn": f"arn:aws:states:{REGION}:stateMachine:m",
}
