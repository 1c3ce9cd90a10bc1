"""Evaluates expressions in JSONata, with the functions that Step Functions adds.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

import json
import random
import uuid
from collections.abc import Callable, Mapping
from functools import partial

from common.base import digest
from common.base.json_types import Json, JsonMapping
from common.base.jsonata_library import deep_recursion, library
from common.declare.asl.intrinsic_functions import ALGORITHMS
from common.declare.asl.jsonata import content_of
from common.testing.errors import QUERY, StateError
from common.testing.scope import Scope


def evaluate_template(value: Json, states: JsonMapping, scope: Scope, field: str) -> Json:
    """Returns a value with every expression in it evaluated.

    Args:
        value: the value of a field.
        states: what ``$states`` has besides input and context.
        scope: what the state can see.
        field: the name of the field, for messages.

    Raises:
        StateError: an expression fails, or gives nothing.
    """
    if isinstance(value, Mapping):
        return {name: evaluate_template(inner, states, scope, f"{field}/{name}") for name, inner in value.items()}
    if isinstance(value, list):
        return [evaluate_template(inner, states, scope, f"{field}/{number}") for number, inner in enumerate(value)]
    content = content_of(value) if isinstance(value, str) else None
    return value if content is None else evaluate(content, states, scope, field)


def evaluate(content: str, states: JsonMapping, scope: Scope, field: str) -> Json:
    """Returns the value of one expression; see `evaluate_template`.

    Raises:
        StateError: the expression fails, or gives nothing.
    """
    jsonata = library()
    try:
        with deep_recursion():
            # An object has no field for a value that is not defined, so that it is told from null.
            expression = jsonata.Jsonata(f'{{"value": ({content})}}')
            millis = round(scope.now.timestamp() * 1000)
            for name, function in {**_FUNCTIONS, "millis": lambda: millis, "now": partial(_now, millis)}.items():
                expression.register_lambda(name, function)
            for name, value in scope.variables.items():
                expression.assign(name, value)
            expression.assign("states", {"input": scope.input, "context": scope.context, **states})
            result = expression.evaluate(None)
        plain = json.loads(json.dumps(result, allow_nan=False))
    except (jsonata.JException, StateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise StateError(QUERY, f"The JSONata expression '{content}' specified for the field '{field}' failed: {error}") from None
    if "value" not in plain:
        raise StateError(
            QUERY, f"The JSONata expression '{content}' specified for the field '{field}' returned nothing (undefined)."
        )
    return _whole_numbers(plain["value"])


def partition(values: Json, size: Json) -> list[list[Json]]:
    """The parts of an array."""
    if not isinstance(values, list) or not isinstance(size, int | float) or int(size) < 1:
        raise ValueError("an array and a size of at least 1 are needed")
    return [values[start : start + int(size)] for start in range(0, len(values), int(size))]


def number_range(first: Json, last: Json, step: Json) -> list[int]:
    """The numbers from the first to the last one, which is a part of it."""
    start, end, by = (round(number) for number in (first, last, step))
    if by == 0:
        raise ValueError("the step must not be 0")
    result = [*range(start, end + (1 if by > 0 else -1), by)]
    if len(result) > 1000:
        raise ValueError("a range has at most 1000 numbers")
    return result


def hash_of(value: Json, algorithm: Json) -> str:
    """The digest of a text, or of the JSON of another value."""
    if algorithm not in ALGORITHMS:
        raise ValueError(f"there is no algorithm {algorithm!r}")
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return digest.by_algorithm(str(algorithm).replace("-", "").lower(), text.encode())


def _random(seed: Json = None) -> float:
    return random.Random(seed).random()


def _no_eval(*_: Json) -> Json:
    raise ValueError("Step Functions has no $eval; use $parse")


def _now(millis: int, *arguments: Json) -> Json:
    """The counted time as a text, formatted by a picture and a time zone if they are given."""
    expression = library().Jsonata("$fromMillis($millis, $picture, $timezone)")
    for name, value in zip(("millis", "picture", "timezone"), (millis, *arguments), strict=False):
        expression.assign(name, value)
    return expression.evaluate(None)


_FUNCTIONS: Mapping[str, Callable[..., Json]] = {
    "partition": partition,
    "range": number_range,
    "hash": hash_of,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
    "eval": _no_eval,
}
"""The functions that Step Functions adds, and the one that it does not have."""


def _whole_numbers(value: Json) -> Json:
    """The value with numbers such as 3.0 written as JSON in JavaScript has them."""
    if isinstance(value, Mapping):
        return {name: _whole_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
