"""Evaluates the rules of Choice states.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from common.base.json_types import Json, JsonMapping
from common.declare.asl.choice_rules import OPERATORS
from common.declare.asl.json_paths import parse_path
from common.declare.asl.timestamps import PROFILE
from common.testing import json_path_values, jsonata_values
from common.testing.errors import QUERY, RUNTIME, NothingThereError, StateError
from common.testing.scope import Scope


def matching_rule(state: JsonMapping, data: Json, scope: Scope, language: str) -> JsonMapping | None:
    """Returns the first rule of a Choice that holds; None if none does.

    Args:
        state: the state.
        data: its input, after InputPath.
        scope: what it can see.
        language: its query language.

    Raises:
        StateError: a rule cannot be evaluated.
    """
    holds = _holds_in_jsonata if language == "JSONata" else _holds
    return next((rule for rule in state["Choices"] if holds(rule, data, scope)), None)


def _holds_in_jsonata(rule: JsonMapping, _data: Json, scope: Scope) -> bool:
    value = jsonata_values.evaluate_template(rule["Condition"], {}, scope, "Condition")
    if not isinstance(value, bool):
        raise StateError(QUERY, f"The Condition '{rule['Condition']}' must give true or false, not {value!r}.")
    return value


def _holds(rule: JsonMapping, data: Json, scope: Scope) -> bool:
    if "And" in rule:
        return all(_holds(inner, data, scope) for inner in rule["And"])
    if "Or" in rule:
        return any(_holds(inner, data, scope) for inner in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], data, scope)
    operator = next(name for name in rule if name in OPERATORS)
    expected, path = rule[operator], rule["Variable"]
    try:
        value = json_path_values.value_at(parse_path(path), data, scope)
    except NothingThereError:
        if operator == "IsPresent":
            return not expected
        message = f"Invalid path '{path}': The choice state's condition path references an invalid value."
        raise StateError(RUNTIME, message) from None
    if operator in KINDS:
        return bool(KINDS[operator](value) == expected)
    if operator.endswith("Path"):
        expected = json_path_values.evaluate(expected, data, scope, operator)
    return _compared(operator.removesuffix("Path"), value, expected)


def _compared(operator: str, value: Json, expected: Json) -> bool:
    if operator == "StringMatches":
        return isinstance(value, str) and isinstance(expected, str) and _pattern(expected).fullmatch(value) is not None
    kind = next(kind for kind in READING if operator.startswith(kind))
    left, right = READING[kind](value), READING[kind](expected)
    if left is None or right is None:
        return False
    return COMPARING[operator.removeprefix(kind)](left, right)


def _pattern(text: str) -> re.Pattern[str]:
    r"""The pattern of StringMatches, in which ``*`` stands for anything and ``\*`` for itself."""
    parts = re.findall(r"\\.|\*|[^\\*]+", text, re.DOTALL)
    return re.compile("".join(".*" if part == "*" else re.escape(part.removeprefix("\\") or "\\") for part in parts), re.DOTALL)


def _number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_time(value: Json) -> datetime | None:
    """A time that is written as RFC 3339 says; None if it is none."""
    if isinstance(value, str) and PROFILE.fullmatch(value):
        with suppress(ValueError):  # as on a 30th of February
            return datetime.fromisoformat(value)
    return None


KINDS: Mapping[str, Callable[[Json], bool]] = {
    "IsPresent": lambda _: True,
    "IsNull": lambda value: value is None,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsNumeric": lambda value: _number(value) is not None,
    "IsString": lambda value: isinstance(value, str),
    "IsTimestamp": lambda value: as_time(value) is not None,
}
"""The operators that ask what a value is."""
READING: Mapping[str, Callable[[Json], Json]] = {
    "String": lambda value: value if isinstance(value, str) else None,
    "Numeric": _number,
    "Boolean": lambda value: value if isinstance(value, bool) else None,
    "Timestamp": as_time,
}
"""How the operators of each kind read a value; they hold for no other values."""
COMPARING: Mapping[str, Callable[[Json, Json], bool]] = {
    "Equals": lambda left, right: bool(left == right),
    "LessThan": lambda left, right: bool(left < right),
    "LessThanEquals": lambda left, right: bool(left <= right),
    "GreaterThan": lambda left, right: bool(left > right),
    "GreaterThanEquals": lambda left, right: bool(left >= right),
}
"""How the operators compare two values of their kind, by the end of their names."""
