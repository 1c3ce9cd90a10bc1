"""Executes machines and states: from state to state, with retries whose waits are counted, Map and Parallel states.

Branches and iterations are executed one after the other, and their time is counted as if they ran at once. If one fails, the
others have been executed nevertheless, where AWS would stop them.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.base.suggestions import did_you_mean
from common.declare.asl.definition import Source
from common.declare.asl.walk import Place, PlacedState, every_state, inner_machines, is_distributed
from common.testing import maps
from common.testing.choices import as_time
from common.testing.definitions import loaded
from common.testing.errors import RUNTIME, StateError
from common.testing.languages import LANGUAGES, seconds
from common.testing.outcomes import Mock, MockError, Mocks, Outcome
from common.testing.run import Run, Visit, Wait
from common.testing.scope import START, Clock, ExecutionTimedOut, Scope, context_of
from common.testing.steps import FAILED, RETRIABLE, LocalStepper, Step, Stepper

MOST_VISITS = 12_500
"""An execution of AWS has at most 25,000 events, of which each state takes two or more."""
ON_AWS = "TEST_STATES_ON_AWS"
"""The environment variable that names the environment in whose account TestState is to make all attempts."""


def run_machine(
    machine: Source,
    input: Json = None,
    mocks: Mapping[str, Mock] | None = None,
    *,
    items: Mapping[str, list[Json]] | None = None,
    context: JsonMapping | None = None,
    start: datetime = START,
    name: str = "machine",
) -> Run:
    """Executes a state machine with mocks for everything that it calls.

    Args:
        machine: the definition, a function that returns it, or the path of its file (JSON or YAML).
        input: the input of the execution; an empty object without.
        mocks: how calls end, by the name of the state: `ok`, `fails`, `payload`, a list of these, or a function of the arguments.
        items: what the ItemReader of a Map would read, by the name of the state.
        context: parts of the context object that replace the usual ones.
        start: when the execution begins.
        name: the name of the machine in the context object.

    Raises:
        MockError: something that is called has no mock, or not enough outcomes.
        DeclarationError: the definition is broken.
    """
    definition = loaded(machine)
    prepared = _Execution.of(definition, mocks or {}, items or {}, start)
    data = {} if input is None else input
    prepared.clock.limit = definition.get("TimeoutSeconds")
    run = prepared.run
    try:
        whole = context_of(name, data, prepared.clock, context or {})
        run.output, run.variables = prepared.level(definition, Scope(data, whole), definition.get("QueryLanguage", "JSONPath"))
    except StateError as error:
        run.status, run.error, run.cause = FAILED, error.error, error.cause
    except ExecutionTimedOut:
        run.status, run.error = "TIMED_OUT", "States.Timeout"
    run.seconds = prepared.clock.seconds
    return run


def run_state(
    machine: Source,
    state: str,
    input: Json = None,
    mocks: Mapping[str, Mock] | None = None,
    *,
    variables: JsonMapping | None = None,
    items: Mapping[str, list[Json]] | None = None,
    context: JsonMapping | None = None,
    start: datetime = START,
) -> Run:
    """Executes one state of a machine with its retries, wherever in the machine it is.

    `variables` are those that earlier states have assigned. See `run_machine` for the rest.

    Raises:
        MockError: there is no such state, or something that is called has no mock.
        DeclarationError: the definition is broken.
    """
    definition = loaded(machine)
    states = {placed.name: placed for placed in every_state(definition)}
    if state not in states:
        raise MockError(f"There is no state {state!r}.{did_you_mean(state, states)}")
    prepared = _Execution.of(definition, mocks or {}, items or {}, start)
    data = {} if input is None else input
    scope = Scope(data, context_of("machine", data, prepared.clock, context or {}), dict(variables or {}))
    run = prepared.run
    step = prepared.visit(states[state], scope)
    run.status, run.output, run.next_state = step.status, step.output, step.next_state
    run.error, run.cause, run.seconds = step.error, step.cause, prepared.clock.seconds
    run.variables = {**scope.variables, **step.assigned}
    return run


@dataclass
class _Execution:
    """One execution."""

    mocks: Mocks
    items: Mapping[str, list[Json]]
    clock: Clock
    stepper: Stepper
    run: Run = field(default_factory=Run)

    @classmethod
    def of(
        cls, definition: JsonMapping, mocks: Mapping[str, Mock], items: Mapping[str, list[Json]], start: datetime
    ) -> "_Execution":
        names = [placed.name for placed in every_state(definition)]
        stepper: Stepper = LocalStepper()
        if environment := os.environ.get(ON_AWS):
            from common.testing.aws_states import AwsStepper  # loads boto3

            stepper = AwsStepper.of(Path.cwd(), environment, definition)
        return cls(Mocks(mocks, names), items, Clock(start), stepper)

    def level(self, machine: JsonMapping, scope: Scope, language: str) -> tuple[Json, JsonObject]:
        """Executes a machine, or what a Map or Parallel state has in it, and returns its output and its variables.

        Raises:
            StateError: it fails.
        """
        name, data, variables = machine["StartAt"], scope.input, dict(scope.variables)
        while True:
            state = machine["States"][name]
            placed = PlacedState(Place(), name, state, state.get("QueryLanguage", language))
            step = self.visit(placed, Scope(data, scope.context, variables), language)
            if step.status == FAILED:
                raise StateError(step.error, step.cause)
            variables = {**variables, **step.assigned}
            if not step.next_state:
                return step.output, variables
            name, data = step.next_state, step.output

    def visit(self, placed: PlacedState, scope: Scope, language: str | None = None) -> Step:
        """Executes one state with its retries; `language` is that of its machine."""
        _, name, state, own_language = placed
        visit = Visit(name, scope.input)
        self.run.visits.append(visit)
        if len(self.run.visits) > MOST_VISITS:
            raise StateError(RUNTIME, "The execution reached the maximum number of history events (25000).")
        entered, retried = self.clock.text, [0] * len(state.get("Retry", ()))
        while True:
            visit.attempts += 1
            about = {"EnteredTime": entered, "Name": name, "RetryCount": sum(retried)}
            inside = replace(scope.within(State=about, **self._token(state)), now=self.clock.now)
            outcome = self._outcome(name, state, own_language, inside, visit, language or own_language)
            step = self.stepper.step(name, state, own_language, inside, outcome, retried)
            if step.status == RETRIABLE:
                retried[step.retrier] += 1
                self.run.waits.append(Wait(name, step.wait, step.error, step.jitter))
                self.clock.pass_by(step.wait)
                continue
            visit.output, visit.error, visit.cause = step.output, step.error, step.cause
            return step

    def _token(self, state: JsonMapping) -> JsonObject:
        waits = str(state.get("Resource", "")).endswith(".waitForTaskToken")
        return {"Task": {"Token": f"token-{len(self.run.visits)}"}} if waits else {}

    def _outcome(self, name: str, state: JsonMapping, language: str, scope: Scope, visit: Visit, outer: str) -> Outcome | None:
        """How what the state calls ends; None if it calls nothing."""
        kind = state["Type"]
        try:
            if kind == "Wait":
                self._wait(name, state, language, scope)
            elif kind == "Task" or (kind in {"Map", "Parallel"} and self.mocks.has(name)):
                visit.arguments = LANGUAGES[language].arguments(state, scope)
                return self._timed(state, language, scope, self.mocks.outcome(name, visit.arguments))
            elif kind == "Parallel":
                return self._parallel(state, language, scope, outer)
            elif kind == "Map":
                return self._map(name, state, language, scope, outer)
        except StateError as error:
            return Outcome(error=error.error, cause=error.cause)
        return None

    def _timed(self, state: JsonMapping, language: str, scope: Scope, outcome: Outcome) -> Outcome:
        """The outcome of a call, which is a States.Timeout if it lasts too long."""
        value = LANGUAGES[language].value(state, "TimeoutSeconds", scope) if state["Type"] == "Task" else None
        limit = None if value is None else seconds(value, "TimeoutSeconds")
        if limit is not None and outcome.seconds > limit:
            self.clock.pass_by(limit)
            return Outcome(error="States.Timeout", cause=f"The task has not ended within {limit} seconds.")
        self.clock.pass_by(outcome.seconds)
        return outcome

    def _wait(self, name: str, state: JsonMapping, language: str, scope: Scope) -> None:
        value = LANGUAGES[language].value(state, "Seconds", scope)
        if value is None:
            text = LANGUAGES[language].value(state, "Timestamp", scope)
            if (time := as_time(text)) is None:
                raise StateError(RUNTIME, f"Timestamp must be a time such as 2026-01-01T00:00:00Z, not {text!r}.")
            value = max((time - self.clock.now).total_seconds(), 0)
        self.run.waits.append(Wait(name, seconds(value, "Seconds")))
        self.clock.pass_by(value)

    def _parallel(self, state: JsonMapping, language: str, scope: Scope, outer: str) -> Outcome:
        data = LANGUAGES[language].arguments(state, scope)
        inside = Scope(data, scope.context, scope.variables)
        outcomes = [self._inner(branch, inside, outer) for branch in inner_machines(state)]
        failed = min((outcome for outcome in outcomes if outcome.error), key=lambda outcome: outcome.seconds, default=None)
        self.clock.pass_by(max(outcome.seconds for outcome in outcomes) if failed is None else failed.seconds)
        return failed or Outcome([outcome.result for outcome in outcomes])

    def _map(self, name: str, state: JsonMapping, language: str, scope: Scope, outer: str) -> Outcome:
        distributed, (inner,) = is_distributed(state), inner_machines(state)
        outcomes = []
        for iteration in maps.iterations(name, state, language, scope, self.items, distributed=distributed):
            variables = {} if distributed else scope.variables
            inside = Scope(iteration.input, {**scope.context, "Map": iteration.context}, variables)
            if distributed:
                inside = inside.within(Execution={**scope.context["Execution"], "Input": iteration.input})
            outcomes.append(self._inner(inner, inside, outer))
            if outcomes[-1].error and not distributed:
                break
        concurrency = LANGUAGES[language].value(state, "MaxConcurrency", scope, 0)
        self.clock.pass_by(maps.lasting([outcome.seconds for outcome in outcomes], concurrency))
        failures = [outcome for outcome in outcomes if outcome.error]
        if not distributed:
            return failures[0] if failures else Outcome([outcome.result for outcome in outcomes])
        if maps.exceeds_tolerance(state, language, scope, len(failures), len(outcomes)):
            message = "The specified tolerated failure threshold was exceeded"
            return Outcome(error="States.ExceedToleratedFailureThreshold", cause=message)
        written = maps.written(name, state, language, scope)
        return Outcome(written or [outcome.result for outcome in outcomes if not outcome.error])

    def _inner(self, machine: JsonMapping, scope: Scope, language: str) -> Outcome:
        """Executes a branch or an iteration; the clock is put back, for others run at the same time."""
        began = self.clock.seconds
        try:
            result, _ = self.level(machine, scope, machine.get("QueryLanguage", language))
            outcome = Outcome(result, seconds=self.clock.seconds - began)
        except StateError as error:
            outcome = Outcome(error=error.error, cause=error.cause, seconds=self.clock.seconds - began)
        self.clock.seconds = began
        return outcome
