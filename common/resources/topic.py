"""An SNS topic.

Subscriptions are made by people and are deleted with the topic. So a topic counts as data.

CreateTopic is idempotent, but refuses a topic that exists with other attributes or tags.
SetTopicAttributes sets one attribute and leaves the others as they are.

Follows https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html and
https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole_if_ours
from common.model.kind import AT_ONCE, PLAIN, ArnForm, Calls, Kind, NameRule, Passing, Policy, Properties
from common.model.listing import Listing
from common.model.lookup import ALARMS, Further, by_arn
from common.model.orphan import Named
from common.model.projection import Projection
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map

_SUBSCRIBERS = ("HTTP", "Firehose", "Lambda", "Application", "SQS")
USUAL: Mapping[str, str] = {
    "DeliveryPolicy": "",
    "DisplayName": "",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "262144",
    "Policy": "",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
    **{f"{name}{result}FeedbackRoleArn": "" for name in _SUBSCRIBERS for result in ("Success", "Failure")},
    **{f"{name}SuccessFeedbackSampleRate": "0" for name in _SUBSCRIBERS},
}
"""The attributes of a standard topic, with the values that AWS itself sets; these take an attribute away."""
_EXISTS = "already exists with different"
"""SNS's message contains this if a topic of the name has other attributes or tags."""
_OF_FIFO = 'shared.resource(…, "AWS::SNS::Topic", …), which makes FIFO topics'
_POLICY_ACTIONS = (
    *("AddPermission", "DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish", "RemovePermission"),
    *("SetTopicAttributes", "Subscribe"),
)

KIND = Kind(
    name="topic",
    word="topic",
    service="sns",
    step=steps.SHARED,
    console="sns/v3/home?region={region}#/topic/{arn}",
    arn=ArnForm("sns"),
    names=NameRule(256, *PLAIN),
    writes=("sns:Publish",),
    encryption=("KmsMasterKeyId",),
    listing=Listing("ListTopics", "Topics", "TopicArn", before_name=":"),
    calls=Calls(("CreateTopic",), "SetTopicAttributes"),
    properties=Properties(
        "CreateTopic",
        ("Attributes",),
        settings=dict.fromkeys(("ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope", "FifoTopic"), _OF_FIFO),
        keys=frozenset(USUAL),
    ),
    passing=Passing(
        codes={
            "ConcurrentAccess": AT_ONCE,
            "StaleTag": "a topic of this name was just deleted, and its tags are still being removed",
        }
    ),
    policy=Policy(
        operations=(
            *("CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes"),
            *("ListTagsForResource", "TagResource", "UntagResource"),
        ),
        everywhere=("ListTopics",),
        left_over=("DeleteTopic", "UntagResource"),
        actions={"CreateTopic": ("sns:CreateTopic", "sns:TagResource")},
    ),
    lookup=by_arn("GetTopicAttributes", "TopicArn", "NotFound", "NotFoundException")._replace(
        further={
            ALARMS: Further(
                "GetTopicAttributes",
                lambda response: _lets_alarms_publish(response["Attributes"]),
                "lets no alarm publish to it: its policy must allow sns:Publish to cloudwatch.amazonaws.com, and AWS's own key "
                "alias/aws/sns must not encrypt it",
            )
        }
    ),
)


@dataclass(frozen=True, kw_only=True)
class Topic(Declared):
    """A standard topic. Its properties are attributes in SNS's spelling, all of them texts."""

    data: ClassVar[bool] = True
    removable: ClassVar[frozenset[str]] = frozenset({"Tags", *USUAL})

    def deployer_needs(self) -> dict[str, tuple[str, ...]]:
        """The permission to give SNS the roles with which it logs deliveries."""
        return {role: ("iam:PassRole",) for name, role in sorted(self.properties.items()) if name.endswith("RoleArn")}

    def desired(self) -> State:
        """The declared attributes, and the tags: subscriptions are not declared."""
        texts = {name: comparison.one_spelling(text) for name, text in self.properties.items()}
        return {**texts, "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> Live | None:
        """The live state. SNS leaves out attributes that nobody has set."""
        response = aws.find("sns", "GetTopicAttributes", "NotFound", TopicArn=self.arn)
        tags = None if response is None else self.live_tags(aws, self)
        if response is None or tags is None:
            return None
        live = {**USUAL, **response["Attributes"]}
        declared = self.desired()
        state = {name: Projection().projected(comparison.one_spelling(live[name]), declared[name]) for name in self.properties}
        kept = {
            name: live[name]
            for name, usual in USUAL.items()
            if name not in self.properties and live[name] != usual and not (name == "Policy" and self._is_usual(live[name]))
        }
        return Live({**state, "Tags": owned_tags(tags, self.tags)}, undeclared={**kept, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the topic with its attributes and tags in one call; one that exists with others is refused, and updated.

        Follows https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
        """
        attributes = {"Attributes": {name: desired[name] for name in self.properties}} if self.properties else {}
        try:
            aws.call("sns", "CreateTopic", Name=self.name, Tags=tag_list(desired["Tags"]), **attributes)
        except AwsError as error:
            live = self.read(aws) if _EXISTS in error.reason else None
            if live is None:
                raise
            return self.update(aws, whole_if_ours(self, desired, live))
        return {}

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Sets each attribute that changed or is no longer declared, and the tags."""
        usual = {**USUAL, "Policy": json.dumps(self._usual_policy())}
        texts = {name: usual[name] for name in change.stale.keys() & usual.keys()}
        texts |= {name: change.desired[name] for name in change.changed & self.properties.keys()}
        for name, text in sorted(texts.items()):
            aws.call("sns", "SetTopicAttributes", TopicArn=self.arn, AttributeName=name, AttributeValue=text)
        if "Tags" in change.changed:
            aws.call("sns", "TagResource", ResourceArn=self.arn, Tags=tag_list(change.desired["Tags"]))
        if removed := stale_tags(change.stale):
            self.untag(aws, self, removed)
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

    def _is_usual(self, policy: str) -> bool:
        """Whether a policy is the one that SNS gives a new topic; its actions differ in case and order."""
        document: JsonMapping = json.loads(policy or "{}")
        return document.get("Id") == "__default_policy_ID" and len(document.get("Statement", ())) == 1

    def _usual_policy(self) -> State:
        """The policy that SNS gives a new topic: everybody in its account may use it, as far as IAM lets them.

        Follows https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
        """
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [f"SNS:{action}" for action in _POLICY_ACTIONS],
            "Resource": self.arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": self.arn.split(":")[4]}},
        }
        return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}


def _lets_alarms_publish(attributes: Mapping[str, str]) -> bool:
    """Whether the policy and the key of a topic let alarms of its account publish, as far as these attributes tell it.

    Follows https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    every = comparison.every_statement(json.loads(attributes.get("Policy") or "{}"))
    allowed = [entry for entry in every if entry["Effect"] == "Allow"]
    publishing = [entry for entry in allowed if "publish" in str(entry.get("Action")).lower() or "*" in str(entry.get("Action"))]
    principals = [str(entry.get("Principal")) for entry in publishing]
    by_policy = any("cloudwatch.amazonaws.com" in principal or "'*'" in principal or principal == "*" for principal in principals)
    return by_policy and not attributes.get("KmsMasterKeyId", "").endswith("alias/aws/sns")
