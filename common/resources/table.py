"""A DynamoDB table with one string partition key, paid by request, with point-in-time recovery.

It is protected against deletion, because its data cannot be built again. Deleting it switches the protection off first; this is
reached only with two options (--prune and --data, or destroy and --data).

Follows https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import ClassVar

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import Json, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole_if_ours
from common.model.kind import ArnForm, Kind, NameRule, Passing, Policy, Properties, Quota
from common.model.listing import Listing
from common.model.lookup import by_arn
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map
from common.resources import table_indexes, table_settings
from common.resources.table_indexes import INDEXES, Index
from common.resources.table_reference import STREAM_ARN

_POLLING = {"Delay": 2, "MaxAttempts": 150}
"""Poll at least every 2 seconds, for five minutes: most tables are ready after five seconds, and botocore polls every 20."""
_BACKUP_TRIES = 30
_SET_LATER = frozenset({"PointInTimeRecovery", "Tags", table_settings.TIME_TO_LIVE, INDEXES})
"""CreateTable does not take these fields, or takes them otherwise."""


_READ = ("dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan")
KIND = Kind(
    name="table",
    word="table",
    must_say=', partition_key="…"',
    service="dynamodb",
    step=steps.SHARED,
    console="dynamodbv2/home?region={region}#table?name={name}",
    arn=ArnForm("dynamodb", "table/"),
    names=NameRule(255, re.compile(r"[A-Za-z0-9_.-]+"), "letters, digits and _.-", 3),
    reads=_READ,
    encryption=("SSESpecification", "KMSMasterKeyId"),
    writes=(
        *_READ,
        *("dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"),
        "dynamodb:UpdateItem",
    ),
    granted=lambda arn: (f"{arn}/index/*",),
    listing=Listing("ListTables", "TableNames"),
    quota=Quota("DynamoDB tables", "dynamodb", "L-F98FE922", 2500),
    passing=Passing(
        codes={
            "LimitExceededException": "too many tables are being created, changed or deleted at once",
            "ContinuousBackupsUnavailableException": "the backups of a table that was just created are still being prepared",
        }
    ),
    properties=Properties(
        "UpdateTable",
        settings={
            "TableName": "name",
            "AttributeDefinitions": "partition_key, sort_key and key_types",
            "BillingMode": "",
            "DeletionProtectionEnabled": "",
            "DisassociationProtectionEnabled": "",
            "GlobalSecondaryIndexUpdates": "",
            "GlobalTableSettingsReplicationMode": "",
            "GlobalTableWitnessUpdates": "",
            "MultiRegionConsistency": "",
            "ProvisionedThroughput": "",
            "ReplicaUpdates": "",
            "VectorIndexUpdates": "",
            "WarmThroughput": "",
        },
        operations={table_settings.TIME_TO_LIVE: "UpdateTimeToLive"},
    ),
    policy=Policy(
        operations=(
            *("CreateTable", "UpdateTable", "DeleteTable", "DescribeTable", "DescribeContinuousBackups"),
            *("UpdateContinuousBackups", "ListTagsOfResource", "TagResource", "UntagResource"),
            *("DescribeTimeToLive", "UpdateTimeToLive"),
        ),
        everywhere=("ListTables",),
        actions={"CreateTable": ("dynamodb:CreateTable", "dynamodb:TagResource")},
    ),
    lookup=by_arn(
        "DescribeTable",
        "TableName",
        "ResourceNotFoundException",
        is_there=lambda response, _: response["Table"].get("TableStatus") != "DELETING",
        key=lambda response: str(response["Table"].get("SSEDescription", {}).get("KMSMasterKeyArn", "")),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Table(Declared):
    """A table. Its key cannot be changed in place."""

    data: ClassVar[bool] = True
    removable: ClassVar[frozenset[str]] = frozenset({"Tags", INDEXES, *table_settings.NAMES})
    renewed_by: ClassVar[frozenset[str]] = frozenset({table_settings.STREAM})
    partition_key: str
    sort_key: str | None = None
    key_types: Mapping[str, str] = field(default_factory=dict)
    """The types of its keys and of those of its indexes, S, N or B; without one a key is text."""
    indexes: Mapping[str, Index] = field(default_factory=dict)
    immutable: ClassVar[frozenset[str]] = frozenset({"KeySchema", "AttributeDefinitions"})

    def desired(self) -> State:
        """The owned fields; `PointInTimeRecovery` is AWS's PointInTimeRecoveryStatus."""
        keys = {self.partition_key: "HASH", **({self.sort_key: "RANGE"} if self.sort_key else {})}
        types = [{"AttributeName": name, "AttributeType": self.key_types.get(name, "S")} for name in sorted(keys)]
        return {
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            "AttributeDefinitions": types,
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
            "PointInTimeRecovery": "ENABLED",
            **self.properties,
            **({INDEXES: self._indexes()} if self.indexes else {}),
            "Tags": dict(self.tags),
        }

    def _indexes(self) -> JsonObject:
        return {name: index.state(self.key_types) for name, index in sorted(self.indexes.items())}

    def read(self, aws: Aws) -> Live | None:
        """The live state, without the attributes of indexes that are not declared."""
        live = _live(aws, self)
        if live is None or live["TableStatus"] == "DELETING":
            return None
        backups = aws.call("dynamodb", "DescribeContinuousBackups", TableName=self.name)["ContinuousBackupsDescription"]
        tags = _tags(aws, self)
        own, others = table_settings.split(table_settings.live(partial(self._call, aws), live), self.properties)
        keys = {key["AttributeName"] for key in live["KeySchema"]}
        state = {
            "KeySchema": live["KeySchema"],
            "AttributeDefinitions": sorted(
                (definition for definition in live["AttributeDefinitions"] if definition["AttributeName"] in keys),
                key=lambda definition: str(definition["AttributeName"]),
            ),
            "BillingMode": live.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "DeletionProtectionEnabled": live.get("DeletionProtectionEnabled", False),
            "PointInTimeRecovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
            **own,
            "Tags": owned_tags(tags, self.tags),
        }
        declared, undeclared = comparison.entries(table_indexes.live(live), self.indexes)
        state |= {INDEXES: declared} if self.indexes else {}
        kept = {INDEXES: undeclared} if undeclared else {}
        kept |= {"Replicas": live["Replicas"]} if live.get("Replicas") else {}
        return Live(state, undeclared={**kept, **others, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the table, waits until it is active, and then switches recovery on, which is not possible earlier."""
        live = _live(aws, self)
        if live and live["TableStatus"] == "DELETING":
            aws.wait("dynamodb", "table_not_exists", TableName=self.name, WaiterConfig=_POLLING)
            live = None
        if live:
            _wait(aws, self)
            return self.update(aws, whole_if_ours(self, desired, self.read(aws)))
        fields = {name: value for name, value in desired.items() if name not in _SET_LATER}
        fields |= table_indexes.at_creation(desired["AttributeDefinitions"], desired.get(INDEXES, {}))
        try:
            aws.call("dynamodb", "CreateTable", TableName=self.name, Tags=tag_list(desired["Tags"]), **fields)
        except AwsError as error:  # a call whose answer was lost is tried again by botocore, and then meets its own table
            if error.code != "ResourceInUseException":
                raise
        _wait(aws, self)
        self._protect_points(aws)
        self._set(aws, desired, desired.keys() & {table_settings.TIME_TO_LIVE})
        return self._outputs(aws, desired)

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Changes what can be changed in place."""
        if settings := {name: change.desired[name] for name in change.changed & {"BillingMode", "DeletionProtectionEnabled"}}:
            aws.call("dynamodb", "UpdateTable", TableName=self.name, **settings)
            _wait(aws, self)
        self._set(aws, change.desired, change.changed)
        if INDEXES in change.changed:
            table_indexes.make(aws, self, change.desired.get(INDEXES, {}), change.stale.get(INDEXES, {}))
        recovers = change.live is not None and change.live.state["PointInTimeRecovery"] == "ENABLED"
        if "PointInTimeRecovery" in change.changed and not recovers:  # to enable it again would reset how far back it goes
            self._protect_points(aws)
        if "Tags" in change.changed:
            aws.call("dynamodb", "TagResource", ResourceArn=self.arn, Tags=tag_list(change.desired["Tags"]))
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return self._outputs(aws, change.desired)

    def outputs_of(self, aws: Aws, live: Live) -> Outputs:
        """The ARN of the stream of the table that was read."""
        return self._outputs(aws, live.state)

    def _outputs(self, aws: Aws, state: State) -> Outputs:
        """The ARN of the stream, if it is declared; each stream has another one."""
        live = _live(aws, self) if table_settings.STREAM in state else None
        return {STREAM_ARN: live["LatestStreamArn"]} if live and live.get("LatestStreamArn") else {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist, or is being deleted."""
        live = _live(aws, resource)
        return None if live is None or live["TableStatus"] == "DELETING" else _tags(aws, resource)

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("dynamodb", "UntagResource", ResourceArn=resource.arn, TagKeys=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Switches the protection off, deletes the table with its data, and waits until it is gone."""
        live = _live(aws, resource)
        if live is None:
            return
        if live.get("DeletionProtectionEnabled"):
            aws.call("dynamodb", "UpdateTable", TableName=resource.name, DeletionProtectionEnabled=False)
            _wait(aws, resource)
        if live["TableStatus"] != "DELETING":
            _delete(aws, resource)
        aws.wait("dynamodb", "table_not_exists", TableName=resource.name, WaiterConfig=_POLLING)

    def _set(self, aws: Aws, desired: State, changed: Collection[str]) -> None:
        """Makes the settings that are properties, one after the other."""
        for _ in table_settings.make(partial(self._call, aws), desired, changed):
            _wait(aws, self)

    def _call(self, aws: Aws, operation: str, **parameters: Json) -> JsonObject:
        return aws.call("dynamodb", operation, TableName=self.name, **parameters)

    def _protect_points(self, aws: Aws) -> None:
        """Switches recovery on. A new table may answer for a while that its backups are not ready, so this is tried again."""
        for attempt in range(_BACKUP_TRIES):
            try:
                recovery = {"PointInTimeRecoveryEnabled": True}
                aws.call("dynamodb", "UpdateContinuousBackups", TableName=self.name, PointInTimeRecoverySpecification=recovery)
            except AwsError as error:
                if error.code != "ContinuousBackupsUnavailableException" or attempt == _BACKUP_TRIES - 1:
                    raise
                aws.sleep(2.0)
            else:
                return


def _delete(aws: Aws, resource: Named) -> None:
    try:
        aws.find("dynamodb", "DeleteTable", "ResourceNotFoundException", TableName=resource.name)
    except AwsError as error:  # tried again after a lost answer, it meets what it has begun
        live = _live(aws, resource)
        if error.code != "ResourceInUseException" or (live is not None and live["TableStatus"] != "DELETING"):
            raise


def _live(aws: Aws, resource: Named) -> JsonObject | None:
    response = aws.find("dynamodb", "DescribeTable", "ResourceNotFoundException", TableName=resource.name)
    return response and response["Table"]


def _tags(aws: Aws, resource: Named) -> dict[str, str]:
    return tag_map(tag for page in aws.pages("dynamodb", "ListTagsOfResource", ResourceArn=resource.arn) for tag in page["Tags"])


def _wait(aws: Aws, resource: Named) -> None:
    aws.wait("dynamodb", "table_exists", TableName=resource.name, WaiterConfig=_POLLING)
