"""What a state machine may do follows from its definition."""

from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.declare.asl import integrations
from common.model.reference import Names
from projects.fpac_pipeline.fpac_stepfunctions import definition
from tests.support.machines import BUCKET, DATABASE, END, ENV, ITSELF, OWN, REGION, TABLE, TOPIC, named, needed, task


@pytest.fixture
def names() -> Names:
    return named()


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


def test_what_a_call_needs_on_the_same_resource_is_one_statement(names: Names) -> None:
    machine = task("arn:aws:states:::glue:startJobRun.sync", JobName="${final_job.name}")
    (statement,) = integrations.state_machine(ENV, OWN, machine, names, "here")
    assert statement["Action"] == ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]


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
            {"s3:ListBucket": [BUCKET.arn]},
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
        ("arn:aws:states:::aws-sdk:sfn:startExecution", {"StateMachineArn": "${child.arn}"}, None),
    ],
)
def test_integrations(names: Names, resource: str, parameters: dict[str, Any], allowed: dict[str, list[str]] | None) -> None:
    expected = allowed or {"states:StartExecution": [f"arn:aws:states:{REGION}:stateMachine:child"]}
    assert needed(task(resource, **parameters), names) == expected


RUNS = {"TableName": "${runs.name}", "Key": {}}
IN_LANDING = {"Bucket": "${landing.name}", "Key": "k"}


@pytest.mark.parametrize(
    ("operation", "parameters", "actions"),
    [
        ("dynamodb:transactGetItems", {"TransactItems": [{"Get": RUNS}]}, {"GetItem"}),
        (
            "dynamodb:transactWriteItems",
            {"TransactItems": [{"Put": RUNS}, {"Delete": RUNS}]},
            {"ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"},
        ),
        ("dynamodb:batchGetItem", {"RequestItems": {"${runs.name}": {"Keys": []}}}, {"BatchGetItem"}),
        ("s3:completeMultipartUpload", IN_LANDING, {"PutObject"}),
        ("s3:copyObject", {**IN_LANDING, "CopySource": "${landing.name}/old"}, {"GetObject", "PutObject"}),
        ("s3:createMultipartUpload", IN_LANDING, {"PutObject"}),
        ("s3:deleteObjects", IN_LANDING, {"DeleteObject"}),
        ("s3:getBucketLifecycleConfiguration", IN_LANDING, {"GetLifecycleConfiguration"}),
        ("s3:getObjectAttributes", IN_LANDING, {"GetObject", "GetObjectAttributes"}),
        ("s3:listParts", IN_LANDING, {"ListMultipartUploadParts"}),
        ("s3:selectObjectContent", IN_LANDING, {"GetObject"}),
        ("s3:headBucket", IN_LANDING, {"ListBucket"}),
        ("s3:headObject", IN_LANDING, {"GetObject"}),
        ("s3:listObjects", IN_LANDING, {"ListBucket"}),
        ("s3:listObjectVersions", IN_LANDING, {"ListBucketVersions"}),
        ("s3:uploadPart", IN_LANDING, {"PutObject"}),
        ("s3:uploadPartCopy", {**IN_LANDING, "CopySource": "${landing.name}/old"}, {"GetObject", "PutObject"}),
        ("sns:publishBatch", {"TopicArn": "${alerts.arn}"}, {"Publish"}),
        ("sqs:sendMessageBatch", {"QueueUrl": "https://sqs.eu-central-1.amazonaws.com/123456789012/q"}, {"SendMessage"}),
    ],
)
def test_an_operation_may_be_authorised_as_others(
    names: Names, operation: str, parameters: dict[str, Any], actions: set[str]
) -> None:
    service = operation.partition(":")[0]
    statements = needed(task(f"arn:aws:states:::aws-sdk:{operation}", **parameters), names)
    assert set(statements) == {f"{service}:{action}" for action in actions}


def test_a_function_may_be_the_resource_itself(names: Names) -> None:
    assert set(needed(task("${Validate.arn}"), names)) == {"lambda:InvokeFunction"}


def test_nested_tasks_count_and_payloads_that_look_like_tasks_do_not(names: Names) -> None:
    inner = task("arn:aws:states:::lambda:invoke", FunctionName="${Validate.arn}", Payload={"Type": "Task", "Resource": "x"})
    other = task("arn:aws:states:::sns:publish", TopicArn="${alerts.arn}")
    parallel = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [inner, other], "End": True}}}
    outer = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": parallel, "End": True}}}
    assert set(needed(outer, names)) == {"lambda:InvokeFunction", "sns:Publish"}


@pytest.mark.parametrize(
    ("integration", "value", "message"),
    [
        (
            "lambda:invok",
            "${Validate.arn}",
            "here: A: the integration 'lambda:invok' is not known. Did you mean 'lambda:invoke'?",
        ),
        ("aws-sdk:glue", "${db.name}", "here: A: 'aws-sdk:glue' is not an integration."),
        ("sns:publish", "arn:aws:sns:x:1:y", "here: A.TopicArn: 'arn:aws:sns:x:1:y' is not a topic, so no permission can be"),
        ("lambda:invoke", "${Valdate.arn}", "here: A.FunctionName: ${Valdate.arn} refers to nothing. Did you mean"),
        (
            "aws-sdk:lambda:getLayerVersionByArn",
            "x",
            "here: A calls lambda:GetLayerVersionByArn, and IAM has no action of that name. Say what the call needs in",
        ),
    ],
)
def test_what_a_task_needs_must_be_clear(names: Names, integration: str, value: str, message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        needed(task(f"arn:aws:states:::{integration}", TopicArn=value, FunctionName=value), names)
    assert str(caught.value).startswith(message)


def distributed(**fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **END}
    return {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}}


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
        (reading("s3:getObject", {"Bucket": "${landing.name}", "Key.$": "$.key"}), {"GetObject": "/*"}),
        (
            reading("s3:getObject", {"Bucket": "${landing.name}", "Key": "k", "VersionId": "v"}),
            {"GetObject": "/k", "GetObjectVersion": "/k"},
        ),
        (
            reading("s3:getObject", {"Bucket": "${landing.name}", "VersionId.$": "$.v"}),
            {"GetObject": "/*", "GetObjectVersion": "/*"},
        ),
        (reading("s3:getObject", {"Bucket": "${landing.name}"}, {"InputType": "MANIFEST"}), {"GetObject": "/*"}),
        (reading("s3:listObjectsV2", {"Bucket": "${landing.name}", "Prefix": "in/"}), {"ListBucket": ""}),
        (
            reading("s3:listObjectsV2", {"Bucket": "${landing.name}", "Prefix": "in/"}, {"Transformation": "LOAD_AND_FLATTEN"}),
            {"GetObject": "/in/*", "ListBucket": ""},
        ),
        (
            distributed(ItemReader={"Resource": "arn:aws:states:::s3:getObject", "Arguments": {"Bucket": "${landing.name}"}}),
            {"GetObject": "/*"},
        ),
        (
            distributed(
                ResultWriter={
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {"Bucket": "${landing.name}", "Prefix": "out"},
                }
            ),
            dict.fromkeys(("AbortMultipartUpload", "GetObject", "ListMultipartUploadParts", "PutObject"), "/out*"),
        ),
        (distributed(ResultWriter={"WriterConfig": {"Transformation": "COMPACT"}}), {}),
    ],
)
def test_what_a_distributed_map_reads_and_writes_itself(names: Names, machine: dict[str, Any], actions: dict[str, str]) -> None:
    assert needed(machine, names) == {**ITSELF, **{f"s3:{action}": [f"{BUCKET.arn}{on}"] for action, on in actions.items()}}


@pytest.mark.parametrize("bucket", ["lake", "${lake}"])
def test_a_bucket_of_others_may_be_named(names: Names, bucket: str) -> None:
    statements = needed(reading("s3:getObject", {"Bucket": bucket, "Key": "k"}), names)
    assert statements["s3:GetObject"] == ["arn:aws:s3:::lake/k"]


READER = "arn:aws:states:::s3:getObject"
UNTOLD = "which bucket it is, is known only when the machine runs. List what it may be in the declaration"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Resource": READER, "Parameters": {"Bucket.$": "$.bucket"}}, f".Bucket.$: {UNTOLD}"),
        ({"Resource": READER, "Arguments": {"Bucket": "{% $bucket %}"}}, f".Bucket: {UNTOLD}"),
        ({"Resource": READER, "Arguments": "{% $all %}"}, f".Bucket: {UNTOLD}"),
        ({"Resource": READER}, " needs s3:GetObject, but has no Bucket."),
        ({"Resource": READER, "Parameters": {"Bucket": "${runs.name}"}}, ".Bucket: table/runs is not a bucket"),
        (
            {"Resource": "arn:aws:states:::s3:headObject"},
            ": the integration 's3:headObject' is not known. Did you mean 's3:getObject'?",
        ),
        ({"Parameters": {"Bucket": "${landing.name}"}}, ": the integration '' is not known."),
        ({"Resource": READER, "Parameters": {"Bucket": "${lnding.name}"}}, ".Bucket: ${lnding.name} refers to"),
    ],
)
def test_what_a_distributed_map_reads_must_be_clear(names: Names, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        needed(distributed(ItemReader=fields), names)
    assert str(caught.value).startswith(f"here: M.ItemReader{message}")
