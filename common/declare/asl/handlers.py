"""Checks Retry and Catch of a state: their fields, and the errors that they name.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names

RETRYING = frozenset({"Task", "Parallel", "Map"})
FIELDS = {
    "Retry": frozenset(
        {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}
    ),
    "Catch": frozenset({"ErrorEquals", "Next", "ResultPath", "Output", "Assign", "Comment"}),
}
ALL = "States.ALL"
ERRORS = frozenset(
    {
        *(ALL, "States.BranchFailed", "States.DataLimitExceeded", "States.ExceedToleratedFailureThreshold"),
        *("States.HeartbeatTimeout", "States.IntrinsicFailure", "States.ItemReaderFailed", "States.NoChoiceMatched"),
        *("States.ParameterPathFailure", "States.Permissions", "States.QueryEvaluationError", "States.ResultPathMatchFailure"),
        *("States.ResultWriterFailed", "States.Runtime", "States.TaskFailed", "States.Timeout", "States.Http.Socket"),
        "States.StateMachineTypeNotSupported",
    }
)
"""The errors that Step Functions raises itself; names that begin with ``States.`` are reserved for them."""
STATUS = "States.Http.StatusCode."
"""Errors of HTTP tasks begin like this, and end with a number."""


def handler_problems(here: str, state: JsonMapping) -> Iterator[str]:
    """Yields the problems of a state's Retry and Catch."""
    for field, names in FIELDS.items():
        many = state.get(field, [])
        if field in state and state["Type"] not in RETRYING:
            yield f"{here}.{field}: a {state['Type']} state cannot have {field}."
        elif not isinstance(many, list):
            yield f"{here}.{field}: it must be a list."
        for number, handler in enumerate(many if isinstance(many, list) else ()):
            at = f"{here}.{field}[{number}]"
            yield from _handler(at, field, handler, names, last=number == len(many) - 1)


def _handler(at: str, field: str, handler: Json, names: frozenset[str], *, last: bool) -> Iterator[str]:
    errors = handler.get("ErrorEquals") if isinstance(handler, Mapping) else None
    if not isinstance(errors, list) or not errors:
        yield f"{at}: ErrorEquals must be a list of errors."
    else:
        yield from _errors(f"{at}.ErrorEquals", errors, last=last)
    if not isinstance(handler, Mapping):
        return
    if field == "Catch" and errors and "Next" not in handler:
        yield f"{at}: Next is missing."
    for name in sorted(handler.keys() - names):
        yield f"{at}.{name}: {field} has no such field.{did_you_mean(name, names, otherwise=known_names(sorted(names)))}"
    strategy = handler.get("JitterStrategy", "NONE")
    if field == "Retry" and strategy not in {"FULL", "NONE"} and not _is_later(strategy):
        yield f"{at}.JitterStrategy: it must be FULL or NONE, not {strategy!r}.{did_you_mean(strategy, ['FULL', 'NONE'])}"
    interval, longest = handler.get("IntervalSeconds"), handler.get("MaxDelaySeconds")
    if isinstance(interval, int) and isinstance(longest, int) and longest < interval:
        yield f"{at}.MaxDelaySeconds: it is {longest}, less than IntervalSeconds ({interval})."


def _errors(at: str, errors: list[Json], *, last: bool) -> Iterator[str]:
    for error in errors:
        if not isinstance(error, str):
            yield f"{at}: {error!r} is no name of an error; it must be a text."
        elif error.startswith("States.") and error not in ERRORS and not error.startswith(STATUS) and not _is_later(error):
            guess = did_you_mean(error, ERRORS, otherwise=known_names(sorted(ERRORS)))
            yield f"{at}: Step Functions has no error {error!r}.{guess}"
    if ALL in errors and len(errors) > 1:
        yield f"{at}: {ALL} must stand alone."
    if ALL in errors and not last:
        yield f"{at}: {ALL} must come last, for no handler after it is ever reached."


def _is_later(value: Json) -> bool:
    """Whether a text has a token that is replaced later."""
    return isinstance(value, str) and ("${" in value or "__" in value)
