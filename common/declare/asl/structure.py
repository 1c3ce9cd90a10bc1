"""Checks the structure of a definition: every state has a type, every transition leads somewhere, every state can be reached.

Follows https://states-language.net/spec.html and https://docs.aws.amazon.com/step-functions/latest/dg/concepts-transitions.html
"""

from collections.abc import Collection, Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean
from common.declare.asl.fields import OF_MACHINE, misspelled
from common.declare.asl.problem import Problem, shown
from common.declare.asl.walk import TYPES, Place, listed, placed_machines

ENDING = frozenset({"Succeed", "Fail"})


def structure_problems(definition: JsonMapping) -> list[Problem]:
    """Returns the problems of the structure; without any, every state has a known type and all transitions lead to states."""
    return [*_machine(definition, Place(), timed="TimeoutSeconds" in definition)]  # a parameter may be its whole value


def _machine(machine: JsonMapping, here: Place, *, timed: bool) -> Iterator[Problem]:
    states = machine.get("States")
    yield from misspelled(here, machine, OF_MACHINE)
    if not here.keys:
        yield from _top(here, machine)
    if not isinstance(states, Mapping) or not states:
        yield Problem("STRUCTURE", here, "States is missing or empty.")
        return
    start = machine.get("StartAt")
    if start is None:
        yield Problem("STRUCTURE", here, "StartAt is missing.")
    elif not _among(start, states):
        yield _missing(here / "StartAt", start, states)
    problems = [
        problem for name, state in states.items() for problem in _state(here / "States" / name, state, states, timed=timed)
    ]
    yield from problems
    if not problems and isinstance(start, str) and start in states:
        yield from _paths(start, states, here, timed=timed)


def _top(here: Place, definition: JsonMapping) -> Iterator[Problem]:
    version, language = definition.get("Version", "1.0"), definition.get("QueryLanguage", "JSONPath")
    if version != "1.0":
        yield Problem("WRONG_VALUE", here / "Version", f'it must be "1.0", not {shown(version)}.')
    if language not in ("JSONPath", "JSONata"):
        guess = did_you_mean(language, ["JSONPath", "JSONata"])
        yield Problem("QUERY_LANGUAGE", here / "QueryLanguage", f"it must be JSONPath or JSONata, not {shown(language)}.", guess)
    if not isinstance(comment := definition.get("Comment", ""), str):
        yield Problem("WRONG_VALUE", here / "Comment", f"it must be a text, not {shown(comment)}.")


def _state(here: Place, state: Json, states: JsonMapping, *, timed: bool) -> Iterator[Problem]:
    kind = state.get("Type") if isinstance(state, Mapping) else None
    if not _among(kind, TYPES):
        guess = did_you_mean(kind, TYPES) if isinstance(kind, str) else ""
        yield Problem("STRUCTURE", here, f"Type must be one of {', '.join(sorted(TYPES))}.", guess)
        return
    for place, target in _targets(state, here):
        if not _among(target, states):
            yield _missing(place, target, states)
    yield from _ending(here, state)
    yield from _inner(here, state, timed=timed)


def _missing(place: Place, target: Json, states: JsonMapping) -> Problem:
    return Problem("MISSING_STATE", place, f"there is no state {shown(target)}.", did_you_mean(target, states))


def _paths(start: str, states: Mapping[str, JsonMapping], here: Place, *, timed: bool) -> Iterator[Problem]:
    """Yields the problems of paths between states, once every transition leads to a state."""
    after = {name: {target for _, target in _targets(state, here)} for name, state in states.items()}
    before = {name: {other for other, targets in after.items() if name in targets} for name in states}
    ending = {name for name, state in states.items() if state["Type"] in ENDING or state.get("End")}
    reached, can_end = _closure({start}, after), _closure(ending, before)
    for name in states:
        if name not in reached:
            yield Problem("UNREACHABLE_STATE", here / "States" / name, "no path leads here from StartAt.")
        elif name not in can_end and not timed:
            hint = " Or let the TimeoutSeconds of the definition end it."
            yield Problem("ENDLESS_STATE", here / "States" / name, "no path leads from here to an end.", hint)


def _closure(names: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    todo = set(names)
    while todo:
        todo = set().union(*(edges[name] for name in todo)) - names
        names = names | todo
    return names


def _targets(state: JsonMapping, here: Place) -> Iterator[tuple[Place, Json]]:
    for field in ("Next", "Default"):
        if field in state:
            yield here / field, state[field]
    for many in ("Choices", "Catch"):
        for number, target in enumerate(listed(state.get(many))):
            if isinstance(target, Mapping) and "Next" in target:
                yield here / many / number / "Next", target["Next"]


def _ending(here: Place, state: JsonMapping) -> Iterator[Problem]:
    kind = state["Type"]
    if kind == "Task" and not isinstance(state.get("Resource"), str):
        yield Problem("STRUCTURE", here, "a Task needs a Resource.")
    if kind == "Choice":
        if not listed(state.get("Choices")):
            yield Problem("MISSING_FIELD", here, "a Choice needs Choices.")
        for number, choice in enumerate(listed(state.get("Choices"))):
            if not isinstance(choice, Mapping) or "Next" not in choice:
                yield Problem("MISSING_FIELD", here / "Choices" / number, "Next is missing.")
    elif kind not in ENDING and ("Next" in state) == bool(state.get("End")):
        code = "EXCLUSIVE_FIELDS" if "Next" in state else "MISSING_FIELD"
        yield Problem(code, here, "exactly one of Next and End is needed.")


def _inner(here: Place, state: JsonMapping, *, timed: bool) -> Iterator[Problem]:
    inner = list(placed_machines(state, here))
    if state["Type"] in {"Parallel", "Map"} and not inner:
        needs = "Branches" if state["Type"] == "Parallel" else "an ItemProcessor"
        yield Problem("STRUCTURE", here, f"a {state['Type']} needs {needs}.")
    for place, machine in inner:
        yield from _machine(machine if isinstance(machine, Mapping) else {}, place, timed=timed)


def _among(name: Json, names: Collection[str]) -> bool:
    return isinstance(name, str) and name in names
