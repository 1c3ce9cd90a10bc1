"""Checks each state of a definition for what AWS refuses, or accepts although it fails at run time.

The transitions between states are checked before, in `definition`.

Follows https://states-language.net/spec.html and https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from collections.abc import Iterable, Iterator, Mapping

from common.base.json_types import JsonMapping
from common.base.suggestions import did_you_mean

LONGEST = 80
"""How many characters the name of a state may have."""
WAITING = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
RETRYING = frozenset({"Task", "Parallel", "Map"})
ELSEWHERE = {
    "JSONPath": ("Arguments", "Output"),
    "JSONata": ("Parameters", "InputPath", "OutputPath", "ResultPath", "ResultSelector"),
}
"""For each query language the fields that only the other one has."""

FIELDS = frozenset(
    {
        *("Type", "Comment", "Next", "End", "QueryLanguage", "InputPath", "OutputPath", "ResultPath", "Parameters"),
        *("ResultSelector", "Arguments", "Output", "Assign", "Retry", "Catch", "Resource", "Credentials", "TimeoutSeconds"),
        *("TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath", "Result", "Choices", "Default", *WAITING),
        *("Error", "ErrorPath", "Cause", "CausePath", "Branches", "ItemProcessor", "Iterator", "Items", "ItemsPath"),
        *("ItemSelector", "ItemBatcher", "ItemReader", "ResultWriter", "MaxConcurrency", "MaxConcurrencyPath", "Label"),
        *("ToleratedFailureCount", "ToleratedFailureCountPath"),
        *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    }
)
"""All fields of states. A similar field is refused as misspelled; any other may be newer than the list and is left to AWS."""


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
        yield from _handling(here, state)


def _fields(here: str, state: JsonMapping, language: object) -> Iterator[str]:
    for field in sorted(state.keys() - FIELDS):
        if guess := did_you_mean(field, FIELDS):
            yield f"{here}.{field}: states have no such field.{guess}"
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
        yield from (f"{here}.{field}: {language} does not know it." for field in ELSEWHERE[str(language)] if field in state)


def _handling(here: str, state: JsonMapping) -> Iterator[str]:
    """Yields the problems of a state's Retry and Catch."""
    for field in ("Retry", "Catch"):
        many = state.get(field, [])
        if field in state and state["Type"] not in RETRYING:
            yield f"{here}.{field}: a {state['Type']} does not fail, so it has none."
        elif not isinstance(many, list):
            yield f"{here}.{field}: it must be a list."
        for number, handler in enumerate(many if isinstance(many, list) else ()):
            errors = handler.get("ErrorEquals") if isinstance(handler, Mapping) else None
            if not isinstance(errors, list) or not errors:
                yield f"{here}.{field}[{number}]: ErrorEquals must be a list of errors."
            elif field == "Catch" and "Next" not in handler:
                yield f"{here}.{field}[{number}]: Next is missing."
