"""Checks each state of a definition for what AWS refuses, or accepts although it fails at run time.

The transitions between states are checked before, in `definition`.

Follows https://states-language.net/spec.html and https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from collections.abc import Iterable, Iterator

from common.base.json_types import JsonMapping
from common.declare.asl.choice_rules import choice_problems
from common.declare.asl.fields import ELSEWHERE, exclusions, unknown_fields
from common.declare.asl.handlers import handler_problems

LONGEST = 80
"""How many characters the name of a state may have."""
WAITING = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")


def refusals(states: Iterable[tuple[str, str, JsonMapping]], language: object) -> Iterator[str]:
    """Yields the problems of states.

    Args:
        states: of the whole definition, each after where it is, as in ``Load all > Load``, and its name.
        language: the query language of the definition; a state can set another.
    """
    seen: dict[str, str] = {}
    for here, name, state in states:
        if name in seen:
            yield f"{here}: {seen[name]} has the same name; a name is given once in the whole definition."
        seen[name] = here
        if len(name) > LONGEST:
            yield f"{here}: the name has {len(name)} characters; AWS allows {LONGEST}."
        yield from _fields(here, state, state.get("QueryLanguage", language))
        yield from handler_problems(here, state)


def _fields(here: str, state: JsonMapping, language: object) -> Iterator[str]:
    yield from unknown_fields(here, state)
    yield from exclusions(here, state)
    if not isinstance(state.get("End", True), bool):
        yield f"{here}.End: it must be true, not {state['End']!r}."
    if state["Type"] == "Choice" and ("Next" in state or "End" in state):
        yield f"{here}: a Choice has no Next or End of its own; Default says where it goes when no choice is met."
    if state["Type"] == "Wait":
        present = [field for field in (*WAITING[::2], *(WAITING[1::2] if language == "JSONPath" else ())) if field in state]
        if len(present) != 1:
            yield f"{here}: a Wait needs one of {', '.join(WAITING)}."
    if language not in [*ELSEWHERE]:
        yield f"{here}: the query language is one of {', '.join(ELSEWHERE)}, not {language!r}."
    else:
        yield from (f"{here}.{field}: {language} does not know it." for field in sorted(ELSEWHERE[str(language)] & state.keys()))
    if state["Type"] == "Choice":
        yield from choice_problems(here, state, language)
