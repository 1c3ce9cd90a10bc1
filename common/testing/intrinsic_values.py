"""Evaluates intrinsic functions.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

import base64
import json
import random
import re
import uuid
from collections.abc import Callable, Mapping

from common.base.json_types import Json
from common.declare.asl.intrinsic_functions import Argument, Call, Literal, parse_intrinsic
from common.testing import jsonata_values
from common.testing.errors import NothingThereError, StateError
from common.testing.json_path_values import value_at
from common.testing.scope import Scope

FAILURE = "States.IntrinsicFailure"
LONGEST = 10_000
"""How many characters of data the functions for hashes and Base64 accept."""


def evaluate(text: str, data: Json, scope: Scope, field: str) -> Json:
    """Returns the result of a function.

    Raises:
        StateError: it fails, or a path in it leads to nothing.
    """
    try:
        return _value(parse_intrinsic(text), data, scope)
    except NothingThereError:
        shown = json.dumps(data, ensure_ascii=False)
        message = f"A path in the function '{text}' of the field '{field}' leads to nothing in the input '{shown}'"
        raise StateError(FAILURE, message) from None
    except (TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
        raise StateError(FAILURE, f"The function '{text}' of the field '{field}' failed: {error}") from None


def _value(argument: Argument, data: Json, scope: Scope) -> Json:
    if isinstance(argument, Literal):
        return argument.value
    if not isinstance(argument, Call):
        return value_at(argument, data, scope)
    values = [_value(inner, data, scope) for inner in argument.arguments]
    first = argument.arguments[0] if argument.arguments else None
    if argument.name == "States.Format":
        parts = first.template if isinstance(first, Literal) else str(values[0]).split("{}")
        return _formatted(parts, values[1:])
    return FUNCTIONS[argument.name](*values)


def _formatted(parts: list[str], values: list[Json]) -> str:
    if len(parts) != len(values) + 1:
        raise ValueError(f"the template has {len(parts) - 1} places for {len(values)} values")
    for value in values:
        if isinstance(value, list | dict):
            raise TypeError("arrays and objects cannot be put into a text; use States.JsonToString")
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return "".join(part + text for part, text in zip(parts, [*texts, ""], strict=True))


def _bounded(text: Json) -> bytes:
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError(f"a text of at most {LONGEST} characters is needed")
    return text.encode()


def _merged(first: Json, second: Json, deep: Json) -> Json:
    if deep is not False or not isinstance(first, Mapping) or not isinstance(second, Mapping):
        raise ValueError("two objects and false are needed")
    return {**first, **second}


def _item(values: Json, number: Json) -> Json:
    if not isinstance(values, list) or number < 0:
        raise ValueError("an array and an index are needed")
    return values[number]


def _unique(values: list[Json]) -> list[Json]:
    result: list[Json] = []
    for value in values:
        if not any(value == other and type(value) is type(other) for other in result):
            result.append(value)
    return result


def _random(first: Json, last: Json, seed: Json = None) -> int:
    return random.Random(seed).randrange(round(first), round(last))


def _split(text: str, splitter: str) -> list[str]:
    """The parts of a text between any of the characters of the splitter."""
    return [part for part in re.split(f"[{re.escape(splitter)}]", text) if part] if splitter else [text]


def _length(values: Json) -> int:
    if not isinstance(values, list):
        raise TypeError("an array is needed")
    return len(values)


FUNCTIONS: Mapping[str, Callable[..., Json]] = {
    "States.Array": lambda *values: list(values),
    "States.ArrayPartition": jsonata_values.partition,
    "States.ArrayContains": lambda values, value: any(value == other and type(value) is type(other) for other in values),
    "States.ArrayRange": jsonata_values.number_range,
    "States.ArrayGetItem": _item,
    "States.ArrayLength": _length,
    "States.ArrayUnique": _unique,
    "States.Base64Encode": lambda text: base64.b64encode(_bounded(text)).decode(),
    "States.Base64Decode": lambda text: base64.b64decode(_bounded(text), validate=True).decode(),
    "States.Hash": lambda value, algorithm: jsonata_values.hash_of(
        value if not isinstance(value, str) else _bounded(value).decode(), algorithm
    ),
    "States.JsonMerge": _merged,
    "States.StringToJson": json.loads,
    "States.JsonToString": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "States.MathRandom": _random,
    "States.MathAdd": lambda first, second: round(first) + round(second),
    "States.StringSplit": _split,
    "States.UUID": lambda: str(uuid.uuid4()),
}
"""The functions but States.Format."""
