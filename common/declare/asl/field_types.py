"""Converts parameters to the types of fields: AWS refuses a number as text, for example (SCHEMA_VALIDATION_FAILED).

A parameter that is the whole value of a field gets the type of the field, whether configuration or Parameter Store has it as text
or as a number. Data for tasks (Parameters, Result, Arguments …) can have any type and stays unchanged.

Follows https://states-language.net/spec.html and
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from common.base.json_types import Json, JsonMapping, JsonObject
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place
from common.environment.parameter_values import SSM_PREFIX, as_text
from common.model.reference import ALONE, ESCAPE, UPPER_TOKEN, Names


class Limits(NamedTuple):
    """The numbers that a field accepts."""

    first: int | None = None
    last: int | None = None
    whole: bool = True

    def hold(self, number: float) -> bool:
        """Whether the number is within the limits."""
        return (self.first is None or self.first <= number) and (self.last is None or number <= self.last)

    def __str__(self) -> str:
        ends = [f"{word} {number}" for word, number in (("from", self.first), ("to", self.last)) if number is not None]
        return " ".join([f"a {'whole ' if self.whole else ''}number", *ends])


ANY_NUMBER = Limits(whole=False)
SECONDS = Limits(1, 99_999_999)
OF_STATE = {
    "Seconds": Limits(0, 99_999_999),
    "TimeoutSeconds": SECONDS,
    "HeartbeatSeconds": SECONDS,
    "MaxConcurrency": Limits(0),
    "ToleratedFailureCount": Limits(0),
    "ToleratedFailurePercentage": Limits(0, 100, whole=False),
}
"""The fields of states whose values are numbers, or in JSONata expressions, with their limits."""
OF_RETRY = {
    "IntervalSeconds": SECONDS,
    "MaxAttempts": Limits(0, 99_999_999),
    "BackoffRate": Limits(1, whole=False),
    "MaxDelaySeconds": Limits(1, 31_622_399),
}
OF_BATCHER = {"MaxItemsPerBatch": Limits(1), "MaxInputBytesPerBatch": Limits(1, 262_144)}
OF_READER = {"MaxItems": Limits(0)}  # AWS documents it from 1 on; samples of its own have 0, for all
COMPARED = ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
NUMERIC = {f"Numeric{how}": ANY_NUMBER for how in COMPARED}
BOOLEAN = {"BooleanEquals", *(f"Is{what}" for what in ("Null", "Present", "Numeric", "String", "Boolean", "Timestamp"))}
TEXT = {"StringMatches", *(f"{kind}{how}" for kind in ("String", "Timestamp") for how in COMPARED)}
FREE = frozenset(
    {
        *("Parameters", "Result", "ResultSelector", "Arguments", "Output", "Assign", "Items", "ItemSelector", "Credentials"),
        *("Condition", "Label"),
    }
)
"""Fields of a state that accept any type."""


def with_field_types(definition: JsonMapping, names: Names) -> tuple[JsonObject, list[Problem]]:
    """Returns the definition with references replaced by parameters in all fields with a fixed type, and the wrong values.

    Args:
        definition: its structure proved; references are not replaced yet.
        names: the names with the parameters.
    """
    typing = _Typing(names)
    return typing.machine(definition, Place()), typing.problems


class _Typing:
    """Walks through a definition and collects problems."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.problems: list[Problem] = []

    def machine(self, machine: JsonMapping, at: Place) -> JsonObject:
        """Returns a definition, or one within a state, with its fields converted."""
        states = {name: self._state(state, at / "States" / name) for name, state in machine["States"].items()}
        top = {name: value if name in OF_STATE else self._text(value) for name, value in machine.items()}
        return {**self._numbers(top, OF_STATE, at), "States": states}

    def _state(self, state: JsonMapping, here: Place) -> JsonObject:
        result = self._numbers(state, OF_STATE, here)
        for field, value in result.items():
            if field in FREE or field in OF_STATE:
                continue
            result[field] = self._field(field, value, here)
        resource = result.get("Resource")
        if isinstance(resource, str) and (token := UPPER_TOKEN.search(resource)):
            text = f"{token[0]} refers to nothing. Say in `tokens` of the declaration what it is."
            self.problems.append(Problem("UNKNOWN_INTEGRATION", here / "Resource", text))
        return result

    def _field(self, field: str, value: Json, here: Place) -> Json:
        if field == "Branches":
            return [self.machine(branch, here / field / number) for number, branch in enumerate(value)]
        if field in {"ItemProcessor", "Iterator"}:
            return self.machine(value, here / field)
        if field in {"Retry", "Choices"} and isinstance(value, list):
            convert = self._rule if field == "Choices" else self._retrier
            return [convert(item, here / field / number) for number, item in enumerate(value)]
        if field == "ItemBatcher" and isinstance(value, Mapping):
            return self._numbers(value, OF_BATCHER, here / field)
        if field == "ItemReader" and isinstance(value, Mapping) and isinstance(value.get("ReaderConfig"), Mapping):
            return {**value, "ReaderConfig": self._numbers(value["ReaderConfig"], OF_READER, here / field / "ReaderConfig")}
        return self._text(value)

    def _retrier(self, retrier: Json, here: Place) -> Json:
        return self._numbers(retrier, OF_RETRY, here) if isinstance(retrier, Mapping) else retrier

    def _rule(self, rule: Json, here: Place) -> Json:
        if not isinstance(rule, Mapping):
            return rule
        result = self._numbers(rule, NUMERIC, here)
        for field, value in result.items():
            if field in {"And", "Or"} and isinstance(value, list):
                result[field] = [self._rule(inner, here / field / number) for number, inner in enumerate(value)]
            elif field == "Not":
                result[field] = self._rule(value, here / field)
            elif field in BOOLEAN:
                result[field] = self._boolean(value, here / field)
            elif field not in FREE and field not in NUMERIC:
                result[field] = self._text(value)
                if field in TEXT and not isinstance(result[field], str):
                    self.problems.append(
                        Problem("WRONG_VALUE", here / field, f"it must be a text, not {json.dumps(value)}.", " Quote it.")
                    )
        return result

    def _numbers(self, part: JsonMapping, fields: Mapping[str, Limits], here: Place) -> JsonObject:
        numbers = {name: self._number(part[name], limits, here / name) for name, limits in fields.items() if name in part}
        return {**part, **numbers}

    def _number(self, value: Json, limits: Limits, here: Place) -> Json:
        content = self._parameter_or(value)
        if _is_later(content):
            return value
        number = _parsed(content) if content is not value else content
        kind = int if limits.whole else (int, float)
        fits = isinstance(number, kind) and not isinstance(number, bool)
        if not fits or not limits.hold(number):
            self._refused(here, str(limits), value, content)
        return number

    def _boolean(self, value: Json, here: Place) -> Json:
        content = self._parameter_or(value)
        if _is_later(content):
            return value
        boolean = _parsed(content) if content is not value else content
        if not isinstance(boolean, bool):
            self._refused(here, "true or false", value, content)
        return boolean

    def _refused(self, here: Place, what: str, value: Json, content: Json) -> None:
        shown = json.dumps(content) if content is value else f"{json.dumps(content)}, the value of {value}"
        self.problems.append(Problem("WRONG_VALUE", here, f"it must be {what}, not {shown}."))

    def _parameter_or(self, value: Json) -> Json:
        """Returns the value of a parameter if it is the whole value, or else the value itself."""
        parameter = self._names.parameter(value) if isinstance(value, str) else None
        return value if parameter is None else parameter

    def _text(self, value: Json) -> Json:
        """Returns a parameter as text."""
        content = self._parameter_or(value)
        return as_text(content, value).replace("${", ESCAPE) if content is not value and not isinstance(content, str) else value


def _is_later(value: Json) -> bool:
    """Whether the value is known only later: a JSONata expression, or a parameter without a value or in Parameter Store."""
    return isinstance(value, str) and (value.startswith(("{%", SSM_PREFIX)) or ALONE.fullmatch(value) is not None)


def _parsed(parameter: Json) -> Json:
    """Parses a parameter's text as JSON, if it is JSON."""
    try:
        value = json.loads(parameter) if isinstance(parameter, str) else parameter
    except ValueError:
        return parameter
    return value if not isinstance(parameter, str) or json.dumps(value) == parameter else parameter
