"""One attempt of one state: from its input and the outcome of what it calls to its output, the next state, a retry or a catch.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from collections.abc import Sequence
from typing import Protocol

from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.testing import choices
from common.testing.errors import StateError, matches
from common.testing.languages import LANGUAGES, Language
from common.testing.outcomes import Outcome
from common.testing.scope import Scope, check_size

CALLING = frozenset({"Task", "Parallel", "Map"})
"""The types of states that can be retried and whose errors can be caught."""
SUCCEEDED, FAILED, CAUGHT, RETRIABLE = "SUCCEEDED", "FAILED", "CAUGHT_ERROR", "RETRIABLE"
"""How an attempt may end, in the words of TestState."""


@dataclass(frozen=True)
class Step:
    """How an attempt ended.

    Args:
        status: ``SUCCEEDED``, ``CAUGHT_ERROR``, ``RETRIABLE`` or ``FAILED``.
        output: the output of the state.
        assigned: the variables that it assigns.
        next_state: the state that comes next; empty if none does.
        error: the error, also if it was caught or is to be retried.
        cause: what the error says.
        retrier: which of the retriers is to retry it.
        wait: how many seconds before the retry.
        jitter: whether AWS takes a random time up to these seconds.
    """

    status: str
    output: Json = None
    assigned: JsonObject = field(default_factory=dict)
    next_state: str = ""
    error: str = ""
    cause: str = ""
    retrier: int = 0
    wait: float = 0
    jitter: bool = False


class Stepper(Protocol):
    """Makes attempts: here, or in AWS."""

    def step(
        self, name: str, state: JsonMapping, language: str, scope: Scope, outcome: Outcome | None, retried: Sequence[int]
    ) -> Step:
        """Makes one attempt of a state.

        Args:
            name: the name of the state.
            state: the state.
            language: its query language.
            scope: what it can see.
            outcome: how what it calls ends; None if it calls nothing.
            retried: how often each of its retriers has retried it.
        """


class LocalStepper:
    """Makes attempts here."""

    def step(
        self, name: str, state: JsonMapping, language: str, scope: Scope, outcome: Outcome | None, retried: Sequence[int]
    ) -> Step:
        """See `Stepper`."""
        try:
            return _succeeded(state, language, scope, outcome)
        except StateError as error:
            return _failed(state, LANGUAGES[language], scope, error, retried)


def retrier_of(state: JsonMapping, error: str) -> int | None:
    """Returns the number of the first retrier that matches an error; None if none does."""
    retriers = state.get("Retry", ()) if state["Type"] in CALLING else ()
    return next((number for number, retrier in enumerate(retriers) if matches(retrier["ErrorEquals"], error)), None)


def _succeeded(state: JsonMapping, language_name: str, scope: Scope, outcome: Outcome | None) -> Step:
    language, kind = LANGUAGES[language_name], state["Type"]
    if outcome is not None and outcome.error:
        raise StateError(outcome.error, outcome.cause)
    if kind == "Fail":
        raise StateError(str(language.value(state, "Error", scope, "")), str(language.value(state, "Cause", scope, "")))
    rule: JsonMapping | None = None
    following = state.get("Next", "")
    if kind == "Choice":
        rule = choices.matching_rule(state, language.selected(state, scope), scope, language_name)
        following = state.get("Default") if rule is None else rule["Next"]
        if following is None:
            raise StateError("States.NoChoiceMatched", "No rule of the Choice holds, and it has no Default.")
    result = outcome.result if outcome is not None else None
    if kind == "Pass":
        result = state.get("Result", language.arguments(state, scope))
    output, assigned = language.finished(state, scope, result, rule)
    return Step(SUCCEEDED, check_size(output), assigned, following)


def _failed(state: JsonMapping, language: Language, scope: Scope, error: StateError, retried: Sequence[int]) -> Step:
    number = retrier_of(state, error.error)
    if number is not None:
        retrier = state["Retry"][number]
        if retried[number] < retrier.get("MaxAttempts", 3):
            wait = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retried[number]
            wait = min(wait, retrier.get("MaxDelaySeconds", wait))
            jitter = retrier.get("JitterStrategy", "NONE") == "FULL"
            return Step(RETRIABLE, error=error.error, cause=error.cause, retrier=number, wait=wait, jitter=jitter)
    for catcher in state.get("Catch", ()) if state["Type"] in CALLING else ():
        if matches(catcher["ErrorEquals"], error.error):
            try:
                output, assigned = language.caught(catcher, scope, {"Error": error.error, "Cause": error.cause})
            except StateError as second:
                return Step(FAILED, error=second.error, cause=second.cause)
            return Step(CAUGHT, output, assigned, catcher["Next"], error.error, error.cause)
    return Step(FAILED, error=error.error, cause=error.cause)
