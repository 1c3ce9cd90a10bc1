"""Notes about resources that were unbound: they stay in AWS without our tags and records, and some still use what is ours.

A Glue job reads its script in the artifact bucket whenever it runs, and whatever runs has a role. So `gc` keeps the artifacts of
an unbound resource, `destroy` and `--prune` keep its role, and a plan that meets it says when it was unbound. A note is written
before the tags are taken away. It means nothing once the resource is gone, or recorded again.
"""

import json
from collections.abc import Iterator
from concurrent.futures import Executor
from datetime import UTC, datetime

from common.aws.protocol import Aws
from common.base import digest
from common.base.errors import AwsError
from common.base.lean_dataclass import dataclass
from common.environment.site import Site
from common.model.orphan import Orphan
from common.model.resource import Key
from common.state import stored_objects
from common.state.release_root import is_of, key_of, location_of, orphan_of
from common.state.stored_objects import ABSENT, WRITER, printable


@dataclass(frozen=True)
class Unbound:
    """A resource that was unbound: what it was, and when it was unbound (ISO 8601)."""

    orphan: Orphan
    since: str

    @property
    def artifacts(self) -> tuple[str, ...]:
        """The keys of the artifacts that it used, in the artifact bucket."""
        artifacts = self.orphan.recorded.get("artifacts")
        return tuple(str(location) for location in artifacts) if isinstance(artifacts, list) else ()


class UnboundNotes:
    """The notes of one environment. Each is an object of its own, so that projects do not disturb each other."""

    def __init__(self, aws: Aws, env: Site) -> None:
        self._aws, self._env = aws, env

    def write(self, orphan: Orphan) -> None:
        """Notes that a resource is about to be unbound."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        body = {
            **WRITER,
            "of": f"{self._env.name}/{orphan.key.project}",
            "key": str(orphan.key),
            **location_of(orphan),
            "unbound": since,
        }
        body["artifacts"] = orphan.recorded.get("artifacts", [])
        text = json.dumps(body, sort_keys=True).encode()
        self._aws.call("s3", "PutObject", **self._env.store, Key=self._path(orphan.key, orphan.arn), Body=text)

    def of(self, key: Key, arn: str) -> Unbound | None:
        """The note about a resource; None if it was not unbound."""
        return self._read(key.project, self._path(key, arn))

    def of_project(self, project: str, pool: Executor) -> list[Unbound]:
        """All notes of a project."""
        return [note for note in pool.map(lambda path: self._read(project, path), self._paths(project)) if note is not None]

    def _paths(self, project: str) -> Iterator[str]:
        try:
            for page in self._aws.pages("s3", "ListObjectsV2", **self._env.store, Prefix=f"{self._env.stored(project)}unbound/"):
                yield from (entry["Key"] for entry in page.get("Contents", ()))
        except AwsError as error:
            if error.code not in ABSENT:
                raise

    def _read(self, project: str, path: str) -> Unbound | None:
        try:
            answer = self._aws.call("s3", "GetObject", **self._env.store, Key=path)
        except AwsError as error:
            if error.code not in ABSENT:
                raise
            return None
        body = stored_objects.stored_object(answer["Body"], f"s3://{self._env.artifact_bucket}/{path}")
        key = key_of(project, body.get("key")) if is_of(body, f"{self._env.name}/{project}") else None
        orphan = orphan_of(key, body, self._env.account_id) if key is not None else None
        return Unbound(orphan, printable(body.get("unbound", ""), 40)) if orphan is not None else None

    def _path(self, key: Key, arn: str) -> str:
        return f"{self._env.stored(key.project)}unbound/{key}/{digest.short(digest.of_bytes(arn.encode()))}.json"
