"""Lines of changes stand below their step, whenever they end."""

from common.model.events import Finished
from common.model.resource import Action, Change, Key
from common.report.step_events import ChangeEvent, StepEvents


def keys(text: str) -> set[Key]:
    return {Key("p", "thing", name) for name in text}


def told(order: list[str]) -> StepEvents:
    """Adds the names of what is told to a list."""

    def show(event: ChangeEvent) -> None:
        order.append(event.change.key.name)

    return StepEvents(show)


def end(events: StepEvents, names: str) -> None:
    for name in names:
        events(Finished(Change(Key("p", "thing", name), Action.CREATE, ""), 0.1))


def test_events_of_a_later_step_are_told_when_it_begins() -> None:
    order: list[str] = []
    events = told(order)
    events.begin(keys("ab"))
    end(events, "acbd")
    assert order == ["a", "b"]
    events.begin(keys("c"))
    assert order == ["a", "b", "c"]
    events.begin(None)
    assert order == ["a", "b", "c", "d"]


def test_without_steps_all_is_told_at_once() -> None:
    order: list[str] = []
    end(told(order), "cab")
    assert order == ["c", "a", "b"]
