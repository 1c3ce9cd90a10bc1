"""Checks the rules of a Choice: which operators they have and what these compare, and in JSONata their Condition.

The numbers and booleans of operands are checked once parameters are known, in `field_types`.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names
from common.declare.asl.field_types import BOOLEAN, COMPARED
from common.declare.asl.problem import Problem, shown
from common.declare.asl.timestamps import is_timestamp
from common.declare.asl.walk import Place, PlacedState, listed

OPERATORS = frozenset(
    {f"{kind}{how}{path}" for kind in ("String", "Numeric", "Timestamp") for how in COMPARED for path in ("", "Path")}
    | {"BooleanEqualsPath", "StringMatches"}
    | BOOLEAN
)
"""The operators that compare a variable."""
TIMES = frozenset(f"Timestamp{how}" for how in COMPARED)
"""The operators that compare with a time."""
JOINING = frozenset({"And", "Or", "Not"})
"""The operators that join other rules."""
OUTER = frozenset({"Next", "Assign", "Output"})
"""The fields that only an outermost rule has."""


def choice_problems(placed: PlacedState) -> Iterator[Problem]:
    """Yields the problems of a Choice's rules."""
    for number, rule in enumerate(listed(placed.state.get("Choices"))):
        at = placed.place / "Choices" / number
        if not isinstance(rule, Mapping):
            continue  # reported as a rule without Next
        if placed.language == "JSONata":
            yield from _condition(at, rule)
        elif placed.language == "JSONPath":
            yield from _rule(at, rule, outer=True)


def _condition(at: Place, rule: JsonMapping) -> Iterator[Problem]:
    names = OUTER | {"Condition", "Comment"}
    unknown = sorted(rule.keys() - names)
    for field in unknown:
        if field in OPERATORS | JOINING | {"Variable"}:
            yield Problem("QUERY_LANGUAGE", at / field, "JSONata does not know it. Write a Condition.")
        else:
            yield Problem("UNKNOWN_FIELD", at / field, "a rule has no such field.", did_you_mean(field, names))
    if "Condition" not in rule and not unknown:
        yield Problem("CHOICE_RULE", at, "it has no Condition.")
    condition = rule.get("Condition", True)
    is_expression = isinstance(condition, str) and condition.startswith("{%") and condition.endswith("%}")
    if not is_expression and not isinstance(condition, bool) and not (isinstance(condition, str) and "${" in condition):
        text = f"it must be an expression, {{% … %}}, or true or false, not {shown(condition)}."
        yield Problem("WRONG_VALUE", at / "Condition", text)


def _rule(at: Place, rule: Json, *, outer: bool) -> Iterator[Problem]:
    if not isinstance(rule, Mapping):
        yield Problem("CHOICE_RULE", at, "it must be an object with Variable and an operator.")
        return
    names = OPERATORS | JOINING | {"Variable", "Comment"} | (OUTER - {"Output"} if outer else set())
    unknown = sorted(rule.keys() - names)
    for field in unknown:
        if field in {"Condition", "Output"} and outer:
            yield Problem("QUERY_LANGUAGE", at / field, "JSONPath does not know it.")
        elif field in OUTER:
            text = "only an outermost rule can have it, not one within And, Or or Not."
            yield Problem("CHOICE_RULE", at / field, text)
        else:
            guess = did_you_mean(field, names, otherwise=known_names(sorted(names)))
            yield Problem("CHOICE_RULE", at / field, "there is no such operator.", guess)
    operators = sorted(rule.keys() & (OPERATORS | JOINING))
    if len(operators) > 1:
        text = f"it has {len(operators)} operators ({', '.join(operators)}), and a rule has one. Join two rules with And."
        yield Problem("CHOICE_RULE", at, text)
    elif not operators and not unknown:
        text = "there is no operator for its Variable." if "Variable" in rule else "it has no operator."
        yield Problem("CHOICE_RULE", at, text, known_names(sorted(OPERATORS)))
    elif operators and operators[0] in OPERATORS and not unknown and not isinstance(rule.get("Variable"), str):
        yield Problem("CHOICE_RULE", at, f"{operators[0]} needs a Variable, which is a path.")
    for operator in operators:
        yield from _operand(at / operator, operator, rule[operator])


def _operand(at: Place, operator: str, value: Json) -> Iterator[Problem]:
    if operator == "Not":
        yield from _rule(at, value, outer=False)
    elif operator in JOINING:
        if not isinstance(value, list) or not value:
            yield Problem("CHOICE_RULE", at, "it must be a list of rules.")
            return
        for number, inner in enumerate(value):
            yield from _rule(at / number, inner, outer=False)
    elif operator.endswith("Path") and not isinstance(value, str):
        yield Problem("WRONG_VALUE", at, f"it must be a path, which begins with $, not {shown(value)}.")
    elif operator in TIMES and isinstance(value, str) and not is_timestamp(value):
        yield Problem("WRONG_VALUE", at, f"it must be a time, as 2026-01-31T23:59:00Z, not {shown(value)}.")
