"""What a state machine may do follows from its definition."""

from typing import Any

import pytest

from common import integrations
from common.config import Environment
from common.errors import DeclarationError
from common.reference import Names, Ref
from common.resource import Key
from projects.fpac_pipeline.fpac_stepfunctions import definition
from tests.repository import CONFIG

ENV = Environment.model_validate(CONFIG)
REGION = "eu-central-1:123456789012"


def ref(kind: str, name: str, arn: str) -> Ref:
    return Ref(Key("acres", kind, name), name, arn)


BUCKET = ref("bucket", "landing", "arn:aws:s3:::landing")
TABLE = ref("table", "runs", f"arn:aws:dynamodb:{REGION}:table/runs")
DATABASE = ref("database", "db", f"arn:aws:glue:{REGION}:database/db")
TOPIC = ref("topic", "alerts", f"arn:aws:sns:{REGION}:alerts")
OWN = ref("state-machine", "own", f"arn:aws:states:{REGION}:stateMachine:own")
EXECUTIONS = f"arn:aws:states:{REGION}:execution:own"
ITSELF = {
    "states:StartExecution": [OWN.arn],
    **{f"states:{action}": [f"{EXECUTIONS}/*", f"{EXECUTIONS}:*"] for action in ("DescribeExecution", "StopExecution")},
    "states:RedriveExecution": [f"{EXECUTIONS}/*"],
}
"""What a machine with a distributed Map needs on itself."""
END: dict[str, Any] = {"StartAt": "E", "States": {"E": {"Type": "Succeed"}}}
LANDING = ["arn:aws:s3:::landing", "arn:aws:s3:::landing/*"]


@pytest.fixture
def names() -> Names:
    made = Names({"region": "x", "lake": "lake"})
    for name in ("CreateNewId", "Validate", "LogResults"):
        made.add(ref("lambda", name, f"arn:aws:lambda:{REGION}:function:{name}"))
    for name in ("landing_job", "cleaning_job", "final_job"):
        made.add(ref("glue-job", name, f"arn:aws:glue:{REGION}:job/{name}"))
    made.add(ref("crawler", "final_crawler", f"arn:aws:glue:{REGION}:crawler/final_crawler"))
    made.add(ref("state-machine", "child", f"arn:aws:states:{REGION}:stateMachine:child"))
    for one in (BUCKET, TABLE, DATABASE, TOPIC):
        made.add(one)
    return made


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return {"StartAt": "A", "States": {"A": state}}


def needed(machine: dict[str, Any], names: Names) -> dict[str, list[str]]:
    """Of each action the resources it is allowed on."""
    found: dict[str, list[str]] = {}
    for statement in integrations.state_machine(ENV, OWN, machine, names, "here"):
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            found.setdefault(action, []).extend(statement["Resource"])
    return found


def test_the_fpac_machine_may_do_what_its_states_do_and_nothing_else(names: Names) -> None:
    functions = [f"arn:aws:lambda:{REGION}:function:{name}" for name in ("CreateNewId", "LogResults", "Validate")]
    jobs = [f"arn:aws:glue:{REGION}:job/{name}" for name in ("cleaning_job", "final_job", "landing_job")]
    crawler = [f"arn:aws:glue:{REGION}:crawler/final_crawler"]
    assert needed(definition(), names) == {
        "lambda:InvokeFunction": sorted([*functions, *(f"{arn}:*" for arn in functions)]),
        **{f"glue:{action}": jobs for action in ("BatchStopJobRun", "GetJobRun", "GetJobRuns", "StartJobRun")},
        "glue:StartCrawler": crawler,
        "glue:GetCrawler": crawler,
    }


@pytest.mark.parametrize("flavour", [".sync", ".sync:2"])
def test_a_nested_machine_needs_its_executions_and_the_rule_of_events(names: Names, flavour: str) -> None:
    rule = [f"arn:aws:events:{REGION}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"]
    executions = [f"arn:aws:states:{REGION}:execution:child:*"]
    machine = task(f"arn:aws:states:::states:startExecution{flavour}", StateMachineArn="${child.arn}")
    assert needed(machine, names) == {
        "states:StartExecution": [f"arn:aws:states:{REGION}:stateMachine:child"],
        **{f"events:{action}": rule for action in ("DescribeRule", "PutRule", "PutTargets")},
        **{f"states:{action}": executions for action in ("DescribeExecution", "StopExecution")},
    }


def test_who_only_starts_a_machine_needs_no_more(names: Names) -> None:
    machine = task("arn:aws:states:::states:startExecution", StateMachineArn="${child.arn}")
    assert needed(machine, names) == {"states:StartExecution": [f"arn:aws:states:{REGION}:stateMachine:child"]}


@pytest.mark.parametrize(
    ("resource", "parameters", "allowed"),
    [
        ("arn:aws:states:::dynamodb:putItem", {"TableName": "${runs.name}"}, {"dynamodb:PutItem": [TABLE.arn]}),
        ("arn:aws:states:::sns:publish", {"TopicArn": "${alerts.arn}"}, {"sns:Publish": [TOPIC.arn]}),
        (
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            {"FunctionName": "${Validate.arn}"},
            {"lambda:InvokeFunction": [f"arn:aws:lambda:{REGION}:function:Validate{end}" for end in ("", ":*")]},
        ),
        ("arn:aws:states:::aws-sdk:dynamodb:query", {"TableName": "${runs.name}"}, {"dynamodb:Query": [TABLE.arn]}),
        (
            "arn:aws:states:::aws-sdk:s3:listObjectsV2",
            {"Bucket": "${landing.name}"},
            {"s3:ListBucket": [BUCKET.arn, f"{BUCKET.arn}/*"]},
        ),
        (
            "arn:aws:states:::aws-sdk:lambda:invoke",
            {"FunctionName": "${Validate.arn}"},
            {"lambda:InvokeFunction": [f"arn:aws:lambda:{REGION}:function:Validate{end}" for end in ("", ":*")]},
        ),
        (
            "arn:aws:states:::aws-sdk:glue:getTable",
            {"DatabaseName": "${db.name}"},
            {"glue:GetTable": [f"arn:aws:glue:{REGION}:catalog", DATABASE.arn, f"arn:aws:glue:{REGION}:table/db/*"]},
        ),
        ("arn:aws:states:::aws-sdk:sfn:startExecution", {"x": "${child.arn}"}, None),
    ],
)
def test_integrations(names: Names, resource: str, parameters: dict[str, Any], allowed: dict[str, list[str]] | None) -> None:
    expected = allowed or {"states:StartExecution": [f"arn:aws:states:{REGION}:stateMachine:child"]}
    assert needed(task(resource, **parameters), names) == expected


@pytest.mark.parametrize(
    ("operation", "of", "actions"),
    [
        ("dynamodb:transactGetItems", "${runs.name}", {"GetItem"}),
        ("dynamodb:transactWriteItems", "${runs.name}", {"ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"}),
        ("s3:completeMultipartUpload", "${landing.name}", {"PutObject"}),
        ("s3:copyObject", "${landing.name}", {"GetObject", "PutObject"}),
        ("s3:createMultipartUpload", "${landing.name}", {"PutObject"}),
        ("s3:deleteObjects", "${landing.name}", {"DeleteObject"}),
        ("s3:headBucket", "${landing.name}", {"ListBucket"}),
        ("s3:headObject", "${landing.name}", {"GetObject"}),
        ("s3:listObjects", "${landing.name}", {"ListBucket"}),
        ("s3:listObjectVersions", "${landing.name}", {"ListBucketVersions"}),
        ("s3:uploadPart", "${landing.name}", {"PutObject"}),
        ("s3:uploadPartCopy", "${landing.name}", {"GetObject", "PutObject"}),
        ("sns:publishBatch", "${alerts.arn}", {"Publish"}),
    ],
)
def test_an_operation_may_be_authorised_as_others(names: Names, operation: str, of: str, actions: set[str]) -> None:
    service = operation.partition(":")[0]
    assert set(needed(task(f"arn:aws:states:::aws-sdk:{operation}", Of=of), names)) == {f"{service}:{one}" for one in actions}


def test_a_function_may_be_the_resource_itself(names: Names) -> None:
    assert set(needed(task("${Validate.arn}"), names)) == {"lambda:InvokeFunction"}


def test_nested_tasks_count_and_payloads_that_look_like_tasks_do_not(names: Names) -> None:
    inner = task("arn:aws:states:::lambda:invoke", FunctionName="${Validate.arn}", Payload={"Type": "Task", "Resource": "x"})
    other = task("arn:aws:states:::sns:publish", TopicArn="${alerts.arn}")
    parallel = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [inner, other], "End": True}}}
    outer = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": parallel, "End": True}}}
    assert set(needed(outer, names)) == {"lambda:InvokeFunction", "sns:Publish"}


@pytest.mark.parametrize(
    ("integration", "value", "told"),
    [
        ("lambda:invok", "${Validate.arn}", "here: the integration 'lambda:invok' is not known. Known are"),
        ("aws-sdk:glue", "${db.name}", "here: 'arn:aws:states:::aws-sdk:glue' is no integration."),
        ("sns:publish", "arn:aws:sns:x:1:y", "here: a task calls sns:Publish on nothing of this project."),
        ("lambda:invoke", "${Valdate.arn}", "here: ${Valdate.arn} refers to nothing. Did you mean ${Validate.arn}?"),
    ],
)
def test_what_a_task_needs_must_be_clear(names: Names, integration: str, value: str, told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        needed(task(f"arn:aws:states:::{integration}", Of=value), names)
    assert str(caught.value).startswith(told)


def distributed(**said: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **END}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **said}}}


def reading(operation: str, parameters: dict[str, Any], config: dict[str, Any] | None = None) -> dict[str, Any]:
    resource = f"arn:aws:states:::{operation}"
    return distributed(ItemReader={"Resource": resource, "ReaderConfig": config or {}, "Parameters": parameters})


def test_a_distributed_map_starts_and_follows_executions_of_its_own_machine(names: Names) -> None:
    assert needed(distributed(), names) == ITSELF
    inline = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": END, "End": True}}}
    assert needed(inline, names) == {}


def test_it_does_so_wherever_it_is_and_its_tasks_count(names: Names) -> None:
    inner = task("arn:aws:states:::sns:publish", TopicArn="${alerts.arn}")
    inner["ProcessorConfig"] = {"Mode": "DISTRIBUTED"}
    within = {"StartAt": "I", "States": {"I": {"Type": "Map", "ItemProcessor": distributed(ItemProcessor=inner), "End": True}}}
    parallel = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [END, within], "End": True}}}
    for machine in (distributed(ItemProcessor=inner), within, parallel):
        assert needed(machine, names) == {**ITSELF, "sns:Publish": [TOPIC.arn]}


@pytest.mark.parametrize(
    ("machine", "actions"),
    [
        (reading("s3:getObject", {"Bucket": "${landing.name}", "Key.$": "$.key"}), {"GetObject"}),
        (reading("s3:getObject", {"Bucket": "${landing.name}", "Key": "k", "VersionId": "v"}), {"GetObject", "GetObjectVersion"}),
        (reading("s3:getObject", {"Bucket": "${landing.name}", "VersionId.$": "$.v"}), {"GetObject", "GetObjectVersion"}),
        (reading("s3:getObject", {"Bucket": "${landing.name}"}, {"InputType": "MANIFEST"}), {"GetObject"}),
        (reading("s3:listObjectsV2", {"Bucket": "${landing.name}", "Prefix": "in/"}), {"ListBucket"}),
        (
            reading("s3:listObjectsV2", {"Bucket": "${landing.name}"}, {"Transformation": "LOAD_AND_FLATTEN"}),
            {"GetObject", "ListBucket"},
        ),
        (
            distributed(ItemReader={"Resource": "arn:aws:states:::s3:getObject", "Arguments": {"Bucket": "${landing.name}"}}),
            {"GetObject"},
        ),
        (
            distributed(ResultWriter={"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "${landing.name}"}}),
            {"AbortMultipartUpload", "GetObject", "ListMultipartUploadParts", "PutObject"},
        ),
        (distributed(ResultWriter={"WriterConfig": {"Transformation": "COMPACT"}}), set()),
    ],
)
def test_what_a_distributed_map_reads_and_writes_itself(names: Names, machine: dict[str, Any], actions: set[str]) -> None:
    assert needed(machine, names) == {**ITSELF, **{f"s3:{action}": LANDING for action in actions}}


@pytest.mark.parametrize("bucket", ["lake", "${lake}"])
def test_a_bucket_of_others_may_be_named(names: Names, bucket: str) -> None:
    found = needed(reading("s3:getObject", {"Bucket": bucket, "Key": "k"}), names)
    assert found["s3:GetObject"] == ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket.$": "$.bucket"}}, "which Bucket it is cannot be"),
        ({"Resource": "arn:aws:states:::s3:getObject", "Arguments": {"Bucket": "{% $bucket %}"}}, "which Bucket it is cannot be"),
        ({"Resource": "arn:aws:states:::s3:getObject", "Arguments": "{% $all %}"}, "which Bucket it is cannot be told before"),
        ({"Resource": "arn:aws:states:::s3:getObject"}, "which Bucket it is cannot be told before it runs, so s3:GetObject"),
        (
            {"Resource": "arn:aws:states:::s3:headObject"},
            "the integration 's3:headObject' is not known. Known are s3:getObject, ",
        ),
        ({"Parameters": {"Bucket": "${landing.name}"}}, "the integration '' is not known."),
        ({"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "${lnding.name}"}}, "${lnding.name} refers to"),
    ],
)
def test_what_a_distributed_map_reads_must_be_clear(names: Names, said: dict[str, Any], told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        needed(distributed(ItemReader=said), names)
    assert str(caught.value).startswith(f"here: M.ItemReader: {told}")
