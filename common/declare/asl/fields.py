"""The fields that each type of state has, in each query language, and those of the parts of a state.

A field that AWS does not know is refused when the machine is created; before that, it is easily taken for one that works.
The schemas that others publish lack fields which AWS accepts, or accept any, so the tables are here; a test compares them with
the schema that cfn-lint publishes.

Follows https://states-language.net/spec.html and https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

import re
from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import closest, did_you_mean, known_names
from common.declare.asl.field_types import OF_STATE
from common.declare.asl.later import is_later
from common.declare.asl.problem import Problem, shown
from common.declare.asl.timestamps import is_timestamp
from common.declare.asl.walk import Place, PlacedState

EVERY = frozenset({"Type", "Comment", "QueryLanguage"})
_MOVING = frozenset({"Next", "End", "Assign", "InputPath", "OutputPath", "Output"})
_CALLING = frozenset({"Retry", "Catch", "ResultPath", "ResultSelector", "Parameters", "Arguments"})
_WAITING = frozenset({"Seconds", "SecondsPath", "Timestamp", "TimestampPath"})
OF_TYPE: Mapping[str, frozenset[str]] = {
    "Task": EVERY
    | _MOVING
    | _CALLING
    | {*("Resource", "Credentials", "TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")},
    "Parallel": EVERY | _MOVING | _CALLING | {"Branches"},
    "Map": EVERY
    | _MOVING
    | _CALLING
    | {*("ItemProcessor", "Iterator", "Items", "ItemsPath", "ItemSelector", "ItemBatcher", "ItemReader", "ResultWriter", "Label")}
    | {*("MaxConcurrency", "MaxConcurrencyPath", "ToleratedFailureCount", "ToleratedFailureCountPath")}
    | {*("ToleratedFailurePercentage", "ToleratedFailurePercentagePath")},
    "Pass": EVERY | _MOVING | {"Parameters", "Result", "ResultPath", "Arguments"},
    "Wait": EVERY | _MOVING | _WAITING | {"Arguments"},
    "Choice": EVERY | _MOVING | {"Choices", "Default", "Arguments"},
    "Succeed": EVERY | {"InputPath", "OutputPath", "Output", "End"},
    "Fail": EVERY | {"Error", "ErrorPath", "Cause", "CausePath", "InputPath", "OutputPath", "Arguments", "Output", "End"},
}
"""The fields of each type of state, in either query language."""
ALL = frozenset().union(*OF_TYPE.values())
"""The fields of all types of states."""
ONLY_JSONPATH = frozenset(
    {"Parameters", "InputPath", "OutputPath", "ResultPath", "ResultSelector", "Result"}
    | {name for name in ALL if name.endswith("Path") and name.removesuffix("Path") in {*ALL, "Items"}}
)
ONLY_JSONATA = frozenset({"Arguments", "Output", "Items"})
ELSEWHERE: Mapping[str, frozenset[str]] = {"JSONPath": ONLY_JSONATA, "JSONata": ONLY_JSONPATH}
"""For each query language the fields that only the other one has."""
INSTEAD: Mapping[str, str] = {
    "Parameters": "Arguments",
    "ResultSelector": "Output",
    "ResultPath": "Output",
    "OutputPath": "Output",
    "Result": "Output",
    "ItemsPath": "Items",
    "Arguments": "Parameters",
    "Output": "OutputPath",
    "Items": "ItemsPath",
    "InputPath": "$states.input",
}
"""What the other query language has instead of a field, where that is not the field without `Path`."""
OF_MACHINE = frozenset({"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version", "ProcessorConfig"})
"""The fields of a definition, and of one within a state."""
EXCLUDING: tuple[tuple[str, str], ...] = (
    *((name, f"{name}Path") for name in ("Error", "Cause", "TimeoutSeconds", "HeartbeatSeconds", "MaxConcurrency")),
    *((name, f"{name}Path") for name in ("ToleratedFailureCount", "ToleratedFailurePercentage")),
    ("ItemSelector", "Parameters"),
)
"""Fields of which a state has one at most."""
TEXTS = ("Comment", "Error", "Cause", "Timestamp", "Label", *sorted(name for name in ONLY_JSONPATH if name.endswith("Path")))
"""Fields whose values are texts; whether Next, Default and Resource are, is checked with the transitions."""
OBJECTS = ("Assign", "Credentials", "ItemBatcher", "ItemReader", "ResultWriter")
"""Fields of a state that must be objects."""
LONGEST_LABEL = 40
LABEL = re.compile(r"[^\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]*")
"""Matches the label of a Map, which becomes a part of ARNs."""


def field_problems(placed: PlacedState) -> Iterator[Problem]:
    """Yields what is wrong with the fields of a state: unknown ones, those of the other query language, wrong types."""
    here, state = placed.place, placed.state
    names = OF_TYPE[state["Type"]]
    for field in sorted(state.keys() - names - {"Retry", "Catch"}):
        if field == "Next":
            yield Problem("UNKNOWN_FIELD", here / field, f"a {state['Type']} is an end, so it has no Next.")
        elif field in ALL:
            yield Problem("UNKNOWN_FIELD", here / field, f"a {state['Type']} has no such field.")
        else:
            guess = did_you_mean(field, names, otherwise=known_names(sorted(names)))
            yield Problem("UNKNOWN_FIELD", here / field, "states have no such field.", guess)
    yield from _exclusions(here, state)
    yield from _types(here, state, placed.language)
    for field in sorted(ELSEWHERE.get(placed.language, frozenset()) & state.keys() & names):
        other = INSTEAD.get(field, field.removesuffix("Path"))
        yield Problem("QUERY_LANGUAGE", here / field, f"{placed.language} does not know it.", f" Use {other}.")


def misspelled(here: Place, part: JsonMapping, names: frozenset[str]) -> Iterator[Problem]:
    """Yields the misspelled fields of a definition or of a part of a state. Other fields may be newer than the table."""
    for field in sorted(part.keys() - names):
        if closest(field, names):
            yield Problem("UNKNOWN_FIELD", here / field, "there is no such field.", did_you_mean(field, names))


def _exclusions(here: Place, state: JsonMapping) -> Iterator[Problem]:
    for field, other in EXCLUDING:
        if field in state and other in state:
            yield Problem("EXCLUSIVE_FIELDS", here / other, f"{field} and {other} exclude each other.")
    if "ItemProcessor" in state and "Iterator" in state:
        text = "ItemProcessor and Iterator exclude each other; Iterator is the older name."
        yield Problem("EXCLUSIVE_FIELDS", here / "Iterator", text)
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        text = f"it must be less than TimeoutSeconds ({timeout}), not {heartbeat}."
        yield Problem("TIMEOUT", here / "HeartbeatSeconds", text)


def _types(here: Place, state: JsonMapping, language: str) -> Iterator[Problem]:
    for field in TEXTS:
        value = state.get(field)
        if value is not None and not isinstance(value, str):
            yield Problem("WRONG_VALUE", here / field, f"it must be a text, not {shown(value)}.")
    for field in OBJECTS:
        if field in state and not isinstance(state[field], Mapping):
            yield Problem("STRUCTURE", here / field, f"it must be an object, not {shown(state[field])}.")
    credentials = state.get("Credentials", {"RoleArn": ""})
    if isinstance(credentials, Mapping) and not {"RoleArn", "RoleArn.$"} & credentials.keys():
        yield Problem("MISSING_FIELD", here / "Credentials", "RoleArn is missing.")
    for field in OF_STATE if language == "JSONPath" else ():
        value = state.get(field)
        if isinstance(value, str) and value.startswith("{%"):
            yield Problem("QUERY_LANGUAGE", here / field, "JSONPath has no expressions.", f" Use {field}Path.")
    yield from _label(here / "Label", state.get("Label"))
    timestamp = state.get("Timestamp")
    if isinstance(timestamp, str) and not is_timestamp(timestamp):
        text = f"it must be a time, as 2026-01-31T23:59:00Z, not {shown(timestamp)}."
        yield Problem("WRONG_VALUE", here / "Timestamp", text)


def _label(here: Place, label: Json) -> Iterator[Problem]:
    if not isinstance(label, str) or is_later(label):
        return
    if len(label) > LONGEST_LABEL:
        yield Problem("WRONG_VALUE", here, f"it has {len(label)} characters; AWS allows {LONGEST_LABEL}.")
    if not LABEL.fullmatch(label):
        text = f"{shown(label)} has spaces, wildcards, brackets or other special characters."
        yield Problem("WRONG_VALUE", here, text, " Write letters, digits, - and _.")
