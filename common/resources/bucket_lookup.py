"""Names of buckets, and how to look at a bucket of somebody else: where it is, and what it lacks for its use.

The bucket is asked for its location, because that needs no permission to list what it holds, as HeadBucket does.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
"""

import re

from common.base.json_types import JsonObject
from common.base.text_rules import BUCKET_NAME
from common.model.kind import NameRule
from common.model.lookup import EVENTS, STORE, Further, Lookup

NAMES = NameRule(63, re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*(?<!-)"), "lower-case letters, digits and hyphens", 3)
"""The names that S3 accepts."""
ACCESS_BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
"""The settings that block all public access to a bucket."""
_REGIONS = {"": "us-east-1", "EU": "eu-west-1"}
"""What S3 calls regions otherwise than all other services do."""


def _is_closed(response: JsonObject) -> bool:
    block = response["PublicAccessBlockConfiguration"]
    return all(block.get(name) for name in ACCESS_BLOCK)


def _region(response: JsonObject) -> str:
    constraint = response.get("LocationConstraint") or ""
    return _REGIONS.get(constraint, constraint)


LOOKUP = Lookup(
    "GetBucketLocation",
    lambda bucket: {"Bucket": bucket.name},
    ("NoSuchBucket",),
    names=re.compile(f"(?P<name>{BUCKET_NAME.pattern})"),
    words="the name of a bucket, or arn:aws:s3:::name",
    region=_region,
    further={
        EVENTS: Further(
            "GetBucketNotificationConfiguration",
            lambda response: "EventBridgeConfiguration" in response,
            "does not send its events to EventBridge, so new objects start nothing until its owner switches that on",
        ),
        STORE[0]: Further(
            "GetBucketVersioning",
            lambda response: response.get("Status") == "Enabled",
            "keeps no versions of objects, so `invoke history` knows the last release alone",
        ),
        STORE[1]: Further(
            "GetBucketEncryption",
            lambda _: True,
            "has no rule for the encryption of its objects",
            absent="ServerSideEncryptionConfigurationNotFoundError",
        ),
        STORE[2]: Further(
            "GetPublicAccessBlock",
            _is_closed,
            "does not block public access, which the deployer does for buckets that it makes",
            absent="NoSuchPublicAccessBlockConfiguration",
        ),
    },
)
