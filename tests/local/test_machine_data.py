"""Paths, limits, objects and distributed Map states do in the embedded AWS what AWS documents.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html,
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import json
from typing import Any

import pytest

from tests.local.conftest import ended
from tests.local.fixtures import ROLE, Client

END = {"Type": "Pass", "End": True}
ANY = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
SDK = "arn:aws:states:::aws-sdk:s3:"


@pytest.fixture(scope="module")
def executed(client: Client, bucket: str) -> dict[str, dict[str, Any]]:
    """All machines, executed at once: the answers of DescribeExecution."""
    for name, text in OBJECTS.items():
        client("s3").put_object(Bucket=bucket, Key=f"maps/{name}", Body=text.encode())
    steps, started = client("stepfunctions"), {}
    for name, (definition, data) in MACHINES.items():
        text = json.dumps({"StartAt": "A", **definition})
        machine = steps.create_state_machine(name=f"data-{name.replace(' ', '-')}", definition=text, roleArn=ROLE)
        started[name] = steps.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(data))["executionArn"]
    return {name: ended(lambda arn=arn: steps.describe_execution(executionArn=arn), "status") for name, arn in started.items()}  # type: ignore[misc]  # arn is a default


def states(a: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"States": {"A": a, **others}}


def distributed(language: str = "JSONPath", inner: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    child = {"StartAt": "B", "States": inner or {"B": END}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **child}
    return {**states({"Type": "Map", "ItemProcessor": processor, "End": True, **fields}), "QueryLanguage": language}


def reader(name: str, kind: str = "JSON") -> dict[str, Any]:
    where = {"Bucket": "tests-bucket", "Key": f"maps/{name}"}
    return {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": kind}, "Parameters": where}


def written(**config: str) -> dict[str, Any]:
    where = {"Bucket": "tests-bucket", "Prefix": "results"}
    return {"Resource": "arn:aws:states:::s3:putObject", "Parameters": where, **({"WriterConfig": config} if config else {})}


OBJECTS = {"three.json": '[{"id": 1}, {"id": 2}, {"id": 3}]', "list.parquet": "PAR1"}
PICK = {"Type": "Choice", "Choices": [{"Variable": "$.id", "NumericEquals": 2, "Next": "C"}], "Default": "D"}
FAILS_ONCE = {"B": PICK, "C": {"Type": "Fail", "Error": "Two", "Cause": "no"}, "D": END}
CHOICE = {"Type": "Choice", "Default": "No"}
MACHINES: dict[str, tuple[dict[str, Any], Any]] = {
    "path": (states({"Type": "Pass", "Parameters": {"x.$": "$.no"}, "End": True}), {}),
    "input path": (states({**END, "InputPath": "$.no"}), {}),
    "items path": (
        states({"Type": "Map", "ItemsPath": "$.no", "ItemProcessor": {"StartAt": "B", "States": {"B": END}}, "End": True}),
        {},
    ),
    "index": (states({**END, "OutputPath": "$.list[2]"}), {"list": [1, 2]}),
    "variable": (states({**CHOICE, "Choices": [{"Variable": "$.no", "NumericEquals": 1, "Next": "No"}]}, No=END), {}),
    "present": (
        states(
            {**CHOICE, "Choices": [{"Variable": "$.null", "IsPresent": True, "Next": "Yes"}]}, No=END, Yes={**END, "Result": 1}
        ),
        {"null": None},
    ),
    "absent": (
        states(
            {**CHOICE, "Choices": [{"Variable": "$.no.x", "IsPresent": False, "Next": "Yes"}]}, No=END, Yes={**END, "Result": 1}
        ),
        {},
    ),
    "not caught": (
        states(
            {"Type": "Task", "Resource": f"{SDK}getObject", "Parameters": {"Key.$": "$.no"}, "Catch": ANY, "End": True},
            Caught=END,
        ),
        {},
    ),
    "large": (states({**END, "Parameters": {"x.$": "States.Format('{}{}', $.x, $.x)"}}), {"x": "y" * 200_000}),
    "put and get": (
        states(
            {
                "Type": "Task",
                "Resource": f"{SDK}putObject",
                "Parameters": {"Bucket": "tests-bucket", "Key": "maps/ü 1.json", "Body.$": "$"},
                "Next": "Get",
            },
            Get={
                "Type": "Task",
                "Resource": f"{SDK}getObject",
                "Parameters": {"Bucket": "tests-bucket", "Key": "maps/ü 1.json"},
                "ResultSelector": {"text.$": "$.Body", "bytes.$": "$.ContentLength"},
                "End": True,
            },
        ),
        {"a": "ü"},
    ),
    "no object": (
        states(
            {"Type": "Task", "Resource": f"{SDK}getObject", "Parameters": {"Bucket": "tests-bucket", "Key": "no"}, "End": True}
        ),
        {},
    ),
    "batches": (
        distributed(ItemReader=reader("three.json"), ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"day.$": "$.day"}}),
        {"day": 7},
    ),
    "small batches": (
        distributed(ItemsPath="$.items", ItemBatcher={"MaxInputBytesPerBatch": 30}),
        {"items": ["a" * 9, "b" * 9, "c" * 3]},
    ),
    "selected batches": (
        distributed(
            ItemsPath="$.items", ItemSelector={"i.$": "$$.Map.Item.Index"}, ItemBatcher={"MaxItemsPerBatchPath": "$.most"}
        ),
        {"items": [5, 6, 7], "most": 3},
    ),
    "tolerated": (
        distributed(inner=FAILS_ONCE, ItemReader=reader("three.json"), ToleratedFailurePercentagePath="$.p"),
        {"p": 50},
    ),
    "not tolerated": (distributed(inner=FAILS_ONCE, ItemReader=reader("three.json"), ToleratedFailureCountPath="$.n"), {"n": 0}),
    "unknown format": (distributed(ItemReader=reader("list.parquet", "PARQUET")), {}),
    "expressions": (
        distributed(
            "JSONata",
            Items="{% $states.input.items %}",
            ItemSelector={"v": "{% $states.context.Map.Item.Value * 2 %}"},
            MaxConcurrency="{% 1 %}",
            Output="{% $sum($states.result.v) %}",
        ),
        {"items": [1, 2]},
    ),
    "flat": (
        distributed(ItemsPath="$.items", ResultWriter={"WriterConfig": {"Transformation": "FLATTEN"}}),
        {"items": [[1, 2], [3]]},
    ),
    "written": (distributed(ItemReader=reader("three.json"), ResultWriter=written(), ResultPath="$.where"), {"kept": 1}),
    "written lines": (
        distributed(ItemReader=reader("three.json"), ResultWriter=written(OutputType="JSONL", Transformation="COMPACT")),
        {},
    ),
}
"""Each machine, and its input."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, "States.Runtime") for name in ("path", "input path", "items path", "index", "variable", "not caught")),
        ("present", 1),
        ("absent", 1),
        ("large", "States.DataLimitExceeded"),
        ("put and get", {"text": '{"a":"ü"}', "bytes": 10}),
        ("no object", "S3.NoSuchKeyException"),
        (
            "batches",
            [{"BatchInput": {"day": 7}, "Items": [{"id": 1}, {"id": 2}]}, {"BatchInput": {"day": 7}, "Items": [{"id": 3}]}],
        ),
        ("small batches", [{"Items": ["a" * 9]}, {"Items": ["b" * 9]}, {"Items": ["c" * 3]}]),
        ("selected batches", [{"Items": [{"i": 0}, {"i": 1}, {"i": 2}]}]),
        ("not tolerated", "States.ExceedToleratedFailureThreshold"),
        ("unknown format", "States.ItemReaderFailed"),
        ("expressions", 6),
        ("flat", [1, 2, 3]),
    ],
)
def test_data_is_what_it_would_be_in_aws(executed: dict[str, dict[str, Any]], name: str, expected: Any) -> None:
    answer = executed[name]
    assert (json.loads(answer["output"]) if "output" in answer else answer["error"]) == expected, answer


def test_failures_within_the_limit_are_tolerated(executed: dict[str, dict[str, Any]]) -> None:
    assert executed["tolerated"]["status"] == "SUCCEEDED", executed["tolerated"]


@pytest.mark.parametrize("name", ["written", "written lines"])
def test_results_are_written_with_a_manifest(client: Client, executed: dict[str, dict[str, Any]], name: str) -> None:
    output = json.loads(executed[name]["output"])
    told = output["where"] if name == "written" else output
    where = told["ResultWriterDetails"]

    def read(key: str) -> str:
        return str(client("s3").get_object(Bucket=where["Bucket"], Key=key)["Body"].read().decode())

    manifest = json.loads(read(where["Key"]))
    assert where["Key"] == f"results/{told['MapRunArn'].rpartition(':')[2]}/manifest.json"
    assert manifest["MapRunArn"] == told["MapRunArn"]
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    text = read(file["Key"])
    assert file["Size"] == len(text)
    if name == "written":
        children = json.loads(text)
        outputs = [json.loads(child["Output"]) for child in children]  # in the order in which they began
        assert sorted(outputs, key=lambda output: int(output["id"])) == json.loads(OBJECTS["three.json"])
        assert {child["Status"] for child in children} == {"SUCCEEDED"}
        assert output["kept"] == 1
    else:
        assert [json.loads(line) for line in text.splitlines()] == json.loads(OBJECTS["three.json"])
