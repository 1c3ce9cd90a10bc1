"""A CloudWatch log group with a retention.

We own the group of everything that logs: a service that has to create its own keeps the lines for ever.

Follows https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
"""

from dataclasses import dataclass

from common.errors import AwsError
from common.resource import Aws, Declared, Outputs, State, owned_tags


@dataclass(frozen=True, kw_only=True)
class LogGroup(Declared):
    """A log group; its `arn` is without the ``:*`` that some services append."""

    retention_days: int

    def desired(self) -> State:
        """Retention in days, and tags."""
        return {"retentionInDays": self.retention_days, "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> State | None:
        """The live state; a retention of None is for ever. There is no call for one group, only for a beginning of names."""
        for page in aws.pages("logs", "DescribeLogGroups", logGroupNamePrefix=self.name):
            for group in page["logGroups"]:
                if group["logGroupName"] == self.name:
                    tags = aws.call("logs", "ListTagsForResource", resourceArn=self.arn)["tags"]
                    return {"retentionInDays": group.get("retentionInDays"), "Tags": owned_tags(tags, self.tags)}
        return None

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the group with its tags, then says how long it keeps lines."""
        changed = frozenset({"retentionInDays"})
        try:
            aws.call("logs", "CreateLogGroup", logGroupName=self.name, tags=desired["Tags"])
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
            changed = frozenset(desired)
        return self.update(aws, desired, changed)

    def update(self, aws: Aws, desired: State, changed: frozenset[str]) -> Outputs:
        """Changes the retention, the tags, or both."""
        if "retentionInDays" in changed:
            aws.call("logs", "PutRetentionPolicy", logGroupName=self.name, retentionInDays=desired["retentionInDays"])
        if "Tags" in changed:
            aws.call("logs", "TagResource", resourceArn=self.arn, tags=desired["Tags"])
        return {}

    def delete(self, aws: Aws) -> None:
        """Deletes the group and its lines."""
        aws.find("logs", "DeleteLogGroup", "ResourceNotFoundException", logGroupName=self.name)
