"""Checks variables: the names in Assign, and that some state on the way to a state has assigned what the state uses.

Each definition is a scope of its own: the states within a Parallel or Map see the variables of the states around them, and cannot
assign them. A distributed Map runs its items in executions of their own, which see none of them. What a state assigns can be used
from the next state on. What a function of JSONata and a variable are both called is taken for the variable.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import closest
from common.declare.asl.expression_uses import Use
from common.declare.asl.jsonata_functions import FUNCTIONS, call_problem
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place, every_state, is_distributed, listed, placed_machines

LONGEST = 80
"""How many characters the name of a variable may have."""
CODE = "VARIABLE"
SHORT = 3
"""A name of so few characters is not taken for a misspelled function."""
Uses = Mapping[Place, Sequence[Use]]


class _Around(NamedTuple):
    """What is known of the states around a scope."""

    visible: frozenset[str] = frozenset()
    """The variables that may have a value when the scope begins."""
    assigned: Mapping[str, Place] = {}
    """The variables that the scopes around assign, each with a state that does."""
    hidden: Mapping[str, Place] = {}
    """The variables out of reach, because the items of a distributed Map run in executions of their own."""


def variable_problems(definition: JsonMapping, uses: Uses) -> Iterator[Problem]:
    """Yields the problems of variables.

    Args:
        definition: a definition whose states and transitions were found right.
        uses: what each state uses, by its place.
    """
    everywhere = {
        name: placed.place for placed in every_state(definition) for _, names in _assigns(placed.state) for name in names
    }
    for placed in every_state(definition):
        for at, names in _assigns(placed.state):
            yield from _bad_names(placed.place, at, names)
    yield from _Scopes(uses, everywhere).scope(definition, Place(), _Around())


class _Scopes:
    """Follows the variables through the scopes of a definition.

    Args:
        uses: what each state uses, by its place.
        everywhere: all variables of the definition, each with a state that assigns it.
    """

    def __init__(self, uses: Uses, everywhere: Mapping[str, Place]) -> None:
        self._uses, self._everywhere = uses, everywhere

    def scope(self, machine: JsonMapping, at: Place, around: _Around) -> Iterator[Problem]:
        """Yields the problems of a definition, or of one within a state."""
        states = machine["States"]
        places = {name: at / "States" / name for name in states}
        own = {variable: places[name] for name, state in states.items() for _, names in _assigns(state) for variable in names}
        before = _before(machine["StartAt"], states, around.visible)
        for name, state in states.items():
            yield from _shadowing(places[name], state, around.assigned)
            for use in self._uses.get(places[name], ()):
                yield from self._use(use, places[name], before[name], own, around)
            inner = _Around(before[name], {**around.assigned, **own}, around.hidden)
            if is_distributed(state):
                inner = _Around(hidden={**around.hidden, **inner.assigned})
            for place, part in placed_machines(state, places[name]):
                yield from self.scope(part, place, inner)

    def _use(self, use: Use, here: Place, before: frozenset[str], own: Mapping[str, Place], around: _Around) -> Iterator[Problem]:
        name = use.name
        if name in before or (use.in_jsonata and use.call is None and name in FUNCTIONS):
            return
        if use.is_optional and (name in self._everywhere or not closest(name, self._everywhere)):
            return
        if use.call is not None and name not in self._everywhere:
            if problem := call_problem(use.call):
                yield Problem("JSONATA", use.place, *problem)
        elif name not in FUNCTIONS or not use.in_jsonata:
            yield Problem(CODE, use.place, *self._unassigned(use, here, own, around))

    def _unassigned(self, use: Use, here: Place, own: Mapping[str, Place], around: _Around) -> tuple[str, str]:
        name = use.name
        if own.get(name) == here:
            return f"${name} has a value only from the next state on, and no state before this one assigns it.", ""
        if name in own:
            return f"${name} has no value yet: no state before this one assigns it, only {own[name]}.", ""
        if name in around.assigned:
            return f"${name} has no value yet: no state before this one assigns it, only {around.assigned[name]}.", ""
        if name in around.hidden:
            return f"a distributed Map cannot use ${name} of the states around it.", " Hand its value over in ItemSelector."
        if name in self._everywhere:
            return f"${name} is a variable of other states ({self._everywhere[name]}).", " Hand its value out in their output."
        names = {*self._everywhere, *(FUNCTIONS if use.in_jsonata and len(name) > SHORT else ())}
        path = "" if use.in_jsonata else f" The field {name!r} of the input is $.{name}."
        close = closest(name, names)
        return f"no state assigns the variable ${name}.", f" Did you mean ${close}?" if close else path


def _assigns(state: JsonMapping) -> Iterator[tuple[Place, list[str]]]:
    """Yields each Assign of a state: where it is within the state, and the variables that it assigns."""
    yield Place(("Assign",)), _names(state)
    for field in ("Choices", "Catch"):
        for number, part in enumerate(listed(state.get(field))):
            yield Place((field, number, "Assign")), _names(part)


def _names(part: Json) -> list[str]:
    assign = part.get("Assign") if isinstance(part, Mapping) else None
    return [str(name).removesuffix(".$") for name in assign] if isinstance(assign, Mapping) else []


def _before(start: str, states: Mapping[str, JsonMapping], visible: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """Returns for each state which variables may have a value when it begins."""
    before = dict.fromkeys(states, frozenset[str]())
    before[start] = visible
    pending, reached = [start], {start}
    while pending:
        name = pending.pop()
        for target, assigned in _edges(states[name]):
            variables = before[target] | before[name] | assigned
            if target not in reached or variables != before[target]:
                before[target] = variables
                reached.add(target)
                pending.append(target)
    return before


def _edges(state: JsonMapping) -> Iterator[tuple[str, frozenset[str]]]:
    """Yields each state that may follow, with the variables that are assigned on the way."""
    own = frozenset(_names(state))
    yield from ((state[field], own) for field in ("Next", "Default") if field in state)
    for field in ("Choices", "Catch"):
        for part in listed(state.get(field)):
            if isinstance(part, Mapping) and "Next" in part:
                yield part["Next"], frozenset(_names(part)) | (own if field == "Choices" else frozenset())


def _bad_names(here: Place, at: Place, names: list[str]) -> Iterator[Problem]:
    for name in names:
        place = Place((*here.keys, *at.keys, name))
        if name == "states":
            yield Problem(CODE, place, "$states is reserved; a variable needs another name.")
        elif any(character in name for character in ".["):
            yield Problem(CODE, place, "a part of a variable cannot be assigned, only the whole variable.")
        elif not name.isidentifier() or name.startswith("_"):
            message = f"{name!r} is not a name for a variable: it must be letters, digits and _, beginning with a letter."
            yield Problem(CODE, place, message)
        elif len(name) > LONGEST:
            yield Problem(CODE, place, f"the name has {len(name)} characters; AWS allows {LONGEST}.")


def _shadowing(here: Place, state: JsonMapping, assigned: Mapping[str, Place]) -> Iterator[Problem]:
    for at, names in _assigns(state):
        for name in names:
            if name in assigned:
                message = (
                    f"${name} is a variable of the states around this one ({assigned[name]}), which cannot be assigned here."
                )
                yield Problem(CODE, Place((*here.keys, *at.keys, name)), message, " Give it another name.")
