"""Targets that are known only at run time are those that `may_call` lists."""

from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.declare.allowed_actions import FurtherAccess, allow
from common.declare.asl import integrations
from common.declare.asl.may_call import check_entries
from common.model.existing import ExistingRef
from common.model.generated import GeneratedRef, mark_of
from common.model.reference import Names
from common.model.resource import Key
from tests.support.machines import BUCKET, ENV, OWN, QUEUE, REGION, TABLE, TOPIC, named, needed, ref, task

THEIRS = "arn:aws:lambda:eu-central-1:999999999999:function:theirs"
VALIDATE = ref("lambda", "Validate", f"arn:aws:lambda:{REGION}:function:Validate")
JOB = ref("glue-job", "final_job", f"arn:aws:glue:{REGION}:job/final_job")
LIVE = ExistingRef(Key("existing", "lambda", "live"), "live", f"{THEIRS}:live")
ROLE = "arn:aws:iam::999999999999:role/team/callers"
KEY = Key("acres", "resource", "dead")
DEAD = GeneratedRef(KEY, "dead", mark_of(KEY, "Arn"), frozenset({"Arn", "QueueUrl"}), frozenset({"sqs"}), "AWS::SQS::Queue")


@pytest.fixture
def names() -> Names:
    return named()


@pytest.mark.parametrize(
    ("integration", "parameters", "entry", "action", "arns"),
    [
        ("lambda:invoke", {"FunctionName.$": "$.f"}, VALIDATE, "lambda:InvokeFunction", [VALIDATE.arn, f"{VALIDATE.arn}:*"]),
        ("lambda:invoke", {"FunctionName.$": "$.f"}, THEIRS, "lambda:InvokeFunction", [THEIRS, f"{THEIRS}:*"]),
        (
            "lambda:invoke",
            {"FunctionName.$": "$.f"},
            "${Validate.arn}",
            "lambda:InvokeFunction",
            [VALIDATE.arn, f"{VALIDATE.arn}:*"],
        ),
        ("lambda:invoke", {"FunctionName.$": "$.f"}, LIVE, "lambda:InvokeFunction", [LIVE.arn, f"{LIVE.arn}:*"]),
        ("glue:startJobRun", {"JobName": "{% $states.input.job %}"}, JOB, "glue:StartJobRun", [JOB.arn]),
        ("dynamodb:putItem", {"TableName.$": "$.t", "Item": {}}, TABLE, "dynamodb:PutItem", [TABLE.arn]),
        ("sns:publish", {"TopicArn.$": "States.Format('arn:{}', $.t)"}, TOPIC, "sns:Publish", [TOPIC.arn]),
        ("sqs:sendMessage", {"QueueUrl.$": "$.q"}, QUEUE, "sqs:SendMessage", [QUEUE.arn]),
        ("sqs:sendMessage", {"QueueUrl.$": "$.q"}, DEAD, "sqs:SendMessage", [DEAD.arn]),
        ("aws-sdk:s3:putObject", {"Bucket.$": "$.b", "Key.$": "$.k"}, BUCKET, "s3:PutObject", [f"{BUCKET.arn}/*"]),
        ("aws-sdk:s3:putObject", {"Bucket.$": "$.b", "Key": "a"}, BUCKET, "s3:PutObject", [f"{BUCKET.arn}/a"]),
        ("aws-sdk:s3:getObject", {"Bucket.$": "$.b", "Key.$": "$.k"}, BUCKET / "in", "s3:GetObject", [f"{BUCKET.arn}/in/*"]),
        ("aws-sdk:s3:listObjectsV2", {"Bucket.$": "$.b"}, BUCKET, "s3:ListBucket", [BUCKET.arn]),
        (
            "aws-sdk:ssm:getParameter",
            {"Name.$": "$.name"},
            f"arn:aws:ssm:{REGION}:parameter/rate",
            "ssm:GetParameter",
            [f"arn:aws:ssm:{REGION}:parameter/rate"],
        ),
        (
            "ecs:runTask",
            {"TaskDefinition.$": "$.task"},
            f"arn:aws:ecs:{REGION}:task-definition/resize",
            "ecs:RunTask",
            [f"arn:aws:ecs:{REGION}:task-definition/resize", f"arn:aws:ecs:{REGION}:task-definition/resize:*"],
        ),
        (
            "elasticmapreduce:cancelStep",
            {"ClusterId.$": "$.id"},
            f"arn:aws:elasticmapreduce:{REGION}:cluster/j-ABC",
            "elasticmapreduce:CancelSteps",
            [f"arn:aws:elasticmapreduce:{REGION}:cluster/j-ABC"],
        ),
    ],
)
def test_a_target_that_is_known_only_at_run_time_is_one_of_those(
    names: Names, integration: str, parameters: dict[str, Any], entry: Any, action: str, arns: list[str]
) -> None:
    machine = task(f"arn:aws:states:::{integration}", **parameters)
    assert needed(machine, names, entry) == {action: sorted(arns)}


def test_the_role_of_a_task_may_be_one_of_several(names: Names) -> None:
    machine = task("arn:aws:states:::lambda:invoke", FunctionName=THEIRS)
    machine["States"]["A"]["Credentials"] = {"RoleArn.$": "$.role"}
    assert needed(machine, names, ROLE, f"{ROLE}-2") == {"sts:AssumeRole": [ROLE, f"{ROLE}-2"]}


def test_a_url_may_be_several(names: Names) -> None:
    connection = f"arn:aws:events:{REGION}:connection/shop/0b6d"
    machine = task("arn:aws:states:::http:invoke", **{"ApiEndpoint.$": "$.url", "Method.$": "$.method", "Authentication": {}})
    machine["States"]["A"]["Parameters"]["Authentication"] = {"ConnectionArn.$": "$.connection"}
    statements = needed(machine, names, "https://api.example.com/*", connection)
    assert statements["states:InvokeHTTPEndpoint"] == [OWN.arn]
    assert statements["events:RetrieveConnectionCredentials"] == [connection]


@pytest.mark.parametrize("where", ["Authentication", "InvocationConfig"])
def test_the_connection_of_an_http_task_stands_in_either_parameter(names: Names, where: str) -> None:
    """Follows https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html."""
    connection = f"arn:aws:events:{REGION}:connection/shop/0b6d"
    parameters = {"ApiEndpoint": "https://api.example.com/orders", "Method": "GET", where: {"ConnectionArn": connection}}
    statements = needed(task("arn:aws:states:::http:invoke", **parameters), names)
    assert statements["events:RetrieveConnectionCredentials"] == [connection]
    assert statements["secretsmanager:GetSecretValue"] == [f"arn:aws:secretsmanager:{REGION}:secret:events!connection/shop/*"]


def test_what_is_named_is_not_widened_by_it(names: Names) -> None:
    machine = task("arn:aws:states:::lambda:invoke", FunctionName=THEIRS)
    with pytest.raises(
        DeclarationError, match=r"^here: may_call lists lambda/Validate, which no state calls by a target that is"
    ):
        needed(machine, names, VALIDATE)


def test_one_message_names_all_states_and_says_what_to_write(names: Names) -> None:
    states = {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName.$": "$.f"},
            "Next": "All",
        },
        "All": {
            "Type": "Parallel",
            "Branches": [task("arn:aws:states:::aws-sdk:s3:getObject", **{"Bucket.$": "$.b", "Key": "k"})],
            "Next": "Wrong",
        },
        "Wrong": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": "${runs.arn}"},
            "End": True,
        },
    }
    with pytest.raises(DeclarationError) as caught:
        needed({"StartAt": "Call", "States": states}, names)
    assert str(caught.value) == (
        "here: its role cannot be generated, for 3 reasons:\n"
        "  Call.FunctionName.$: which function it is, is known only when the machine runs.\n"
        "  All > A.Bucket.$: which bucket it is, is known only when the machine runs.\n"
        "  Wrong.TopicArn: table/runs is not a topic, so no permission can be generated. Write it as ${Name.arn}.\n"
        "List what it may be in the declaration, references or ARNs, as in "
        f'may_call=["arn:aws:lambda:{REGION}:function:NAME", "arn:aws:s3:::NAME"]. '
        "Or set a role for the machine in config/dev.json."
    )


def test_what_can_be_told_is_told_before_the_message(names: Names) -> None:
    machine = task("arn:aws:states:::sns:publish", TopicArn="${alerts.arn}")
    machine["States"]["A"] |= {"Next": "B"}
    machine["States"]["B"] = task("arn:aws:states:::lambda:invoke", **{"FunctionName.$": "$.f"})["States"]["A"]
    statements = integrations.state_machine(ENV, OWN, machine, names, "here")
    assert next(statements)["Action"] == ["sns:Publish"]
    with pytest.raises(DeclarationError):
        next(statements)


def test_a_permission_of_the_declaration_itself_stands_for_it(names: Names) -> None:
    further = FurtherAccess.of([allow("lambda:Invoke*", on=f"{THEIRS}-*", reason="one for each customer")], [])
    machine = task("arn:aws:states:::lambda:invoke", **{"FunctionName.$": "$.f"})
    assert not list(integrations.state_machine(ENV, OWN, machine, names, "here", permits=further.permits))
    other = task("arn:aws:states:::aws-sdk:lambda:getLayerVersionByArn", Arn="x")
    assert not list(integrations.state_machine(ENV, OWN, other, names, "here", permits=further.permits))


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        (VALIDATE, "may_call is a list, even of one"),
        ([7], "may_call: 7 is neither a reference"),
        (["Validate"], "may_call: 'Validate' is not an ARN"),
        ([f"{THEIRS}-*"], r"may_call: '.*theirs-\*' is a pattern; it takes exact ARNs. For a pattern write permissions=\[allow"),
    ],
)
def test_entries_are_references_and_exact_arns(entries: Any, error: str) -> None:
    with pytest.raises((TypeError, ValueError), match=error):
        check_entries(entries)


def test_what_cannot_be_called_is_no_entry(names: Names) -> None:
    layer = ref("layer", "common", f"arn:aws:lambda:{REGION}:layer:common")
    with pytest.raises(DeclarationError, match=r"^here: may_call lists layer/common, which no state calls by a target"):
        needed(task("arn:aws:states:::lambda:invoke", FunctionName=THEIRS), names, layer)
