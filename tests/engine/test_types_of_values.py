"""A value of another type is another value: for Python 1, 1.0 and true are equal, for AWS they are not.

EventBridge compares numbers as they are written: "300, 300.0, and 3.0e2 are not considered equal"
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html).
"""

import json
from typing import Any

import boto3
import pytest

from common.aws.resource_schemas import schema_of
from common.base.json_types import are_equal
from common.model.comparison import difference
from common.model.field_changes import spelled
from common.model.machine_changes import states_changed, summary
from common.model.projection import Projection
from common.resources.told_properties import as_declared
from tests.support.repository import Repository

PAIRS = [(1, True), (True, 1), (0, False), (1, 1.0), ([1], [True]), ({"a": [0]}, {"a": [False]}), ((1,), (1.0,))]
BOOLEANS = [(1, True), (False, 0), ([1], [True]), ({"a": 1.0}, {"a": True})]
DECLARED = (
    'm = p.state_machine("M", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})',
    'p.on_event("e", m, {"source": ["x"], "detail": {"ok": [VALUE]}})',
    'p.schedule("s", m, "rate(1 day)", {"ok": VALUE})',
)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_values_of_two_types_are_two(first: Any, second: Any) -> None:
    assert not are_equal(first, second)
    assert are_equal(first, first)
    assert difference({"x": first}, {"x": second}) == ("x",)


@pytest.mark.parametrize(("live", "declared"), BOOLEANS)
def test_a_number_is_not_told_for_a_boolean(live: Any, declared: Any) -> None:
    assert are_equal(Projection().projected(live, declared), live)


@pytest.mark.parametrize(("live", "declared"), [(1.0, 1), ("1", 1), ("true", True), ([2, 1], [1, 2])])
def test_what_aws_tells_otherwise_is_as_declared(live: Any, declared: Any) -> None:
    assert are_equal(Projection().projected(live, declared), declared)


@pytest.mark.parametrize(
    ("before", "now"), [("404", 404), (404, "404"), ("true", True), ("a", ["a"]), (["a"], "a"), (["1"], [1])]
)
def test_what_was_just_declared_as_another_type_is_sent(before: Any, now: Any) -> None:
    """EventBridge tells a text in a pattern from a number; once it is applied, AWS may tell it in any spelling."""
    schema, patterns = schema_of("AWS::Events::Rule"), [{"detail": {"code": value}} for value in (before, now)]
    properties = {"EventPattern": patterns[1]}
    assert as_declared(schema, properties, "EventPattern", patterns[0], patterns[0]) == patterns[0]
    assert as_declared(schema, properties, "EventPattern", patterns[0], patterns[1]) == patterns[1]
    texts = {"EventPattern": json.dumps(patterns[1])}
    told = as_declared(schema, texts, "EventPattern", json.dumps(patterns[0]), json.dumps(patterns[0]))
    assert told == json.dumps(patterns[0])


def test_a_definition_tells_which_value_got_another_type() -> None:
    before, after = ({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": value}}} for value in (1, True))
    assert summary(before, after) == "~ A"
    assert [(change.label, change.live, change.declared) for change in states_changed("d", before, after)] == [
        ("A.Result", 1, True)
    ]


def test_values_that_would_look_the_same_are_shown_as_json() -> None:
    assert spelled("1", 1) == ('"1"', "1")
    assert spelled("a", "a ") == ('"a"', '"a "')
    assert spelled(None, "x") == ("none", "x")


@pytest.mark.parametrize("value", ["True", "1.0"])
def test_a_rule_gets_a_value_of_another_type(moto: None, repository: Repository, value: str) -> None:
    repository.project("acres", *(line.replace("VALUE", "1") for line in DECLARED))
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.project("acres", *(line.replace("VALUE", value) for line in DECLARED))
    ended = repository.invoke("deploy", "--env", "dev")
    assert "2 updated" in ended.out
    events, text = boto3.client("events", region_name="eu-central-1"), value.lower()
    assert f'"ok":[{text}]' in events.describe_rule(Name="t-dev-acres-e")["EventPattern"]
    assert f'"ok": {text}' in events.list_targets_by_rule(Rule="t-dev-acres-s")["Targets"][0]["Input"]
    assert repository.invoke("plan", "--env", "dev", "--verify").code == 0


def test_an_empty_variable_that_is_no_longer_declared_is_not_called_forced(moto: None, repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate", environment={"AA": ""})')
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.project("acres", 'p.function("Validate")')
    ended = repository.invoke("plan", "--env", "dev")
    assert (ended.code, "forced" in ended.out, "- Environment.Variables.AA" in ended.out) == (2, False, True)
