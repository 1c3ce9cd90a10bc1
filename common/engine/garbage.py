"""What `invoke gc` does: deletes artifacts, and versions of layers, that nothing needs any more.

A Lambda function holds a copy of its code; a Glue job does not: its script is read when a run starts, and again by each retry.
So an artifact is kept as long as a run may read it: while the release root or any record names it, as long as a release that
named it was in force within the last 30 days (a run ends within 7 days; that leaves room for retries), while one of the last ten
releases names it, to go back to, while a job that was unbound with it exists, and while it is itself younger than 30 days. What
is deleted is every version of it, and it is deleted under the project's lease and behind a new root, so that no deploy that was
planned before can rely on it. The version of a layer is kept as long as the artifact that it was made from, and as long as any
function uses it.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta

from common.aws import object_versions
from common.aws.fence import fenced
from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import AwsError, UnfinishedError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.engine import superseded, unbinding
from common.engine.prune import exists
from common.engine.superseded import OldVersion
from common.environment.config import Environment
from common.model.resource import Key
from common.resources import of_kind
from common.state import releases
from common.state.lease import Lock
from common.state.records import Records
from common.state.release_root import ARTIFACT, CLEAN, Location, Root, key_of
from common.state.unbound import Unbound

RELEASES = 10
DAYS = 30
_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""Finds the input digest in the key of an artifact, or of its bill of materials."""


@dataclass(frozen=True)
class Garbage:
    """An artifact that is no longer needed.

    Args:
        project: its project.
        key: the key of the object.
        digest: the input digest in the key.
        versions: the ids of all versions of the object.
        size: the size of all versions together, in bytes.
        written: when the newest version was written.
    """

    project: str
    key: str
    digest: str
    versions: tuple[str, ...]
    size: int
    written: datetime


class Collector:
    """Finds and deletes artifacts and layer versions that the projects of one environment no longer need.

    Args:
        env: the environment.
        aws: the AWS session.
        records: the environment's records.
        pool: where calls run in parallel.
        now: the present time, from which ages are computed.
        days: for how many days artifacts, and what a release in force needs, are kept.
    """

    def __init__(self, env: Environment, aws: Aws, records: Records, pool: Executor, now: datetime, days: int = DAYS) -> None:
        self._env, self._aws, self._records, self._pool, self._now, self._days = env, aws, records, pool, now, days

    def find(self, project: str) -> list[Garbage | OldVersion]:
        """The artifacts and layer versions that a project no longer needs.

        Raises:
            UnfinishedError: it is unknown what the project needs, because its last deploy did not finish.
        """
        candidates: list[Garbage | OldVersion] = [*self._artifacts(project)]
        candidates += superseded.superseded(self._env, self._aws, self._records, project)
        young = {item.digest for item in candidates if item.written >= self._now - timedelta(days=self._days)}
        # An artifact, its bill of materials and its layer are deleted together.
        old = [item for item in candidates if item.digest not in young]
        if not old:
            return []
        needed = self._needed(project)
        unneeded = [item for item in old if item.digest not in needed]
        used = superseded.in_use(self._aws, [item for item in unneeded if isinstance(item, OldVersion)])
        return [item for item in unneeded if not (isinstance(item, OldVersion) and item.arn in used)]

    def collect(self, project: str, lock: Lock, about: Mapping[str, str]) -> list[Garbage | OldVersion]:
        """Deletes what a project no longer needs, while holding its lease. Returns what was deleted."""
        lock.acquire()
        try:
            garbage = self.find(project)  # again, now that nothing changes
            if garbage:
                with fenced(lock.check):
                    self._delete(project, garbage, about)
        finally:
            lock.release()
        return garbage

    def _delete(self, project: str, garbage: list[Garbage | OldVersion], about: Mapping[str, str]) -> None:
        root, etag = self._records.root(project)
        planned = [{"key": _shown(item), "action": "collect", "reason": "no release needs it any more"} for item in garbage]
        before = Root() if root is None else root
        keys = {_key(item) for item in garbage}
        # If the collection is stopped, the next command must look for these again.
        pending: dict[str, Location] = {key: {} for key in keys if key_of(project, key) is not None}

        def saying(outcome: str, pending: Mapping[str, Location]) -> Root:
            changes = tuple({**change, "outcome": outcome} for change in planned)
            return replace(before, pending=pending, about=about, changes=changes)

        if root is not None:
            etag = self._records.start(project, saying("not tried", pending), etag, root.digest())
        artifacts = [item for item in garbage if isinstance(item, Garbage)]
        versions = [(artifact.key, version) for artifact in artifacts for version in artifact.versions]
        object_versions.delete(self._aws, self._bucket, versions)
        for item in garbage:
            if isinstance(item, OldVersion):
                superseded.remove(self._aws, item)
        if root is not None and etag is not None:
            self._records.release(project, saying("done", {}), etag)

    def _needed(self, project: str) -> set[str]:
        """The input digests of all artifacts that are needed. Everything in a record that looks like a digest counts as one."""
        root_tag, (root, _) = self._records.root_tag(project), self._records.root(project)
        recorded = self._records.recorded_keys(project)
        if root_tag is None and root is None and not recorded:
            roots = []
        elif root_tag is None or root is None or root_tag.state != CLEAN or root.pending or root.digest() != root_tag.root:
            raise UnfinishedError(f"{project}: its last deploy did not finish, so what it needs is not known. Deploy it first.")
        else:
            roots = [root]
        roots += releases.retained(self._records, project, RELEASES, self._days, self._now, self._pool)
        named = {str(named_digest) for root in roots for named_digest in root.digests.values()}
        named |= {text for note in self._still_unbound(project, recorded) for text in _DIGEST.findall(" ".join(note.artifacts))}
        keys = sorted(recorded)
        for key, body in zip(keys, self._pool.map(self._records.read, keys), strict=True):
            if not body:
                where = f"s3://{self._env.artifact_bucket}/{self._env.stored(project)}records/{key}.json"
                raise UnfinishedError(
                    f"{project}: {where} cannot be read, so what {key} needs is not known. Nothing is deleted until "
                    f"`{typed('deploy --verify')}` has written it again, or you remove it by hand if {key} is not declared."
                )
            named |= set(_DIGEST.findall(json.dumps(body)))
        return named

    def _still_unbound(self, project: str, recorded: Collection[Key]) -> list[Unbound]:
        """The unbound resources of a project that exist and read their artifacts in the bucket when they run."""
        notes = self._records.unbound.of_project(project, self._pool)
        running = [note for note in notes if note.orphan.key not in recorded and unbinding.runs_artifacts(note.orphan.key)]
        return [note for note in running if exists(self._aws, of_kind, note.orphan)]

    def _artifacts(self, project: str) -> Iterator[Garbage]:
        prefix = f"{self._env.stored(project)}artifacts/"
        versions: dict[str, list[JsonObject]] = {}
        try:
            for page in self._aws.pages("s3", "ListObjectVersions", **self._bucket, Prefix=prefix):
                for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    versions.setdefault(version["Key"], []).append(version)
        except AwsError as error:
            if error.code != "NoSuchBucket":
                raise
        for key, items in sorted(versions.items()):
            if digest := _DIGEST.search(key.removeprefix(prefix)):
                ids, size = tuple(item["VersionId"] for item in items), sum(item.get("Size", 0) for item in items)
                yield Garbage(project, key, digest[0], ids, size, max(item["LastModified"] for item in items))

    @property
    def _bucket(self) -> dict[str, str]:
        return self._env.store


def _key(item: Garbage | OldVersion) -> str:
    """The key of the artifact or layer that it was made for, as in roots."""
    if isinstance(item, OldVersion):
        return str(item.declared)
    return f"{ARTIFACT}/{_path(item).rpartition('/')[0]}"


def _shown(item: Garbage | OldVersion) -> str:
    return f"artifact/{_path(item)}" if isinstance(item, Garbage) else item.key


def _path(item: Garbage) -> str:
    """The key of an artifact without what all artifacts of its project begin with."""
    return item.key.rpartition(f"/{item.project}/artifacts/")[2]
