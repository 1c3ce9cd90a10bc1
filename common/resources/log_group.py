"""A CloudWatch log group with a retention.

We own the group of everything that logs: a service that has to create its own keeps the lines for ever. What was logged cannot be
made again, so a group counts as data.

Follows https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import whole
from common.model.kind import AT_ONCE, ArnForm, Calls, Kind, Listing, NameRule, Passing, Policy
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags

KIND = Kind(
    name="log-group",
    word="log_group",
    service="logs",
    step=steps.LAMBDAS,
    arn=ArnForm("logs", "log-group:"),
    names=NameRule(512),
    listing=Listing("DescribeLogGroups", "logGroups", "logGroupName", prefix="logGroupNamePrefix"),
    calls=Calls(("CreateLogGroup", "PutRetentionPolicy")),
    passing=Passing(codes={"OperationAbortedException": AT_ONCE}),
    policy=Policy(
        operations=(
            *("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "DeleteRetentionPolicy", "ListTagsForResource"),
            *("TagResource", "UntagResource"),
        ),
        everywhere=("DescribeLogGroups",),
        left_over=("DeleteLogGroup",),
        actions={"CreateLogGroup": ("logs:CreateLogGroup", "logs:TagResource")},
        parts=lambda arn: (f"{arn}:*",),
        patterns=("/aws/lambda/{prefix}-*",),
        shared_patterns=("/aws/vendedlogs/states/{prefix}", "/aws/vendedlogs/states/{prefix}:*", "/{prefix}/*"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class LogGroup(Declared):
    """A log group; its `arn` is without the ``:*`` that some services append."""

    data: ClassVar[bool] = True
    retention_days: int | Literal["never"]
    """How long lines are kept; ``never`` are they deleted."""
    by_default: bool = False
    """Nobody has named a retention: a group that keeps its lines longer keeps them."""

    @property
    def defaults(self) -> frozenset[str]:
        """The retention, if nobody has named it."""
        return frozenset({"retentionInDays"} if self.by_default else ())

    def loses(self, name: str, live: Any) -> str:
        """A shorter retention deletes what is older, at once."""
        days = self.retention_days
        shorter = name == "retentionInDays" and days != "never" and (live == "never" or live > days)
        return "older logs are deleted" if shorter else ""

    def desired(self) -> State:
        """Retention in days, and tags."""
        return {"retentionInDays": self.retention_days, "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> Live | None:
        """The live state; a group without a retention keeps its lines for ever."""
        live = _live(aws, self)
        if live is None:
            return None
        tags = aws.call("logs", "ListTagsForResource", resourceArn=self.arn)["tags"]
        state = {"retentionInDays": live.get("retentionInDays", "never"), "Tags": owned_tags(tags, self.tags)}
        kept = {"kmsKeyId": live["kmsKeyId"]} if live.get("kmsKeyId") else {}
        return Live(state, undeclared={**kept, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the group with its tags, then says how long it keeps lines."""
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
            aws.call("logs", "UntagResource", resourceArn=self.arn, tagKeys=gone)
        return {}

    @staticmethod
    def live_tags(aws: Aws, one: Named) -> dict[str, str] | None:
        """All its tags; None if it does not exist."""
        return aws.call("logs", "ListTagsForResource", resourceArn=one.arn)["tags"] if _live(aws, one) else None

    @staticmethod
    def erase(aws: Aws, one: Named) -> None:
        """Deletes the group and its lines."""
        aws.find("logs", "DeleteLogGroup", "ResourceNotFoundException", logGroupName=one.name)


def _live(aws: Aws, one: Named) -> dict[str, Any] | None:
    """There is no call for one group, only for a beginning of names."""
    pages = aws.pages("logs", "DescribeLogGroups", logGroupNamePrefix=one.name)
    return next((group for page in pages for group in page["logGroups"] if group["logGroupName"] == one.name), None)
