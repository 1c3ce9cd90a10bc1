"""An S3 bucket: versioned, encrypted, closed to the public and to plain HTTP.

Each setting is a call of its own, so a run may stop between any two of them. Therefore each is read by itself; a missing setting
is an error code of its read. Every call except the creation names the account that must own the bucket.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, Protocol

from common.aws.protocol import Aws
from common.base.errors import AwsError, DeclarationError, DeployError, OwnershipError
from common.base.json_types import Json, JsonObject
from common.base.lean_dataclass import dataclass
from common.model import comparison, steps
from common.model.declared import Declared
from common.model.desired_state import whole, whole_if_ours
from common.model.kind import ArnForm, Calls, Kind, Policy, Properties, Quota
from common.model.listing import Listing
from common.model.orphan import Named
from common.model.resource import Action, Change, Live, Outputs, State
from common.model.tags import other_tags, owned_tags, stale_tags, tag_list, tag_map
from common.resources import bucket_contents, bucket_policy, bucket_settings
from common.resources.bucket_lookup import ACCESS_BLOCK, LOOKUP, NAMES

_AT_LEAST = frozenset({"AES256", "aws:kms", "aws:kms:dsse"})
"""A bucket with one of these algorithms is encrypted, and keeps its key if it has one of its own."""
_OTHER_NOTIFICATIONS = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")


class _Owned(Named, Protocol):
    @property
    def account_id(self) -> str: ...


KIND = Kind(
    name="bucket",
    word="bucket",
    service="s3",
    step=steps.SHARED,
    console="s3/buckets/{name}?region={region}",
    arn=ArnForm("s3", regional=False),
    names=NAMES,
    reads=("s3:GetObject",),
    encryption=("ServerSideEncryptionConfiguration", "Rules", "*", "ApplyServerSideEncryptionByDefault", "KMSMasterKeyID"),
    writes=("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
    listing=Listing("ListBuckets", "Buckets", "Name", prefix="Prefix", size=("MaxBuckets", 1000), shows_all=False),
    quota=Quota("S3 buckets", "s3", "", 10_000),
    calls=Calls(("CreateBucket", "PutBucketTagging", "PutBucketVersioning", "PutBucketPolicy")),
    properties=Properties(operations=bucket_settings.OPERATIONS),
    policy=Policy(
        operations=(
            *("CreateBucket", "DeleteBucket", "HeadBucket", "ListObjectVersions", "GetBucketTagging", "PutBucketTagging"),
            *("GetBucketPolicy", "PutBucketPolicy", "GetBucketVersioning"),
            *("PutBucketVersioning", "GetBucketOwnershipControls", "PutBucketOwnershipControls", "GetPublicAccessBlock"),
            *("PutPublicAccessBlock", "GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration"),
            *("DeleteObjects", "DeleteBucketTagging"),
            *bucket_settings.READING,
            *bucket_settings.CHANGING,
        ),
        everywhere=("ListBuckets",),
        actions={
            "HeadBucket": ("s3:ListBucket",),
            "ListBuckets": ("s3:ListAllMyBuckets",),
            "ListObjectVersions": ("s3:ListBucketVersions",),
            "DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
            "GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
            "PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
            "GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
            "PutBucketNotificationConfiguration": ("s3:PutBucketNotification",),
            "PutBucketTagging": ("s3:PutBucketTagging", "s3:TagResource"),
            "DeleteBucketTagging": ("s3:PutBucketTagging",),
            **bucket_settings.READING,
            **bucket_settings.CHANGING,
        },
        parts=lambda arn: (f"{arn}/*",),
        patterns=("{prefix}-*-{account}",),
    ),
    lookup=LOOKUP,
)


@dataclass(frozen=True, kw_only=True)
class Bucket(Declared):
    """A bucket of this account. With `event_bridge`, its object events are sent to EventBridge."""

    data: ClassVar[bool] = True
    removable: ClassVar[frozenset[str]] = frozenset({"EventBridge", "Policy", "Tags", *bucket_settings.SETTINGS})
    account_id: str
    region: str
    event_bridge: bool = False
    versioned: bool = True
    logged: tuple[str, ...] = ()
    """The ARNs of the buckets whose access logs it gets."""

    def desired(self) -> State:
        """The settings that make a bucket safe, and the declared ones."""
        return {
            "Versioning": "Enabled" if self.versioned else "Suspended",
            "Encryption": "AES256",
            "ObjectOwnership": "BucketOwnerEnforced",
            "PublicAccessBlock": dict(ACCESS_BLOCK),
            "Policy": self._policy(),
            "EventBridge": self.event_bridge,
            **self.properties,
            "Tags": dict(self.tags),
        }

    def read(self, aws: Aws) -> Live | None:
        """All settings, None for each that was not made yet.

        Raises:
            OwnershipError: the bucket belongs to another account, or the credentials may not read it.
            DeclarationError: our bucket of this name is in another region.
        """
        try:
            head = self._find(aws, "HeadBucket", "404")
        except AwsError as error:
            if error.code != "403":
                raise
            raise OwnershipError(
                f"{self.key}: the bucket {self.name} belongs to another account, or these credentials may not look at it. Bucket "
                f"names are unique in the world: choose another, or allow s3:ListBucket."
            ) from None
        if head is None:
            return None
        if (region := head.get("BucketRegion", self.region)) != self.region:
            raise DeclarationError(
                f"{self.key}: the bucket {self.name} is in {region}, not in {self.region}. Choose another name, or that region."
            )
        ownership = self._find(aws, "GetBucketOwnershipControls", "OwnershipControlsNotFoundError")
        block = self._find(aws, "GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration")
        settings = bucket_settings.live(partial(self._call, aws))
        encryption = settings["ServerSideEncryptionConfiguration"] or {}
        declared, kept = bucket_settings.split(settings, self.properties)
        policy = self._find(aws, "GetBucketPolicy", "NoSuchBucketPolicy")
        own, others = bucket_policy.split(policy and json.loads(policy["Policy"]), self._policy())
        notifications = self._call(aws, "GetBucketNotificationConfiguration")
        notified = "EventBridgeConfiguration" in notifications
        tags = self._live_tags(aws)
        kept |= {"Policy": comparison.by_sid(others)} if others else {}
        kept |= {"EventBridge": True} if notified and not self.event_bridge else {}
        to_others = {name: notifications[name] for name in _OTHER_NOTIFICATIONS if notifications.get(name)}
        kept |= {"NotificationConfiguration": to_others} if to_others else {}
        state = {
            "Versioning": self._call(aws, "GetBucketVersioning").get("Status") or (None if self.versioned else "Suspended"),
            "Encryption": "AES256" if bucket_settings.algorithm(encryption) in _AT_LEAST else None,
            "ObjectOwnership": ownership and ownership["OwnershipControls"]["Rules"][0]["ObjectOwnership"],
            "PublicAccessBlock": block and block["PublicAccessBlockConfiguration"],
            "Policy": {"Version": "2012-10-17", "Statement": own} if own else None,
            "EventBridge": notified and self.event_bridge,
            **declared,
            "Tags": owned_tags(tags, self.tags),
        }
        return Live(state, undeclared={**kept, **other_tags(tags, self.tags)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates the bucket and makes the settings that S3 does not make for new ones."""
        return self.update(aws, self.begin(aws, desired))

    def begin(self, aws: Aws, desired: State) -> Change:
        """Creates the bucket, so that it can be used, and returns the change that makes its other settings.

        The tags come first, so that an interrupted creation is known to be ours. CreateBucket accepts tags, but some regions and
        partitions refuse them (UnsupportedArgument). In us-east-1 it answers 200 for a bucket of this account that exists:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html

        Raises:
            OwnershipError: somebody else has created it since the plan was made.
        """
        arguments: JsonObject = {"ObjectOwnership": desired["ObjectOwnership"]}
        if self.region != "us-east-1":
            arguments["CreateBucketConfiguration"] = {"LocationConstraint": self.region}
        elif (live := self.read(aws)) is not None:
            return self._take(aws, desired, live)
        try:
            aws.call("s3", "CreateBucket", Bucket=self.name, **arguments)
        except AwsError as error:
            if error.code == "OperationAborted":
                raise DeployError(
                    f"{self.key}: the name {self.name} is not free yet: S3 keeps the name of a bucket that was deleted for up to "
                    f"an hour. Deploy again later, or choose another name."
                ) from None
            if error.code != "BucketAlreadyOwnedByYou":
                raise
            return self._take(aws, desired, self.read(aws))
        self._tag(aws, desired["Tags"])
        change = whole(self, desired, None)
        made = {"Tags", *(name for name in change.changed if desired[name] == bucket_settings.WHEN_NEW.get(name))}
        return replace(change, changed=change.changed - made)

    def _take(self, aws: Aws, desired: State, live: Live | None) -> Change:
        """Tags a bucket that exists already, if it has our tags, or neither tags nor objects.

        The latter is what remains of a creation of ours if its answer was lost, or if it was interrupted before the tags.
        """
        unused = bucket_contents.is_empty(aws, {"Bucket": self.name, "ExpectedBucketOwner": self.account_id})
        change = whole_if_ours(self, desired, live, untagged=unused)
        self.update(aws, replace(change, changed=frozenset({"Tags"})))
        return replace(change, changed=change.changed - {"Tags"})

    def begins_later(self, change: Change) -> str:
        """The note that S3 begins to send events to EventBridge some time after the deploy; empty if it does not send any.

        See https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
        """
        begins = change.action is not Action.UPDATE or "EventBridge" in change.changed
        note = "S3 begins to tell of new objects about five minutes after the deploy; what comes earlier starts nothing."
        return note if self.event_bridge and begins else ""

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Makes the settings in `changed`. Tags and notifications that are not declared are kept."""
        if "Tags" in change.changed:
            live = {name: text for name, text in self._live_tags(aws).items() if name not in stale_tags(change.stale)}
            self._tag(aws, {**live, **change.desired["Tags"]})
        if "ObjectOwnership" in change.changed:
            rules = [{"ObjectOwnership": change.desired["ObjectOwnership"]}]
            self._call(aws, "PutBucketOwnershipControls", OwnershipControls={"Rules": rules})
        if "PublicAccessBlock" in change.changed:
            self._call(aws, "PutPublicAccessBlock", PublicAccessBlockConfiguration=change.desired["PublicAccessBlock"])
        if "Encryption" in change.changed and not (change.live and change.live.state["Encryption"]):
            self._call(aws, "PutBucketEncryption", ServerSideEncryptionConfiguration=bucket_settings.USUAL_ENCRYPTION)
        if "Versioning" in change.changed:
            self._call(aws, "PutBucketVersioning", VersioningConfiguration={"Status": change.desired["Versioning"]})
        if "Policy" in change.changed:
            policy = self._with_others(aws, change) if change.live else change.desired["Policy"]
            self._call(aws, "PutBucketPolicy", Policy=json.dumps(policy, sort_keys=True))
        if "EventBridge" in change.changed and (change.live or change.desired["EventBridge"]):
            self._notify(aws, enabled=change.desired["EventBridge"], stale="EventBridge" in change.stale)
        bucket_settings.make(partial(self._call, aws), change.desired, change.changed)
        return {}

    def delete(self, aws: Aws) -> None:
        """Deletes an empty bucket; AWS refuses (BucketNotEmpty) as long as it holds an object or a version of one."""
        self._find(aws, "DeleteBucket", "NoSuchBucket")

    @staticmethod
    def live_tags(aws: Aws, resource: _Owned) -> dict[str, str] | None:
        """All live tags of the resource; None if it does not exist."""
        try:
            response = aws.call("s3", "GetBucketTagging", Bucket=resource.name, ExpectedBucketOwner=resource.account_id)
        except AwsError as error:
            if error.code not in {"NoSuchBucket", "NoSuchTagSet"}:
                raise
            return None if error.code == "NoSuchBucket" else {}
        return tag_map(response["TagSet"])

    @staticmethod
    def untag(aws: Aws, resource: _Owned, keys: Sequence[str]) -> None:
        """Takes tags away. S3 has no call for single tags, so the others are put again."""
        tags = {name: text for name, text in (Bucket.live_tags(aws, resource) or {}).items() if name not in keys}
        whose = {"Bucket": resource.name, "ExpectedBucketOwner": resource.account_id}
        if tags:
            aws.call("s3", "PutBucketTagging", **whose, Tagging={"TagSet": tag_list(tags)})
        else:
            aws.call("s3", "DeleteBucketTagging", **whose)

    @staticmethod
    def erase(aws: Aws, resource: _Owned) -> None:
        """Deletes the bucket and every version of every object in it."""
        whose = {"Bucket": resource.name, "ExpectedBucketOwner": resource.account_id}
        try:
            bucket_contents.delete(aws, whose)
            aws.call("s3", "DeleteBucket", **whose)
        except AwsError as error:
            if error.code != "NoSuchBucket":
                raise

    def _policy(self) -> State:
        return bucket_policy.of(self.arn, self.account_id, self.logged)

    def _with_others(self, aws: Aws, change: Change) -> State:
        """The policy with the statements of others as they are now, without those that are taken away."""
        response = self._find(aws, "GetBucketPolicy", "NoSuchBucketPolicy")
        live = json.loads(response["Policy"]) if response else {}
        return bucket_policy.joined(live, change.desired["Policy"], change.stale.get("Policy", {}))

    def _notify(self, aws: Aws, *, enabled: bool, stale: bool) -> None:
        live = self._call(aws, "GetBucketNotificationConfiguration")
        settings = {name: live[name] for name in _OTHER_NOTIFICATIONS if name in live}
        if enabled or ("EventBridgeConfiguration" in live and not stale):
            settings["EventBridgeConfiguration"] = {}
        self._call(aws, "PutBucketNotificationConfiguration", NotificationConfiguration=settings)

    def _tag(self, aws: Aws, tags: Mapping[str, str]) -> None:
        self._call(aws, "PutBucketTagging", Tagging={"TagSet": tag_list(tags)})

    def _live_tags(self, aws: Aws) -> dict[str, str]:
        response = self._find(aws, "GetBucketTagging", "NoSuchTagSet")
        return tag_map(response["TagSet"]) if response else {}

    def _call(self, aws: Aws, operation: str, **parameters: Json) -> JsonObject:
        return aws.call("s3", operation, Bucket=self.name, ExpectedBucketOwner=self.account_id, **parameters)

    def _find(self, aws: Aws, operation: str, absent: str) -> JsonObject | None:
        return aws.find("s3", operation, absent, Bucket=self.name, ExpectedBucketOwner=self.account_id)
