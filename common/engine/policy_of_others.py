"""What a deployer needs for what belongs to others: to look at it, and to keep artifacts and records in a bucket of others.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-policies-s3.html
"""

from collections.abc import Callable, Iterable, Iterator

from common.declare.permissions import Statement, allow
from common.engine import existing
from common.environment.config import Environment
from common.model.resource import Resource
from common.resources import kind_of

OBJECTS = ("GetObject", "HeadObject", "PutObject", "DeleteObject", "DeleteObjects", "GetObjectTagging")
"""The operations on the deployer's own objects in a bucket of others."""
LISTINGS = ("ListObjectsV2", "ListObjectVersions")
"""The operations that list them."""


def looks(env: Environment, resources: Iterable[Resource]) -> Iterator[tuple[str, str]]:
    """Yields the ARN of everything of others that may be looked at, with each call, as in ``s3:GetBucketLocation``."""
    for ref in existing.looked_at(env, resources):
        for call, arns in existing.operations(ref):
            yield from ((arn, call) for arn in arns)


def store(env: Environment, actions_of: Callable[[str], tuple[str, ...]]) -> list[Statement]:
    """The statements to keep artifacts and records in a bucket of others: only below the environment's own place there.

    Args:
        env: the environment.
        actions_of: returns the IAM actions of a call.
    """
    bucket = env.others_bucket
    if bucket is None:
        return []
    below = f"{env.store_prefix}{env.name}/*"
    on_objects, on_bucket = ([action for name in names for action in actions_of(f"s3:{name}")] for names in (OBJECTS, LISTINGS))
    listing = {**allow(on_bucket, [env.bucket_arn(bucket.name)]), "Condition": {"StringLike": {"s3:prefix": [below]}}}
    key = [allow(kind_of("key").writes, [bucket.kms_key])] if bucket.kms_key else []
    return [allow(on_objects, [env.bucket_arn(bucket.name, below)]), listing, *key]
