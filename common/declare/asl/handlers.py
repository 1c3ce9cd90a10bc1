"""Checks Retry and Catch of a state: their fields, and the errors that they name.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import re
from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean, known_names
from common.declare.asl.later import is_later
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place, PlacedState, listed

RETRYING = frozenset({"Task", "Parallel", "Map"})
FIELDS = {
    "Retry": frozenset(
        {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}
    ),
    "Catch": frozenset({"ErrorEquals", "Next", "ResultPath", "Output", "Assign", "Comment"}),
}
OF_OTHER_LANGUAGE = {"JSONPath": "Output", "JSONata": "ResultPath"}
"""For each query language the field of a Catch that only the other one has."""
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
STATUS = re.compile(r"States\.Http\.StatusCode\.[1-5][0-9]{2}")
"""Errors of HTTP tasks look like this."""


def handler_problems(placed: PlacedState) -> Iterator[Problem]:
    """Yields the problems of a state's Retry and Catch."""
    here, state = placed.place, placed.state
    for field in FIELDS:
        many = state.get(field, [])
        if field in state and state["Type"] not in RETRYING:
            yield Problem("UNKNOWN_FIELD", here / field, f"a {state['Type']} state cannot have {field}.")
        elif not isinstance(many, list):
            yield Problem("WRONG_VALUE", here / field, "it must be a list.")
        for number, handler in enumerate(listed(many)):
            yield from _handler(here / field / number, field, handler, placed.language, last=number == len(many) - 1)


def _handler(at: Place, field: str, handler: Json, language: str, *, last: bool) -> Iterator[Problem]:
    errors = handler.get("ErrorEquals") if isinstance(handler, Mapping) else None
    if not isinstance(errors, list) or not errors:
        yield Problem("MISSING_FIELD", at, "ErrorEquals must be a list of errors.")
    else:
        yield from _errors(at / "ErrorEquals", errors, last=last)
    if not isinstance(handler, Mapping):
        return
    if field == "Catch" and errors and "Next" not in handler:
        yield Problem("MISSING_FIELD", at, "Next is missing.")
    names = FIELDS[field]
    for name in sorted(handler.keys() - names):
        guess = did_you_mean(name, names, otherwise=known_names(sorted(names)))
        yield Problem("UNKNOWN_FIELD", at / name, f"{field} has no such field.", guess)
    if field == "Catch" and (other := OF_OTHER_LANGUAGE.get(language)) in handler:
        yield Problem("QUERY_LANGUAGE", at / str(other), f"{language} does not know it.")
    if field == "Retry":
        yield from _times(at, handler)


def _times(at: Place, retrier: JsonMapping) -> Iterator[Problem]:
    strategy = retrier.get("JitterStrategy", "NONE")
    if strategy not in ("FULL", "NONE") and not is_later(strategy):
        guess = did_you_mean(strategy, ["FULL", "NONE"])
        yield Problem("WRONG_VALUE", at / "JitterStrategy", f"it must be FULL or NONE, not {strategy!r}.", guess)
    interval, longest = retrier.get("IntervalSeconds"), retrier.get("MaxDelaySeconds")
    if isinstance(interval, int) and isinstance(longest, int) and longest <= interval:
        yield Problem("RETRY", at / "MaxDelaySeconds", f"it must be more than IntervalSeconds ({interval}), not {longest}.")


def _errors(at: Place, errors: list[Json], *, last: bool) -> Iterator[Problem]:
    for number, error in enumerate(errors):
        here = at / number
        if not isinstance(error, str):
            yield Problem("WRONG_VALUE", here, f"{error!r} is not a name of an error; it must be a text.")
        elif error.startswith("States.") and error not in ERRORS and not STATUS.fullmatch(error) and not is_later(error):
            guess = did_you_mean(error, ERRORS, otherwise=known_names(sorted(ERRORS)))
            yield Problem("UNKNOWN_ERROR", here, f"Step Functions has no error {error!r}.", guess)
    if ALL in errors and len(errors) > 1:
        yield Problem("CATCH_ALL", at, f"{ALL} must stand alone.")
    if ALL in errors and not last:
        yield Problem("CATCH_ALL", at, f"{ALL} must come last, for no handler after it is ever reached.")
