"""What only some states have: a Map's parts, times, query languages; each refused value stands beside one that is accepted."""

from typing import Any

import pytest

from common.declare.asl.all_rules import find_problems
from tests.declare.asl.test_definition import DISTRIBUTED, END, JSONATA, MAP, RULE, TASK, machine

READER = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}


def read(**config: Any) -> dict[str, Any]:
    return machine(A={**DISTRIBUTED, "ItemReader": {**READER, "ReaderConfig": config}})


def processed(**config: Any) -> dict[str, Any]:
    return machine(A={**MAP, "ItemProcessor": {**MAP["ItemProcessor"], "ProcessorConfig": config}})


def batched(**batcher: Any) -> dict[str, Any]:
    return machine(A={**DISTRIBUTED, "ItemBatcher": batcher})


def wait(**fields: Any) -> dict[str, Any]:
    return machine(A={"Type": "Wait", "End": True, **fields})


def chosen(**rule: Any) -> dict[str, Any]:
    return machine(A={"Type": "Choice", "Choices": [{**RULE, "Next": "B"}, {"Variable": "$.x", **rule, "Next": "B"}]}, B=END)


def jsonata(**state: Any) -> dict[str, Any]:
    return {**machine(A=state), **JSONATA}


@pytest.mark.parametrize(
    "right",
    [
        read(InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["a"], CSVDelimiter="TAB", MaxItems=5),
        read(InputType="MANIFEST", ManifestType="S3_INVENTORY"),
        read(InputType="${kind}"),
        processed(Mode="INLINE"),
        processed(Mode="DISTRIBUTED", ExecutionType="EXPRESS"),
        batched(MaxItemsPerBatch=5, BatchInput={"a.$": "$.a"}),
        batched(MaxInputBytesPerBatchPath="$.most"),
        machine(A={**DISTRIBUTED, "Label": "x" * 40, "ToleratedFailurePercentage": 5, "ToleratedFailureCount": 1}),
        machine(A={**DISTRIBUTED, "ResultWriter": {"WriterConfig": {"OutputType": "JSONL", "Transformation": "COMPACT"}}}),
        machine(
            A={
                **DISTRIBUTED,
                "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix.$": "$.p"}},
            }
        ),
        wait(Timestamp="2026-01-31T23:59:00Z"),
        wait(Timestamp="2026-01-31T23:59:00.123+01:00"),
        wait(Timestamp="${when}"),
        chosen(TimestampGreaterThan="2026-01-31T23:59:00Z"),
        chosen(TimestampGreaterThanPath="$.y"),
        {**machine(A={**END, "Output": "{% 1 %}"}), **JSONATA},
        machine(A={**END, "Result": None, "ResultPath": "$.x"}),
        machine(A={**END, "Comment": "literal ${ and __init__ and $${x}"}),
    ],
)
def test_what_aws_accepts_is_accepted(right: dict[str, Any]) -> None:
    assert find_problems(right) == []


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        (machine(A={**MAP, "ItemReader": READER}), "DISTRIBUTED_ONLY", "A.ItemReader: only a distributed Map has it."),
        (machine(A={**MAP, "ToleratedFailureCount": 1}), "DISTRIBUTED_ONLY", "A.ToleratedFailureCount: only a distributed"),
        (machine(A={**MAP, "Label": "x"}), "DISTRIBUTED_ONLY", "A.Label: only a distributed"),
        (machine(A={**MAP, "ItemBatcher": {"MaxItemsPerBatch": 1}}), "DISTRIBUTED_ONLY", "A.ItemBatcher: only a distributed"),
        (
            processed(Mode="DISTRIBUTD"),
            "WRONG_VALUE",
            "A.ItemProcessor.ProcessorConfig.Mode: it must be one of INLINE",
        ),
        (
            processed(Mode="DISTRIBUTED"),
            "MAP_CONFIG",
            "A.ItemProcessor.ProcessorConfig: a distributed Map needs",
        ),
        (processed(Mod="INLINE"), "UNKNOWN_FIELD", "A.ItemProcessor.ProcessorConfig.Mod: there is no such field."),
        (machine(A={**DISTRIBUTED, "ResultWriter": {}}), "MAP_CONFIG", "A.ResultWriter: it needs a Resource with its parameters"),
        (batched(BatchInput={}), "MAP_CONFIG", "A.ItemBatcher: it needs MaxItemsPerBatch or MaxInputBytesPerBatch"),
        (
            batched(MaxItemsPerBatch=5, MaxItemsPerBatchPath="$.n"),
            "EXCLUSIVE_FIELDS",
            "A.ItemBatcher.MaxItemsPerBatchPath: MaxItemsPerBatch and MaxItemsPerBatchPath exclude each other.",
        ),
        (read(InputType="CVS"), "WRONG_VALUE", "A.ItemReader.ReaderConfig.InputType: it must be one of CSV, JSON"),
        (
            read(InputType="CSV", CSVHeaderLocation="GIVEN"),
            "MAP_CONFIG",
            "A.ItemReader.ReaderConfig: with CSVHeaderLocation GIVEN, it needs CSVHeaders.",
        ),
        (machine(A={**DISTRIBUTED, "ItemReader": {}}), "MISSING_FIELD", "A.ItemReader: Resource is missing."),
        (
            machine(A={**DISTRIBUTED, "ItemReader": {**READER, "Parameters": {"Bucket": "b"}}}),
            "MISSING_PARAMETER",
            "A.ItemReader.Parameters: Key is missing; AWS needs it.",
        ),
        (machine(A={**DISTRIBUTED, "Label": "x" * 41}), "WRONG_VALUE", "A.Label: it has 41 characters; AWS allows 40."),
        (machine(A={**MAP, "ItemSelector": {}, "Parameters": {}}), "EXCLUSIVE_FIELDS", "A.Parameters: ItemSelector and"),
        (wait(Seconds="{% 1 %}"), "QUERY_LANGUAGE", "A.Seconds: JSONPath has no expressions. Use SecondsPath."),
        (wait(Timestamp="2026-01-31"), "WRONG_VALUE", "A.Timestamp: it must be a time, as 2026-01-31T23:59:00Z"),
        (wait(Timestamp="2026-13-31T23:59:00Z"), "WRONG_VALUE", "A.Timestamp: it must be a time"),
        (wait(Seconds=1, Timestamp="2026-01-31T23:59:00Z"), "EXCLUSIVE_FIELDS", "A: a Wait needs one of"),
        (chosen(TimestampEquals="noon"), "WRONG_VALUE", "A.Choices[1].TimestampEquals: it must be a time"),
        (chosen(), "CHOICE_RULE", "A.Choices[1]: there is no operator for its Variable."),
        (chosen(IsNull=True, Output=1), "QUERY_LANGUAGE", "A.Choices[1].Output: JSONPath does not know it."),
        (machine(A={"Type": "Succeed", "Next": "A"}), "UNKNOWN_FIELD", "A.Next: a Succeed is an end, so it has no Next."),
        (machine(A={**TASK, "Credentials": "arn"}), "STRUCTURE", "A.Credentials: it must be an object, not 'arn'."),
        (machine(A={**TASK, "Credentials": {}}), "MISSING_FIELD", "A.Credentials: RoleArn is missing."),
        (
            jsonata(**TASK, Arguments={"FunctionName.$": "$.f"}),
            "UNKNOWN_PARAMETER",
            "A.Arguments.FunctionName.$: there is no such parameter. JSONata has no names that end with .$: write the value as",
        ),
        (machine(A={**END, "Assign": ["x"]}), "STRUCTURE", "A.Assign: it must be an object"),
        (machine(A={**TASK, "Resource": "lambda:invoke"}), "UNKNOWN_INTEGRATION", "A.Resource: 'lambda:invoke' is not an ARN of"),
        (jsonata(**END, Result={}), "QUERY_LANGUAGE", "A.Result: JSONata does not know it. Use Output."),
        (jsonata(**{**END, "QueryLanguage": "JSONPath"}), "QUERY_LANGUAGE", "A.QueryLanguage: a definition in JSONata has no"),
        (jsonata(**DISTRIBUTED, ItemReader=READER), "QUERY_LANGUAGE", "A.ItemReader.Parameters: JSONata does not know it."),
        ({**machine(A=END), "QueryLanguage": "JSONatta"}, "QUERY_LANGUAGE", "QueryLanguage: it must be JSONPath or JSONata"),
        (machine(A={**END, "QueryLanguage": []}), "QUERY_LANGUAGE", "A.QueryLanguage: it must be JSONPath or JSONata"),
        ({**machine(A=END), "Version": 1.0}, "WRONG_VALUE", 'Version: it must be "1.0", not 1.0.'),
        (
            machine(A={**TASK, "Catch": [{"ErrorEquals": ["x"], "Next": "B", "Output": 1}]}, B=END),
            "QUERY_LANGUAGE",
            "A.Catch[0].Output: JSONPath does not know it.",
        ),
        (
            machine(A={**TASK, "Retry": [{"ErrorEquals": ["States.Http.StatusCode.42x"]}]}),
            "UNKNOWN_ERROR",
            "A.Retry[0].ErrorEquals[0]: Step Functions has no error 'States.Http.StatusCode.42x'.",
        ),
    ],
)
def test_what_aws_refuses_is_told_with_its_code(wrong: dict[str, Any], code: str, message: str) -> None:
    problems = find_problems(wrong)
    assert any(problem.code == code and str(problem).startswith(message) for problem in problems), [*map(str, problems)]


@pytest.mark.parametrize(("condition", "codes"), [("{% 1 %}", []), (True, []), ("${x}", []), ("$states.input", ["WRONG_VALUE"])])
def test_a_condition_is_an_expression(condition: Any, codes: list[str]) -> None:
    choice = {"Type": "Choice", "Choices": [{"Condition": condition, "Next": "B"}]}
    assert [problem.code for problem in find_problems({**machine(A=choice, B=END), **JSONATA})] == codes


def test_a_timeout_that_is_a_parameter_ends_a_loop_too() -> None:
    looping = machine(A={"Type": "Wait", "Seconds": 60, "Next": "A"})
    assert [problem.code for problem in find_problems(looping)] == ["ENDLESS_STATE"]
    assert find_problems({**looping, "TimeoutSeconds": "${longest}"}) == []
