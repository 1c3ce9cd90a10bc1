"""What `invoke gc` does: deletes artifacts, and versions of layers, that nothing needs any more.

A Lambda function holds a copy of its code; a Glue job does not: its script is read when a run starts, and again by each retry.
So an artifact is kept as long as a run may read it: while the release root or any record names it, as long as a release that
named it was in force within the last 30 days (a run ends within 7 days; that leaves room for retries), while one of the last ten
releases names it, to go back to, and while it is itself younger than 30 days. What is deleted is every version of it, and it is
deleted under the project's lease and behind a new root, so that no deploy that was planned before can rely on it. The version of
a layer is kept as long as the artifact that it was made from, and as long as any function uses it.
"""

import json as jsons
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from common.aws.fence import fenced
from common.aws.protocol import Aws
from common.base.errors import AwsError, UnfinishedError
from common.engine import superseded
from common.engine.superseded import OldVersion
from common.environment.config import Environment
from common.state import releases
from common.state.lease import Lock
from common.state.records import Records
from common.state.release_root import ARTIFACT, CLEAN, Location, Root, key_of

RELEASES = 10
DAYS = 30
BATCH = 1000
"""Versions that one call deletes."""
_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""The input digest in the key of an artifact, and of whatever lies beside it."""


@dataclass(frozen=True)
class Garbage:
    """An artifact that nothing needs.

    Args:
        digest: the input digest in its key.
        versions: the ids of all its versions.
        size: of these together, in bytes.
        written: the last of them.
    """

    project: str
    key: str
    digest: str
    versions: tuple[str, ...]
    size: int
    written: datetime


class Collector:
    """Finds and deletes what one environment's projects no longer need.

    Args:
        now: the time; artifacts and releases are as old as it says.
        days: how long what was in force or written is kept.
    """

    def __init__(self, env: Environment, aws: Aws, known: Records, pool: Executor, now: datetime, days: int = DAYS) -> None:
        self._env, self._aws, self._records, self._pool, self._now, self._days = env, aws, known, pool, now, days

    def find(self, project: str) -> list[Garbage | OldVersion]:
        """What a project no longer needs.

        Raises:
            UnfinishedError: what it needs is not known, as its last deploy did not finish.
        """
        found: list[Garbage | OldVersion] = [*self._artifacts(project)]
        found += superseded.superseded(self._env, self._aws, self._records, project)
        young = {one.digest for one in found if one.written >= self._now - timedelta(days=self._days)}
        old = [one for one in found if one.digest not in young]  # an artifact, its bill of materials and its layer go together
        if not old:
            return []
        needed = self._needed(project)
        unneeded = [one for one in old if one.digest not in needed]
        used = superseded.in_use(self._aws, [one for one in unneeded if isinstance(one, OldVersion)])
        return [one for one in unneeded if not (isinstance(one, OldVersion) and one.arn in used)]

    def collect(self, project: str, lock: Lock, about: Mapping[str, str]) -> list[Garbage | OldVersion]:
        """Deletes what a project no longer needs, under its lease."""
        lock.acquire()
        try:
            found = self.find(project)  # again, now that nothing changes
            if found:
                with fenced(lock.check):
                    self._delete(project, found, about)
        finally:
            lock.release()
        return found

    def _delete(self, project: str, found: list[Garbage | OldVersion], about: Mapping[str, str]) -> None:
        root, etag = self._records.root(project)
        said = [{"key": _shown(one), "action": "collect", "reason": "nothing needs it"} for one in found]
        before = Root() if root is None else root
        keys = {_key(one) for one in found}
        # Whoever comes after a collection that was stopped must look for these again.
        pending: dict[str, Location] = {key: {} for key in keys if key_of(project, key) is not None}

        def saying(outcome: str, pending: Mapping[str, Location]) -> Root:
            changes = tuple({**change, "outcome": outcome} for change in said)
            return replace(before, pending=pending, about=about, changes=changes)

        if root is not None:
            etag = self._records.start(project, saying("not tried", pending), etag, root.digest())
        artifacts = [one for one in found if isinstance(one, Garbage)]
        versions = [{"Key": one.key, "VersionId": version} for one in artifacts for version in one.versions]
        for start in range(0, len(versions), BATCH):
            self._delete_batch(versions[start : start + BATCH])
        for one in found:
            if isinstance(one, OldVersion):
                superseded.remove(self._aws, one)
        if root is not None and etag is not None:
            self._records.release(project, saying("done", {}), etag)

    def _delete_batch(self, versions: list[dict[str, str]]) -> None:
        """One call, which answers 200 and lists what it refused."""
        answer = self._aws.call("s3", "DeleteObjects", **self._bucket, Delete={"Objects": versions, "Quiet": True})
        for refused in answer.get("Errors", ()):
            said = f"{refused.get('Key')}: {refused.get('Message', 'no reason given')}"
            raise AwsError("s3", "DeleteObjects", str(refused.get("Code", "Unknown")), said)

    def _needed(self, project: str) -> set[str]:
        """The input digest of every artifact that is needed; whatever looks like one in a record is taken for one."""
        mark, (root, _) = self._records.root_tag(project), self._records.root(project)
        recorded = self._records.recorded_keys(project)
        if mark is None and root is None and not recorded:
            roots = []
        elif mark is None or root is None or mark.state != CLEAN or root.pending or root.digest() != mark.root:
            raise UnfinishedError(f"{project}: its last deploy did not finish, so what it needs is not known. Deploy it first.")
        else:
            roots = [root]
        roots += releases.retained(self._records, project, RELEASES, self._days, self._now, self._pool)
        named = {str(one) for root in roots for one in root.digests.values()}
        keys = sorted(recorded)
        for key, body in zip(keys, self._pool.map(self._records.read, keys), strict=True):
            if not body:
                where = f"s3://{self._env.artifact_bucket}/{self._env.name}/{project}/records/{key}.json"
                raise UnfinishedError(
                    f"{project}: {where} cannot be read, so what {key} needs is not known. Nothing is deleted until "
                    f"`deploy --verify` has written it anew, or, if nothing declares {key} any more, it is removed by hand."
                )
            named |= set(_DIGEST.findall(jsons.dumps(body)))
        return named

    def _artifacts(self, project: str) -> Iterator[Garbage]:
        prefix = f"{self._env.name}/{project}/artifacts/"
        versions: dict[str, list[dict[str, Any]]] = {}
        try:
            for page in self._aws.pages("s3", "ListObjectVersions", **self._bucket, Prefix=prefix):
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    versions.setdefault(one["Key"], []).append(one)
        except AwsError as error:
            if error.code != "NoSuchBucket":
                raise
        for key, found in sorted(versions.items()):
            if digest := _DIGEST.search(key.removeprefix(prefix)):
                ids, size = tuple(one["VersionId"] for one in found), sum(one.get("Size", 0) for one in found)
                yield Garbage(project, key, digest[0], ids, size, max(one["LastModified"] for one in found))

    @property
    def _bucket(self) -> dict[str, str]:
        return {"Bucket": self._env.artifact_bucket, "ExpectedBucketOwner": self._env.account_id}


def _key(one: Garbage | OldVersion) -> str:
    """What it was made for, as roots name it."""
    if isinstance(one, OldVersion):
        return str(one.declared)
    return f"{ARTIFACT}/{one.key.partition('/artifacts/')[2].rpartition('/')[0]}"


def _shown(one: Garbage | OldVersion) -> str:
    return f"artifact/{one.key.partition('/artifacts/')[2]}" if isinstance(one, Garbage) else one.key
