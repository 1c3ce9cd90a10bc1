"""A CloudWatch log group with a retention.

The log group of everything that logs is declared, because a group that a service creates itself keeps its lines for ever. Logs
cannot be made again, so a group counts as data.

Follows https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import Json, JsonObject
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import whole
from common.model.kind import AT_ONCE, ArnForm, Calls, Kind, Listing, NameRule, Passing, Policy
from common.model.lookup import Lookup
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags

KIND = Kind(
    name="log-group",
    word="log_group",
    service="logs",
    step=steps.LAMBDAS,
    arn=ArnForm("logs", "log-group:"),
    names=NameRule(512, re.compile(r"(?!aws/)[A-Za-z0-9_./#-]+")),
    listing=Listing("DescribeLogGroups", "logGroups", "logGroupName", prefix="logGroupNamePrefix"),
    calls=Calls(("CreateLogGroup", "PutRetentionPolicy")),
    passing=Passing(codes={"OperationAbortedException": AT_ONCE}),
    policy=Policy(
        operations=(
            *("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "DeleteRetentionPolicy", "ListTagsForResource"),
            *("TagResource", "UntagResource"),
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
    retention_days: int | Literal["never"]
    """Log lines are deleted after this number of days, or ``never``."""
    by_default: bool = False
    """The retention is the default. Then an existing group with a longer retention keeps its own."""

    @property
    def defaults(self) -> frozenset[str]:
        """The retention, if it is the default."""
        return frozenset({"retentionInDays"} if self.by_default else ())

    def loses(self, name: str, live: Json) -> str:
        """What a shorter retention would delete at once: older log lines."""
        days = self.retention_days
        shorter = name == "retentionInDays" and days != "never" and (live == "never" or live > days)
        return "older logs are deleted" if shorter else ""

    def desired(self) -> State:
        """Retention in days, and tags."""
        return {"retentionInDays": self.retention_days, "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> Live | None:
        """The live state. A group without a retention keeps its lines for ever."""
        live = _live(aws, self)
        if live is None:
            return None
        tags = aws.call("logs", "ListTagsForResource", resourceArn=self.arn)["tags"]
        state = {"retentionInDays": live.get("retentionInDays", "never"), "Tags": owned_tags(tags, self.tags)}
        kept = {"kmsKeyId": live["kmsKeyId"]} if live.get("kmsKeyId") else {}
        return Live(state, undeclared={**kept, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the group with its tags, then sets its retention."""
        limited = frozenset({"retentionInDays"} if desired["retentionInDays"] != "never" else ())
        change = replace(whole(self, desired, None), changed=limited)
        try:
            aws.call("logs", "CreateLogGroup", logGroupName=self.name, tags=desired["Tags"])
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
            change = whole(self, desired, self.read(aws))
        return self.update(aws, change)

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Changes the retention, the tags, or both."""
        if "retentionInDays" in change.changed:
            if change.desired["retentionInDays"] == "never":
                aws.find("logs", "DeleteRetentionPolicy", "ResourceNotFoundException", logGroupName=self.name)
            else:
                aws.call("logs", "PutRetentionPolicy", logGroupName=self.name, retentionInDays=change.desired["retentionInDays"])
        if "Tags" in change.changed:
            aws.call("logs", "TagResource", resourceArn=self.arn, tags=change.desired["Tags"])
        if gone := stale_tags(change.stale):
            self.untag(aws, self, gone)
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
        """Deletes the group and its lines."""
        aws.find("logs", "DeleteLogGroup", "ResourceNotFoundException", logGroupName=resource.name)


def _live(aws: Aws, resource: Named) -> JsonObject | None:
    """The live log group. AWS has no call for a single group, only for all whose names have the same beginning."""
    pages = aws.pages("logs", "DescribeLogGroups", logGroupNamePrefix=resource.name)
    return next((group for page in pages for group in page["logGroups"] if group["logGroupName"] == resource.name), None)
