"""Which state each event belongs to, in histories with retries, branches, iterations, and without links."""

import pytest

from common.execution.history import Entered, History, Left, Nested, Retried, Status
from tests.support import histories
from tests.support.histories import Script


def read(script: Script) -> tuple[History, list[object]]:
    history = History()
    return history, list(history.read(script.events))


def told(script: Script) -> list[tuple[str, str, float | None, int]]:
    history, _ = read(script)
    return [(visit.title, str(visit.status), visit.seconds, visit.attempts) for visit in history.visits]


def test_tells_visits_durations_and_attempts() -> None:
    assert told(histories.succeeding()) == [("Validate", "succeeded", 7, 2), ("Land", "succeeded", 5, 1)]
    history, happened = read(histories.succeeding())
    assert [type(event).__name__ for event in happened] == ["Entered", "Retried", "Left", "Entered", "Left"]
    assert [event.error for event in happened if isinstance(event, Retried)] == ["Lambda.TooManyRequestsException"]
    assert (history.end, history.output, history.seconds) == ("SUCCEEDED", '{"rows": 3}', 15)
    assert history.culprit() is None


def test_takes_events_once_and_in_any_order() -> None:
    events = histories.succeeding().events
    history = History()
    happened = [type(event) for event in history.read(reversed(events[:8]))]
    happened += [type(event) for event in history.read(reversed(events[4:]))]
    assert happened == [Entered, Retried, Left, Entered, Left]
    assert list(history.read(events)) == []


def test_a_failure_that_a_fail_state_tells_on_began_where_it_was_caught() -> None:
    history, _ = read(histories.failing_function())
    assert [(visit.name, visit.status) for visit in history.visits] == [
        ("Validate", Status.CAUGHT),
        ("LogFailure", Status.SUCCEEDED),
        ("Failed", Status.FAILED),
    ]
    culprit = history.culprit()
    assert culprit is not None
    assert (culprit.name, culprit.error) == ("Validate", "InputInvalid")


def test_iterations_side_by_side_are_told_apart() -> None:
    assert told(histories.side_by_side()) == [
        ("Each", "succeeded", 24, 1),
        ("Load[0]", "succeeded", 10, 1),
        ("Load[1]", "succeeded", 12, 2),
        ("Store[0]", "succeeded", 3, 1),
        ("Store[1]", "succeeded", 1, 1),
        ("Done", "succeeded", 1, 1),
    ]
    history, _ = read(histories.side_by_side())
    assert [len(visit.around) for visit in history.visits] == [0, 1, 1, 1, 1, 0]


def test_branches_that_a_failing_one_ends_are_aborted() -> None:
    script = Script()
    script.enter("Both", "Parallel")
    started = script.add("ParallelStateStarted")
    waits = script.enter("Wait", "Wait", before=started)
    breaks = script.enter("Break", before=started)
    breaks = script.schedule(before=breaks, FunctionName="f")
    breaks = script.fail("Broken", before=breaks)
    script.add("WaitStateAborted", waits)
    script.add("ParallelStateFailed", breaks)
    script.end("ExecutionFailed", error="Broken", cause="")
    assert [(name, status) for name, status, _, _ in told(script)] == [
        ("Both", "failed"),
        ("Wait", "aborted"),
        ("Break", "failed"),
    ]
    culprit = read(script)[0].culprit()
    assert culprit is not None
    assert culprit.name == "Break"


def test_a_caught_failure_of_a_parallel_state_is_the_parallel_states() -> None:
    script = Script()
    script.enter("Both", "Parallel")
    breaks = script.enter("Break", before=script.add("ParallelStateStarted"))
    breaks = script.schedule(before=breaks, FunctionName="f")
    script.add("ParallelStateFailed", script.fail("Broken", before=breaks))
    script.leave("Both", "Parallel")
    script.enter("After", "Pass")
    script.leave("After", "Pass")
    script.end(output="{}")
    history, _ = read(script)
    assert [(visit.name, visit.status, len(visit.around)) for visit in history.visits] == [
        ("Both", Status.CAUGHT, 0),
        ("Break", Status.FAILED, 1),
        ("After", Status.SUCCEEDED, 0),
    ]


def test_an_iteration_that_a_map_tolerates_ends_alone() -> None:
    script = Script()
    script.enter("Each", "Map")
    started = script.add("MapStateStarted", length=2)
    first = script.enter("Load", before=script.add("MapIterationStarted", started, name="Each", index=0))
    script.enter("Load", before=script.add("MapIterationStarted", started, name="Each", index=1))
    first = script.fail("Broken", before=script.schedule(before=first, FunctionName="a"))
    script.add("MapIterationFailed", first, name="Each", index=0)
    history, _ = read(script)
    assert [(visit.title, visit.status) for visit in history.visits] == [
        ("Each", Status.RUNNING),
        ("Load[0]", Status.FAILED),
        ("Load[1]", Status.RUNNING),
    ]


@pytest.mark.parametrize(("kind", "status"), [("ExecutionTimedOut", "TIMED_OUT"), ("ExecutionAborted", "ABORTED")])
def test_what_lasts_when_an_execution_is_ended_is_aborted(kind: str, status: str) -> None:
    script = Script()
    script.enter("Wait", "Wait")
    script.end(kind, error="States.Timeout", cause="")
    history, happened = read(script)
    assert (history.end, history.visits[0].status) == (status, Status.ABORTED)
    assert isinstance(happened[-1], Left)
    assert history.culprit() is history.visits[0]


def test_a_timeout_of_a_task_is_a_failure() -> None:
    script = Script()
    script.enter("Slow")
    script.schedule(FunctionName="f")
    script.fail("States.Timeout", kind="TaskTimedOut")
    script.end("ExecutionFailed", error="States.Timeout", cause="")
    assert told(script)[0][:2] == ("Slow", "failed")


def test_nested_executions_are_told_once() -> None:
    _, happened = read(histories.failing_child())
    assert [event.execution for event in happened if isinstance(event, Nested)] == [histories.CHILD]


def test_without_links_an_event_belongs_with_the_one_before_it() -> None:
    events = [
        {name: value for name, value in event.items() if name != "previousEventId"} for event in histories.succeeding().events
    ]
    history = History()
    assert len(list(history.read(events))) == 5
    assert [(visit.name, visit.attempts, len(visit.around)) for visit in history.visits] == [("Validate", 2, 0), ("Land", 1, 0)]
