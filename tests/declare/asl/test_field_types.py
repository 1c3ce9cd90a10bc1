"""Fields of a definition that take a number, a boolean or a text get one: https://states-language.net/spec.html."""

from typing import Any

import pytest

from common.aws import parameter_store
from common.base.errors import ConfigError, DeclarationError
from common.declare.asl.definition_check import DefinitionError
from common.declare.asl.field_types import with_field_types
from common.declare.asl.problem import LocatedProblem
from common.environment.config import Environment
from common.model.reference import Names
from common.resources import kinds
from common.resources.function import Function
from common.resources.job import Job
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine
from tests.support.repository import CONFIG, Repository

PARAMETERS: dict[str, Any] = {
    "n": "60",
    "number": 60,
    "half": "0.5",
    "yes": "true",
    "no": False,
    "word": "soon",
    "zero": "010",
    "code": 7,
}
LATER = {"later": "ssm:/acres/wait"}


def load(**states: Any) -> dict[str, Any]:
    """The states with parameters in their place."""
    names = Names({**PARAMETERS, **LATER}, kinds())
    machine = {"StartAt": next(iter(states)), "States": states}
    loaded, problems = with_field_types(machine, names)
    if problems:
        raise DefinitionError("here", [LocatedProblem(problem, "here", "", None, "") for problem in problems])
    states_then: dict[str, Any] = names.substitute(loaded, "here")[0]["States"]
    return states_then


def refused(**states: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        load(**states)
    _, *lines = str(caught.value).splitlines()
    return "\n".join(line.strip().removeprefix("here: ").rpartition(" [")[0] for line in lines if line.startswith("  here: "))


def wait(seconds: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, "End": True}


@pytest.mark.parametrize("field", ["${n}", "${number}", 60])
def test_numbers_wherever_a_state_takes_one(field: Any) -> None:
    retry = {"ErrorEquals": ["x"], "IntervalSeconds": field, "MaxAttempts": field, "BackoffRate": field, "MaxDelaySeconds": field}
    many = {
        "Type": "Map",
        "MaxConcurrency": field,
        "ToleratedFailureCount": field,
        "ToleratedFailurePercentage": field,
        "ItemReader": {"ReaderConfig": {"MaxItems": field}},
        "ItemBatcher": {"MaxItemsPerBatch": field, "MaxInputBytesPerBatch": field},
        "ItemProcessor": {"TimeoutSeconds": field, "StartAt": "I", "States": {"I": wait(field)}},
        "Retry": [retry],
    }
    parallel = {"Type": "Parallel", "Branches": [{"StartAt": "W", "States": {"W": wait(field)}}]}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::x",
        "TimeoutSeconds": field,
        "HeartbeatSeconds": field,
        "Retry": [retry],
    }
    rule = {"Variable": "$.x", "NumericEquals": field, "Next": "B"}
    nested = {"And": [rule, {"Not": rule}], "Or": [rule], "Next": "B"}
    loaded = load(A=wait(field), M=many, P=parallel, T=task, C={"Type": "Choice", "Choices": [rule, nested]})
    expected = {"A": wait(field), "M": many, "P": parallel, "T": task, "C": {"Type": "Choice", "Choices": [rule, nested]}}

    def with_numbers(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: with_numbers(inner) for key, inner in value.items()}
        return [with_numbers(inner) for inner in value] if isinstance(value, list) else 60 if value == field else value

    assert loaded == with_numbers(expected)


@pytest.mark.parametrize(("field", "value"), [("${yes}", True), ("${no}", False), (True, True)])
def test_values_become_booleans_where_a_state_takes_booleans(field: Any, value: bool) -> None:
    rule = {"Variable": "$.x", "BooleanEquals": field, "Next": "B"}
    there = {"Variable": "$.x", "IsPresent": field}
    choices = load(C={"Type": "Choice", "Choices": [rule, {"Not": there, "Next": "B"}]})["C"]["Choices"]
    assert (choices[0]["BooleanEquals"], choices[1]["Not"]["IsPresent"]) == (value, value)


def test_numbers_become_text_where_only_text_is_taken() -> None:
    rule = {"Variable": "$.x", "StringEquals": "${code}", "Next": "B"}
    loaded = load(C={"Type": "Choice", "Choices": [rule]}, F={"Type": "Fail", "Error": "${code}", "Cause": "${no} ${half}"})
    assert loaded["C"]["Choices"][0]["StringEquals"] == "7"
    assert (loaded["F"]["Error"], loaded["F"]["Cause"]) == ("7", "false 0.5")


def test_what_is_handed_on_stays_what_it_is() -> None:
    payload = {"Seconds": "${n}", "MaxAttempts": "${number}", "TimeoutSeconds": "12", "x.$": "$.y"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::x", "Parameters": payload, "End": True}
    definition = load(A=task, B={"Type": "Pass", "Result": payload})
    handed = {"Seconds": "60", "MaxAttempts": 60, "TimeoutSeconds": "12", "x.$": "$.y"}
    assert definition["A"]["Parameters"] == definition["B"]["Result"] == handed


def test_what_is_known_later_is_left() -> None:
    assert load(A=wait("{% $states.input.n %}"))["A"]["Seconds"] == "{% $states.input.n %}"
    assert load(A=wait("${later}"))["A"]["Seconds"] == "ssm:/acres/wait"


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (wait("60"), 'A.Seconds: it must be a whole number from 0 to 99999999, not "60".'),
        (wait("${word}"), 'A.Seconds: it must be a whole number from 0 to 99999999, not "soon", the value of ${word}.'),
        (wait("${zero}"), 'not "010", the value of ${zero}.'),
        (wait("${half}"), 'not "0.5", the value of ${half}.'),
        (wait("1${n}"), 'not "1${n}".'),
        (wait(-1), "not -1."),
        (wait(1.5), "not 1.5."),
        (wait(True), "not true."),
        (wait("${yes}"), 'not "true", the value of ${yes}.'),
        (
            {"Type": "Task", "Resource": "x", "TimeoutSeconds": 0},
            "A.TimeoutSeconds: it must be a whole number from 1 to 99999999, not 0.",
        ),
        (
            {"Type": "Task", "Resource": "x", "Retry": [{"ErrorEquals": ["x"], "BackoffRate": 0.5}]},
            "A.Retry[0].BackoffRate: it must be a number from 1, not 0.5.",
        ),
        (
            {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": "yes", "Next": "B"}]},
            'A.Choices[0].IsNull: it must be true or false, not "yes".',
        ),
        (
            {"Type": "Choice", "Choices": [{"Not": {"Variable": "$.x", "BooleanEquals": "${word}"}, "Next": "B"}]},
            'A.Choices[0].Not.BooleanEquals: it must be true or false, not "soon", the value of ${word}.',
        ),
        (
            {"Type": "Choice", "Choices": [{"Variable": "$.x", "StringEquals": 1001, "Next": "B"}]},
            "A.Choices[0].StringEquals: it must be a text, not 1001. Quote it.",
        ),
        ({"Type": "Task", "Resource": "__VALIDATE_ARN__"}, "A.Resource: __VALIDATE_ARN__ refers to nothing. Say in `tokens`"),
    ],
)
def test_what_aws_would_refuse_is_refused(state: dict[str, Any], message: str) -> None:
    assert message in refused(A=state)


def test_numbers_of_every_source_reach_every_place(repository: Repository) -> None:
    parameters = {"wait": "60", "most": 3, "share": 0.5, "debug": True, "codes": ["01", "02"], "direct": 9}
    repository.configure(projects={"acres": {"parameters": parameters}})
    repository.write(
        "projects/acres/m.asl.yaml",
        "StartAt: A\nStates:\n  A: {Type: Wait, Seconds: '${wait}', Next: B}\n"
        "  B: {Type: Pass, End: true, Result: {most: '${most}', debug: '${debug}', "
        "codes: '${codes}', all: '${most} ${codes}'}}\n",
    )
    repository.project(
        "acres",
        'm = p.state_machine("m", "m.asl.yaml")',
        'p.state_machine("n", lambda: {"StartAt": "A", "States": '
        '{"A": {"Type": "Wait", "Seconds": p.parameters["direct"], "End": True}}})',
        'p.function("Validate", environment={"MOST": "${most}", "DEBUG": "${debug}", "CODES": "${codes}", "SHARE": "${share}"})',
        'p.job("load", arguments={"--most": "${most}", "--codes": p.parameters["codes"], "--debug": p.parameters["debug"]})',
        'p.schedule("s", m, "rate(1 day)", {"most": "${most}", "codes": "${codes}", "wait": "${wait}"})',
    )
    resources = repository.resources()
    machine, other, function, job, rule = (
        resources[key] for key in ("state-machine/m", "state-machine/n", "lambda/Validate", "glue-job/load", "rule/s")
    )
    assert isinstance(machine, StateMachine)
    assert machine.definition["States"]["A"]["Seconds"] == 60
    assert machine.definition["States"]["B"]["Result"] == {"most": 3, "debug": True, "codes": ["01", "02"], "all": "3 01,02"}
    assert isinstance(other, StateMachine)
    assert other.definition["States"]["A"]["Seconds"] == 9
    assert isinstance(function, Function)
    assert function.environment == {"MOST": "3", "DEBUG": "true", "CODES": "01,02", "SHARE": "0.5"}
    assert isinstance(job, Job)
    assert [job.arguments[name] for name in ("--most", "--codes", "--debug")] == ["3", "01,02", "true"]
    assert isinstance(rule, Rule)
    assert rule.input == {"most": 3, "codes": ["01", "02"], "wait": "60"}


def test_what_python_reads_counts_as_used(repository: Repository) -> None:
    repository.configure(projects={"acres": {"parameters": {"wait": 5, "memory": 512}}})
    repository.project("acres", 'p.parameters.get("other", 1); env.project("acres").parameters["wait"]')
    with pytest.raises(
        ConfigError, match=r"nothing uses memory\. Remove, or refer to it as \$\{memory\}, in Python as p\.parameters"
    ):
        repository.declared()
    repository.project("acres", 'p.function("Validate", settings={"memory_mb": p.parameters["memory"]})', "p.parameters['wait']")
    function = repository.resources()["lambda/Validate"]
    assert isinstance(function, Function)
    assert function.settings.memory_mb == 512


def test_what_python_reads_and_nobody_gives_is_told_like_any_other(repository: Repository) -> None:
    repository.project("acres", 'p.parameters["wait"]')
    with pytest.raises(ConfigError) as caught:
        repository.declared()
    assert str(caught.value).startswith(
        "config/dev.json has no values for parameters of acres:\n  ${wait} in projects/acres/deploy.py\n"
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "a parameter must be a text, a number, true or false, or a list of these"),
        ({"a": 1}, "a parameter must be a text, a number, true or false, or a list of these"),
        ([["a"]], "a parameter must be a text, a number, true or false, or a list of these"),
        (["ssm:/a"], "ssm:/… cannot be an item of a list"),
        (10**400, f"a number beyond {2**53 - 1} is rounded by many programs that read JSON; write it as a text, in quotes"),
        (-(2**53), f"a number beyond {2**53 - 1} is rounded by many programs that read JSON; write it as a text, in quotes"),
    ],
)
def test_what_no_parameter_can_be(repository: Repository, value: Any, message: str) -> None:
    repository.configure(projects={"acres": {"parameters": {"x": value}}})
    with pytest.raises(ConfigError, match=r"\$\.projects\.acres\.parameters\.x: ") as caught:
        repository.environment()
    assert message in str(caught.value)


def test_lists_and_numbers_of_parameter_store() -> None:
    class Store:
        def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            assert (service, operation, parameters) == ("ssm", "GetParameters", {"Names": ["/codes", "/wait"]})
            values = [
                {"Name": "/codes", "Type": "StringList", "Value": "01,02"},
                {"Name": "/wait", "Type": "String", "Value": "60"},
            ]
            return {"Parameters": values}

    parameters = {"codes": "ssm:/codes", "wait": "ssm:/wait", "most": 3}
    env = Environment.model_validate({**CONFIG, "projects": {"acres": {"parameters": parameters}}})
    read = parameter_store.resolve_parameters(env, Store(), ["acres"]).project("acres").parameters  # type: ignore[arg-type]  # only this is asked
    assert read == {"codes": ["01", "02"], "wait": "60", "most": 3}
    names = Names(read, kinds())
    machine = {"StartAt": "A", "States": {"A": wait("${wait}"), "B": {"Type": "Pass", "Result": "${codes}"}}}
    states = names.substitute(with_field_types(machine, names)[0], "here")[0]["States"]
    assert (states["A"]["Seconds"], states["B"]["Result"]) == (60, ["01", "02"])
