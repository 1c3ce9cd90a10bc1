"""Checks and effects of what buckets declare: when objects expire, and which bucket gets the access logs of others."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from common.base.errors import DeclarationError
from common.declare import validation
from common.declare.naming import ARTIFACTS
from common.environment.config import Environment
from common.model.resource import Resource
from common.resources.bucket import Bucket


def check_expiry(reference: str, days: Mapping[str, int], env: Environment) -> dict[str, int]:
    """Returns after how many days objects are deleted, by the beginning of their keys.

    Raises:
        TypeError: it is not a map of numbers.
        ValueError: a number is too small, or the deployer's own objects would be deleted.
    """
    own = f"{env.store_prefix}{env.name}/"
    for prefix, number in validation.check_object("expire_days", days).items():
        validation.check_integer(f"expire_days: {prefix!r}", number, 1, 2_147_483_647)
        if reference == ARTIFACTS and (own.startswith(prefix) or prefix.startswith(own)):
            raise ValueError(f"expire_days: {prefix!r} has the deployer's artifacts and records; `gc` deletes old artifacts")
    return dict(days)


def with_access_logs(resources: Iterable[Resource]) -> Iterator[Resource]:
    """The resources, of which each bucket that gets access logs of others lets S3 write them.

    Raises:
        DeclarationError: a bucket with a key gets access logs, which S3 does not deliver there.
    """
    every = list(resources)
    logged: dict[str, list[str]] = {}
    for resource in every:
        if isinstance(resource, Bucket) and (target := _log_bucket(resource)):
            logged.setdefault(target, []).append(resource.arn)
    for resource in every:
        if not isinstance(resource, Bucket) or resource.name not in logged:
            yield resource
        elif resource.desired().get("ServerSideEncryptionConfiguration"):
            raise DeclarationError(
                f"deploy.py: {resource.key} gets access logs, and S3 delivers none to a bucket with a key of its own. Take its "
                f"kms_key away, or name another bucket in access_logs."
            )
        else:
            yield replace(resource, logged=tuple(sorted(logged[resource.name])))


def _log_bucket(bucket: Bucket) -> str:
    logging = bucket.properties.get("BucketLoggingStatus", {}).get("LoggingEnabled", {})
    return str(logging.get("TargetBucket", ""))
