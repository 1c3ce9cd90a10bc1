"""Expressions and paths in the fields of states: each is checked in its place, with what may be used there.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html,
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
and https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

import subprocess
import sys
from typing import Any

import pytest

from common.declare.asl.expressions import expression_problems
from tests.declare.asl.test_definition import END, MAP, machine

CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
CATCH = {"ErrorEquals": ["States.ALL"], "Next": "B"}


def messages_of(definition: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in expression_problems(definition)]


def in_path(**fields: Any) -> dict[str, Any]:
    """A definition of one task in JSONPath."""
    return machine(A={**CALL, **fields}, B=END)


def in_jsonata(**fields: Any) -> dict[str, Any]:
    """A definition of one task in JSONata."""
    return {**machine(A={**CALL, **fields}, B=END), "QueryLanguage": "JSONata"}


def chosen(**rule: Any) -> dict[str, Any]:
    return machine(A={"Type": "Choice", "Choices": [{**rule, "Next": "B"}]}, B=END)


def mapped(**fields: Any) -> dict[str, Any]:
    return machine(A={**MAP, **fields})


@pytest.mark.parametrize(
    "right",
    [
        in_path(InputPath="$.a[0:2]", OutputPath="$$.Execution.Input", ResultPath="$.a.b[0]", TimeoutSecondsPath="$.t"),
        in_path(InputPath=None, OutputPath=None, ResultPath=None),
        in_path(Parameters={"a.$": "$.b", "c": {"d.$": "States.UUID()"}, "e": [{"f.$": "$$.Task.Token"}], "g": "$.not"}),
        in_path(ResultSelector={"flat.$": "$[*][*]"}, Credentials={"RoleArn.$": "$.role"}, Assign={"x.$": "$.a", "y": 1}),
        in_path(Catch=[{**CATCH, "ResultPath": "$.error-info", "Assign": {"why.$": "$.Cause"}}]),
        in_path(
            InputPath="${path}",
            Parameters={"a.$": "$.${field}", "b.$": "States.Format('${Load.arn}/{}', $.x)", "c.$": "__PATH__"},
        ),
        machine(A={"Type": "Fail", "ErrorPath": "States.Format('{}', $.e)", "CausePath": "$.c"}),
        machine(A={"Type": "Pass", "Result": {"a.$": "not a path"}, "End": True}),
        chosen(Variable="$.a[0]", StringEqualsPath="$$.Execution.Name"),
        # aws-samples/aws-stepfunctions-examples, sam/app-concurrency-control, has such a dot
        chosen(Variable="$.flag.Payload.", StringEquals="proceed"),
        {
            **mapped(
                ItemReader={"Arguments": {"Bucket": "{% $states.input.b %}"}, "ReaderConfig": {"CSVHeaders": ["{% phone %}"]}}
            ),
            "QueryLanguage": "JSONata",
        },
        chosen(And=[{"Variable": "$.a", "StringEquals": "$.."}, {"Not": {"Variable": "$$.State.Name", "IsNull": True}}]),
        mapped(
            ItemSelector={"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value.a"}, ItemsPath="$.items", MaxConcurrencyPath="$.n"
        ),
        mapped(ItemReader={"ReaderConfig": {"MaxItemsPath": "$.n"}, "Parameters": {"Bucket.$": "$.b"}}),
        mapped(
            ItemBatcher={"MaxItemsPerBatchPath": "$.n", "BatchInput": {"a.$": "$.b"}},
            ResultWriter={"Parameters": {"Bucket.$": "$.b"}},
        ),
        mapped(ItemProcessor=machine("B", B={**CALL, "Parameters": {"v.$": "$$.Map.Item.Value"}})),
        in_jsonata(
            Arguments={"a": "{% $states.input.b %}", "c": ["{% 1 %}", "x"], "d": "a {% no %} b"}, TimeoutSeconds="{% 5 %}"
        ),
        in_jsonata(Output="{% $states.result.Payload %}", Assign={"x": {"y": "{% $states.result %}"}}),
        in_jsonata(
            Catch=[{**CATCH, "Output": "{% $states.errorOutput %}", "Assign": {"why": "{% $states.errorOutput.Cause %}"}}]
        ),
        in_jsonata(Arguments="{% $states.context.Task.Token & $states.context.Execution.Input.x.y %}", Comment="{% ( %}"),
        in_jsonata(Arguments="{% '${Load.arn}' & $states.input.${field} & ${param} & __OTHER__ %}", Output="$${x}{% 1"),
        in_path(Parameters={"x": "{% ( %}"}),
        machine(A={**CALL, "QueryLanguage": "JSONata", "Arguments": {"x.$": "{% $states.input %}"}}),
        {**mapped(ItemSelector="{% $states.context.Map.Item.Key %}", Items="{% $states.input %}"), "QueryLanguage": "JSONata"},
        {**chosen(Condition="{% $states.input.a = 1 %}", Output="{% $states.input %}"), "QueryLanguage": "JSONata"},
    ],
)
def test_what_aws_accepts_is_accepted(right: dict[str, Any]) -> None:
    assert messages_of(right) == []


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (in_path(InputPath="$.a["), "A.InputPath"),
        (in_path(OutputPath="$.a["), "A.OutputPath"),
        (in_path(ResultPath="$.a["), "A.ResultPath"),
        (in_path(HeartbeatSecondsPath="$.a["), "A.HeartbeatSecondsPath"),
        (in_path(Parameters={"x": [{"y.$": "$.a["}]}), "A.Parameters.x[0].y.$"),
        (in_path(ResultSelector={"y.$": "$.a["}), "A.ResultSelector.y.$"),
        (in_path(Credentials={"RoleArn.$": "$.a["}), "A.Credentials.RoleArn.$"),
        (in_path(Assign={"y.$": "$.a["}), "A.Assign.y.$"),
        (in_path(Catch=[{**CATCH, "ResultPath": "$.a["}]), "A.Catch[0].ResultPath"),
        (in_path(Catch=[{**CATCH, "Assign": {"y.$": "$.a["}}]), "A.Catch[0].Assign.y.$"),
        (chosen(Variable="$.a[", IsNull=True), "A.Choices[0].Variable"),
        (chosen(Or=[{"Not": {"Variable": "$.b", "StringEqualsPath": "$.a["}}]), "A.Choices[0].Or[0].Not.StringEqualsPath"),
        (chosen(Variable="$.b", IsNull=True, Assign={"y.$": "$.a["}), "A.Choices[0].Assign.y.$"),
        (mapped(ItemsPath="$.a["), "A.ItemsPath"),
        (mapped(ItemSelector={"y.$": "$.a["}), "A.ItemSelector.y.$"),
        (mapped(Parameters={"y.$": "$.a["}), "A.Parameters.y.$"),
        (mapped(ItemReader={"Parameters": {"y.$": "$.a["}}), "A.ItemReader.Parameters.y.$"),
        (mapped(ItemReader={"ReaderConfig": {"MaxItemsPath": "$.a["}}), "A.ItemReader.ReaderConfig.MaxItemsPath"),
        (mapped(ItemBatcher={"BatchInput": {"y.$": "$.a["}}), "A.ItemBatcher.BatchInput.y.$"),
        (mapped(ItemBatcher={"MaxItemsPerBatchPath": "$.a["}), "A.ItemBatcher.MaxItemsPerBatchPath"),
        (mapped(ResultWriter={"Parameters": {"y.$": "$.a["}}), "A.ResultWriter.Parameters.y.$"),
        (machine(A={"Type": "Wait", "SecondsPath": "$.a[", "End": True}), "A.SecondsPath"),
        (machine(A={"Type": "Fail", "CausePath": "$.a["}), "A.CausePath"),
        (mapped(ItemProcessor=machine("B", B={**CALL, "InputPath": "$.a["})), "A > B.InputPath"),
    ],
)
def test_each_field_with_paths_is_read(wrong: dict[str, Any], place: str) -> None:
    message = (
        "'$.a[' is not a valid path: at its end, a number, a range, *, a filter ?(…) or a quoted name is expected in brackets."
    )
    assert messages_of(wrong) == [f"{place}: {message}"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (in_path(InputPath="$.${x}["), "A.InputPath: '$.${…}[' is not a valid path: at its end"),
        (
            in_path(Parameters={"y.$": 5}),
            "A.Parameters.y.$: a name that ends with .$ needs a path or an intrinsic function, not 5.",
        ),
        (in_path(Parameters={"y.$": "$.a", "y": 1}), "A.Parameters.y.$: 'y' is there, too, and both give one name."),
        (
            in_path(Parameters={"y.$": "hello"}),
            "A.Parameters.y.$: neither a path nor an intrinsic function can be read: at 'hello', a path, which begins with $, or",
        ),
        (
            in_path(ResultSelector={"y.$": "States.Fromat('')"}),
            "A.ResultSelector.y.$: there is no intrinsic function 'States.Fromat'. Did you mean 'States.Format'?",
        ),
        (
            in_path(InputPath="$.a.lenght()"),
            "A.InputPath: '$.a.lenght()' is not a valid path: a path has no function 'lenght'. Did you mean 'length'?",
        ),
        (
            in_path(InputPath="States.UUID()"),
            "A.InputPath: 'States.UUID()' is not a valid path: at 'States.UUID()', a path is expected",
        ),
        (
            chosen(Variable="States.ArrayLength($.Arns)", NumericEquals=0),
            "A.Choices[0].Variable: 'States.ArrayLength($.Arns)' is not a valid path: at 'States.ArrayLength($.Arns'",
        ),
        (chosen(Variable="$.a[*]", IsNull=True), "A.Choices[0].Variable: '$.a[*]' can lead to several values;"),
        (chosen(Variable="", IsNull=True), "A.Choices[0].Variable: '' is not a valid path: at its end, a path is expected"),
        (chosen(Variable="$..", IsNull=True), "A.Choices[0].Variable: '$..' is not a valid path: at its end, a name is expected"),
        (mapped(ItemsPath="$..a"), "A.ItemsPath: '$..a' can lead to several values;"),
        (in_path(TimeoutSecondsPath="$.a.length()"), "A.TimeoutSecondsPath: '$.a.length()' can lead to several values;"),
        (in_path(ResultPath="$.a[?(@.b)]"), "A.ResultPath: a result cannot be put at '$.a[?(@.b)]': it can lead to several"),
        (in_path(ResultPath="$$.a"), "A.ResultPath: a result cannot be put at '$$.a': the context object cannot be written."),
        (in_path(ResultPath="$a"), "A.ResultPath: a result cannot be put at '$a': variables are written by Assign."),
        (in_path(InputPath="$$.Executon.Id"), "A.InputPath: $$ has no field 'Executon'. Did you mean 'Execution'?"),
        (
            in_path(Parameters={"y.$": "$$.Execution.Nme"}),
            "A.Parameters.y.$: $$.Execution has no field 'Nme'. Did you mean 'Name'?",
        ),
        (
            in_path(Parameters={"y.$": "States.Array($$['Task'].Tokn)"}),
            "A.Parameters.y.$: $$.Task has no field 'Tokn'. Did you mean 'Token'?",
        ),
        (
            in_path(Parameters={"y.$": "$$.Map.Item.Value"}),
            "A.Parameters.y.$: $$.Map exists only in a Map and in the states within it.",
        ),
        (
            in_path(Parameters={"y.$": "$states.input"}),
            "A.Parameters.y.$: JSONPath does not know $states. The context object is $$ here.",
        ),
        (
            in_jsonata(Arguments={"a": ["{% $sum( %}"]}),
            "A.Arguments.a[0]: the expression is not valid near its end, '$sum(': Expected )",
        ),
        (in_jsonata(TimeoutSeconds="{% ) %}"), "A.TimeoutSeconds: the expression is not valid near its end, ')': The symbol )"),
        (
            {**mapped(ItemReader={"ReaderConfig": {"MaxItems": "{% $summ(1) %}"}}), "QueryLanguage": "JSONata"},
            "A.ItemReader.ReaderConfig.MaxItems: there is no function $summ.",
        ),
        (
            {**mapped(ResultWriter={"Arguments": {"Bucket": "{% $summ(1) %}"}}), "QueryLanguage": "JSONata"},
            "A.ResultWriter.Arguments.Bucket: there is no function $summ.",
        ),
        (
            {**mapped(ItemBatcher={"BatchInput": {"a": "{% $summ(1) %}"}}), "QueryLanguage": "JSONata"},
            "A.ItemBatcher.BatchInput.a: there is no function $summ.",
        ),
        (in_jsonata(Arguments="{% $summ([1]) %}"), "A.Arguments: there is no function $summ. Did you mean $sum?"),
        (in_jsonata(Arguments="{% 1 "), "A.Arguments: an expression begins with {% and ends with %}, without spaces"),
        (in_jsonata(Output=["1 %}"]), "A.Output[0]: an expression begins with {% and ends with %}, without spaces"),
        (in_jsonata(Output=" {% 1 %}"), "A.Output: an expression begins with {% and ends with %}, without spaces"),
        (in_jsonata(Resource="{% 'x' %}"), "A.Resource: it must be a constant, not an expression."),
        (in_jsonata(Arguments="{% $states.inptu %}"), "A.Arguments: $states has no field 'inptu'. Did you mean 'input'?"),
        (in_jsonata(Arguments="{% $states.result %}"), "A.Arguments: $states.result exists only in Assign and Output of a Task"),
        (
            in_jsonata(Output="{% $states.errorOutput %}"),
            "A.Output: $states.errorOutput exists only in Assign and Output of a Catch.",
        ),
        (
            in_jsonata(Catch=[{**CATCH, "Output": "{% $states.result %}"}]),
            "A.Catch[0].Output: $states.result exists only in Assign and Output of a Task",
        ),
        (
            {**machine(A={**END, "Output": "{% $states.result %}"}), "QueryLanguage": "JSONata"},
            "A.Output: $states.result exists only in Assign and Output of a Task",
        ),
        (
            in_jsonata(Arguments="{% $states.context.Execution.Ids %}"),
            "A.Arguments: $states.context.Execution has no field 'Ids'. Did you mean 'Id'?",
        ),
        (
            {**chosen(Condition="{% $states.input.a == 1 %}"), "QueryLanguage": "JSONata"},
            "A.Choices[0].Condition: the expression is not valid after '$states.input.a ==': The symbol = cannot be used",
        ),
    ],
)
def test_what_aws_refuses_is_told_with_its_place(wrong: dict[str, Any], message: str) -> None:
    problems = messages_of(wrong)
    assert len(problems) == 1
    assert problems[0].startswith(message)


def test_the_parser_of_jsonata_is_loaded_only_where_an_expression_is() -> None:
    """It takes a tenth of a second, which a deploy without expressions must not pay."""
    program = (
        "import sys; from common.declare.asl.expressions import expression_problems; "
        "call = {'Type': 'Task', 'End': True, 'Parameters': {'x.$': '$.a'}, 'Arguments': 'x'}; "
        "states = {'A': call, 'B': {**call, 'QueryLanguage': 'JSONata'}}; "
        "assert [*expression_problems({'StartAt': 'A', 'States': states})] == []; print('jsonata' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
