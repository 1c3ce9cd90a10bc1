"""Evaluates paths as Step Functions does: a path to one value gives that value, any other path gives a list.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy

from common.base.json_types import Json, JsonObject
from common.declare.asl.json_paths import parse_path
from common.declare.asl.path_steps import JsonPath, Step
from common.testing.errors import RUNTIME, NothingThereError, StateError
from common.testing.path_filters import condition
from common.testing.scope import Scope

FUNCTIONS: Mapping[str, Callable[[list[Json]], Json]] = {
    "length": len,
    "size": len,
    "min": min,
    "max": max,
    "sum": sum,
    "avg": lambda values: sum(values) / len(values),
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
}
"""The functions at the end of a path that are evaluated."""


def evaluate(text: str, data: Json, scope: Scope, field: str) -> Json:
    """Returns what a path leads to.

    Raises:
        StateError: it leads to nothing.
    """
    try:
        return value_at(parse_path(text), data, scope)
    except NothingThereError:
        shown = json.dumps(data, ensure_ascii=False)
        message = f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input '{shown}'"
        raise StateError(RUNTIME, message) from None


def value_at(path: JsonPath, data: Json, scope: Scope) -> Json:
    """Returns what a parsed path leads to.

    Raises:
        NothingThereError: it leads to nothing.
    """
    if path.variable is not None:
        if path.variable not in scope.variables:
            raise NothingThereError
        data = scope.variables[path.variable]
    elif path.root == "$$":
        data = scope.context
    steps = list(path.steps)
    functions = []
    while steps and steps[-1].kind == "function":
        functions.append(steps.pop().value)
    values = [data]
    for step in steps:
        values = [inner for value in values for inner in _reached(step, value, data)]
    if all(step.is_single for step in steps):
        if not values:
            raise NothingThereError
        result = values[0]
    else:
        result = values
    for name in reversed(functions):
        result = _called(name, result)
    return deepcopy(result)


def put(text: str, whole: Json, value: Json) -> Json:
    """Returns a value with another one at the place that a path names.

    Raises:
        StateError: there cannot be anything at that place.
    """
    steps = parse_path(text).steps
    if not steps:
        return value
    result = inner = deepcopy(whole)
    for step in steps[:-1]:
        inner = _entered(step, inner)
    key, last = steps[-1].value[0], steps[-1].kind
    if (isinstance(inner, dict) and last == "names") or (
        isinstance(inner, list) and last == "indices" and -len(inner) <= key < len(inner)
    ):
        inner[key] = value
    else:
        shown = json.dumps(whole, ensure_ascii=False)
        raise StateError("States.ResultPathMatchFailure", f"Unable to apply ResultPath '{text}' to the input '{shown}'.")
    return result


def _entered(step: Step, inner: Json) -> Json:
    """What a step of a ResultPath leads to; an object is made where there is nothing, and None where nothing can be."""
    key = step.value[0]
    if isinstance(inner, dict) and step.kind == "names":
        return inner.setdefault(key, {})
    if isinstance(inner, list) and step.kind == "indices" and -len(inner) <= key < len(inner):
        return inner[key]
    return None


def _called(name: str, values: Json) -> Json:
    if name == "keys":
        return [*values] if isinstance(values, Mapping) else None
    try:
        return FUNCTIONS[name](values)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError):
        raise StateError(RUNTIME, f"The function {name}() cannot be applied to {json.dumps(values)}.") from None


def _reached(step: Step, value: Json, root: Json) -> Iterator[Json]:
    for inner in _descendants(value) if step.deep else [value]:
        yield from _children(step, inner, root)


def _descendants(value: Json) -> Iterator[Json]:
    yield value
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _descendants(inner)


def _children(step: Step, value: Json, root: Json) -> Iterator[Json]:
    if step.kind == "names":
        yield from (value[name] for name in step.value if isinstance(value, Mapping) and name in value)
    elif step.kind == "all":
        yield from value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    elif step.kind == "filter":
        holds = condition(step.value, _all_at)
        items = value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []
        yield from (item for item in items if holds(item, root))
    elif isinstance(value, list):
        if step.kind == "slice":
            yield from value[slice(*step.value)]
        else:
            numbers = [-step.value] if step.kind == "from end" else step.value
            yield from (value[number] for number in numbers if -len(value) <= number < len(value))


def _all_at(path: JsonPath, item: Json, root: Json) -> Json:
    """What a path within a filter leads to; it begins at the item with ``@``, and at the whole data with ``$``.

    Raises:
        NothingThereError: it leads to nothing.
    """
    nothing: JsonObject = {}
    return value_at(path, item if path.root == "@" else root, Scope(None, nothing))
