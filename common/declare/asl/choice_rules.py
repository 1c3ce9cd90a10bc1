"""Checks the rules of a Choice: which operators they have, and in JSONata their Condition.

The types of operands are checked once parameters are known, in `field_types`.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names

_COMPARED = ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = frozenset(
    {f"{kind}{how}{path}" for kind in ("String", "Numeric", "Timestamp") for how in _COMPARED for path in ("", "Path")}
    | {"BooleanEquals", "BooleanEqualsPath", "StringMatches"}
    | {f"Is{what}" for what in ("Null", "Present", "Numeric", "String", "Boolean", "Timestamp")}
)
"""The operators that compare a variable."""
JOINING = frozenset({"And", "Or", "Not"})
"""The operators that join other rules."""
OUTER = frozenset({"Next", "Assign", "Output"})
"""The fields that only an outermost rule has."""


def choice_problems(here: str, state: JsonMapping, language: object) -> Iterator[str]:
    """Yields the problems of a Choice's rules."""
    rules = state.get("Choices")
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        at = f"{here}.Choices[{number}]"
        if not isinstance(rule, Mapping):
            continue  # reported as a rule without Next
        if language == "JSONata":
            yield from _condition(at, rule)
        elif language == "JSONPath":
            yield from _rule(at, rule, outer=True)


def _condition(at: str, rule: JsonMapping) -> Iterator[str]:
    names = OUTER | {"Condition", "Comment"}
    for field in sorted(rule.keys() - names):
        why = "JSONata does not know it." if field in OPERATORS | JOINING | {"Variable"} else "a rule has no such field."
        yield f"{at}.{field}: {why}{did_you_mean(field, names)}"
    condition = rule.get("Condition")
    if condition is not None and not isinstance(condition, str | bool):
        yield f"{at}.Condition: it must be an expression, {{% … %}}, or true or false, not {condition!r}."


def _rule(at: str, rule: Json, *, outer: bool) -> Iterator[str]:
    if not isinstance(rule, Mapping):
        yield f"{at}: it must be an object with Variable and an operator."
        return
    names = OPERATORS | JOINING | {"Variable", "Comment"} | (OUTER - {"Output"} if outer else set())
    unknown = sorted(rule.keys() - names)
    for field in unknown:
        if field == "Condition":
            yield f"{at}.Condition: JSONPath does not know it."
        elif field in OUTER:
            yield f"{at}.{field}: only an outermost rule can have it, not one within And, Or or Not."
        else:
            yield f"{at}.{field}: there is no such operator.{did_you_mean(field, names, otherwise=known_names(sorted(names)))}"
    operators = sorted(rule.keys() & (OPERATORS | JOINING))
    if len(operators) > 1:
        yield f"{at}: it has {len(operators)} operators ({', '.join(operators)}), and a rule has one. Join two rules with And."
    elif not operators and "Variable" in rule and not unknown:
        yield f"{at}: there is no operator for its Variable.{known_names(sorted(OPERATORS))}"
    elif operators and operators[0] in OPERATORS and not unknown and not isinstance(rule.get("Variable"), str):
        yield f"{at}: {operators[0]} needs a Variable, which is a path."
    for operator in operators:
        yield from _operand(f"{at}.{operator}", operator, rule[operator])


def _operand(at: str, operator: str, value: Json) -> Iterator[str]:
    if operator == "Not":
        yield from _rule(at, value, outer=False)
    elif operator in JOINING:
        if not isinstance(value, list) or not value:
            yield f"{at}: it must be a list of rules."
            return
        for number, inner in enumerate(value):
            yield from _rule(f"{at}[{number}]", inner, outer=False)
    elif operator.endswith("Path") and not (isinstance(value, str) and value.startswith(("$", "__", "States."))):
        yield f"{at}: it must be a path, which begins with $, not {value!r}."
