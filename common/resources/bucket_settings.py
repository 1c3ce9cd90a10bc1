"""The settings of a bucket that operations of their own make, and that a declaration may give as properties.

Each is read only if it is declared: a bucket has many, and each costs a call. So one that somebody else made stays as it is, and
one that was declared at the last deploy is known from the record.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from common.base.json_types import Json, JsonMapping, JsonObject
from common.model import comparison

USUAL_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
"""The encryption of a bucket without a key of its own."""


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


class Calling(Protocol):
    """Calls an operation of S3 on one bucket."""

    def __call__(self, operation: str, **parameters: Json) -> JsonObject:
        """The answer."""
        ...


class Finding(Protocol):
    """Calls an operation of S3 on one bucket, which may answer that there is nothing."""

    def __call__(self, operation: str, absent: str) -> JsonObject | None:
        """The answer; None if it is the error code `absent`."""
        ...


def live(find: Finding, properties: JsonMapping) -> JsonObject:
    """The declared part of each live setting that is declared; None for one that the bucket has not."""
    result: JsonObject = {}
    for name, declared in properties.items():
        answer = find(SETTINGS[name].get, SETTINGS[name].absent)
        value = answer.get(SETTINGS[name].within) if answer and SETTINGS[name].within else answer
        result[name] = comparison.selected(value, declared)
    return result


def make(call: Calling, desired: JsonMapping, changed: Iterable[str]) -> None:
    """Makes the settings that have changed, and takes those away that are not declared any more."""
    for name in sorted({*changed} & SETTINGS.keys()):
        setting = SETTINGS[name]
        if name not in desired and setting.delete:
            call(setting.delete)
        else:
            call(setting.put, **{name: desired.get(name, setting.default)})


def actions(properties: JsonMapping) -> tuple[str, ...]:
    """The IAM actions that a deployer needs for these settings."""
    return tuple(action for name in properties for action in SETTINGS[name].actions)


def algorithm(configuration: JsonMapping) -> str | None:
    """The algorithm alone: AWS adds fields of its own to the rule, such as bucket keys and blocked encryption types."""
    rule = configuration["Rules"][0] if configuration.get("Rules") else {}
    algorithm: str | None = rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm")
    return algorithm
