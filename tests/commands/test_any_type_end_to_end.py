"""A pipeline of what has no method of its own, on the embedded AWS: a queue feeds a function, what fails comes to another queue.

Around it stand a key, an alarm, an Athena workgroup with a query, a security configuration of a Glue job, and a schedule with a
time zone. It is deployed, used, changed, edited by hand, replaced and taken away.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common import local
from tests.local.fixtures import client_of
from tests.support.repository import PROJECT
from tests.test_end_to_end import bare_clone, changes, deploy, invoke, writes

ENV = ("--env", "local")
HANDLER = """
import json


def handler(event, context):
    failed = []
    for record in event["Records"]:
        if json.loads(record["body"]).get("acres", -1) < 0:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
"""
BODY = """from common import allow
    key = p.resource("key", "AWS::KMS::Key", {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}})
    rejected = p.resource("rejected", "AWS::SQS::Queue", {"KmsMasterKeyId": key.attribute("KeyId")})
    redrive = {"deadLetterTargetArn": rejected.arn, "maxReceiveCount": 1}
    incoming = p.resource("incoming", "AWS::SQS::Queue", {"RedrivePolicy": redrive, "VisibilityTimeout": 6})
    take = p.function("Validate", environment={"REJECTED": "${rejected.QueueUrl}"}, settings={"timeout_seconds": 1})
    p.on_messages("orders", take, incoming, batch_size=5)
    p.resource("late", "AWS::CloudWatch::Alarm", {
        "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum", "Period": 60,
        "EvaluationPeriods": THRESHOLD, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "QueueName", "Value": rejected.name}],
    })
    group = p.resource("reports", "AWS::Athena::WorkGroup", {"State": "ENABLED"})
    p.resource("acres", "AWS::Athena::NamedQuery", {
        "Database": "orders", "QueryString": "select sum(acres) from orders", "WorkGroup": "${reports.name}"})
    p.resource("locked", "AWS::Glue::SecurityConfiguration", {
        "EncryptionConfiguration": {"S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": "${key.Arn}"}]}})
    p.job("load", permissions=[allow("kms:Decrypt", "kms:GenerateDataKey", on=key)],
          settings={"security_configuration": "${locked.name}"})
    machine = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    starts = p.resource("starts", "AWS::IAM::Role", {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}]}})
    p.resource("morning", "AWS::Scheduler::Schedule", {
        "ScheduleExpression": "cron(30 6 * * ? *)", "ScheduleExpressionTimezone": "America/Chicago",
        "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": machine.arn, "RoleArn": starts.arn}})"""
RESOURCES = frozenset({"key", "rejected", "incoming", "orders", "late", "reports", "acres", "locked", "starts", "morning"})


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A clone with this pipeline alone."""
    made = bare_clone(tmp_path / "clone")
    (made / "projects/orders/lambda/Validate").mkdir(parents=True)
    (made / "projects/orders/lambda/Validate/handler.py").write_text(HANDLER)
    (made / "projects/orders/glue/cleansed").mkdir(parents=True)
    (made / "projects/orders/glue/cleansed/load.py").write_text("print('rows')\n")
    declare(made, evaluations=1)
    try:
        yield made
    finally:
        local.stop(made)


def declare(root: Path, evaluations: int, *replaced: tuple[str, str]) -> None:
    body = BODY.replace("THRESHOLD", str(evaluations))
    for before, after in replaced:
        assert before in body
        body = body.replace(before, after)
    (root / "projects/orders/deploy.py").write_text(PROJECT.format(name="orders", body=body))


def eventually(ask: Any, expected: Any, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while ask() != expected and time.monotonic() < end:
        time.sleep(0.2)
    assert ask() == expected


def test_it_lives_as_every_other_resource_does(root: Path) -> None:
    first = deploy(root)
    assert first["failed"] == {}
    assert {key.removeprefix("resource/") for key in changes(first) if key.startswith("resource/")} == RESOURCES
    started = local.running(root)
    assert started is not None
    sqs, functions = client_of(started, "sqs"), client_of(started, "lambda")
    job = client_of(started, "glue").get_job(JobName="acres-local-orders-load")["Job"]
    assert job["SecurityConfiguration"] == "acres-local-orders-locked"

    second = deploy(root)
    assert (changes(second), writes(second)) == ({}, {})
    assert second["api_calls"]["total"] <= 6

    incoming, rejected = (
        sqs.get_queue_url(QueueName=f"acres-local-orders-{name}")["QueueUrl"] for name in ("incoming", "rejected")
    )
    variables = functions.get_function_configuration(FunctionName="acres-local-orders-Validate")["Environment"]["Variables"]
    assert variables["REJECTED"] == rejected
    for acres in (7, -1):
        sqs.send_message(QueueUrl=incoming, MessageBody=json.dumps({"acres": acres}))
    visible = {"AttributeNames": ["ApproximateNumberOfMessages"]}
    eventually(lambda: sqs.get_queue_attributes(QueueUrl=rejected, **visible)["Attributes"]["ApproximateNumberOfMessages"], "1")
    (bad,) = sqs.receive_message(QueueUrl=rejected)["Messages"]
    assert json.loads(bad["Body"]) == {"acres": -1}

    declare(root, 3, ('"State": "ENABLED"', '"State": "DISABLED"'))
    assert changes(deploy(root)) == {
        "resource/late": "EvaluationPeriods 1 → 3",
        "resource/reports": "State ENABLED → DISABLED",
    }
    assert json.loads(invoke(root, "drift", *ENV, "--json"))["drifted"] == []

    patch = json.dumps([{"op": "add", "path": "/State", "value": "ENABLED"}])
    request = {"TypeName": "AWS::Athena::WorkGroup", "Identifier": "acres-local-orders-reports", "PatchDocument": patch}
    client_of(started, "cloudcontrol").update_resource(**request)
    (drifted,) = json.loads(invoke(root, "drift", *ENV, "--json", code=2))["drifted"]
    assert (drifted["key"], drifted["fields"][0]["name"]) == ("resource/reports", "State")
    (reason,) = changes(deploy(root, "--verify")).values()
    assert reason.startswith("changed by somebody else since")
    assert "State DISABLED → ENABLED; this is put back" in reason

    declare(
        root,
        3,
        ('"State": "ENABLED"', '"State": "DISABLED"'),
        ('"KmsMasterKeyId": key.attribute("KeyId")', '"QueueName": "acres-bad"'),
    )
    planned = invoke(root, "plan", *ENV, code=2)
    assert "renamed from acres-local-orders-rejected" in planned
    renamed = deploy(root)
    assert renamed["failed"] == {}
    variables = functions.get_function_configuration(FunctionName="acres-local-orders-Validate")["Environment"]["Variables"]
    assert variables["REJECTED"].endswith("/acres-bad")
    third = deploy(root)
    assert changes(third).keys() == {"resource/rejected/formerly/acres-local-orders-rejected"}  # it holds data, and stays
    assert writes(third) == {}

    invoke(root, "destroy", *ENV, "--project", "orders", "--data", "--yes", "orders")
    assert sqs.list_queues().get("QueueUrls", []) == []
    assert client_of(started, "scheduler").list_schedules()["Schedules"] == []


def test_fifty_of_them_cost_an_unchanged_deploy_nothing(root: Path) -> None:
    lines = ["for number in range(50):", '        p.resource(f"topic{number}", "AWS::SNS::Topic", {})']
    (root / "projects/orders/deploy.py").write_text(PROJECT.format(name="orders", body="\n    ".join(lines)))
    assert deploy(root)["failed"] == {}
    second = deploy(root)
    assert changes(second) == {}
    assert second["api_calls"]["total"] <= 6
