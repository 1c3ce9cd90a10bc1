"""A DynamoDB table with one string partition key, paid by request, with point-in-time recovery.

It is protected against deletion, because what it holds cannot be built again. `delete` switches the protection off first: to get
there, a person has asked for it twice.

Follows https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import whole
from common.model.kind import ArnForm, Kind, Listing, NameRule, Passing, Policy, Quota
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map

_POLLING = {"Delay": 2, "MaxAttempts": 150}
"""Botocore's own pace is one look in 20 seconds; most tables are there in five."""
_BACKUP_TRIES = 30
_NOT_OURS = ("GlobalSecondaryIndexes", "StreamSpecification", "SSEDescription", "TableClassSummary", "Replicas")
"""What an update leaves alone."""


_READ = ("dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan")
KIND = Kind(
    name="table",
    word="table",
    must_say=', partition_key="…"',
    service="dynamodb",
    step=steps.SHARED,
    arn=ArnForm("dynamodb", "table/"),
    names=NameRule(255, re.compile(r"[A-Za-z0-9_.-]+"), "letters, digits and _.-"),
    reads=_READ,
    writes=(
        *_READ,
        *("dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"),
        "dynamodb:UpdateItem",
    ),
    listing=Listing("ListTables", "TableNames"),
    quota=Quota("DynamoDB tables", "dynamodb", "L-F98FE922", 2500),
    passing=Passing(
        codes={
            "LimitExceededException": "too many tables are being created, changed or deleted at once",
            "ContinuousBackupsUnavailableException": "the backups of a table that was just created are still being prepared",
        }
    ),
    policy=Policy(
        operations=(
            *("CreateTable", "UpdateTable", "DeleteTable", "DescribeTable", "DescribeContinuousBackups"),
            *("UpdateContinuousBackups", "ListTagsOfResource", "TagResource", "UntagResource"),
        ),
        everywhere=("ListTables",),
        actions={"CreateTable": ("dynamodb:CreateTable", "dynamodb:TagResource")},
    ),
)


@dataclass(frozen=True, kw_only=True)
class Table(Declared):
    """A table. Its key cannot be changed in place."""

    data: ClassVar[bool] = True
    partition_key: str
    immutable: ClassVar[frozenset[str]] = frozenset({"KeySchema", "AttributeDefinitions"})

    def desired(self) -> State:
        """The owned fields; `PointInTimeRecovery` is AWS's PointInTimeRecoveryStatus."""
        return {
            "KeySchema": [{"AttributeName": self.partition_key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": self.partition_key, "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
            "PointInTimeRecovery": "ENABLED",
            "Tags": dict(self.tags),
        }

    def read(self, aws: Aws) -> Live | None:
        """The live state; attributes of other people's indexes are left out."""
        live = _live(aws, self)
        if live is None or live["TableStatus"] == "DELETING":
            return None
        backups = aws.call("dynamodb", "DescribeContinuousBackups", TableName=self.name)["ContinuousBackupsDescription"]
        tags = _tags(aws, self)
        keys = {key["AttributeName"] for key in live["KeySchema"]}
        state = {
            "KeySchema": live["KeySchema"],
            "AttributeDefinitions": [one for one in live["AttributeDefinitions"] if one["AttributeName"] in keys],
            "BillingMode": live.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "DeletionProtectionEnabled": live.get("DeletionProtectionEnabled", False),
            "PointInTimeRecovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
            "Tags": owned_tags(tags, self.tags),
        }
        kept = {name: live[name] for name in _NOT_OURS if live.get(name)}
        return Live(state, undeclared={**kept, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the table and waits until it is active; only then recovery can be switched on."""
        live = _live(aws, self)
        if live and live["TableStatus"] == "DELETING":
            aws.wait("dynamodb", "table_not_exists", TableName=self.name, WaiterConfig=_POLLING)
            live = None
        if live:
            _wait(aws, self)
            return self.update(aws, whole(self, desired, self.read(aws)))
        wanted = {name: value for name, value in desired.items() if name not in {"PointInTimeRecovery", "Tags"}}
        try:
            aws.call("dynamodb", "CreateTable", TableName=self.name, Tags=tag_list(desired["Tags"]), **wanted)
        except AwsError as error:  # a call whose answer was lost is tried again by botocore, and then meets its own table
            if error.code != "ResourceInUseException":
                raise
        _wait(aws, self)
        self._protect_points(aws)
        return {}

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Changes what can be changed in place."""
        if settings := {name: change.desired[name] for name in change.changed & {"BillingMode", "DeletionProtectionEnabled"}}:
            aws.call("dynamodb", "UpdateTable", TableName=self.name, **settings)
            _wait(aws, self)
        recovers = change.live is not None and change.live.state["PointInTimeRecovery"] == "ENABLED"
        if "PointInTimeRecovery" in change.changed and not recovers:  # to enable it again would reset how far back it goes
            self._protect_points(aws)
        if "Tags" in change.changed:
            aws.call("dynamodb", "TagResource", ResourceArn=self.arn, Tags=tag_list(change.desired["Tags"]))
        if gone := stale_tags(change.stale):
            aws.call("dynamodb", "UntagResource", ResourceArn=self.arn, TagKeys=gone)
        return {}

    @staticmethod
    def live_tags(aws: Aws, one: Named) -> dict[str, str] | None:
        """All its tags; None if it does not exist, or is being deleted."""
        live = _live(aws, one)
        return None if live is None or live["TableStatus"] == "DELETING" else _tags(aws, one)

    @staticmethod
    def erase(aws: Aws, one: Named) -> None:
        """Switches the protection off, deletes the table with all it holds, and waits until it is gone."""
        live = _live(aws, one)
        if live is None:
            return
        if live.get("DeletionProtectionEnabled"):
            aws.call("dynamodb", "UpdateTable", TableName=one.name, DeletionProtectionEnabled=False)
            _wait(aws, one)
        if live["TableStatus"] != "DELETING":
            _delete(aws, one)
        aws.wait("dynamodb", "table_not_exists", TableName=one.name, WaiterConfig=_POLLING)

    def _protect_points(self, aws: Aws) -> None:
        """An active table may still be busy with switching its backups on, and says so by an error of its own."""
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


def _delete(aws: Aws, one: Named) -> None:
    try:
        aws.find("dynamodb", "DeleteTable", "ResourceNotFoundException", TableName=one.name)
    except AwsError as error:  # tried again after a lost answer, it meets what it has begun
        live = _live(aws, one)
        if error.code != "ResourceInUseException" or (live is not None and live["TableStatus"] != "DELETING"):
            raise


def _live(aws: Aws, one: Named) -> dict[str, Any] | None:
    found = aws.find("dynamodb", "DescribeTable", "ResourceNotFoundException", TableName=one.name)
    return found and found["Table"]


def _tags(aws: Aws, one: Named) -> dict[str, str]:
    return tag_map(tag for page in aws.pages("dynamodb", "ListTagsOfResource", ResourceArn=one.arn) for tag in page["Tags"])


def _wait(aws: Aws, one: Named) -> None:
    aws.wait("dynamodb", "table_exists", TableName=one.name, WaiterConfig=_POLLING)
