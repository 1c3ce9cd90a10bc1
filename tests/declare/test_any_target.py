"""Triggers, alerts and dead letters take resources of any type as they take those with a method of their own."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.model.resource import Key
from tests.support.rendered import allowed, rule_of
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
QUEUE = 't = p.resource("work", "AWS::SQS::Queue")'
TOPIC = 't = p.resource("alerts", "AWS::SNS::Topic")'
STREAM = 't = p.resource("clicks", "AWS::Kinesis::Stream", {"ShardCount": 1})'
BUS = 't = p.resource("bus", "AWS::Events::EventBus")'
JOB = 't = p.resource("nightjob", "AWS::Glue::Job", {"Role": "r", "Command": {"Name": "glueetl"}})'
DAILY = '"cron(30 6 * * ? *)"'
EVENT = 'p.on_event("e", t, {"source": ["acres"]})'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize(
    ("line", "mark", "action"),
    [
        (QUEUE, "«acres: resource/work#Arn»", "sqs:SendMessage"),
        (TOPIC, "«acres: resource/alerts#TopicArn»", "sns:Publish"),
        (STREAM, "«acres: resource/clicks#Arn»", "kinesis:PutRecord"),
        (BUS, "«acres: resource/bus#Arn»", "events:PutEvents"),
    ],
)
def test_a_rule_starts_it(repository: Repository, line: str, mark: str, action: str) -> None:
    repository.project("acres", line, EVENT)
    resources = repository.resources()
    rule = rule_of(resources, "e")
    assert rule.target_arn == mark
    assert len([need for need in rule.needs if need.kind == "resource"]) == 1, "it is created first"
    assert allowed(resources, "e-trigger") == [(action, mark)]


@pytest.mark.parametrize(
    ("line", "arn", "expected"),
    [
        (QUEUE, "«acres: resource/work#Arn»", {}),
        (STREAM, "«acres: resource/clicks#Arn»", {"KinesisParameters": {"PartitionKey": "t-dev-acres-s"}}),
        (JOB, "arn:aws:scheduler:::aws-sdk:glue:startJobRun", {"Input": '{"JobName": "t-dev-acres-nightjob"}'}),
    ],
)
def test_a_schedule_starts_it(repository: Repository, line: str, arn: str, expected: dict[str, Any]) -> None:
    """KinesisParameters: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html."""
    lost = 'lost = p.resource("lost", "AWS::SQS::Queue")'
    repository.project("acres", line, lost, f'p.schedule("s", t, {DAILY}, dead_letter=lost)')
    resources = repository.resources()
    target = resources["resource/s.schedule"].desired()["Target"]
    assert target["Arn"] == arn
    assert target["DeadLetterConfig"] == {"Arn": "«acres: resource/lost#Arn»"}
    assert {name: target[name] for name in expected} == expected
    actions = allowed(resources, "s-schedule")
    assert ("sqs:SendMessage", "«acres: resource/lost#Arn»") in actions
    if line == JOB:
        assert ("glue:StartJobRun", f"arn:aws:glue:{HERE}:job/«acres: resource/nightjob#Name»") in actions


def test_a_schedule_says_what_an_event_on_a_bus_is(repository: Repository) -> None:
    fields = '{"EventBridgeParameters": {"Source": "acres", "DetailType": "New day"}}'
    repository.project("acres", BUS, f'p.schedule("s", t, {DAILY}, properties={fields})')
    target = repository.resources()["resource/s.schedule"].desired()["Target"]
    assert target["EventBridgeParameters"] == {"Source": "acres", "DetailType": "New day"}


def test_new_objects_of_a_bucket_reach_it_too(repository: Repository) -> None:
    repository.write("deploy.py", SHARED.replace("    return", '    shared.bucket("in", event_bridge=True)\n    return'))
    repository.project("acres", QUEUE, 'p.on_object("o", t, p.shared.bucket("in") / "new")')
    assert allowed(repository.resources(), "o-trigger") == [("sqs:SendMessage", "«acres: resource/work#Arn»")]


TOLD = '"NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}'


def test_new_objects_of_a_bucket_of_any_kind_start_something(repository: Repository) -> None:
    bucket = f'b = p.resource("drop", "AWS::S3::Bucket", {{{TOLD}}})'
    repository.project("acres", QUEUE, bucket, 'p.on_object("o", t, b / "new", suffix=".csv")')
    rule = repository.resources()["rule/o"]
    detail = rule.desired()["EventPattern"]["detail"]
    assert detail == {"bucket": {"name": ["t-dev-acres-drop"]}, "object": {"key": [{"wildcard": "new/*.csv"}]}}
    assert Key("acres", "resource", "drop") in rule.needs


def test_alerts_reach_a_topic_of_any_kind(repository: Repository) -> None:
    repository.project("acres", TOPIC, "p.alert(t)")
    resources = repository.resources()
    assert resources["resource/Validate.errors"].desired()["AlarmActions"] == ["«acres: resource/alerts#TopicArn»"]
    assert allowed(resources, "alert-jobs-trigger") == [("sns:Publish", "«acres: resource/alerts#TopicArn»")]


def test_what_fails_may_be_of_any_type(repository: Repository) -> None:
    """A machine whose ARN AWS gives, a job whose name is known, and a function."""
    machine = (
        'm = p.resource("flow", "AWS::StepFunctions::StateMachine", {"RoleArn": "arn:aws:iam::123456789012:role/r", '
        '"DefinitionString": "{}"})'
    )
    function = (
        'f = p.resource("other", "AWS::Lambda::Function", {"Role": "arn:aws:iam::123456789012:role/r", "Runtime": "python3.12", '
        '"Handler": "h.h", "Code": {"S3Bucket": "code", "S3Key": "k"}})'
    )
    repository.project("acres", TOPIC.replace("t =", "told ="), machine, JOB, function, "p.alert(told)", "p.on_failure(m, told)")
    resources = repository.resources()
    pattern = resources["rule/alert-machines"].desired()["EventPattern"]
    assert pattern["detail"]["stateMachineArn"] == ["«acres: resource/flow#Arn»"]
    assert Key("acres", "resource", "flow") in resources["rule/alert-machines"].needs
    assert resources["rule/alert-jobs"].desired()["EventPattern"]["detail"]["jobName"] == [
        "t-dev-acres-load",
        "t-dev-acres-nightjob",
    ]
    assert resources["resource/other.errors"].desired()["Dimensions"] == [{"Name": "FunctionName", "Value": "t-dev-acres-other"}]
    assert resources["rule/flow-failed"].desired()["EventPattern"]["detail"]["stateMachineArn"] == ["«acres: resource/flow#Arn»"]


def test_a_queue_has_any_queue_for_dead_letters(repository: Repository) -> None:
    repository.project("acres", QUEUE, 'p.queue("live", dead_letter=t)')
    live = repository.resources()["queue/live"]
    assert live.desired()["RedrivePolicy"]["deadLetterTargetArn"] == "«acres: resource/work#Arn»"
    assert live.needs == (Key("acres", "resource", "work"),)


def test_a_fifo_queue_needs_a_group(repository: Repository) -> None:
    fields = 'properties={"SqsParameters": {"MessageGroupId": "all"}}'
    repository.project("acres", f'p.on_event("e", p.queue("work.fifo"), {{"source": ["acres"]}}, {fields})')
    rule = repository.resources()["rule/e"]
    assert rule.desired()["Targets"][0]["SqsParameters"] == {"MessageGroupId": "all"}


def test_what_others_share_is_named_with_its_type(repository: Repository) -> None:
    repository.write("deploy.py", SHARED.replace("    return", '    shared.resource("alerts", "AWS::SNS::Topic")\n    return'))
    repository.project("acres", 'p.alert(p.shared.resource("alerts", "AWS::SNS::Topic"))')
    alarm = repository.resources()["resource/Validate.errors"]
    assert alarm.desired()["AlarmActions"] == ["«shared: resource/alerts#TopicArn»"]
    assert Key("shared", "resource", "alerts") in alarm.needs


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            (TOPIC.replace("SNS::Topic", "Logs::LogGroup"), EVENT),
            "target must be a state machine, function, queue, topic, Kinesis stream,",
        ),
        ((TOPIC.replace("SNS::Topic", "Logs::LogGroup"), EVENT), "API destination, not resource/alerts (AWS::Logs::LogGroup)"),
        (
            (QUEUE, 'b = p.resource("drop", "AWS::S3::Bucket")', 'p.on_object("o", t, b / "new")'),
            "resource/drop tells nobody of new objects. Declare it with",
        ),
        (
            (STREAM, 'p.function("Validate", settings={"dead_letter": "${clicks.Arn}"})'),
            "dead_letter must be a queue or a topic, not resource/clicks (AWS::Kinesis::Stream)",
        ),
        ((QUEUE, "p.alert(t)"), "topic must be a topic, not resource/work (AWS::SQS::Queue)"),
        (
            (TOPIC, f'p.schedule("s", t, {DAILY}, dead_letter=t)'),
            "dead_letter must be a queue, not resource/alerts (AWS::SNS::Topic)",
        ),
        ((BUS, f'p.schedule("s", t, {DAILY})'), "the events that resource/bus gets need a source and a type: say properties="),
        ((JOB, EVENT), "a rule cannot start resource/nightjob. Start a state machine that runs it"),
        (('p.queue("q", dead_letter=p.shared.bucket("artifacts"))',), "dead_letter must be a queue, not bucket/artifacts"),
        (
            ('p.alert(p.shared.resource("alerts", "AWS::SNS::Topic"))',),
            "refers to the shared resource/alerts, which deploy.py does not declare.",
        ),
        (
            ('p.alert(p.shared.resource("theirs", "AWS::SNS::Topic"))',),
            "p.shared.resource('theirs', 'AWS::SNS::Topic'): deploy.py declares it as AWS::SQS::Queue",
        ),
    ],
)
def test_another_type_is_refused(repository: Repository, lines: tuple[str, ...], message: str) -> None:
    repository.write("deploy.py", SHARED.replace("    return", '    shared.resource("theirs", "AWS::SQS::Queue")\n    return'))
    repository.project("acres", *lines)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_an_operation_is_called_with_what_it_takes(repository: Repository) -> None:
    api = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    constant = '{"QueueUrl": t.attribute("QueueUrl"), "MessageBody": "<aws.scheduler.scheduled-time>"}'
    access = 'permissions=[allow("sqs:SendMessage", on=t)]'
    repository.project("acres", "from common import allow", QUEUE, f'p.schedule("s", "{api}", {DAILY}, {constant}, {access})')
    sent = json.loads(repository.resources()["resource/s.schedule"].desired()["Target"]["Input"])
    assert sent["QueueUrl"] == "«acres: resource/work#QueueUrl»"


@pytest.mark.parametrize(
    ("operation", "constant", "message"),
    [
        ("glue:startCrawlr", "{}", "glue has no action 'startCrawlr'. Did you mean startCrawler?"),
        ("glu:startCrawler", "{}", "the AWS SDK has no service 'glu'. Did you mean"),
        ("glue:getTables", "{}", "getTables only reads, and Scheduler calls no such operation"),
        ("glue:startCrawler", '{"Nam": "c"}', "constant.Nam: there is no such parameter. Did you mean Name?"),
        ("glue:startCrawler", "{}", "constant: Name is missing; AWS needs it."),
        ("glue:startCrawler", '{"name": "c"}', "capital letters matter in parameters. Did you mean 'Name'?"),
        ("ecs:updateService", '{"Service": "s", "DesiredCount": "many"}', "constant.DesiredCount: it must be a number"),
        ("ecs:updateService", '{"Service": "s", "ForceNewDeployment": []}', "constant.ForceNewDeployment: it must be true or"),
        ("glue:startCrawler", '{"Name.$": "$.c"}', "constant.Name.$: there is no such parameter. Did you mean Name?"),
    ],
)
def test_other_operations_and_parameters_are_refused(repository: Repository, operation: str, constant: str, message: str) -> None:
    """What reads is not called: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html."""
    line = (
        f'p.schedule("s", "arn:aws:scheduler:::aws-sdk:{operation}", {DAILY}, {constant}, permissions=[allow("sqs:ListQueues")])'
    )
    repository.project("acres", "from common import allow", line)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message.replace("'", "") in " ".join(ended.err.split()).replace("'", "")
    assert "Traceback" not in ended.err
