"""Walks over the states of a definition, and says where in it each is.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from common.base.json_types import Json, JsonMapping
from common.base.lean_dataclass import dataclass

TYPES = frozenset({"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"})
"""The types of states."""
INNER = ("ItemProcessor", "Iterator")
"""The fields of a Map that hold a definition."""


@dataclass(frozen=True)
class Place:
    """A place in a definition; as text it is short, as in ``Load all > Load.Retry[0].ErrorEquals``.

    Args:
        keys: the keys and numbers that lead there from the top of the definition.
    """

    keys: tuple[str | int, ...] = ()

    def __truediv__(self, key: str | int) -> "Place":
        """The place of a field or of an item: ``place / "Retry" / 0``."""
        return Place((*self.keys, key))

    def __str__(self) -> str:
        text, keys = "", self.keys
        if keys[:1] == ("States",) and len(keys) > 1:
            text, keys = str(keys[1]), keys[2:]
            while (inner := _inner_keys(keys)) is not None:
                text, keys = f"{text} > {keys[inner]}", keys[inner + 1 :]
        for key in keys:
            text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
        return text or "the top level"


def _inner_keys(keys: tuple[str | int, ...]) -> int | None:
    """Returns where behind the keys of a state the name of an inner state is; None if they lead to none."""
    if not keys or keys[0] not in {"Branches", *INNER}:
        return None
    name = 3 if keys[0] == "Branches" else 2
    return name if len(keys) > name and keys[name - 1] == "States" else None


class PlacedState(NamedTuple):
    """A state of a definition."""

    place: Place
    name: str
    state: JsonMapping
    language: str
    """The query language of the state: its own, or that of the whole definition."""


def listed(value: Json) -> list[Json]:
    """Returns a list unchanged, and an empty list for everything else, whose type is reported elsewhere."""
    return value if isinstance(value, list) else []


def every_state(definition: JsonMapping) -> Iterator[PlacedState]:
    """Yields every state, also those within Parallel and Map states, each before the states within it.

    What is not a state, because it is not an object or has no known type, is left out.
    """
    yield from _states(definition, Place(), str(definition.get("QueryLanguage", "JSONPath")))


def _states(machine: Json, at: Place, language: str) -> Iterator[PlacedState]:
    states = machine.get("States") if isinstance(machine, Mapping) else None
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if not isinstance(state, Mapping) or not isinstance(state.get("Type"), str) or state["Type"] not in TYPES:
            continue
        here = at / "States" / name
        yield PlacedState(here, name, state, str(state.get("QueryLanguage", language)))
        for place, inner in placed_machines(state, here):
            yield from _states(inner, place, language)


def placed_machines(state: JsonMapping, here: Place) -> Iterator[tuple[Place, Json]]:
    """Yields the definitions within a Parallel or Map state, each with its place."""
    if state["Type"] == "Parallel":
        for number, branch in enumerate(listed(state.get("Branches"))):
            yield here / "Branches" / number, branch
    elif state["Type"] == "Map":
        yield from [(here / field, state[field]) for field in INNER if field in state][:1]


def inner_machines(state: JsonMapping) -> list[Json]:
    """Returns the definitions within a Parallel or Map state."""
    return [machine for _, machine in placed_machines(state, Place())]


def named_errors(placed: PlacedState) -> Iterator[tuple[Place, str]]:
    """Yields the errors in Retry and Catch of a state, each with its place."""
    for field in ("Retry", "Catch"):
        for number, handler in enumerate(listed(placed.state.get(field))):
            errors = handler.get("ErrorEquals") if isinstance(handler, Mapping) else None
            for position, error in enumerate(listed(errors)):
                if isinstance(error, str):
                    yield placed.place / field / number / "ErrorEquals" / position, error


def is_distributed(state: JsonMapping) -> bool:
    """Whether a state is a Map that runs its items in separate executions."""
    processor = state.get("ItemProcessor") if state["Type"] == "Map" else None
    how = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    return isinstance(how, Mapping) and how.get("Mode") == "DISTRIBUTED"


def distributed_maps(definition: JsonMapping) -> list[str]:
    """Returns the names of the states whose items run in separate executions, which the history of this machine does not have."""
    return [placed.name for placed in every_state(definition) if is_distributed(placed.state)]
