"""Notes about resources that were unbound: they stay in AWS without our tags and records, and some still use what is ours.

A Glue job reads its script in the artifact bucket whenever it runs, and whatever runs has a role. So `gc` keeps the artifacts of
an unbound resource, `destroy` and `--prune` keep its role, and a plan that meets it says when it was unbound. A note is written
before the tags are taken away. It means nothing once the resource is gone, or recorded again.
"""

from concurrent.futures import Executor
from datetime import UTC, datetime

from common.base import digest
from common.base.lean_dataclass import dataclass
from common.model.orphan import Orphan
from common.model.resource import Key
from common.state.release_root import is_of, key_of, location_of, orphan_of
from common.state.store import Store
from common.state.stored_objects import WRITER, printable


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


class UnboundNotes(Store):
    """The notes of one environment. Each is an object of its own, so that projects do not disturb each other."""

    def write(self, orphan: Orphan) -> None:
        """Notes that a resource is about to be unbound."""
        body = {
            **WRITER,
            "of": f"{self._env.name}/{orphan.key.project}",
            "key": str(orphan.key),
            **location_of(orphan),
            "unbound": datetime.now(UTC).isoformat(timespec="seconds"),
            "artifacts": orphan.recorded.get("artifacts", []),
        }
        self._put(self._path(orphan.key, orphan.arn), body, {})

    def of(self, key: Key, arn: str) -> Unbound | None:
        """The note about a resource; None if it was not unbound."""
        return self._read(key.project, self._path(key, arn))

    def of_project(self, project: str, pool: Executor) -> list[Unbound]:
        """All notes of a project."""
        pages = self._pages("ListObjectsV2", Prefix=f"{self._env.stored(project)}unbound/")
        paths = (entry["Key"] for page in pages for entry in page.get("Contents", ()))
        return [note for note in pool.map(lambda path: self._read(project, path), paths) if note is not None]

    def _read(self, project: str, path: str) -> Unbound | None:
        body, _ = self._stored(path)
        key = key_of(project, body.get("key")) if is_of(body, f"{self._env.name}/{project}") else None
        orphan = orphan_of(key, body, self._env.account_id) if key is not None else None
        return Unbound(orphan, printable(body.get("unbound", ""), 40)) if orphan is not None else None

    def _path(self, key: Key, arn: str) -> str:
        return f"{self._env.stored(key.project)}unbound/{key}/{digest.short(digest.of_bytes(arn.encode()))}.json"
