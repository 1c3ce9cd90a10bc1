"""Old versions of locks, release roots and records, which `invoke gc` deletes.

The bucket keeps every version of every object, and each renewal of a lease (every 15 seconds) adds a version. `invoke gc` deletes
versions that were superseded long ago: of locks after a day, of the others when `invoke history` no longer needs them. The newest
version of an object is never deleted, nor are the roots of the last releases, however old they are.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from datetime import datetime, timedelta
from itertools import pairwise

from common.aws import object_versions
from common.aws.protocol import Aws
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.environment.config import Environment
from common.state import releases
from common.state.records import Records

HISTORY_DAYS = 730
"""`invoke history` shows a deploy for this number of days."""
LOCK_DAYS = 1
"""A superseded version of a lock is kept for this number of days."""


@dataclass(frozen=True)
class OldRecord:
    """The old versions of one object, by id, and their size in bytes."""

    key: str
    versions: tuple[str, ...]
    size: int


def superseded(
    env: Environment, aws: Aws, records: Records, project: str, last: int, now: datetime, pool: Executor
) -> list[OldRecord]:
    """The old versions of a project's objects, which may be deleted.

    Args:
        env: the environment.
        aws: the AWS session.
        records: the environment's records.
        project: the project.
        last: the roots of this number of releases stay, however old.
        now: the present time.
        pool: where versions are read in parallel.
    """
    prefix, history = env.stored(project), now - timedelta(days=HISTORY_DAYS)
    roots = {version.id for version in releases.superseded(records, project, last, history, pool)}
    superseded_versions = [
        *_superseded_before(_list_versions(env, aws, f"{prefix}lock.json"), now - timedelta(days=LOCK_DAYS)),
        *_superseded_before(_list_versions(env, aws, f"{prefix}records/"), history),
        *(
            item
            for item in _superseded_before(_list_versions(env, aws, f"{prefix}release.json"), history)
            if item[1]["VersionId"] in roots
        ),
    ]
    by_key: dict[str, list[JsonObject]] = {}
    for key, version in superseded_versions:
        by_key.setdefault(key, []).append(version)
    return [
        OldRecord(key, tuple(version["VersionId"] for version in versions), sum(version.get("Size", 0) for version in versions))
        for key, versions in sorted(by_key.items())
    ]


def every(env: Environment, aws: Aws) -> list[OldRecord]:
    """All versions of all objects of the environment in the artifact bucket, and of nobody else's there."""
    listed = _list_versions(env, aws, f"{env.store_prefix}{env.name}/")
    return [OldRecord(key, tuple(item["VersionId"] for item in versions), 0) for key, versions in sorted(listed.items())]


def delete(env: Environment, aws: Aws, old: list[OldRecord]) -> None:
    """Deletes these versions.

    Raises:
        AwsError: AWS refused to delete a version.
    """
    object_versions.delete(aws, env.store, [(record.key, version) for record in old for version in record.versions])


def _list_versions(env: Environment, aws: Aws, prefix: str) -> dict[str, list[JsonObject]]:
    """Every version of every object below a prefix, delete markers included, the newest first."""
    versions_by_key: dict[str, list[JsonObject]] = {}
    for page in aws.pages("s3", "ListObjectVersions", **env.store, Prefix=prefix):
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            versions_by_key.setdefault(version["Key"], []).append(version)
    return {key: sorted(versions, key=_written, reverse=True) for key, versions in versions_by_key.items()}


def _written(version: JsonObject) -> tuple[datetime, bool]:
    return version["LastModified"], bool(version.get("IsLatest"))


def _superseded_before(versions_by_key: dict[str, list[JsonObject]], limit: datetime) -> Iterator[tuple[str, JsonObject]]:
    """The versions that were superseded before `limit`."""
    for key, versions in versions_by_key.items():
        for newer, version in pairwise(versions):
            if newer["LastModified"] < limit:
                yield key, version
