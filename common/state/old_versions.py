"""Versions of locks, release roots and records that nobody reads any more.

The bucket keeps every version of every object, and a lease that is renewed every 15 seconds makes one each time. `invoke gc`
deletes those that were superseded long ago: of locks after a day, of the others when `invoke history` need not tell of them any
more. The newest version of an object always stays, and so do the roots of the last releases, however old.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.environment.config import Environment
from common.state import releases
from common.state.records import Records

HISTORY_DAYS = 730
"""How long `invoke history` can tell of a deploy, in days."""
LOCK_DAYS = 1
"""How long a version of a lock is kept after it was superseded, in days."""
BATCH = 1000
"""How many versions one call deletes."""


@dataclass(frozen=True)
class OldRecord:
    """The versions of one object that nobody reads any more, by id, and their size in bytes."""

    key: str
    versions: tuple[str, ...]
    size: int


def superseded(
    env: Environment, aws: Aws, known: Records, project: str, last: int, now: datetime, pool: Executor
) -> list[OldRecord]:
    """What may be deleted of a project.

    Args:
        env: of which environment.
        aws: where.
        known: its records.
        project: which one.
        last: how many releases stay, however old.
        now: the time.
        pool: where versions are read.
    """
    prefix, history = f"{env.name}/{project}/", now - timedelta(days=HISTORY_DAYS)
    roots = {version.id for version in releases.superseded(known, project, last, history, pool)}
    found = [
        *_old(_versions(env, aws, f"{prefix}lock.json"), now - timedelta(days=LOCK_DAYS)),
        *_old(_versions(env, aws, f"{prefix}records/"), history),
        *(one for one in _old(_versions(env, aws, f"{prefix}release.json"), history) if one[1]["VersionId"] in roots),
    ]
    by_key: dict[str, list[dict[str, Any]]] = {}
    for key, version in found:
        by_key.setdefault(key, []).append(version)
    return [
        OldRecord(key, tuple(version["VersionId"] for version in versions), sum(version.get("Size", 0) for version in versions))
        for key, versions in sorted(by_key.items())
    ]


def delete(env: Environment, aws: Aws, old: list[OldRecord]) -> None:
    """Deletes these versions.

    Raises:
        AwsError: AWS refused one of them.
    """
    versions = [{"Key": one.key, "VersionId": version} for one in old for version in one.versions]
    for start in range(0, len(versions), BATCH):
        batch = {"Objects": versions[start : start + BATCH], "Quiet": True}
        answer = aws.call("s3", "DeleteObjects", Bucket=env.artifact_bucket, ExpectedBucketOwner=env.account_id, Delete=batch)
        for refused in answer.get("Errors", ()):
            said = f"{refused.get('Key')}: {refused.get('Message', 'no reason given')}"
            raise AwsError("s3", "DeleteObjects", str(refused.get("Code", "Unknown")), said)


def _versions(env: Environment, aws: Aws, prefix: str) -> dict[str, list[dict[str, Any]]]:
    """Every version of every object below a prefix, with the marks of deletions, the newest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    bucket = {"Bucket": env.artifact_bucket, "ExpectedBucketOwner": env.account_id}
    for page in aws.pages("s3", "ListObjectVersions", **bucket, Prefix=prefix):
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            found.setdefault(version["Key"], []).append(version)
    return {key: sorted(versions, key=_written, reverse=True) for key, versions in found.items()}


def _written(version: dict[str, Any]) -> tuple[datetime, bool]:
    return version["LastModified"], bool(version.get("IsLatest"))


def _old(found: dict[str, list[dict[str, Any]]], limit: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those that were superseded before `limit`."""
    for key, versions in found.items():
        for newer, version in pairwise(versions):
            if newer["LastModified"] < limit:
                yield key, version
