"""Checks what only a Map has: how it runs its items, where it reads them from, and where it writes the results.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html and the pages beside it.
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean
from common.declare.asl.fields import misspelled
from common.declare.asl.later import is_later
from common.declare.asl.problem import Problem, shown
from common.declare.asl.walk import Place, PlacedState, is_distributed

PARTS: Mapping[tuple[str, ...], frozenset[str]] = {
    ("ItemReader",): frozenset({"Resource", "Parameters", "Arguments", "ReaderConfig"}),
    ("ItemReader", "ReaderConfig"): frozenset(
        {*("InputType", "Transformation", "CSVDelimiter", "CSVHeaderLocation", "CSVHeaders", "ItemsPointer", "ManifestType")}
        | {*("MaxItems", "MaxItemsPath", "ExpectedBucketOwner")}
    ),
    ("ItemBatcher",): frozenset(
        {*("BatchInput", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", "MaxItemsPerBatch", "MaxItemsPerBatchPath")}
    ),
    ("ResultWriter",): frozenset({"Resource", "Parameters", "Arguments", "WriterConfig"}),
    ("ResultWriter", "WriterConfig"): frozenset({"OutputType", "Transformation"}),
    ("ItemProcessor", "ProcessorConfig"): frozenset({"Mode", "ExecutionType"}),
}
"""The fields of the parts of a Map, by where these are."""
CHOICES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("ItemProcessor", "ProcessorConfig", "Mode"): ("INLINE", "DISTRIBUTED"),
    ("ItemProcessor", "ProcessorConfig", "ExecutionType"): ("STANDARD", "EXPRESS"),
    ("ItemReader", "ReaderConfig", "InputType"): ("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"),
    ("ItemReader", "ReaderConfig", "CSVHeaderLocation"): ("FIRST_ROW", "GIVEN"),
    ("ItemReader", "ReaderConfig", "CSVDelimiter"): ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"),
    ("ItemReader", "ReaderConfig", "ManifestType"): ("S3_INVENTORY", "ATHENA_DATA"),
    ("ItemReader", "ReaderConfig", "Transformation"): ("NONE", "LOAD_AND_FLATTEN"),
    ("ResultWriter", "WriterConfig", "OutputType"): ("JSON", "JSONL"),
    ("ResultWriter", "WriterConfig", "Transformation"): ("NONE", "COMPACT", "FLATTEN"),
}
"""The values that AWS accepts in parts of a Map."""
DISTRIBUTED = (
    *("ItemReader", "ItemBatcher", "ResultWriter", "Label", "ToleratedFailureCount", "ToleratedFailureCountPath"),
    *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
)
"""The fields that only a distributed Map has."""
EXCLUDING = (
    (("ItemBatcher",), "MaxItemsPerBatch", "MaxItemsPerBatchPath"),
    (("ItemBatcher",), "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"),
    (("ItemReader", "ReaderConfig"), "MaxItems", "MaxItemsPath"),
)
"""Fields of parts of a Map that exclude each other."""


def map_problems(placed: PlacedState) -> Iterator[Problem]:
    """Yields the problems of a Map that other states cannot have."""
    here, state = placed.place, placed.state
    if state["Type"] != "Map":
        return
    for keys, names in PARTS.items():
        yield from misspelled(_place(here, keys), _mapping(state, keys), names)
        if placed.language == "JSONata":
            for field in sorted(
                {"Parameters", *(name for name in names if name.endswith("Path"))} & _mapping(state, keys).keys()
            ):
                yield Problem("QUERY_LANGUAGE", _place(here, keys) / field, "JSONata does not know it.")
    for keys, choices in CHOICES.items():
        value = _value(state, keys)
        if value is not None and value not in choices and not is_later(value):
            text = f"it must be one of {', '.join(choices)}, not {shown(value)}."
            yield Problem("WRONG_VALUE", _place(here, keys), text, did_you_mean(value, choices))
    for keys, field, other in EXCLUDING:
        if {field, other} <= _mapping(state, keys).keys():
            yield Problem("EXCLUSIVE_FIELDS", _place(here, keys) / other, f"{field} and {other} exclude each other.")
    yield from _distributed(here, state) if _may_be_distributed(state) else _inline(here, state)


def _inline(here: Place, state: JsonMapping) -> Iterator[Problem]:
    for field in DISTRIBUTED:
        if field in state:
            hint = ' Say "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} in its ItemProcessor.'
            yield Problem("DISTRIBUTED_ONLY", here / field, "only a distributed Map has it.", hint)


def _distributed(here: Place, state: JsonMapping) -> Iterator[Problem]:
    config = here / "ItemProcessor" / "ProcessorConfig"
    if is_distributed(state) and "ExecutionType" not in state["ItemProcessor"]["ProcessorConfig"]:
        yield Problem("MAP_CONFIG", config, "a distributed Map needs an ExecutionType: STANDARD or EXPRESS.")
    batcher = state.get("ItemBatcher")
    if isinstance(batcher, Mapping) and not any(name.startswith("Max") for name in batcher):
        text = "it needs MaxItemsPerBatch or MaxInputBytesPerBatch, with or without Path."
        yield Problem("MAP_CONFIG", here / "ItemBatcher", text)
    writer = state.get("ResultWriter")
    if isinstance(writer, Mapping) and not {"Resource", "WriterConfig"} & writer.keys():
        yield Problem("MAP_CONFIG", here / "ResultWriter", "it needs a Resource with its parameters, a WriterConfig, or both.")
    reader, reading = state.get("ItemReader"), _mapping(state, ("ItemReader", "ReaderConfig"))
    if isinstance(reader, Mapping) and not isinstance(reader.get("Resource"), str):
        yield Problem("MISSING_FIELD", here / "ItemReader", "Resource is missing.")
    if reading.get("CSVHeaderLocation") == "GIVEN" and "CSVHeaders" not in reading:
        yield Problem("MAP_CONFIG", here / "ItemReader" / "ReaderConfig", "with CSVHeaderLocation GIVEN, it needs CSVHeaders.")
    if "CSVHeaders" in reading and not isinstance(reading["CSVHeaders"], list):
        text = f"it must be a list of names, not {shown(reading['CSVHeaders'])}."
        yield Problem("WRONG_VALUE", here / "ItemReader" / "ReaderConfig" / "CSVHeaders", text)


def _may_be_distributed(state: JsonMapping) -> bool:
    mode = _value(state, ("ItemProcessor", "ProcessorConfig", "Mode"))
    return mode is not None and mode != "INLINE"


def _value(state: Json, keys: tuple[str, ...]) -> Json:
    for key in keys:
        state = state.get(key) if isinstance(state, Mapping) else None
    return state


def _mapping(state: JsonMapping, keys: tuple[str, ...]) -> JsonMapping:
    value = _value(state, keys)
    return value if isinstance(value, Mapping) else {}


def _place(here: Place, keys: tuple[str, ...]) -> Place:
    for key in keys:
        here /= key
    return here
