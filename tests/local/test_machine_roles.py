"""The role of a state machine allows the calls of its states at an embedded AWS that enforces IAM, and none of another's.

The embedded AWS runs state machines without asking their roles. So each call that a state makes is made here with credentials of
the role that the deployer generates, and again with a role that lacks what this one state needs.
"""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from common.declare.asl import integrations
from common.local import environments
from tests.faults.emulator import free_port
from tests.support.machines import ENV, OWN, named
from tests.support.waiting import until

ACCOUNT, REGION = "123456789012", "eu-central-1"
HERE = f"{REGION}:{ACCOUNT}"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders"
FUNCTION = f"arn:aws:lambda:{HERE}:function:Validate"
CHILD = f"arn:aws:states:{HERE}:stateMachine:child"
EXECUTION = f"arn:aws:states:{HERE}:execution:child:run"
TOPIC = f"arn:aws:sns:{HERE}:alerts"
REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
KEY = {"id": {"S": "1"}}
UPDATE = {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "1"}}}
Made = tuple[str, str, dict[str, Any]]
"""A call: the service and the method of boto3, and its parameters."""


class Step(NamedTuple):
    """A state, and the calls that Step Functions makes for it."""

    integration: str
    parameters: dict[str, Any]
    calls: tuple[Made, ...]


STEPS = {
    "Invoke": Step("lambda:invoke", {"FunctionName": "${Validate.arn}"}, (("lambda", "invoke", {"FunctionName": FUNCTION}),)),
    "Send": Step(
        "sqs:sendMessage",
        {"QueueUrl": "${orders.url}", "MessageBody": "x"},
        (("sqs", "send_message", {"QueueUrl": QUEUE, "MessageBody": "x"}),),
    ),
    "Publish": Step(
        "sns:publish",
        {"TopicArn": "${alerts.arn}", "Message": "x"},
        (("sns", "publish", {"TopicArn": TOPIC, "Message": "x"}),),
    ),
    "Get": Step(
        "dynamodb:getItem",
        {"TableName": "${runs.name}", "Key": KEY},
        (("dynamodb", "get_item", {"TableName": "runs", "Key": KEY}),),
    ),
    "Put": Step(
        "dynamodb:putItem",
        {"TableName": "${runs.name}", "Item": KEY},
        (("dynamodb", "put_item", {"TableName": "runs", "Item": KEY}),),
    ),
    "Update": Step(
        "dynamodb:updateItem",
        {"TableName": "${runs.name}", "Key": KEY, **UPDATE},
        (("dynamodb", "update_item", {"TableName": "runs", "Key": KEY, **UPDATE}),),
    ),
    "Delete": Step(
        "dynamodb:deleteItem",
        {"TableName": "${runs.name}", "Key": KEY},
        (("dynamodb", "delete_item", {"TableName": "runs", "Key": KEY}),),
    ),
    "Tell": Step(
        "events:putEvents",
        {"Entries": [{"Source": "x", "DetailType": "x", "Detail": "{}"}]},
        (("events", "put_events", {"Entries": [{"Source": "x", "DetailType": "x", "Detail": "{}"}]}),),
    ),
    "Nest": Step(
        "states:startExecution.sync:2",
        {"StateMachineArn": "${child.arn}"},
        (
            ("stepfunctions", "start_execution", {"stateMachineArn": CHILD}),
            ("stepfunctions", "describe_execution", {"executionArn": EXECUTION}),
            ("stepfunctions", "stop_execution", {"executionArn": EXECUTION}),
        ),
    ),
    "Job": Step(
        "glue:startJobRun.sync",
        {"JobName": "${final_job.name}"},
        (
            ("glue", "start_job_run", {"JobName": "final_job"}),
            ("glue", "get_job_run", {"JobName": "final_job", "RunId": "x"}),
            ("glue", "get_job_runs", {"JobName": "final_job"}),
            ("glue", "batch_stop_job_run", {"JobName": "final_job", "JobRunIds": ["x"]}),
        ),
    ),
    "Read": Step(
        "aws-sdk:s3:getObject",
        {"Bucket": "${landing.name}", "Key": "in/a.csv"},
        (("s3", "get_object", {"Bucket": "landing", "Key": "in/a.csv"}),),
    ),
    "Write": Step(
        "aws-sdk:s3:putObject",
        {"Bucket": "${landing.name}", "Key": "out.csv", "Body": "x"},
        (("s3", "put_object", {"Bucket": "landing", "Key": "out.csv", "Body": b"x"}),),
    ),
    "List": Step("aws-sdk:s3:listObjectsV2", {"Bucket": "${landing.name}"}, (("s3", "list_objects_v2", {"Bucket": "landing"}),)),
    "Parameter": Step("aws-sdk:ssm:getParameter", {"Name": "/rate"}, (("ssm", "get_parameter", {"Name": "/rate"}),)),
    "Secret": Step(
        "aws-sdk:secretsmanager:getSecretValue",
        {"SecretId": "key"},
        (("secretsmanager", "get_secret_value", {"SecretId": "key"}),),
    ),
    "Stream": Step(
        "aws-sdk:kinesis:putRecord",
        {"StreamName": "clicks", "Data": "x", "PartitionKey": "1"},
        (("kinesis", "put_record", {"StreamName": "clicks", "Data": b"x", "PartitionKey": "1"}),),
    ),
    "Metric": Step(
        "aws-sdk:cloudwatch:putMetricData",
        {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]},
        (("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]}),),
    ),
    "Query": Step(
        "athena:startQueryExecution.sync",
        {"QueryString": "select 1", "WorkGroup": "reports"},
        (("athena", "start_query_execution", {"QueryString": "select 1", "WorkGroup": "reports"}),),
    ),
    "Build": Step(
        "codebuild:startBuild",
        {"ProjectName": "site"},
        (("codebuild", "start_build", {"projectName": "site"}),),
    ),
}
"""What the embedded AWS judges by the same ARNs as AWS.

Left out are rules of EventBridge, which it knows as ``rule/default/x``, and crawlers, jobs of Batch and tasks of ECS, for which
it asks on ``*`` or on the cluster.
"""


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded AWS that enforces IAM, without anything of the deployer's."""
    folder = tmp_path_factory.mktemp("enforcing")
    port = free_port()
    settings = {"AUTH": "true", "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1"}
    off = {"SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0", "PERSIST_STATE": "0", "MINISTACK_REGION": REGION, "TMPDIR": str(folder)}
    python = environments.python("ministack", print)
    with Path(folder, "log").open("w") as log:
        server = subprocess.Popen([python, "-m", "ministack"], env={**os.environ, **settings, **off}, stdout=log, stderr=log)
        try:
            until(lambda: server.poll() is not None or answers(f"http://127.0.0.1:{port}/_ministack/health"))
            assert server.poll() is None, Path(folder, "log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True


def client(endpoint: str, service: str, credentials: dict[str, Any] | None = None) -> Any:
    keys = credentials or {"AccessKeyId": ACCOUNT, "SecretAccessKey": "x", "SessionToken": None}
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        config=Config(s3={"addressing_style": "path"}, inject_host_prefix=False, proxies={}, retries={"max_attempts": 1}),
    )


def policy(names: list[str]) -> str:
    """The policy of a machine with these states."""
    states: dict[str, Any] = {
        name: {"Type": "Task", "Resource": f"arn:aws:states:::{STEPS[name].integration}", "Parameters": STEPS[name].parameters}
        for name in names
    }
    statements = list(integrations.state_machine(ENV, OWN, {"StartAt": names[0], "States": states}, named(), "here"))
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def assumed(endpoint: str, name: str, document: str) -> dict[str, Any]:
    """Credentials of a role with this policy."""
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}], "Version": "2012-10-17"}
    client(endpoint, "iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    client(endpoint, "iam").put_role_policy(RoleName=name, PolicyName="generated", PolicyDocument=document)
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    credentials: dict[str, Any] = client(endpoint, "sts").assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
    return credentials


def refusal(endpoint: str, call: Made, credentials: dict[str, Any]) -> str:
    """What IAM says of a call; empty if it allows it, whatever else may be wrong with it."""
    service, method, parameters = call
    try:
        getattr(client(endpoint, service, credentials), method)(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return f"{service}.{method}: {error}" if code in REFUSED else ""
    return ""


def test_a_role_allows_what_its_states_do_and_without_a_state_it_does_not(endpoint: str) -> None:
    place = {"LocationConstraint": REGION}
    client(endpoint, "s3").create_bucket(Bucket="landing", CreateBucketConfiguration=place)  # of an absent one IAM is not asked
    everything = assumed(endpoint, "all", policy(list(STEPS)))
    refused = [message for step in STEPS.values() for call in step.calls if (message := refusal(endpoint, call, everything))]
    assert "\n".join(refused) == ""
    allowed = []
    for name, step in STEPS.items():
        others = assumed(endpoint, f"without-{name}", policy([other for other in STEPS if other != name]))
        allowed += [f"{name}: {call[:2]}" for call in step.calls if not refusal(endpoint, call, others)]
    assert allowed == []
