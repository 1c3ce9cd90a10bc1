"""What configuration says of things that exist and belong to somebody else: how to name them, and the key that encrypts them.

They are used and never created, changed, tagged or deleted. One is named by its ARN, or by its name, which stands for a thing of
the environment's account and region. Which names and ARNs a kind has is checked where a declaration uses it.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag

from common.base import text_rules
from common.base.text_rules import Text
from common.environment.settings_model import Model

BucketName = Annotated[str, AfterValidator(text_rules.check_bucket_name)]
KeyArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,128}$")]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}$")]
"""What declarations call an existing thing, as in ``p.shared.bucket("landing")``."""
_PREFIX = re.compile(r"([A-Za-z0-9_.=-]+/)*")


def _check_prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        raise ValueError("a prefix has letters, digits and _.=- between slashes and ends with a slash, as in acres/dev/")
    return text


class ArtifactBucket(Model):
    """A bucket that others made, and where in it artifacts and records are kept. The bucket is never changed or deleted."""

    name: BucketName
    """The name of the bucket."""
    prefix: Annotated[str, Field(max_length=200), AfterValidator(_check_prefix)] = ""
    """Begins the keys of all objects of the deployer, as in `acres/dev/`. Nothing outside of it is read, changed or deleted."""
    kms_key: KeyArn | None = None
    """The key that encrypts the bucket, if those who use it need the key."""
    account_id: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = None
    """The account of the bucket, if it is not the environment's."""


AnyArtifactBucket = Annotated[
    Annotated[BucketName, Tag("[name]")] | Annotated[ArtifactBucket, Tag("[object]")],
    Discriminator(lambda value: "[object]" if isinstance(value, dict | ArtifactBucket) else "[name]"),
]
"""The name of a bucket that the deployer makes, or one that others made."""


class ExistingThing(Model):
    """A thing of somebody else: a database, a function, a state machine and so on."""

    name: Annotated[Text, Field(min_length=1, max_length=2048)]
    """Its name, or its ARN. What is in another account or region needs an ARN; so does a layer, with its version."""


class EncryptedThing(ExistingThing):
    """A thing of somebody else that a key may encrypt: a bucket, a table, a topic, a queue, a secret, a parameter."""

    kms_key: KeyArn | None = None
    """The ARN of the key that encrypts it, if those who use it need the key: they are allowed to use exactly this key."""


class Existing(Model):
    """What others own, by the names that declarations use: `p.shared.bucket("landing")` is the bucket `landing` here."""

    buckets: dict[Reference, EncryptedThing] = Field(default_factory=dict)
    """Buckets."""
    databases: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """Glue databases."""
    tables: dict[Reference, EncryptedThing] = Field(default_factory=dict)
    """DynamoDB tables."""
    topics: dict[Reference, EncryptedThing] = Field(default_factory=dict)
    """SNS topics."""
    queues: dict[Reference, EncryptedThing] = Field(default_factory=dict)
    """SQS queues."""
    functions: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """Lambda functions, by ARN also a version or an alias."""
    state_machines: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """State machines, by ARN also a version or an alias."""
    jobs: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """Glue jobs."""
    crawlers: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """Glue crawlers."""
    layers: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """Versions of layers, by ARN."""
    roles: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """IAM roles; one with a path is named by its ARN."""
    secrets: dict[Reference, EncryptedThing] = Field(default_factory=dict)
    """Secrets of Secrets Manager."""
    parameters: dict[Reference, EncryptedThing] = Field(default_factory=dict)
    """Parameters of Parameter Store."""
    keys: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """KMS keys, by id or ARN; permissions on a key cannot name an alias."""
    connections: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """Glue connections."""
    log_groups: dict[Reference, ExistingThing] = Field(default_factory=dict)
    """Log groups."""
