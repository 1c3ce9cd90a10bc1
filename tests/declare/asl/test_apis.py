"""What tasks call: integrations, actions and parameters that do not exist are told, and nothing that AWS accepts is refused."""

from pathlib import Path
from typing import Any

import pytest

from common.aws import api_models, sdk_services
from common.declare.asl import definition
from common.declare.asl.definition_check import DefinitionCheck
from common.declare.asl.remembered import Remembered
from tests.declare.asl.test_definition import DISTRIBUTED, MAP, machine, problems

STEP = {"Name": "s", "HadoopJarStep": {"Jar": "j", "Args.$": "$.a"}}
ARN = "arn:aws:states:::"


def task(resource: str, parameters: Any = None, **fields: Any) -> dict[str, Any]:
    field = "Arguments" if fields.get("QueryLanguage") == "JSONata" else "Parameters"
    return machine(
        A={
            "Type": "Task",
            "Resource": f"{ARN}{resource}",
            **({} if parameters is None else {field: parameters}),
            **fields,
            "End": True,
        }
    )


CONNECTED = {"Authentication": {"ConnectionArn": "arn:aws:events:eu-central-1:123456789012:connection/x/y"}}


@pytest.mark.parametrize(
    "right",
    [
        task("aws-sdk:s3:getObject", {"Bucket": "${landing.name}", "Key.$": "$.key"}),
        task("aws-sdk:s3:putObject", {"Bucket": "b", "Key": "k", "Body": {"any": "thing"}, "Metadata": {"at.$": "$"}}),
        task("aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "d"}),
        task("aws-sdk:rds:describeDBInstances", {"DBInstanceIdentifier": "d"}),
        task("aws-sdk:sfn:startExecution.waitForTaskToken", {"StateMachineArn": "x", "Input.$": "$$.Task.Token"}),
        task("aws-sdk:cloudwatchlogs:describeLogGroups", {}),
        task("aws-sdk:config:describeConfigRules", {}),
        task("aws-sdk:dynamodb:putItem", {"TableName": "t", "Item": {"a": {"Nul": True}, "b": {"Bool": True}}}),
        task("aws-sdk:s3:listObjectsV2", {"Bucket": "b", "MaxKeys": "5", "FetchOwner": "true"}),
        task("aws-sdk:transcribe:getTranscriptionJob", {"TranscriptionJobName": "x"}),
        task("aws-sdk:fis:startExperiment", {"ExperimentTemplateId": "x"}),
        task("aws-sdk:ec2:runInstances", {"MinCount": 1, "MaxCount": 1, "InstanceType": "z99.huge"}),
        task("aws-sdk:${service}:getObject", {"X": 1}),
        task("lambda:invoke", {"FunctionName": "${Load.arn}", "Payload": {"k": 1, "x.$": "$"}}),
        task("lambda:invoke", "{% $states.input %}", QueryLanguage="JSONata"),
        task("lambda:invoke.waitForTaskToken", "{% $states.context %}", QueryLanguage="JSONata"),
        task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}),
        task("sns:publish", {"TopicArn": "t", "Message": {"any": "thing"}}),
        task("dynamodb:putItem", {"TableName": "t", "Item": {"id": {"S.$": "$.id"}, "on": {"BOOL": True}}}),
        task("states:startExecution.sync:2", {"StateMachineArn": "x", "Input": {"any": 1}}),
        task("bedrock:invokeModel", {"ModelId": "m", "Body": {}, "Output": {"S3Uri": "s3://b/k"}}),
        task("ecs:runTask.sync", {"TaskDefinition": "t", "Overrides": {"ContainerOverrides": [{"Name": "n"}]}}),
        task("http:invoke", {**CONNECTED, "ApiEndpoint": "https://x.org", "Method": "GET", "Headers": {"x.$": "$.x"}}),
        task("http:invoke", {"InvocationConfig.$": "$.c", "ApiEndpoint.$": "$.url", "Method": "GET"}),
        task("glue:startJobRun.sync", {"JobName": "j", "Arguments": {"--day.$": "$.day", "--n": "5"}}),
        task(
            "elasticmapreduce:addStep.sync",
            {"ClusterId": "c", "Step": {"Name": "s", "HadoopJarStep": {"Jar": "j", "Args.$": "$.a"}}},
        ),
        machine(A={"Type": "Task", "Resource": "arn:aws:states:eu-central-1:123456789012:activity:x", "End": True}),
        machine(A={"Type": "Task", "Resource": "arn:aws-cn:states:::lambda:invoke", "End": True}),
        machine(A={**DISTRIBUTED, "ItemReader": {"Resource": f"{ARN}s3:listObjectsV2", "Parameters": {"Bucket": "b"}}}),
    ],
)
def test_what_aws_accepts_is_accepted(right: dict[str, Any]) -> None:
    assert problems(right) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (task("lamda:invoke"), "A.Resource: the integration 'lamda:invoke' is not known. Did you mean 'lambda:invoke'?"),
        (task("sns:publsh"), "A.Resource: the integration 'sns:publsh' is not known. Did you mean 'sns:publish'?"),
        (task("sns:publish.sync"), "A.Resource: the integration 'sns:publish.sync' is not known. Did you mean 'sns:publish'?"),
        (task("aws-sdk:glu:startCrawler"), "A.Resource: the AWS SDK has no service 'glu'. Did you mean 'glue'?"),
        (task("aws-sdk:logs:describeLogGroups"), "A.Resource: the AWS SDK has no service 'logs'. Did you mean 'cloudwatchlogs'?"),
        (task("aws-sdk:s3:getObjet"), "A.Resource: s3 has no action 'getObjet'. Did you mean 'getObject'?"),
        (task("aws-sdk:s3:GetObject"), "A.Resource: s3 has no action 'GetObject'. Did you mean 'getObject'?"),
        (task("aws-sdk:s3:getObject.sync"), "A.Resource: an action of the AWS SDK ends with .waitForTaskToken or nothing"),
        (
            task("aws-sdk:s3:getObject", {"Buckt": "b", "Key": "k"}),
            "A.Parameters.Buckt: there is no such parameter. Did you mean 'Bucket'?",
        ),
        (task("aws-sdk:s3:getObject", {"Key": "k"}), "A.Parameters: Bucket is missing; AWS needs it."),
        (
            task("ecs:runTask", {"taskDefinition": "t"}),
            "A.Parameters.taskDefinition: capital letters matter in parameters. Did you mean 'TaskDefinition'?",
        ),
        (
            task("lambda:invoke", {"FunctioNname": "t"}),
            "A.Parameters.FunctioNname: capital letters matter in parameters. Did you mean 'FunctionName'?",
        ),
        (
            task("ecs:runTask", {"TaskDefinition": "t", "LaunchType": "FARGAT"}),
            "A.Parameters.LaunchType: 'FARGAT' is not accepted. Did you mean 'FARGATE'?",
        ),
        (
            task("ecs:runTask", {"TaskDefinition": "t", "Overrides": {"ContainerOverride": []}}),
            "A.Parameters.Overrides.ContainerOverride: there is no such parameter. Did you mean 'ContainerOverrides'?",
        ),
        (
            task("aws-sdk:s3:listObjectsV2", {"Bucket": "b", "MaxKeys": "many"}),
            "A.Parameters.MaxKeys: it must be a number, not 'many'.",
        ),
        (task("aws-sdk:s3:listObjectsV2", {"Bucket": 5}), "A.Parameters.Bucket: it must be a text, not 5. Quote it."),
        (
            task("aws-sdk:ssm:getParameters", {"Names": "/a"}),
            "A.Parameters.Names: it must be a list, not '/a'.",
        ),
        (
            task("aws-sdk:s3:getObject", {"Bucket": "{% $b %}", "Ky": "{% $k %}"}, QueryLanguage="JSONata"),
            "A.Arguments.Ky: there is no such parameter. Did you mean 'Key'?",
        ),
        (
            task("http:invoke", {"ApiEndpont": "x"}),
            "A.Parameters.ApiEndpont: there is no such parameter. Did you mean 'ApiEndpoint'?",
        ),
        (
            task("lambda:invoke.waitForTaskToken", {"FunctionName": "f", "Payload": {"x.$": "$.Task.Token"}}),
            "A: it waits for a task token, so its Parameters must pass one on: $$.Task.Token.",
        ),
        (
            machine(A={**MAP, "ItemReader": {"Resource": f"{ARN}s3:listObjectV2", "Parameters": {}}}),
            "A.ItemReader.Resource: a Map has no 'listObjectV2'. Did you mean 'listObjectsV2'?",
        ),
    ],
)
def test_what_does_not_exist_is_told_with_what_was_meant(wrong: dict[str, Any], message: str) -> None:
    assert any(problem.startswith(message) for problem in problems(wrong)), problems(wrong)


def test_a_service_is_called_as_the_sdk_for_java_does() -> None:
    """Follows https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html ."""
    names = {
        "sfn": "stepfunctions",
        "cloudwatchlogs": "logs",
        "elasticloadbalancingv2": "elbv2",
        "costexplorer": "ce",
        "s3": "s3",
        "databasemigration": "dms",
        "applicationdiscovery": "discovery",
        "bedrockagent": "bedrock-agent",
        "sesv2": "sesv2",
    }
    assert {name: sdk_services.service_of(name) for name in names} == names
    assert sdk_services.service_of("stepfunctions") is None
    assert len(api_models.service_ids()) > 300


def problems_of(content: dict[str, Any], path: Path) -> list[str]:
    """What is found wrong with a definition that is remembered at a path."""
    remembered = Remembered(path)
    check = DefinitionCheck("here", "", remembered=remembered)
    check.look_at(content)
    remembered.save()
    return [str(located.problem) for located in check.located()]


def test_a_definition_that_was_looked_at_is_not_checked_again(tmp_path: Path) -> None:
    """Reading models takes longer than an unchanged deploy."""
    right, wrong = task("aws-sdk:s3:listBuckets", {}), task("aws-sdk:s3:getObjet", {})
    for content, expected in ((right, []), (wrong, ["A.Resource: s3 has no action 'getObjet'. Did you mean 'getObject'?"])):
        api_models.model_of.cache_clear()
        assert problems_of(content, tmp_path / "acres.json") == expected
    api_models.model_of.cache_clear()
    sdk_services.operation_of.cache_clear()
    for content, expected in ((right, []), (wrong, ["A.Resource: s3 has no action 'getObjet'. Did you mean 'getObject'?"])):
        assert problems_of(content, tmp_path / "acres.json") == expected, "both are remembered"
    assert api_models.model_of.cache_info().currsize == 0


def test_what_cannot_be_remembered_is_checked_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "odd").write_bytes(b"\xff")
    (tmp_path / "list").write_bytes(b"[]")
    for path in (tmp_path / "file" / "x", tmp_path / "odd", tmp_path / "list"):
        assert problems_of(task("lambda:invoke"), path) == []


def test_a_teams_own_tokens_are_references_when_it_is_checked() -> None:
    wrong = task("aws-sdk:s3:listObjectsV2", {"Bucket": "b", "MaxKeys": "<most>"})
    assert definition.read(wrong, "here", {"<most>": "most"})["States"]["A"]["Parameters"]["MaxKeys"] == "${most}"


def handled(error: str, *resources: str) -> list[str]:
    """What is told of an error that a Catch names around tasks."""
    catch = [{"ErrorEquals": [error], "Next": "Z"}]
    tasks = [machine(f"T{n}", **{f"T{n}": {"Type": "Task", "Resource": name, "End": True}}) for n, name in enumerate(resources)]
    return problems(machine(A={"Type": "Parallel", "Branches": tasks, "Catch": catch, "End": True}, Z={"Type": "Fail"}))


@pytest.mark.parametrize(
    ("error", "resources", "meant"),
    [
        (
            "Rds.DbInstanceNotFundException",
            [f"{ARN}aws-sdk:rds:describeDBInstances"],
            "Rds.DbInstanceNotFoundException",
        ),
        ("Lambda.ServiceExcepton", [f"{ARN}lambda:invoke"], "Lambda.ServiceException"),
        ("Lambda.TooManyRequestException", ["${Load.arn}"], "Lambda.TooManyRequestsException"),
        ("Lamda.ServiceException", [f"{ARN}lambda:invoke"], "Lambda.ServiceException"),
        (
            "Glue.ConcurentRunsExceededException",
            [f"{ARN}sns:publish", f"{ARN}glue:startJobRun.sync"],
            "Glue.ConcurrentRunsExceededException",
        ),
        ("S3.NoSuchKeyExcepton", [f"{ARN}aws-sdk:s3:getObject"], "S3.NoSuchKeyException"),
        ("DynamoDb.ConditionalCheckFailedExeption", [f"{ARN}dynamodb:putItem"], "DynamoDb.ConditionalCheckFailedException"),
    ],
)
def test_a_misspelled_error_of_a_called_service_is_told(error: str, resources: list[str], meant: str) -> None:
    (problem,) = handled(error, *resources)
    assert problem.endswith(f"has no error {error!r}. Did you mean {meant!r}?")


@pytest.mark.parametrize(
    ("error", "resource"),
    [
        ("Rds.DbInstanceNotFoundException", f"{ARN}aws-sdk:rds:describeDBInstances"),
        ("Rds.RdsException", f"{ARN}aws-sdk:rds:describeDBInstances"),
        ("S3.NoSuchKeyException", f"{ARN}aws-sdk:s3:getObject"),
        ("Sfn.ExecutionDoesNotExistException", f"{ARN}aws-sdk:sfn:describeExecution"),
        *((f"Lambda.{name}", f"{ARN}lambda:invoke") for name in ("ServiceException", "AWSLambdaException", "SdkClientException")),
        *(
            (f"Lambda.{name}", "${Load.arn}")
            for name in ("TooManyRequestsException", "Unknown", "ClientExecutionTimeoutException")
        ),
        ("ServiceExcepton", f"{ARN}lambda:invoke"),
        ("mine.ServiceExcepton", f"{ARN}lambda:invoke"),
        ("S3.NoSuchKey", f"{ARN}aws-sdk:s3:getObject"),
        ("S3.S3Exception", f"{ARN}aws-sdk:s3:getObject"),
        ("Sfn.ExecutionAlreadyExistsException", f"{ARN}aws-sdk:sfn:startExecution"),
        ("DynamoDB.ConditionalCheckFailedException", f"{ARN}dynamodb:putItem"),
        ("Glue.ConcurrentRunsExceededException", f"{ARN}glue:startJobRun.sync"),
        ("ECS.AmazonECSException", f"{ARN}ecs:runTask.sync"),
        ("Sandbox.Timedout", f"{ARN}lambda:invoke"),
        ("Lambda.ServiceExcepton", f"{ARN}sns:publish"),
    ],
)
def test_an_error_of_a_service_or_of_ones_own_passes(error: str, resource: str) -> None:
    assert handled(error, resource) == []
