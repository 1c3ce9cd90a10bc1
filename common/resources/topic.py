"""An SNS topic.

Subscriptions are made by people and are deleted with the topic. So a topic counts as data.

CreateTopic is idempotent, but refuses a topic that exists with other tags, so the topic is read before it is created. Reading its
tags shows whether it exists.

Follows https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html and
https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from common.aws.protocol import Aws
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import whole
from common.model.kind import AT_ONCE, PLAIN, ArnForm, Kind, NameRule, Passing, Policy
from common.model.lookup import by_arn
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map

KIND = Kind(
    name="topic",
    word="topic",
    service="sns",
    step=steps.SHARED,
    arn=ArnForm("sns"),
    names=NameRule(256, *PLAIN),
    writes=("sns:Publish",),
    passing=Passing(
        codes={
            "ConcurrentAccess": AT_ONCE,
            "StaleTag": "a topic of this name was just deleted, and its tags are still being removed",
        }
    ),
    policy=Policy(
        operations=("CreateTopic", "DeleteTopic", "ListTagsForResource", "TagResource", "UntagResource"),
        left_over=("DeleteTopic", "UntagResource"),
        actions={"CreateTopic": ("sns:CreateTopic", "sns:TagResource")},
    ),
    lookup=by_arn("GetTopicAttributes", "TopicArn", "NotFound", "NotFoundException"),
)


@dataclass(frozen=True, kw_only=True)
class Topic(Declared):
    """A standard topic."""

    data: ClassVar[bool] = True

    def desired(self) -> State:
        """Only the tags: subscriptions are not declared."""
        return {"Tags": dict(self.tags)}

    def read(self, aws: Aws) -> Live | None:
        """The live state."""
        tags = self.live_tags(aws, self)
        return None if tags is None else Live({"Tags": owned_tags(tags, self.tags)}, undeclared=other_tags(tags, self.tags))

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the topic with its tags in one call, unless it exists."""
        live = self.read(aws)
        if live is not None:
            return self.update(aws, whole(self, desired, live))
        aws.call("sns", "CreateTopic", Name=self.name, Tags=tag_list(desired["Tags"]))
        return {}

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Changes the tags."""
        if "Tags" in change.changed:
            aws.call("sns", "TagResource", ResourceArn=self.arn, Tags=tag_list(change.desired["Tags"]))
        if gone := stale_tags(change.stale):
            self.untag(aws, self, gone)
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        response = aws.find("sns", "ListTagsForResource", "ResourceNotFound", ResourceArn=resource.arn)
        return None if response is None else tag_map(response["Tags"])

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        """Takes tags away."""
        aws.call("sns", "UntagResource", ResourceArn=resource.arn, TagKeys=[*keys])

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        """Deletes the topic and its subscriptions."""
        aws.find("sns", "DeleteTopic", "NotFound", TopicArn=resource.arn)
