"""The settings of a table that a declaration may give as properties, in AWS's spelling of the request.

DescribeTable spells some of them otherwise than UpdateTable does, and the time to live has operations of its own.

Follows https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from common.base.json_types import Json, JsonMapping, JsonObject
from common.model import comparison

TIME_TO_LIVE, STREAM = "TimeToLiveSpecification", "StreamSpecification"
RESET: JsonObject = {
    "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1},
    "SSESpecification": {"Enabled": False},
    STREAM: {"StreamEnabled": False},
    "TableClass": "STANDARD",
}
"""UpdateTable keeps what is left out, so these values take a setting away."""
NAMES = frozenset({TIME_TO_LIVE, *RESET})
"""The settings of a table that properties may have."""
_ON = frozenset({"ENABLED", "ENABLING", "UPDATING"})


class Calling(Protocol):
    """Calls an operation of DynamoDB on one table."""

    def __call__(self, operation: str, **parameters: Json) -> JsonObject:
        """The answer."""
        ...


def live(call: Calling, table: JsonMapping) -> JsonObject:
    """Every live setting, spelled as in the request, as it is where nobody has set it."""
    return {
        "OnDemandThroughput": table.get("OnDemandThroughput") or RESET["OnDemandThroughput"],
        "SSESpecification": _encryption(table.get("SSEDescription") or {}),
        STREAM: table.get(STREAM) or RESET[STREAM],
        "TableClass": (table.get("TableClassSummary") or {}).get("TableClass", RESET["TableClass"]),
        TIME_TO_LIVE: _time_to_live(call),
    }


def split(settings: JsonMapping, properties: JsonMapping) -> tuple[JsonObject, JsonObject]:
    """The declared part of each live setting that is declared, and the others that somebody has set."""
    own = {name: comparison.selected(settings[name], declared) for name, declared in properties.items()}
    others = {name: value for name, value in settings.items() if name not in properties and value != RESET.get(name)}
    if not others.get(TIME_TO_LIVE, {}).get("Enabled"):
        others.pop(TIME_TO_LIVE, None)
    return own, others


def make(call: Calling, desired: JsonMapping, changed: Iterable[str]) -> Iterator[str]:
    """Makes the settings that have changed, one call each, and takes those away that are not declared any more.

    Yields the name of each: the table must be active again before the next one.
    """
    for name in sorted({*changed} & RESET.keys()):
        value = desired.get(name, RESET[name])
        if name == STREAM and value["StreamEnabled"] and _streams(call):
            call("UpdateTable", **{name: RESET[name]})  # DynamoDB changes no stream that is on
            yield name
        call("UpdateTable", **{name: value})
        yield name
    if TIME_TO_LIVE in {*changed}:
        specification = desired.get(TIME_TO_LIVE) or {**_time_to_live(call), "Enabled": False}
        call("UpdateTimeToLive", **{TIME_TO_LIVE: specification})
        yield TIME_TO_LIVE


def _streams(call: Calling) -> bool:
    specification = call("DescribeTable")["Table"].get(STREAM) or {}
    return bool(specification.get("StreamEnabled"))


def _time_to_live(call: Calling) -> JsonObject:
    answer = call("DescribeTimeToLive")["TimeToLiveDescription"]
    return {"Enabled": answer.get("TimeToLiveStatus") in _ON, "AttributeName": answer.get("AttributeName")}


def _encryption(description: JsonMapping) -> JsonObject:
    key = {"KMSMasterKeyId": description["KMSMasterKeyArn"]} if "KMSMasterKeyArn" in description else {}
    kind = {"SSEType": description["SSEType"]} if "SSEType" in description else {}
    return {"Enabled": description.get("Status") in _ON, **kind, **key}
