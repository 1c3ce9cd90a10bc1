"""The fields that each type of state has, in each query language, and those of the parts of a state.

A field that AWS does not know is refused when the machine is created; before that, it is easily taken for one that works.
The schemas that others publish lack fields which AWS accepts, or accept any, so the tables are here; a test compares them with
the schema that cfn-lint publishes.

Follows https://states-language.net/spec.html and https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import closest, did_you_mean, known_names

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
    {"Parameters", "InputPath", "OutputPath", "ResultPath", "ResultSelector"}
    | {name for name in ALL if name.endswith("Path") and name.removesuffix("Path") in {*ALL, "Items"}}
)
ONLY_JSONATA = frozenset({"Arguments", "Output"})
ELSEWHERE: Mapping[str, frozenset[str]] = {"JSONPath": ONLY_JSONATA, "JSONata": ONLY_JSONPATH}
"""For each query language the fields that only the other one has."""
OF_MACHINE = frozenset({"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version", "ProcessorConfig"})
"""The fields of a definition, and of one within a state."""
PARTS: Mapping[str, frozenset[str]] = {
    "ItemReader": frozenset({"Resource", "Parameters", "Arguments", "ReaderConfig"}),
    "ItemReader.ReaderConfig": frozenset(
        {*("InputType", "Transformation", "CSVDelimiter", "CSVHeaderLocation", "CSVHeaders", "ItemsPointer", "ManifestType")}
        | {*("MaxItems", "MaxItemsPath", "ExpectedBucketOwner")}
    ),
    "ItemBatcher": frozenset(
        {*("BatchInput", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", "MaxItemsPerBatch", "MaxItemsPerBatchPath")}
    ),
    "ResultWriter": frozenset({"Resource", "Parameters", "Arguments", "WriterConfig"}),
    "ResultWriter.WriterConfig": frozenset({"OutputType", "Transformation"}),
    "ItemProcessor.ProcessorConfig": frozenset({"Mode", "ExecutionType"}),
}
"""The fields of the parts of a Map, by where these are."""
EXCLUDING = (
    *("Error", "Cause", "TimeoutSeconds", "HeartbeatSeconds", "MaxConcurrency"),
    *("ToleratedFailureCount", "ToleratedFailurePercentage"),
)
"""Fields that a state has either as they are or with `Path` behind."""
TEXTS = ("Comment", "Error", "Cause", "Timestamp", "Label", *sorted(name for name in ONLY_JSONPATH if name.endswith("Path")))
"""Fields whose values are texts; whether Next, Default and Resource are, is checked with the transitions."""


def unknown_fields(here: str, state: JsonMapping) -> Iterator[str]:
    """Yields what is wrong with the names of the fields of a state and of its parts."""
    names = OF_TYPE[state["Type"]]
    for field in sorted(state.keys() - names):
        if field in ALL and field not in {"Next", "End", "Retry", "Catch"}:
            yield f"{here}.{field}: a {state['Type']} has no such field."
        elif field not in ALL:
            yield f"{here}.{field}: states have no such field.{did_you_mean(field, names, otherwise=known_names(sorted(names)))}"
    if state["Type"] == "Map":
        for place, part_names in PARTS.items():
            yield from _misspelled(f"{here}.{place}", _at(state, place), part_names)


def misspelled_top(here: str, machine: JsonMapping) -> Iterator[str]:
    """Yields the misspelled fields of a definition, or of one within a state. Other fields may be newer than the table."""
    yield from _misspelled(here, machine, OF_MACHINE)


def exclusions(here: str, state: JsonMapping) -> Iterator[str]:
    """Yields the fields of a state that exclude each other, and those whose values must be texts and are not."""
    for field in EXCLUDING:
        if field in state and f"{field}Path" in state:
            yield f"{here}: {field} and {field}Path exclude each other."
    if "ItemProcessor" in state and "Iterator" in state:
        yield f"{here}: ItemProcessor and Iterator exclude each other; Iterator is the older name."
    for field in TEXTS:
        value = state.get(field)
        if value is not None and not isinstance(value, str):
            yield f"{here}.{field}: it must be a text, not {value!r}."
        elif field.endswith("Path") and isinstance(value, str) and not value.startswith(("$", "States.", "__")):
            yield f"{here}.{field}: it must be a path, which begins with $, not {value!r}."
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        yield f"{here}: HeartbeatSeconds ({heartbeat}) must be less than TimeoutSeconds ({timeout})."


def _at(state: Json, place: str) -> JsonMapping:
    for name in place.split("."):
        state = state.get(name) if isinstance(state, Mapping) else None
    return state if isinstance(state, Mapping) else {}


def _misspelled(here: str, part: JsonMapping, names: frozenset[str]) -> Iterator[str]:
    for field in sorted(part.keys() - names):
        if closest(field, names):
            yield f"{here}.{field}: there is no such field.{did_you_mean(field, names)}"
