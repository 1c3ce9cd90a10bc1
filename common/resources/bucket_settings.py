"""The settings of a bucket that operations of their own make, and that a declaration may give as properties.

Each costs a call whenever a bucket is read, which an unchanged deploy does not do. So what others have set is seen and kept.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from common.base.errors import AwsError
from common.base.json_types import Json, JsonMapping, JsonObject
from common.model import comparison
from common.resources.bucket_lookup import ACCESS_BLOCK

USUAL_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
"""The encryption of a bucket without a key of its own."""
WHEN_NEW: JsonMapping = {
    "Encryption": "AES256",
    "ObjectOwnership": "BucketOwnerEnforced",
    "PublicAccessBlock": dict(ACCESS_BLOCK),
    "EventBridge": False,
}
"""Settings that S3 makes for every new bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html"""


class Setting(NamedTuple):
    """One setting.

    Args:
        put: the operation that makes it.
        get: the operation that reads it.
        actions: the IAM actions that both need, and the one that takes it away.
        absent: the error code of `get` if there is none.
        delete: the operation that takes it away; empty if `put` does, with `default`.
        default: see `delete`.
        within: the field of the answer of `get` that holds it; empty if the answer itself does.
    """

    put: str
    get: str
    actions: tuple[str, ...]
    absent: str = ""
    delete: str = ""
    default: Json = None
    within: str = ""


SETTINGS = {
    "LifecycleConfiguration": Setting(
        "PutBucketLifecycleConfiguration",
        "GetBucketLifecycleConfiguration",
        ("s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
        "NoSuchLifecycleConfiguration",
        "DeleteBucketLifecycle",
    ),
    "CORSConfiguration": Setting(
        "PutBucketCors", "GetBucketCors", ("s3:GetBucketCORS", "s3:PutBucketCORS"), "NoSuchCORSConfiguration", "DeleteBucketCors"
    ),
    "WebsiteConfiguration": Setting(
        "PutBucketWebsite",
        "GetBucketWebsite",
        ("s3:DeleteBucketWebsite", "s3:GetBucketWebsite", "s3:PutBucketWebsite"),
        "NoSuchWebsiteConfiguration",
        "DeleteBucketWebsite",
    ),
    "BucketLoggingStatus": Setting(
        "PutBucketLogging", "GetBucketLogging", ("s3:GetBucketLogging", "s3:PutBucketLogging"), default={}
    ),
    "AccelerateConfiguration": Setting(
        "PutBucketAccelerateConfiguration",
        "GetBucketAccelerateConfiguration",
        ("s3:GetAccelerateConfiguration", "s3:PutAccelerateConfiguration"),
        default={"Status": "Suspended"},
    ),
    "RequestPaymentConfiguration": Setting(
        "PutBucketRequestPayment",
        "GetBucketRequestPayment",
        ("s3:GetBucketRequestPayment", "s3:PutBucketRequestPayment"),
        default={"Payer": "BucketOwner"},
    ),
    "ReplicationConfiguration": Setting(
        "PutBucketReplication",
        "GetBucketReplication",
        ("s3:GetReplicationConfiguration", "s3:PutReplicationConfiguration"),
        "ReplicationConfigurationNotFoundError",
        "DeleteBucketReplication",
        within="ReplicationConfiguration",
    ),
    "ObjectLockConfiguration": Setting(
        "PutObjectLockConfiguration",
        "GetObjectLockConfiguration",
        ("s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"),
        "ObjectLockConfigurationNotFoundError",
        default={"ObjectLockEnabled": "Enabled"},
        within="ObjectLockConfiguration",
    ),
    "ServerSideEncryptionConfiguration": Setting(
        "PutBucketEncryption",
        "GetBucketEncryption",
        ("s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration"),
        "ServerSideEncryptionConfigurationNotFoundError",
        default=USUAL_ENCRYPTION,
        within="ServerSideEncryptionConfiguration",
    ),
}
"""The settings by the parameter of the operation that makes each."""
OPERATIONS = {name: setting.put for name, setting in SETTINGS.items()}
"""The operations that make them."""


READING = {setting.get: tuple(action for action in setting.actions if ":Get" in action) for setting in SETTINGS.values()}
"""The operations that read them, with the IAM actions that each needs."""
CHANGING = {
    operation: tuple(action for action in setting.actions if ":Get" not in action)
    for setting in SETTINGS.values()
    for operation in filter(None, (setting.put, setting.delete))
}
"""The operations that make them, and those that take them away, with the IAM actions that each needs."""
_NO_SETTING = frozenset({"ResponseMetadata", "TransitionDefaultMinimumObjectSize"})
"""Answers have these fields besides the setting; the second one is a parameter of its own that no declaration gives."""
_UNSUPPORTED = frozenset({"MethodNotAllowed", "NotImplemented", "UnsupportedArgument", "UnsupportedOperation"})
"""Regions and partitions without a setting answer with one of these codes."""


class Calling(Protocol):
    """Calls an operation of S3 on one bucket."""

    def __call__(self, operation: str, **parameters: Json) -> JsonObject:
        """The answer."""
        ...


def live(call: Calling) -> JsonObject:
    """Every live setting; None for one that the bucket has not."""
    return {name: _live(call, setting) for name, setting in SETTINGS.items()}


def _live(call: Calling, setting: Setting) -> Json:
    try:
        answer = call(setting.get)
    except AwsError as error:
        if error.code != setting.absent and error.code not in _UNSUPPORTED:
            raise
        return None
    value = answer.get(setting.within) if setting.within else answer
    return {name: part for name, part in (value or {}).items() if name not in _NO_SETTING} or None


def split(settings: JsonMapping, properties: JsonMapping) -> tuple[JsonObject, JsonObject]:
    """The declared part of each live setting that is declared, and the others that are not as AWS makes them."""
    own = {name: comparison.selected(settings[name], declared) for name, declared in properties.items()}
    encryption = "ServerSideEncryptionConfiguration"
    others = {
        name: value for name, value in settings.items() if name not in properties and value and value != SETTINGS[name].default
    }
    if algorithm(others.get(encryption, {})) in {"AES256", None}:
        others.pop(encryption, None)
    return own, others


def make(call: Calling, desired: JsonMapping, changed: Iterable[str]) -> None:
    """Makes the settings that have changed, and takes those away that are not declared any more."""
    for name in sorted({*changed} & SETTINGS.keys()):
        setting = SETTINGS[name]
        if name not in desired and setting.delete:
            call(setting.delete)
        else:
            call(setting.put, **{name: desired.get(name, setting.default)})


def algorithm(configuration: JsonMapping) -> str | None:
    """The algorithm alone: AWS adds fields of its own to the rule, such as bucket keys and blocked encryption types."""
    rule = configuration["Rules"][0] if configuration.get("Rules") else {}
    algorithm: str | None = rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm")
    return algorithm


def encrypted_by(key: str) -> JsonObject:
    """The property that encrypts new objects with a key; a bucket key makes that cheaper.

    Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    return {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}]
        }
    }


def expiring(days: Mapping[str, int]) -> JsonObject:
    """The property that deletes objects below prefixes after some days, and their older versions as many days later.

    Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    """
    rules = [
        {
            "ID": f"expire {prefix or 'everything'}",
            "Status": "Enabled",
            "Filter": {"Prefix": prefix},
            "Expiration": {"Days": number},
            "NoncurrentVersionExpiration": {"NoncurrentDays": number},
        }
        for prefix, number in sorted(days.items())
    ]
    return {"LifecycleConfiguration": {"Rules": rules}}


def logged_to(bucket: str, prefix: str) -> JsonObject:
    """The property that writes a line for each request into another bucket."""
    return {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": prefix}}}
