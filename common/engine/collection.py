"""Finds and deletes the garbage of several projects.

Garbage is artifacts, versions of layers, old versions of stored objects, and temporary state machines.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from common.base.errors import UnfinishedError
from common.base.lean_dataclass import dataclass
from common.engine import temporary_machines
from common.engine.connection import Connection
from common.engine.garbage import RELEASES, Collector, Garbage
from common.engine.superseded import OldVersion
from common.state import old_versions
from common.state.old_versions import OldRecord


@dataclass(frozen=True)
class Collection:
    """Objects that are no longer needed.

    Args:
        artifacts: artifacts with their bills of materials.
        layers: versions of layers.
        records: old versions of locks, release roots and records.
        projects: the projects that these artifacts and layers belong to.
        machines: the ARNs of temporary state machines.
    """

    artifacts: Sequence[Garbage]
    layers: Sequence[OldVersion]
    records: Sequence[OldRecord]
    projects: Sequence[str] = ()
    machines: Sequence[str] = ()

    @classmethod
    def of(
        cls, by_project: Mapping[str, Sequence[Garbage | OldVersion]], records: Sequence[OldRecord], machines: Sequence[str]
    ) -> "Collection":
        """The garbage of these projects."""
        garbage = [item for items in by_project.values() for item in items]
        artifacts = [item for item in garbage if isinstance(item, Garbage)]
        return cls(artifacts, [item for item in garbage if isinstance(item, OldVersion)], records, [*by_project], machines)

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.artifacts or self.layers or self.records or self.machines)


class GarbageCollection:
    """Looks for garbage, and deletes it.

    Args:
        connection: the connection with AWS.
        days: for how many days artifacts that were in use are kept.
        about: who deletes; called when something is deleted.
        say: is called with a sentence for each project that cannot be checked.
    """

    def __init__(
        self, connection: Connection, days: int, about: Callable[[], Mapping[str, str]], say: Callable[[str], None]
    ) -> None:
        self._connection, self._about, self._say = connection, about, say
        self._now = datetime.now(UTC)
        access = (connection.env, connection.aws, connection.records, connection.pool)
        self._collector = Collector(*access, self._now, days)

    def find(self, projects: Sequence[str]) -> Collection:
        """What these projects no longer need; those whose last deploy did not finish are left out."""
        by_project = {name: items for name in projects if (items := self._of_project(name))}
        records = [record for name in projects for record in self._old_records(name)]
        connection = self._connection
        return Collection.of(by_project, records, temporary_machines.find(connection.env, connection.aws, projects, self._now))

    def delete(self, garbage: Collection) -> Collection:
        """Deletes garbage, that of each project under its lease, unless it is needed by now. Returns what was deleted."""
        connection = self._connection
        old_versions.delete(connection.env, connection.aws, [*garbage.records])
        temporary_machines.delete(connection.aws, garbage.machines)
        deleted = {name: self._collect(name) for name in garbage.projects}
        return Collection.of(deleted, garbage.records, garbage.machines)

    def _collect(self, project: str) -> list[Garbage | OldVersion]:
        about = self._about()
        return self._collector.collect(project, self._connection.lease(project, about, self._say), about)

    def _of_project(self, project: str) -> list[Garbage | OldVersion]:
        try:
            return self._collector.find(project)
        except UnfinishedError as error:
            self._say(str(error))
            return []

    def _old_records(self, project: str) -> list[OldRecord]:
        connection = self._connection
        access = (connection.env, connection.aws, connection.records)
        return old_versions.superseded(*access, project, RELEASES, self._now, connection.pool)
