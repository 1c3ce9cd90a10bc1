"""A permission is on the target of a task, whatever else the task mentions."""

import re
from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.declare.asl import integrations
from common.model.generated import GeneratedRef, mark_of
from common.model.reference import Names
from common.model.resource import Key
from common.resources import kinds
from tests.support.machines import BUCKET, ENV, OWN, QUEUE, REGION, TABLE, TOPIC, named, needed, task

IN_LANDING = {"Bucket": "${landing.name}", "Key": "k"}


@pytest.fixture
def names() -> Names:
    return named()


THEIRS = "arn:aws:lambda:eu-central-1:999999999999:function:theirs"
MENTIONED = {"bucket": "${landing.name}", "table": "${runs.arn}", "function": "${CreateNewId.arn}", "topic": "${alerts.arn}"}


@pytest.mark.parametrize("where", ["Parameters", "Arguments"])
@pytest.mark.parametrize(
    ("integration", "target", "mention", "arns"),
    [
        ("lambda:invoke", {"FunctionName": THEIRS}, "Payload", [THEIRS, f"{THEIRS}:*"]),
        ("lambda:invoke", {"FunctionName": f"{THEIRS}:live"}, "Payload", [THEIRS, f"{THEIRS}:*"]),
        ("lambda:invoke", {"FunctionName": "other:7"}, "Payload", None),
        ("lambda:invoke.waitForTaskToken", {"FunctionName": "${Validate.name}"}, "Payload", None),
        ("lambda:invoke", {"FunctionName": "${Validate.arn}:$LATEST"}, "Payload", None),
        ("lambda:invoke", {"FunctionName": "${Validate.name}-suffix"}, "Payload", None),
        ("aws-sdk:lambda:invoke", {"FunctionName": "${Validate.arn}"}, "Payload", None),
        ("glue:startJobRun.sync", {"JobName": "${final_job.name}"}, "Arguments", [f"arn:aws:glue:{REGION}:job/final_job"]),
        ("glue:startJobRun", {"JobName": "theirs"}, "Arguments", [f"arn:aws:glue:{REGION}:job/theirs"]),
        ("aws-sdk:glue:startCrawler", {"Name": "${final_crawler.name}"}, "x", [f"arn:aws:glue:{REGION}:crawler/final_crawler"]),
        ("states:startExecution", {"StateMachineArn": "${child.arn}"}, "Input", [f"arn:aws:states:{REGION}:stateMachine:child"]),
        ("sns:publish", {"TopicArn": "${alerts.arn}"}, "Message", [TOPIC.arn]),
        ("dynamodb:putItem", {"TableName": "${runs.name}"}, "Item", [TABLE.arn]),
        ("dynamodb:putItem", {"TableName": "${runs.arn}"}, "Item", [TABLE.arn]),
        ("aws-sdk:s3:putObject", {"Bucket": "lake", "Key": "k"}, "Body", ["arn:aws:s3:::lake/k"]),
        ("sqs:sendMessage", {"QueueUrl": "${orders.url}"}, "MessageBody", [QUEUE.arn]),
        (
            "sqs:sendMessage",
            {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/999999999999/q.fifo"},
            "MessageBody",
            ["arn:aws:sqs:us-east-1:999999999999:q.fifo"],
        ),
    ],
)
def test_the_target_decides_whatever_else_is_mentioned(
    names: Names, where: str, integration: str, target: dict[str, str], mention: str, arns: list[str] | None
) -> None:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{integration}", where: {**target, mention: MENTIONED}, "End": True}
    named = {"other:7": "other", "${Validate.name}-suffix": "Validate-suffix"}.get(target.get("FunctionName", ""), "Validate")
    function = f"arn:aws:lambda:{REGION}:function:{named}"
    expected = arns or [function, f"{function}:*"]
    outer = {
        "StartAt": "M",
        "States": {"M": {"Type": "Map", "ItemProcessor": {"StartAt": "A", "States": {"A": state}}, "End": True}},
    }
    for machine in ({"StartAt": "A", "States": {"A": state}}, outer):
        statements = needed(machine, names)
        assert {arn for on in statements.values() for arn in on} == {*expected}


@pytest.mark.parametrize(
    ("integration", "parameters", "message"),
    [
        ("lambda:invoke", {"FunctionName": "${landing.name}"}, "A.FunctionName: bucket/landing is not a function"),
        ("lambda:invoke", {"FunctionName": "${final_job.name}"}, "A.FunctionName: glue-job/final_job is not a function"),
        ("lambda:invoke", {"FunctionName": "${alerts.arn}"}, "A.FunctionName: topic/alerts is not a function"),
        ("lambda:invoke", {"FunctionName": "arn:aws:sns:eu-central-1:999999999999:x"}, "A.FunctionName: 'arn:aws:sns:"),
        (
            "lambda:invoke",
            {"FunctionName": "arn:aws-cn:lambda:cn-north-1:999999999999:function:x"},
            "A.FunctionName: arn:aws-cn:… with the region cn-north-1 does not exist in the partition aws",
        ),
        (
            "lambda:invoke",
            {"FunctionName": "Validate"},
            "A.FunctionName: 'Validate' is not what lambda/Validate is called in AWS. Write it as ${Validate.name} or",
        ),
        ("glue:startJobRun", {"JobName": "final_job"}, "A.JobName: 'final_job' is not what glue-job/final_job is called in AWS."),
        ("lambda:invoke", {"FunctionName": "*"}, "A.FunctionName: '*' is not a function"),
        ("lambda:invoke", {"FunctionName": "acres-*"}, "A.FunctionName: 'acres-*' is not a function"),
        (
            "lambda:invoke",
            {"FunctionName.$": "$.which", "Payload": MENTIONED},
            "A.FunctionName.$: which function it is, is known only when the machine runs. List what it may be in the declaration",
        ),
        ("lambda:invoke", {"FunctionName": "{% $which %}"}, "A.FunctionName: which function it is, is known only"),
        ("lambda:invoke", {"FunctionName": "{% '${Validate.arn}' %}"}, "A.FunctionName: which function it is, is known only"),
        ("lambda:invoke", {"Payload": MENTIONED}, "A needs lambda:InvokeFunction, but has no FunctionName."),
        ("glue:startJobRun", {"JobName": "${Validate.name}"}, "A.JobName: lambda/Validate is not a job"),
        ("glue:startJobRun", {"JobName": "${final_job.arn}"}, "A.JobName: 'arn:aws:glue:"),
        ("glue:startJobRun", {"JobName": "*"}, "A.JobName: '*' is not a job"),
        ("aws-sdk:glue:startCrawler", {"Name": "${final_job.name}"}, "A.Name: glue-job/final_job is not a crawler"),
        ("states:startExecution", {"StateMachineArn": "${child.name}"}, "A.StateMachineArn: 'child' is not a machine"),
        ("states:startExecution", {"StateMachineArn": "${Validate.arn}"}, "A.StateMachineArn: lambda/Validate is not a machine"),
        ("sns:publish", {"Message": "${alerts.arn}"}, "A calls sns:publish without TopicArn."),
        ("sns:publish", {"TopicArn": "${alerts.name}"}, "A.TopicArn: 'alerts' is not a topic"),
        ("dynamodb:getItem", {"TableName": "${landing.name}"}, "A.TableName: bucket/landing is not a table"),
        ("aws-sdk:s3:getObject", {"Bucket": "${runs.name}"}, "A.Bucket: table/runs is not a bucket"),
        ("aws-sdk:s3:getObject", {"Bucket": "${landing.arn}"}, "A.Bucket: 'arn:aws:s3:::landing' is not a bucket"),
        (
            "sqs:sendMessage",
            {"QueueUrl": "https://elsewhere.example/1/q"},
            "A.QueueUrl: 'https://elsewhere.example/1/q' is not a queue",
        ),
        (
            "aws-sdk:s3:copyObject",
            {**IN_LANDING, "CopySource.$": "$.from"},
            "A.CopySource: which bucket it is, is known only when",
        ),
    ],
)
def test_a_target_that_does_not_fit_or_cannot_be_told_is_refused(
    names: Names, integration: str, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        needed(task(f"arn:aws:states:::{integration}", **parameters), names)
    assert str(caught.value).startswith(f"here: {message}")
    assert "\n" not in str(caught.value)


def test_a_resource_that_is_no_function_is_refused(names: Names) -> None:
    with pytest.raises(DeclarationError, match=r"^here: A.Resource: bucket/landing is not a function"):
        needed(task("${landing.name}", Payload="${Validate.arn}"), names)
    assert needed(task(f"arn:aws:states:{REGION}:activity:approve"), names) == {}, "workers of an activity come by themselves"


def test_a_copy_reads_where_it_comes_from_and_writes_where_it_goes(names: Names) -> None:
    parameters = {"Bucket": "lake", "Key": "k", "CopySource.$": "States.Format('${landing.name}/{}', $.key)"}
    assert needed(task("arn:aws:states:::aws-sdk:s3:copyObject", **parameters), names) == {
        "s3:GetObject": [f"{BUCKET.arn}/*"],
        "s3:PutObject": ["arn:aws:s3:::lake/k"],
    }


def test_executions_of_a_version_are_those_of_its_machine(names: Names) -> None:
    child = f"arn:aws:states:{REGION}:stateMachine:child"
    statements = needed(task("arn:aws:states:::states:startExecution.sync", StateMachineArn="${child.arn}:live"), names)
    assert statements["states:StartExecution"] == [f"{child}:live"]
    assert statements["states:StopExecution"] == [f"arn:aws:states:{REGION}:execution:child:*"]


def test_who_asks_an_index_of_a_table_asks_the_index(names: Names) -> None:
    statements = needed(task("arn:aws:states:::aws-sdk:dynamodb:query", TableName="${runs.name}", IndexName="by_day"), names)
    assert statements == {"dynamodb:Query": [TABLE.arn, f"{TABLE.arn}/index/*"]}


def test_a_task_with_credentials_of_another_takes_these_and_nothing_of_its_own(names: Names) -> None:
    role = "arn:aws:iam::999999999999:role/team/callers"
    machine = task("arn:aws:states:::lambda:invoke", FunctionName=THEIRS)
    machine["States"]["A"]["Credentials"] = {"RoleArn": role}
    assert needed(machine, names) == {"sts:AssumeRole": [role]}
    for wrong, message in (
        ({"RoleArn.$": "$.role"}, "RoleArn.$: which role it is, is known only when the machine runs. List what it may be"),
        ({"RoleArn": "{% $role %}"}, "RoleArn: which role it is, is known only when the machine runs."),
        ({"RoleArn": f"{role}*"}, f"RoleArn: '{role}*' is not a role"),
        ({"RoleArn": THEIRS}, f"RoleArn: '{THEIRS}' is not a role"),
    ):
        machine["States"]["A"]["Credentials"] = wrong
        with pytest.raises(DeclarationError, match=rf"^here: A\.Credentials\.{re.escape(message)}"):
            needed(machine, names)
    machine["States"]["A"]["Credentials"] = {}
    with pytest.raises(DeclarationError, match=r"^here: A\.Credentials: RoleArn is missing\."):
        needed(machine, names)


def generated(name: str, type_name: str, service: str, *attributes: str) -> GeneratedRef:
    key = Key("acres", "resource", name)
    return GeneratedRef(key, name, mark_of(key, "Arn"), frozenset({"Arn", *attributes}), frozenset({service}), type_name)


MADE = {
    "dead": generated("dead", "AWS::SQS::Queue", "sqs", "QueueUrl"),
    "spark": generated("spark", "AWS::EMRServerless::Application", "emr-serverless", "ApplicationId"),
    "cluster": generated("cluster", "AWS::ECS::Cluster", "ecs"),
    "tasks": generated("tasks", "AWS::ECS::TaskDefinition", "ecs", "TaskDefinitionArn"),
    "flow": generated("flow", "AWS::StepFunctions::StateMachine", "states"),
    "wide": generated("wide", "AWS::SNS::Topic", "sns", "TopicArn"),
}


@pytest.mark.parametrize(
    ("integration", "parameters", "action", "arns"),
    [
        ("sqs:sendMessage", {"QueueUrl": "${dead.QueueUrl}"}, "sqs:SendMessage", [MADE["dead"].arn]),
        ("sns:publish", {"TopicArn": "${wide.TopicArn}"}, "sns:Publish", [MADE["wide"].arn]),
        (
            "emr-serverless:startApplication",
            {"ApplicationId": "${spark.ApplicationId}"},
            "emr-serverless:StartApplication",
            [MADE["spark"].arn],
        ),
        (
            "ecs:runTask.sync",
            {"Cluster": "${cluster.Arn}", "TaskDefinition": "${tasks.TaskDefinitionArn}"},
            "ecs:StopTask",
            [f"arn:aws:ecs:{REGION}:task/*/*"],
        ),
        (
            "ecs:runTask",
            {"TaskDefinition": "${tasks.TaskDefinitionArn}"},
            "ecs:RunTask",
            [MADE["tasks"].arn],
        ),
        (
            "states:startExecution.sync",
            {"StateMachineArn": "${flow.Arn}"},
            "states:StopExecution",
            [f"arn:aws:states:{REGION}:execution:*"],
        ),
    ],
)
def test_what_aws_gives_a_resource_of_any_type_stands_for_the_resource(
    names: Names, integration: str, parameters: dict[str, Any], action: str, arns: list[str]
) -> None:
    for reference in MADE.values():
        names.add(reference)
    assert needed(task(f"arn:aws:states:::{integration}", **parameters), names)[action] == arns


@pytest.mark.parametrize(
    ("where", "machine"),
    [
        ("Parameters", {"StateMachineArn.$": "$$.StateMachine.Id"}),
        ("Arguments", {"StateMachineArn": "{% $states.context.StateMachine.Id %}"}),
    ],
)
def test_a_machine_that_starts_itself_is_known(names: Names, where: str, machine: dict[str, str]) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", where: machine, "End": True}
    assert needed({"StartAt": "A", "States": {"A": state}}, names) == {"states:StartExecution": [OWN.arn]}


@pytest.mark.parametrize(
    ("where", "parameters", "urls"),
    [
        ("Arguments", {"ApiEndpoint": "{% 'https://api.example.com/orders/' & $id %}"}, ["https://api.example.com/orders/*"]),
        ("Parameters", {"ApiEndpoint.$": "States.Format('https://api.example.com/{}', $.id)"}, ["https://api.example.com/*"]),
    ],
)
def test_the_beginning_of_a_url_tells_the_site(names: Names, where: str, parameters: dict[str, str], urls: list[str]) -> None:
    connection = {"ConnectionArn": f"arn:aws:events:{REGION}:connection/shop/0b6d"}
    state = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", where: {**parameters, "Authentication": connection}}
    statements = integrations.state_machine(ENV, OWN, {"StartAt": "A", "States": {"A": state}}, names, "here")
    (call,) = (statement for statement in statements if statement["Action"] == ["states:InvokeHTTPEndpoint"])
    assert call["Condition"] == {"StringLike": {"states:HTTPEndpoint": urls}}


@pytest.mark.parametrize(
    "expression", ["{% 'https://' & $site & '/' %}", "{% $url %}", "{% 'https://api.example.com' & $rest %}"]
)
def test_a_url_whose_site_is_not_told_is_refused(names: Names, expression: str) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Arguments": {"ApiEndpoint": expression}}
    state["Arguments"] |= {"Authentication": {"ConnectionArn": f"arn:aws:events:{REGION}:connection/shop/0b6d"}}  # type: ignore[operator] # a literal
    with pytest.raises(DeclarationError, match=r"^here: A\.ApiEndpoint: which URL it is, is known only when the machine runs\."):
        needed({"StartAt": "A", "States": {"A": state}}, names)


def test_an_activity_that_the_project_makes_needs_no_permission(names: Names) -> None:
    names.add(generated("approve", "AWS::StepFunctions::Activity", "states"))
    assert needed(task("${approve.Arn}"), names) == {}


def test_a_call_whose_arguments_are_one_expression_needs_its_own_kind_of_target_alone(names: Names) -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:glue:startCrawler",
        "Arguments": "{% $states.input %}",
        "End": True,
    }
    with pytest.raises(DeclarationError, match=r"^here: A\.Name: which crawler it is, is known only when the machine runs\."):
        needed({"StartAt": "A", "States": {"A": state}}, names)


def test_services_in_china_may_have_an_ending_of_their_own() -> None:
    china = ENV.model_copy(update={"region": "cn-north-1"})
    role = "arn:aws-cn:iam::123456789012:role/r"
    machine = task("arn:aws-cn:states:::mediaconvert:createJob", Role=role, Settings={})
    (passing,) = (
        statement
        for statement in integrations.state_machine(china, OWN, machine, Names({}, kinds(), china.account), "here")
        if statement["Action"] == ["iam:PassRole"]
    )
    services = ["mediaconvert.amazonaws.com", "mediaconvert.amazonaws.com.cn"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": services}}
