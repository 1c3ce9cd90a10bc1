"""Tells the change of a state machine by its states: which were added, which are gone, and which fields of the others changed.

A state within a Map or Parallel state is named with the states around it, as in ``Each > Load``. Lists such as Choices, Catch
and Retry are compared item by item, so that a new item does not make all that follow look changed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from common.base.json_types import Json, JsonMapping, JsonObject
from common.model.comparison import FieldChange

WITHIN = " > "
"""Stands between the name of a state and that of a state within it."""
INTEGRATION = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:(.+)")
"""Matches the resource of a task that calls a service; what follows the account is the integration."""
TARGET = re.compile(r"arn:[^:]*:(lambda|states):[^:]*:[^:]*:(?:function|activity):(.+)")
"""Matches the resource of a task that calls a function or an activity by its ARN."""


def is_machine(value: Json) -> bool:
    """Whether a JSON value is the definition of a state machine."""
    return isinstance(value, Mapping) and "StartAt" in value and isinstance(value.get("States"), Mapping)


def described(state: Json) -> str:
    """A state in a few words: its type, and what a task calls."""
    if not isinstance(state, Mapping):
        return "?"
    called = task_name(str(state.get("Resource", "")))
    return f"{state.get('Type', '?')} {called}".rstrip()


def task_name(resource: str) -> str:
    """What a task calls, without partition, region and account: ``glue:startJobRun.sync``, or ``lambda`` and a name."""
    if target := TARGET.fullmatch(resource):
        return f"{'lambda' if target[1] == 'lambda' else 'activity'} {target[2]}"
    integration = INTEGRATION.fullmatch(resource)
    return integration[1] if integration else resource


def inner_machines(state: JsonMapping) -> list[tuple[str, JsonMapping]]:
    """The definitions within a Parallel or Map state, each with its place in the state."""
    branches = state.get("Branches") if isinstance(state.get("Branches"), list) else []
    inner = [(f"Branches[{number}]", branch) for number, branch in enumerate(branches or [])]
    inner += [(name, state[name]) for name in ("ItemProcessor", "Iterator") if name in state]
    return [(place, machine) for place, machine in inner if is_machine(machine)]


def flattened(machine: JsonMapping, within: str = "") -> dict[str, JsonObject]:
    """All states by name, those within others after these, each without the states in it."""
    result: dict[str, JsonObject] = {}
    for name, state in machine["States"].items():
        place = f"{within}{name}"
        if not isinstance(state, Mapping):
            result[place] = {"Type": state}
            continue
        result[place] = _without_states(state)
        for _, inner in inner_machines(state):
            result |= flattened(inner, f"{place}{WITHIN}")
    return result


def states_changed(field: str, before: JsonMapping, after: JsonMapping) -> Iterator[FieldChange]:
    """The changes of a definition, those of the whole machine first.

    Args:
        field: the field that holds the definition.
        before: the definition of before.
        after: the definition that replaces it.
    """
    whole_before, whole_after = ({name: value for name, value in each.items() if name != "States"} for each in (before, after))
    yield from _fields_changed(f"{field}.", "", whole_before, whole_after)
    old, new = flattened(before), flattened(after)
    for name in sorted(old.keys() | new.keys()):
        place = f"{field}.States.{name}"
        if name not in old:
            yield FieldChange(place, None, new[name], sign="+", label=name, text=f"({described(new[name])})")
        elif name not in new:
            yield FieldChange(place, old[name], None, sign="-", label=name, text=f"({described(old[name])})")
        else:
            yield from _fields_changed(f"{field}.States.", f"{name}.", old[name], new[name])


def summary(before: JsonMapping, after: JsonMapping, limit: int = 4) -> str:
    """The states that changed on one line, ``+ Clean, ~ Validate, - Notify``; the fields, if it is the whole machine's alone."""
    old, new = flattened(before), flattened(after)
    signed = [
        f"{'+' if name not in old else '-' if name not in new else '~'} {name}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    if not signed:
        signed = [f"~ {name}" for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    return ", ".join(signed[:limit]) + (f" and {len(signed) - limit} more" if len(signed) > limit else "")


def _without_states(state: JsonMapping) -> JsonObject:
    result = {name: value for name, value in state.items() if name not in {"ItemProcessor", "Iterator", "Branches"}}
    for name in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(name), Mapping):
            result[name] = {key: value for key, value in state[name].items() if key != "States"}
    if isinstance(branches := state.get("Branches"), list):
        result["Branches"] = [
            {key: value for key, value in branch.items() if key != "States"} if isinstance(branch, Mapping) else branch
            for branch in branches
        ]
    return result


def _fields_changed(field: str, place: str, before: JsonMapping, after: JsonMapping) -> Iterator[FieldChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        yield from _changed(field, f"{place}{name}", old, new, present=(name in before, name in after))


def _changed(
    field: str, place: str, before: Json, after: Json, present: tuple[bool, bool] = (True, True)
) -> Iterator[FieldChange]:
    """The changes of a value, down to the parts that differ; `present` says whether it was there, and is."""
    if present == (True, True) and before == after and type(before) is type(after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _fields_changed(field, f"{place}.", before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items_changed(field, place, before, after)
    else:
        sign = "~" if all(present) else "+" if present[1] else "-"
        yield FieldChange(f"{field}{place}", before, after, sign=sign, label=place)


def _items_changed(field: str, place: str, before: list[Json], after: list[Json]) -> Iterator[FieldChange]:
    old, new = ([json.dumps(item, sort_keys=True) for item in each] for each in (before, after))
    for word, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if word == "replace" and old_to - old_from == new_to - new_from:
            for offset in range(old_to - old_from):
                number = new_from + offset
                yield from _changed(field, f"{place}[{number}]", before[old_from + offset], after[number])
        elif word != "equal":
            for number in range(old_from, old_to):
                at = f"{place}[{number}]"
                yield FieldChange(f"{field}{at}", before[number], None, sign="-", label=at)
            for number in range(new_from, new_to):
                at = f"{place}[{number}]"
                yield FieldChange(f"{field}{at}", None, after[number], sign="+", label=at)
