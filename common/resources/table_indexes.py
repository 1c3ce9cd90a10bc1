"""The global secondary indexes of a table.

An index cannot be changed, so one that is declared otherwise is deleted and made again; its data comes from the table. DynamoDB
makes or deletes one index at a time, and fills a new one from the table, which takes as long as the table is large.

Follows https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.html
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import Json, JsonMapping, JsonObject

INDEXES = "GlobalSecondaryIndexes"
_POLL_SECONDS, _POLLS = 10.0, 1080
"""Wait at most three hours for an index that is being filled."""


class Index(NamedTuple):
    """An index.

    Args:
        partition_key: the name of its key.
        sort_key: the name of its second key.
        attributes: the attributes that it holds besides its keys and those of the table; None for all.
    """

    partition_key: str
    sort_key: str | None = None
    attributes: tuple[str, ...] | None = None

    def state(self, types: Mapping[str, str]) -> JsonObject:
        """The index as it is compared: as DynamoDB spells it, with the types of its keys."""
        keys = {self.partition_key: "HASH", **({self.sort_key: "RANGE"} if self.sort_key else {})}
        projection: JsonObject = {"ProjectionType": "ALL"}
        if self.attributes is not None:
            names = {"NonKeyAttributes": sorted(self.attributes)} if self.attributes else {}
            projection = {"ProjectionType": "INCLUDE" if names else "KEYS_ONLY", **names}
        return {
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": types.get(name, "S")} for name in sorted(keys)],
            "Projection": projection,
            "IndexStatus": "ACTIVE",
        }


class Table(Protocol):
    """The part of a table that its indexes need."""

    @property
    def name(self) -> str:
        """Its physical name."""
        ...


def live(table: JsonMapping) -> JsonObject:
    """The live indexes by name, without those that are being deleted."""
    definitions = {item["AttributeName"]: item for item in table["AttributeDefinitions"]}
    return {
        index["IndexName"]: {
            "KeySchema": index["KeySchema"],
            "AttributeDefinitions": [definitions[name] for name in sorted(key["AttributeName"] for key in index["KeySchema"])],
            "Projection": _projection(index["Projection"]),
            "IndexStatus": "CREATING" if index.get("Backfilling") else index.get("IndexStatus", "ACTIVE"),
        }
        for index in table.get(INDEXES) or ()
        if index.get("IndexStatus") != "DELETING"
    }


def _projection(projection: JsonMapping) -> JsonObject:
    names = {"NonKeyAttributes": sorted(projection["NonKeyAttributes"])} if projection.get("NonKeyAttributes") else {}
    return {"ProjectionType": projection["ProjectionType"], **names}


def at_creation(definitions: Sequence[Json], indexes: JsonMapping) -> JsonObject:
    """The parameters of CreateTable for a table with these definitions of attributes and with these indexes."""
    if not indexes:
        return {}
    sent = [_sent(name, index) for name, index in indexes.items()]
    return {"AttributeDefinitions": _joined(definitions, *indexes.values()), INDEXES: sent}


def make(aws: Aws, table: Table, desired: JsonMapping, stale: JsonMapping) -> None:
    """Deletes the indexes that are stale or declared otherwise, and makes those that are missing, one after the other."""
    before = _described(aws, table)
    present = live(before)
    different = {name for name in desired.keys() & present.keys() if _settled(present[name]) != desired[name]}
    for name in sorted(present.keys() & {*stale, *different}):
        _update(aws, table, {"Delete": {"IndexName": name}})
    for name in sorted(desired.keys() - (present.keys() - different)):
        definitions = _joined(_described(aws, table)["AttributeDefinitions"], desired[name])
        _update(aws, table, {"Create": _sent(name, desired[name])}, AttributeDefinitions=definitions)
    _wait(aws, table)


def _settled(index: JsonMapping) -> JsonObject:
    return {**index, "IndexStatus": "ACTIVE"}


def _sent(name: str, index: JsonMapping) -> JsonObject:
    return {"IndexName": name, "KeySchema": index["KeySchema"], "Projection": index["Projection"]}


def _joined(definitions: Sequence[Json], *indexes: JsonMapping) -> list[Json]:
    """Definitions of attributes with those of indexes, each attribute once."""
    every = [*definitions, *(definition for index in indexes for definition in index["AttributeDefinitions"])]
    return list({definition["AttributeName"]: definition for definition in every}.values())


def _update(aws: Aws, table: Table, update: JsonObject, **more: Json) -> None:
    """Makes or deletes one index, and waits for its end, which DynamoDB wants before the next one."""
    aws.call("dynamodb", "UpdateTable", TableName=table.name, GlobalSecondaryIndexUpdates=[update], **more)
    _wait(aws, table)


def _wait(aws: Aws, table: Table) -> None:
    for _ in range(_POLLS):
        described = _described(aws, table)
        indexes = described.get(INDEXES) or ()
        if described["TableStatus"] == "ACTIVE" and all(index.get("IndexStatus", "ACTIVE") == "ACTIVE" for index in indexes):
            return
        aws.sleep(_POLL_SECONDS)
    hours = _POLLS * _POLL_SECONDS / 3600
    message = f"an index of {table.name} is being made or deleted for more than {hours:.0f} hours. Deploy again later."
    raise AwsError("dynamodb", "UpdateTable", "IndexNotSettled", message)


def _described(aws: Aws, table: Table) -> JsonObject:
    described: JsonObject = aws.call("dynamodb", "DescribeTable", TableName=table.name)["Table"]
    return described
