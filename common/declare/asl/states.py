"""Checks each state of a definition for what AWS refuses, or accepts although it fails at run time.

The transitions between states are checked in `structure`.

Follows https://states-language.net/spec.html and https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from collections.abc import Iterable, Iterator

from common.base.suggestions import did_you_mean
from common.declare.asl.choice_rules import choice_problems
from common.declare.asl.fields import ELSEWHERE, field_problems
from common.declare.asl.handlers import handler_problems
from common.declare.asl.maps import map_problems
from common.declare.asl.problem import Problem, shown
from common.declare.asl.walk import Place, PlacedState

LONGEST = 80
"""How many characters the name of a state may have."""
WAITING = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
"""The fields that say how long a Wait lasts, of which it has one."""


def state_problems(states: Iterable[PlacedState], top: object) -> Iterator[Problem]:
    """Yields the problems of states.

    Args:
        states: of the whole definition.
        top: the query language of the definition; a state can set another.
    """
    seen: dict[str, Place] = {}
    for placed in states:
        here, name = placed.place, placed.name
        if name in seen:
            text = f"{seen[name]} has the same name; a name is given once in the whole definition."
            yield Problem("DUPLICATE_NAME", here, text)
        seen[name] = here
        if len(name) > LONGEST:
            yield Problem("WRONG_VALUE", here, f"the name has {len(name)} characters; AWS allows {LONGEST}.")
        yield from field_problems(placed)
        yield from _further(placed, top)
        yield from map_problems(placed)
        yield from handler_problems(placed)


def _further(placed: PlacedState, top: object) -> Iterator[Problem]:
    here, state, language = placed.place, placed.state, placed.language
    if not isinstance(state.get("End", True), bool):
        yield Problem("WRONG_VALUE", here / "End", f"it must be true, not {shown(state['End'])}.")
    if state["Type"] == "Choice" and ("Next" in state or "End" in state):
        text = "a Choice has no Next or End of its own; Default says where it goes when no choice is met."
        yield Problem("UNKNOWN_FIELD", here, text)
    if state["Type"] == "Wait":
        present = [field for field in (*WAITING[::2], *(WAITING[1::2] if language == "JSONPath" else ())) if field in state]
        if len(present) != 1:
            code = "EXCLUSIVE_FIELDS" if present else "MISSING_FIELD"
            yield Problem(code, here, f"a Wait needs one of {', '.join(WAITING)}.")
    if language not in [*ELSEWHERE]:
        text = f"it must be JSONPath or JSONata, not {shown(language)}."
        yield Problem("QUERY_LANGUAGE", here / "QueryLanguage", text, did_you_mean(language, ELSEWHERE))
    elif top == "JSONata" and language == "JSONPath":
        text = "a definition in JSONata has no states in JSONPath. Set JSONata in the states that have it instead."
        yield Problem("QUERY_LANGUAGE", here / "QueryLanguage", text)
    if state["Type"] == "Choice":
        yield from choice_problems(placed)
