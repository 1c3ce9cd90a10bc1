"""How AWS tells a property otherwise than it was declared, by the expressions that its own schemas have for that.

An expression in JSONata makes of the declared value what AWS tells, or a regular expression that matches it; ``$OR`` separates
alternatives. An expression that cannot be evaluated says nothing.

Follows https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html (`propertyTransform`)
"""

import re
from collections.abc import Iterator

from common.base.json_types import Json, JsonMapping
from common.base.jsonata_library import deep_recursion, library


def is_told_as(transform: str, around: JsonMapping, live: Json) -> bool:
    """Whether a live value is what the expressions make of what is declared.

    Args:
        transform: the expressions.
        around: the declared properties that they name.
        live: the live value.
    """
    return any(
        value == live or (isinstance(value, str) and isinstance(live, str) and _matches(value, live))
        for value in _values(transform, around)
    )


def _values(transform: str, around: JsonMapping) -> Iterator[Json]:
    jsonata = library()
    for expression in transform.split("$OR"):
        try:
            with deep_recursion():
                value = jsonata.Jsonata(expression.strip()).evaluate(dict(around))
        except (jsonata.JException, TypeError, ValueError, ArithmeticError, RecursionError):
            continue
        if value is not None:
            yield value


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False
