"""A hundred definitions, each about one thing: `invoke check` refuses the wrong ones for its reason, and accepts all others.

They are machines of one project, which one `check` looks at, with a function and a job that they may call.
"""

import json
from typing import Any

import pytest

from tests.declare.asl.test_definition import CHOICE, DISTRIBUTED, END, JSONATA, MAP, RULE, machine
from tests.support.repository import Repository

ARN = "arn:aws:states:::"
ROLE = "arn:aws:iam::123456789012:role/machines"
FAIL = {"Type": "Fail"}
PRESENT = {"Variable": "$.z", "IsPresent": True}
QUERY = "{{% {} %}}"
SCRIPT = "import sys\nfrom awsglue.utils import getResolvedOptions\nargs = getResolvedOptions(sys.argv, ['JOB_NAME', 'day'])\n"
HANDLER = """
from typing import TypedDict
class Event(TypedDict):
    day: str
class LandingError(Exception): pass
def handler(event: Event, context):
    raise LandingError
"""


def task(resource: str, parameters: Any = None, **fields: Any) -> dict[str, Any]:
    field = "Arguments" if fields.get("QueryLanguage") == "JSONata" else "Parameters"
    passed = {} if parameters is None else {field: parameters}
    return {"Type": "Task", "Resource": f"{ARN}{resource}", **passed, **fields, "End": True}


def a(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return machine(A={**state, **fields})


def call(**fields: Any) -> dict[str, Any]:
    return a(task("lambda:invoke", {"FunctionName": "${Validate.arn}", "Payload": {"day": "x"}}), **fields)


def caught(**fields: Any) -> dict[str, Any]:
    definition = call(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Z", **fields}])
    return {**definition, "States": {**definition["States"], "Z": FAIL}}


def retried(*retriers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return call(Retry=[*retriers, {"ErrorEquals": ["States.Timeout"], **fields}])


def run_job(**arguments: str) -> dict[str, Any]:
    names = {f"--{name}": value for name, value in arguments.items()}
    return a(task("glue:startJobRun.sync", {"JobName": "${load.name}", "Arguments": names}))


def choice(**rule: Any) -> dict[str, Any]:
    return machine(A={"Type": "Choice", "Choices": [{"Variable": "$.x", **rule, "Next": "B"}]}, B=END)


def passed(**parameters: Any) -> dict[str, Any]:
    return a(END, Parameters=parameters)


def query(text: str, **fields: Any) -> dict[str, Any]:
    return {**a({**END, "Output": QUERY.format(text)}, **fields), **JSONATA}


def chained(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return machine(A={"Type": "Pass", **first, "Next": "B"}, B={**END, **second})


def looping(**fields: Any) -> dict[str, Any]:
    return {**machine(A={"Type": "Wait", "Seconds": 60, "Next": "B"}, B={"Type": "Pass", "Next": "A"}), **fields}


RIGHT: dict[str, Any] = {
    "every kind of state": machine(
        A={"Type": "Pass", "Next": "W"},
        W={"Type": "Wait", "SecondsPath": "$.wait", "Next": "P"},
        P={"Type": "Parallel", "Branches": [machine("X", X=END)], "Next": "M"},
        M={"Type": "Map", "ItemProcessor": machine("E", E=END), "Next": "C"},
        C={**CHOICE, "Choices": [{**RULE, "Next": "S"}], "Default": "F"},
        S={"Type": "Succeed"},
        F={"Type": "Fail", "ErrorPath": "$.error", "CausePath": "$.cause"},
    ),
    "a loop ended only by TimeoutSeconds": looping(TimeoutSeconds=600),
    "a literal ${": a(END, Comment="costs ${ and ${x", Result="$${day}"),
    "dunder words": passed(name="__init__", other="__main__"),
    "retries": retried(IntervalSeconds=1, MaxAttempts=0, BackoffRate=1.0, MaxDelaySeconds=60, JitterStrategy="FULL"),
    "a catch that keeps the input": caught(ResultPath="$.error"),
    "a catch of errors of ours": caught(ErrorEquals=["LandingError", "Lambda.TooManyRequestsException"]),
    "nested conditions": machine(
        A={"Type": "Choice", "Choices": [{"And": [{"Not": {"Variable": "$.y", "StringMatches": "a*"}}, PRESENT], "Next": "B"}]},
        B=END,
    ),
    "a distributed Map": a(
        DISTRIBUTED, ItemReader={"Resource": f"{ARN}s3:listObjectsV2", "Parameters": {"Bucket": "b"}}, MaxConcurrencyPath="$.most"
    ),
    "a reader of all items": a(
        DISTRIBUTED,
        ItemReader={
            "Resource": f"{ARN}s3:getObject",
            "Parameters": {"Bucket": "b", "Key": "k"},
            "ReaderConfig": {"InputType": "MANIFEST", "MaxItems": 0},
        },
    ),
    "JSONata": query("$states.input.list[price > 5].{'n': name} ~> $count()"),
    "JSONata in one state": a(END, QueryLanguage="JSONata", Output={"id": "{% $uuid() %}"}),
    "variables": chained({"Assign": {"total.$": "$.total"}}, {"Parameters": {"t.$": "$total"}}),
    "Jayway's paths": passed(**{"x.$": "$.list[?(@.a == word)].b", "y.$": "$.list.length()", "z.$": "$..c[0,1]"}),
    "intrinsic functions": passed(**{"x.$": "States.Format('{} of {}', States.ArrayLength($.list), $$.Execution.Name)"}),
    "a task token": a(task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}})),
    "an activity": a({**END, "Type": "Task", "Resource": "arn:aws:states:eu-central-1:123456789012:activity:sign"}),
    "AWS's own spelling": a(task("aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "d"})),
    "a pseudo action of EMR": a(
        task("elasticmapreduce:setClusterTerminationProtection", {"ClusterId": "c", "TerminationProtected": True})
    ),
    "an HTTP task": a(
        task("http:invoke", {"ApiEndpoint": "https://x.org", "Method": "GET", "Authentication": {"ConnectionArn": "c"}})
    ),
    "what the function of the project takes": call(TimeoutSeconds=900),
    "what the script of the job reads": run_job(day="x"),
    "arguments known only later": a(task("aws-sdk:s3:getObject", "{% $states.input %}", QueryLanguage="JSONata")),
    "YAML's Yes as the name of a state": "StartAt: Yes\nStates:\n  Yes: {Type: Pass, Next: On}\n  On: {Type: Succeed}\n",
}
WRONG: dict[str, tuple[str, Any]] = {
    "Pass": ("UNKNOWN_FIELD", a(END, Resutl=1)),
    "Wait": ("UNKNOWN_FIELD", a({**END, "Type": "Wait", "Seconds": 5, "Second": 5})),
    "Wait without a time": ("MISSING_FIELD", a({**END, "Type": "Wait"})),
    "Succeed": ("UNKNOWN_FIELD", a({"Type": "Succeed", "Next": "A"})),
    "Fail": ("UNKNOWN_FIELD", a(FAIL, Erorr="x")),
    "Task": ("UNKNOWN_FIELD", call(TimeoutSecond=5)),
    "Parallel": ("UNKNOWN_FIELD", a({**END, "Type": "Parallel", "Branches": [machine("X", X=END)]}, MaxConcurrency=2)),
    "Map": ("UNKNOWN_FIELD", a(MAP, ItemSelecter={})),
    "Choice": ("UNKNOWN_FIELD", machine(A={**CHOICE, "Defalt": "C"}, B=END, C=END)),
    "the top level": ("UNKNOWN_FIELD", a(END) | {"TimeoutSecnods": 5}),
    "a processor": ("UNKNOWN_FIELD", a(MAP, ItemProcessor={**MAP["ItemProcessor"], "StartsAt": "Each"})),
    "a type of state": ("STRUCTURE", a(END, Type="Pas")),
    "no StartAt": ("STRUCTURE", {"States": {"A": END}}),
    "a transition": ("MISSING_STATE", machine(A={"Type": "Pass", "Next": "Bee"}, B=END)),
    "a state without a way to it": ("UNREACHABLE_STATE", machine(A=END, B=END)),
    "a loop": ("ENDLESS_STATE", looping()),
    "one name twice": ("DUPLICATE_NAME", a({**END, "Type": "Parallel", "Branches": [machine(A=END)]})),
    "a number as text": ("WRONG_VALUE", call(TimeoutSeconds="60")),
    "a time that is too long": ("WRONG_VALUE", call(TimeoutSeconds=100_000_000)),
    "a negative number": ("WRONG_VALUE", a(MAP, MaxConcurrency=-1)),
    "a percentage": ("WRONG_VALUE", a(DISTRIBUTED, ToleratedFailurePercentage=101)),
    "a time": ("WRONG_VALUE", a({**END, "Type": "Wait", "Timestamp": "tomorrow"})),
    "a mode": ("WRONG_VALUE", a(MAP, ItemProcessor={**MAP["ItemProcessor"], "ProcessorConfig": {"Mode": "DISTRIBUTD"}})),
    "a label": ("WRONG_VALUE", a(DISTRIBUTED, Label="x" * 41)),
    "Seconds and Timestamp": ("EXCLUSIVE_FIELDS", a({**END, "Type": "Wait", "Seconds": 5, "SecondsPath": "$.s"})),
    "Error and ErrorPath": ("EXCLUSIVE_FIELDS", a(FAIL, Error="x", ErrorPath="$.e")),
    "Cause and CausePath": ("EXCLUSIVE_FIELDS", a(FAIL, Cause="x", CausePath="$.e")),
    "Iterator and ItemProcessor": ("EXCLUSIVE_FIELDS", a(MAP, Iterator=MAP["ItemProcessor"])),
    "two timeouts": ("EXCLUSIVE_FIELDS", call(TimeoutSeconds=900, TimeoutSecondsPath="$.s")),
    "two tolerances": ("EXCLUSIVE_FIELDS", a(DISTRIBUTED, ToleratedFailureCount=1, ToleratedFailureCountPath="$.c")),
    "a heartbeat": ("TIMEOUT", call(TimeoutSeconds=900, HeartbeatSeconds=901)),
    "a reader inline": (
        "DISTRIBUTED_ONLY",
        a(MAP, ItemReader={"Resource": f"{ARN}s3:listObjectsV2", "Parameters": {"Bucket": "b"}}),
    ),
    "a batcher that says nothing": ("MAP_CONFIG", a(DISTRIBUTED, ItemBatcher={"BatchInput": {}})),
    "an operator": ("CHOICE_RULE", choice(StringEqual="x")),
    "two operators": ("CHOICE_RULE", choice(StringEquals="x", IsNull=True)),
    "an operand": ("WRONG_VALUE", choice(NumericEquals="5")),
    "an operand that is not a boolean": ("WRONG_VALUE", choice(IsPresent="yes")),
    "an error": ("UNKNOWN_ERROR", retried(ErrorEquals=["States.TimeOut"])),
    "an error of Lambda": ("UNKNOWN_ERROR", caught(ErrorEquals=["Lambda.ServiceExcepton"])),
    "States.ALL first": ("CATCH_ALL", retried({"ErrorEquals": ["States.ALL"]})),
    "States.ALL beside another": ("CATCH_ALL", caught(ErrorEquals=["States.ALL", "States.Timeout"])),
    "BackoffRate": ("WRONG_VALUE", retried(BackoffRate=0.5)),
    "JitterStrategy": ("WRONG_VALUE", retried(JitterStrategy="HALF")),
    "MaxAttempts": ("WRONG_VALUE", retried(MaxAttempts=-1)),
    "MaxDelaySeconds": ("RETRY", retried(IntervalSeconds=60, MaxDelaySeconds=5)),
    "a retrier's field": ("UNKNOWN_FIELD", retried(MaxAttemps=3)),
    "a catcher's field": ("UNKNOWN_FIELD", caught(ResultPaht="$.x")),
    "ErrorEquals is empty": ("MISSING_FIELD", caught(ErrorEquals=[])),
    "the name of a variable": ("VARIABLE", a(END, Assign={"1st": 5})),
    "a reserved variable": ("VARIABLE", a(END, Assign={"states": 5})),
    "a variable before its time": ("VARIABLE", chained({"Parameters": {"t.$": "$total"}}, {"Assign": {"total": 5}})),
    "a variable in JSONata": ("VARIABLE", query("$totla + 1", Assign={"total": 1})),
    "ResultPath": ("REFERENCE_PATH", a(END, ResultPath="$.a[*]")),
    "a filter in ItemsPath": ("REFERENCE_PATH", a(MAP, ItemsPath="$.list[?(@.a > 1)]")),
    "SecondsPath": ("REFERENCE_PATH", a({**END, "Type": "Wait", "SecondsPath": "$..s"})),
    "a path": ("JSONPATH", passed(**{"x.$": "$.items["})),
    "a text for a path": ("INTRINSIC", passed(**{"x.$": "items"})),
    "InputPath": ("JSONPATH", a(END, InputPath="items")),
    "a filter": ("JSONPATH", passed(**{"x.$": "$.list[?(@.a ==)]"})),
    "a function": ("INTRINSIC", passed(**{"x.$": "States.Formt('{}', $.a)"})),
    "placeholders": ("INTRINSIC", passed(**{"x.$": "States.Format('{} {}', $.a)"})),
    "too many arguments": ("INTRINSIC", passed(**{"x.$": "States.UUID($.a)"})),
    "the kind of an argument": ("INTRINSIC", passed(**{"x.$": "States.MathAdd('a', 1)"})),
    "the context": ("CONTEXT", passed(**{"x.$": "$$.Execution.Nme"})),
    "a task token that is a text": (
        "TASK_TOKEN",
        a(task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": "q", "MessageBody": {"t": "$$.Task.Token"}})),
    ),
    "a task token outside an expression": (
        "TASK_TOKEN",
        a(
            task(
                "sqs:sendMessage.waitForTaskToken",
                {"QueueUrl": "q", "MessageBody": "$states.context.Task.Token"},
                QueryLanguage="JSONata",
            )
        ),
    ),
    "an HTTP task without a connection": (
        "MISSING_PARAMETER",
        a(task("http:invoke", {"ApiEndpoint": "https://x.org", "Method": "GET"})),
    ),
    "a message to nobody": ("MISSING_PARAMETER", a(task("sns:publish", {"Message": "m"}))),
    "no task token": ("TASK_TOKEN", a(task("sqs:sendMessage.waitForTaskToken", {"QueueUrl": "q", "MessageBody": "m"}))),
    "a job in EXPRESS": ("EXPRESS", run_job(day="x")),
    "a token in EXPRESS": ("EXPRESS", RIGHT["a task token"]),
    "a distributed Map in EXPRESS": ("EXPRESS", a(DISTRIBUTED)),
    "an integration": ("UNKNOWN_INTEGRATION", a(task("lambda:invok"))),
    "a form": ("UNKNOWN_INTEGRATION", a(task("sns:publish.sync", {"TopicArn": "t", "Message": "m"}))),
    "a service": ("UNKNOWN_INTEGRATION", a(task("aws-sdk:dynamdb:getItem"))),
    "an action": ("UNKNOWN_ACTION", a(task("aws-sdk:s3:getObjct", {}))),
    "capitals of an action": ("UNKNOWN_ACTION", a(task("aws-sdk:s3:GetObject", {}))),
    "a parameter": ("UNKNOWN_PARAMETER", a(task("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k", "Rnge": "x"}))),
    "capitals of a parameter": ("UNKNOWN_PARAMETER", a(task("ecs:runTask", {"taskDefinition": "t"}))),
    "a nested parameter": ("UNKNOWN_PARAMETER", a(task("ecs:runTask", {"TaskDefinition": "t", "Overrides": {"Cpuu": "1"}}))),
    "a parameter in JSONata": (
        "UNKNOWN_PARAMETER",
        a(task("aws-sdk:s3:getObject", {"Bucket": "{% $states.input.b %}", "Key": "k", "Ky": 1}, QueryLanguage="JSONata")),
    ),
    "a required parameter": ("MISSING_PARAMETER", a(task("aws-sdk:s3:getObject", {"Key": "k"}))),
    "an enum": ("PARAMETER_VALUE", a(task("ecs:runTask", {"TaskDefinition": "t", "LaunchType": "FARGAT"}))),
    "the type of a parameter": ("PARAMETER_VALUE", a(task("aws-sdk:ssm:getParameters", {"Names": "/a"}))),
    "JSONata": ("JSONATA", query("$states.input.(")),
    "a function of JSONata": ("JSONATA", query("$summ($states.input.list)")),
    "its arguments": ("JSONATA", query("$uppercase('a', 'b')")),
    "$eval": ("JSONATA", query("$eval('1')")),
    "a bare name": ("JSONATA", query("total + 1")),
    "an end that is missing": ("JSONATA", {**a(END, Output="{% 1 + 1"), **JSONATA}),
    "$states.inptu": ("STATES_VARIABLE", query("$states.inptu")),
    "$states.errorOutput of a Pass": ("STATES_VARIABLE", query("$states.errorOutput")),
    "a field of JSONPath": ("QUERY_LANGUAGE", {**a(END, InputPath="$.a"), **JSONATA}),
    "a field of JSONata": ("QUERY_LANGUAGE", call(Arguments={})),
    "a reference": ("UNKNOWN_REFERENCE", a(task("lambda:invoke", {"FunctionName": "${Valdate.arn}"}))),
    "what the script reads": ("JOB_ARGUMENT", run_job()),
    "an error that the handler nearly raises": ("UNKNOWN_ERROR", caught(ErrorEquals=["LandingEror"])),
}
WARNED: dict[str, tuple[str, Any]] = {
    "what the script does not read": ("UNUSED_JOB_ARGUMENT", run_job(day="x", more="y")),
    "a key of the event": (
        "PAYLOAD_KEY",
        a(task("lambda:invoke", {"FunctionName": "${Validate.arn}", "Payload": {"day": 1, "dy": 1}})),
    ),
    "a function that runs longer": ("FUNCTION_TIMEOUT", call(TimeoutSeconds=60)),
    "a job of nearly that name": ("UNKNOWN_TARGET", a(task("glue:startJobRun", {"JobName": "t-dev-acres-laod"}))),
    "a service that is newer": ("NEWER_SERVICE", a(task("aws-sdk:quuxfrobnicator:getThing", {}))),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[str, str]]]:
    """What `invoke check` tells of each probe: severities and codes."""
    repository = Repository(tmp_path_factory.mktemp("probes"))
    probes = {**RIGHT, **{f"wrong: {name}": wrong for name, (_, wrong) in {**WRONG, **WARNED}.items()}}
    declared, names = list[str](), {}
    for number, (name, definition) in enumerate(probes.items()):
        file = f"m{number}.asl.{'yaml' if isinstance(definition, str) else 'json'}"
        names[f"projects/acres/{file}"] = name
        kind = "EXPRESS" if name.endswith("EXPRESS") else "STANDARD"
        declared.append(f'p.state_machine("m{number}", {file!r}, settings={{"type": {kind!r}, "role": {ROLE!r}}})')
        repository.write(f"projects/acres/{file}", definition if isinstance(definition, str) else json.dumps(definition))
    function, job = (
        'p.function("Validate", settings={"timeout_seconds": 300})',
        'p.job("load", script="glue/landing/load.py")',
    )
    repository.project("acres", function, job, *declared)
    repository.write("projects/acres/glue/landing/load.py", SCRIPT)
    repository.write("projects/acres/lambda/Validate/handler.py", HANDLER)
    report = json.loads(repository.invoke("check", "--json").out)
    assert report["errors"] == []
    problems: dict[str, set[tuple[str, str]]] = {name: set() for name in probes}
    for problem in report["problems"]:
        problems[names[problem["file"]]].add((problem["severity"], problem["code"]))
    return problems


@pytest.mark.parametrize("name", RIGHT)
def test_what_aws_accepts_is_accepted(checked: dict[str, set[tuple[str, str]]], name: str) -> None:
    assert checked[name] == set()


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_for_its_reason(checked: dict[str, set[tuple[str, str]]], name: str) -> None:
    assert checked[f"wrong: {name}"] == {("error", WRONG[name][0])}


@pytest.mark.parametrize("name", WARNED)
def test_what_may_be_wrong_is_a_warning(checked: dict[str, set[tuple[str, str]]], name: str) -> None:
    assert checked[f"wrong: {name}"] == {("warning", WARNED[name][0])}
