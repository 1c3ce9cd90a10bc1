"""The data of states as in AWS: a path to nothing fails, and so does an output of more than 256 KB.

ministack makes null of what is not there, so that a state machine works which fails in an account.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import json

import seams
import settings as launch_settings
from json_types import Json, JsonObject
from ministack.services import stepfunctions

LARGEST_OUTPUT = 262_144
"""How many bytes the output of a state may have: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""
_SHOWN = 1_000
"""How much of an input a message shows, in characters."""
_FATAL = frozenset({"States.Runtime", "States.DataLimitExceeded"})
"""Errors that no Retry or Catch of States.ALL or States.TaskFailed is for."""


def install(_: launch_settings.Settings) -> None:
    """Replace how paths are resolved, and judge outputs."""
    seams.use(stepfunctions, "_parse_jsonpath_tokens", "path")
    rule_holds = seams.use(stepfunctions, "_evaluate_rule", "rule, data, ctx")
    matches = seams.use(stepfunctions, "_error_matches", "error_equals, error")
    add = seams.use(stepfunctions, "_add_event", "execution, event_type, details")

    def holds(rule: JsonObject, data: Json, ctx: JsonObject | None = None) -> bool:
        if "IsPresent" not in rule:
            return bool(rule_holds(rule, data, ctx))
        try:
            stepfunctions._resolve_path_or_ctx(rule["Variable"], data, ctx)
        except stepfunctions._ExecutionError:
            return not rule["IsPresent"]
        return bool(rule["IsPresent"])

    def added(execution: JsonObject, event_type: str, details: JsonObject | None = None) -> JsonObject:
        exited = (details or {}).get("stateExitedEventDetails")
        if exited is not None and len(exited["output"]) > LARGEST_OUTPUT:
            limit = "a size exceeding the maximum number of bytes service limit"
            message = f"The state/task '{exited['name']}' returned a result with {limit}."
            raise stepfunctions._ExecutionError("States.DataLimitExceeded", message)
        event: JsonObject = add(execution, event_type, details)
        return event

    def matching(error_equals: list[str], error: str) -> bool:
        return error in error_equals if error in _FATAL else bool(matches(error_equals, error))

    seams.replace(stepfunctions, "_resolve_path", "path, data", _resolved)
    stepfunctions._evaluate_rule = holds
    stepfunctions._add_event = added
    stepfunctions._error_matches = matching


def _resolved(path: str, data: Json) -> Json:
    """What a path leads to; with ``[*]`` a list."""
    if not (path or "").startswith("$"):
        return data
    tokens = [] if path == "$" else stepfunctions._parse_jsonpath_tokens(path)
    if tokens is None:
        raise stepfunctions._ExecutionError("States.Runtime", f"The embedded AWS does not understand the path '{path}'; AWS may")
    values = [data]
    for kind, value in tokens:
        values = [inner for outer in values for inner in _inside(outer, kind, value)]
    if any(kind == "wildcard" for kind, _ in tokens):
        return values
    if not values:
        message = f"The JSONPath '{path}' could not be found in the input '{json.dumps(data)[:_SHOWN]}'"
        raise stepfunctions._ExecutionError("States.Runtime", message)
    return values[0]


def _inside(value: Json, kind: str, token: Json) -> list[Json]:
    """What one step of a path leads to."""
    match value, kind:
        case dict(), "field":
            return [value[token]] if token in value else []
        case list(), "index":
            return [value[token]] if -len(value) <= token < len(value) else []
        case dict(), "wildcard":
            return list(value.values())
        case list(), "wildcard":
            return value
    return []
