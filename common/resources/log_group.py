"""A CloudWatch log group with a retention.

The log group of everything that logs is declared, because a group that a service creates itself keeps its lines for ever. Logs
cannot be made again, so a group counts as data.

Follows https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from common.aws.protocol import Aws
from common.aws.rates import Budget
from common.base.errors import AwsError
from common.base.json_types import Json, JsonObject
from common.base.lean_dataclass import dataclass
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import whole, whole_if_ours
from common.model.kind import AT_ONCE, ArnForm, Calls, Kind, NameRule, Passing, Policy, Properties
from common.model.listing import Listing
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags

CLASS = "logGroupClass"
"""The class of a group is set at its creation, and nothing changes or takes it away."""
_USUAL: State = {"kmsKeyId": None, "deletionProtectionEnabled": False, CLASS: "STANDARD"}
"""The properties that CloudWatch Logs leaves out where nobody has set them, as they are then."""

KIND = Kind(
    name="log-group",
    word="log_group",
    service="logs",
    step=steps.LAMBDAS,
    console="cloudwatch/home?region={region}#logsV2:log-groups/log-group/{twice}",
    arn=ArnForm("logs", "log-group:"),
    names=NameRule(512, re.compile(r"(?!aws/)[A-Za-z0-9_./#-]+")),
    listing=Listing(
        "DescribeLogGroups", "logGroups", "logGroupName", prefix="logGroupNamePrefix", by_name=("logGroupIdentifiers", 50)
    ),
    calls=Calls(("CreateLogGroup", "PutRetentionPolicy")),
    budgets={  # the first two can be raised
        "logs:CreateLogGroup": Budget(1, 10),
        "logs:DescribeLogGroups": Budget(1, 10),
        "logs:PutRetentionPolicy": Budget(1, 5),
    },
    properties=Properties("CreateLogGroup", settings={"logGroupName": "name", "retentionInDays": "log_retention_days"}),
    passing=Passing(codes={"OperationAbortedException": AT_ONCE}),
    policy=Policy(
        operations=(
            *("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "DeleteRetentionPolicy", "ListTagsForResource"),
            *("TagResource", "UntagResource", "AssociateKmsKey", "DisassociateKmsKey", "PutLogGroupDeletionProtection"),
        ),
        everywhere=("DescribeLogGroups",),
        left_over=("DeleteLogGroup", "UntagResource"),
        actions={"CreateLogGroup": ("logs:CreateLogGroup", "logs:TagResource")},
        parts=lambda arn: (f"{arn}:*",),
        patterns=("/aws/lambda/{prefix}-*",),
        shared_patterns=("/aws/vendedlogs/states/{prefix}", "/aws/vendedlogs/states/{prefix}:*", "/{prefix}/*"),
    ),
    lookup=Lookup(
        "DescribeLogGroups",
        lambda group: {"logGroupNamePrefix": group.name},
        ("ResourceNotFoundException",),
        names=re.compile(r"(?P<name>[A-Za-z0-9_./#-]+)(:\*)?"),
        covers=lambda _: (),
        is_there=lambda response, group: any(item["logGroupName"] == group.name for item in response["logGroups"]),
        abroad=False,
    ),
)


@dataclass(frozen=True, kw_only=True)
class LogGroup(Declared):
    """A log group; its `arn` is without the ``:*`` that some services append."""

    data: ClassVar[bool] = True
    removable: ClassVar[frozenset[str]] = frozenset({"Tags", *_USUAL} - {CLASS})
    lasting: ClassVar[frozenset[str]] = frozenset({CLASS})
    usual: ClassVar[State] = _USUAL
    retention_days: int | Literal["never"]
    """Log lines are deleted after this number of days, or ``never``."""
    by_default: bool = False
    """The retention is the default. Then an existing group with a longer retention keeps its own."""

    @property
    def defaults(self) -> frozenset[str]:
        """The retention, if it is the default."""
        return frozenset({"retentionInDays"} if self.by_default else ())

    def is_fixed(self, name: str, before: Json, after: Json) -> bool:
        """Whether the field is the class of the group."""
        return name == CLASS

    def loses(self, name: str, live: Json) -> str:
        """What a shorter retention would delete at once: older log lines."""
        days = self.retention_days
        shorter = name == "retentionInDays" and days != "never" and (live == "never" or live > days)
        return "older logs are deleted" if shorter else ""

    def desired(self) -> State:
        """Retention in days, the declared properties, and tags."""
        return {"retentionInDays": self.retention_days, **self.properties, "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> Live | None:
        """The live state. A group without a retention keeps its lines for ever."""
        live = _live(aws, self)
        if live is None:
            return None
        tags = aws.call("logs", "ListTagsForResource", resourceArn=self.arn)["tags"]
        properties = {name: live.get(name, usual) for name, usual in _USUAL.items()}
        state: State = {
            "retentionInDays": live.get("retentionInDays", "never"),
            **{name: properties[name] for name in self.properties},
            "Tags": owned_tags(tags, self.tags),
        }
        kept = {name: value for name, value in properties.items() if name not in state and value}
        return Live(state, undeclared={**kept, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the group with its properties and tags, then sets its retention.

        A group without tags may be one that Lambda has created meanwhile, for late lines of a function that was deleted.
        """
        limited = frozenset({"retentionInDays"} if desired["retentionInDays"] != "never" else ())
        change = replace(whole(self, desired, None), changed=limited)
        fields = {name: desired[name] for name in self.properties}
        try:
            aws.call("logs", "CreateLogGroup", logGroupName=self.name, tags=desired["Tags"], **fields)
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
            change = whole_if_ours(self, desired, self.read(aws), untagged=True)
        return self.update(aws, change)

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Changes the retention, the properties and the tags, each by a call of its own."""
        if "retentionInDays" in change.changed:
            if change.desired["retentionInDays"] == "never":
                aws.find("logs", "DeleteRetentionPolicy", "ResourceNotFoundException", logGroupName=self.name)
            else:
                aws.call("logs", "PutRetentionPolicy", logGroupName=self.name, retentionInDays=change.desired["retentionInDays"])
        if "kmsKeyId" in change.changed and (key := change.desired.get("kmsKeyId")):
            aws.call("logs", "AssociateKmsKey", logGroupName=self.name, kmsKeyId=key)
        elif "kmsKeyId" in change.changed:
            aws.call("logs", "DisassociateKmsKey", logGroupName=self.name)
        if "deletionProtectionEnabled" in change.changed:
            protect(aws, self, enabled=change.desired.get("deletionProtectionEnabled", False))
        if "Tags" in change.changed:
            aws.call("logs", "TagResource", resourceArn=self.arn, tags=change.desired["Tags"])
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        return aws.call("logs", "ListTagsForResource", resourceArn=resource.arn)["tags"] if _live(aws, resource) else None

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("logs", "UntagResource", resourceArn=resource.arn, tagKeys=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Switches the protection off, and deletes the group and its lines."""
        if (_live(aws, resource) or {}).get("deletionProtectionEnabled"):
            protect(aws, resource, enabled=False)
        aws.find("logs", "DeleteLogGroup", "ResourceNotFoundException", logGroupName=resource.name)


def protect(aws: Aws, resource: Named, *, enabled: bool) -> None:
    """Sets whether a log group is protected from being deleted."""
    identifier = {"logGroupIdentifier": resource.name}
    aws.call("logs", "PutLogGroupDeletionProtection", **identifier, deletionProtectionEnabled=enabled)


def _live(aws: Aws, resource: Named) -> JsonObject | None:
    """The live log group. AWS has no call for a single group, only for all whose names have the same beginning."""
    pages = aws.pages("logs", "DescribeLogGroups", logGroupNamePrefix=resource.name)
    return next((group for page in pages for group in page["logGroups"] if group["logGroupName"] == resource.name), None)
