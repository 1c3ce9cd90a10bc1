"""Tells the change of a state machine by its states: which were added, which are gone, and which fields of the others changed.

A state within a Map or Parallel state is named with the states around it, as in ``Each > Load``. A state that is gone and one
that is new are the same state with another name, or in another place, if all but their transitions is equal. Lists such as
Choices, Catch and Retry are compared item by item, so that a new item does not make all that follow look changed.
"""

import json
import re
from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping, JsonObject, are_equal
from common.model.comparison import FieldChange
from common.model.paired_items import moved_items, paired_items

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
    whole_before, whole_after = (
        {name: value for name, value in machine.items() if name != "States"} for machine in (before, after)
    )
    yield from _fields_changed(f"{field}.", "", whole_before, whole_after)
    old, new = flattened(before), flattened(after)
    former = _former_names(old, new)
    for name in sorted((old.keys() - {*former.values()}) | new.keys()):
        place, was = f"{field}.States.{name}", former.get(name, name)
        if was not in old:
            yield FieldChange(place, None, new[name], sign="+", label=name, text=f"({described(new[name])})")
        elif name not in new:
            yield FieldChange(place, old[name], None, sign="-", label=name, text=f"({described(old[name])})")
        else:
            if was != name:
                how = "moved" if _last(was) == _last(name) else "renamed"
                label = f"{was} → {name}"
                yield FieldChange(place, old[was], new[name], label=label, text=f"({how}, {described(new[name])})", former=was)
            yield from _fields_changed(f"{field}.States.", f"{name}.", old[was], new[name])


def summary(before: JsonMapping, after: JsonMapping, limit: int = 4) -> str:
    """What changed on one line: fields of the whole machine, and states, as in ``~ StartAt, + Clean, ~ Validate, - Notify``."""
    old, new = flattened(before), flattened(after)
    former = _former_names(old, new)
    names = (before.keys() | after.keys()) - {"States"}
    signed = [f"~ {name}" for name in sorted(names) if not are_equal(before.get(name), after.get(name))]
    for name in sorted((old.keys() - {*former.values()}) | new.keys()):
        if name in former:
            signed.append(f"~ {former[name]} → {name}")
        elif not are_equal(old.get(name), new.get(name)):
            signed.append(f"{'+' if name not in old else '-' if name not in new else '~'} {name}")
    return ", ".join(signed[:limit]) + (f" and {len(signed) - limit} more" if len(signed) > limit else "")


def _former_names(old: Mapping[str, JsonMapping], new: Mapping[str, JsonMapping]) -> dict[str, str]:
    """The names that new states had before, each by the new one; a state that could be one of several is none of them."""
    gone = {name: _content(state) for name, state in old.items() if name not in new}
    added = {name: _content(state) for name, state in new.items() if name not in old}
    contents = [*gone.values()], [*added.values()]
    return {
        name: next(was for was, before in gone.items() if before == content)
        for name, content in added.items()
        if contents[0].count(content) == contents[1].count(content) == 1
    }


def _content(value: Json) -> str:
    """A state without its transitions, as text."""
    return json.dumps(_untied(value), sort_keys=True)


def _untied(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _untied(inner) for name, inner in value.items() if name not in {"Next", "End", "Default", "StartAt"}}
    return [_untied(item) for item in value] if isinstance(value, list) else value


def _last(name: str) -> str:
    return name.rpartition(WITHIN)[2]


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
    if present == (True, True) and are_equal(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _fields_changed(field, f"{place}.", before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items_changed(field, place, before, after)
    else:
        sign = "~" if all(present) else "+" if present[1] else "-"
        yield FieldChange(f"{field}{place}", before, after, sign=sign, label=place)


def _items_changed(field: str, place: str, before: list[Json], after: list[Json]) -> Iterator[FieldChange]:
    pairs = paired_items(before, after)
    for number, item in enumerate(after):
        at = f"{place}[{number}]"
        if number not in pairs:
            yield FieldChange(f"{field}{at}", None, item, sign="+", label=at)
        elif not are_equal(before[pairs[number]], item):
            yield from _changed(field, at, before[pairs[number]], item)
    for number in sorted({*range(len(before))} - {*pairs.values()}):
        at = f"{place}[{number}]"
        yield FieldChange(f"{field}{at}", before[number], None, sign="-", label=at)
    for number, former in moved_items(pairs):
        label, text = f"{place}[{former}] → [{number}]", f"(moved) {json.dumps(after[number], sort_keys=True)}"
        yield FieldChange(f"{field}{place}[{number}]", before[former], after[number], label=label, text=text)
