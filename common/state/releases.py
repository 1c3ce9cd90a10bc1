"""The history of releases: the versions of a project's release root, read back as one entry for each deploy.

A deploy writes the root twice: before its first change with what it is about to do, and after its last with the outcome. So if
only the first is there, the deploy died or is still running.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from itertools import islice

from common.base.digest import Digest
from common.base.errors import UnfinishedError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.model.resource import SHARED
from common.state.records import Records
from common.state.release_root import DEPLOYING, Root, Version
from common.state.stored_objects import printable


@dataclass(frozen=True)
class Release:
    """One deploy of one project.

    Args:
        written: when it was written (ISO 8601).
        outcome: ``succeeded``, ``failed``, ``interrupted`` (it died, or is still running) or ``unreadable``.
        about: ``who``, ``holder``, ``host``, ``since``, ``commit``, ``clean`` (whether all files were as committed),
            ``uncommitted`` (some of the files that were not), ``id`` (the deploy's id).
        changes: each with ``key``, ``action``, ``reason``, ``outcome``, and ``outputs`` or ``message``.
    """

    project: str
    written: str
    outcome: str
    about: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[JsonMapping, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many changes had each outcome; changes that were done are counted by their action."""
        outcomes = [str(change["action"] if change["outcome"] == "done" else change["outcome"]) for change in self.changes]
        return {name: outcomes.count(name) for name in dict.fromkeys(outcomes)}


def adopted(release: Release) -> tuple[str, ...]:
    """The keys of the resources that a release has taken over."""
    return tuple(str(change["key"]) for change in release.changes if change.get("adopted") and change["outcome"] == "done")


def unbound(release: Release) -> tuple[str, ...]:
    """The keys of the resources that a release has unbound."""
    changes = (change for change in release.changes if change["action"] == "unbind" and change["outcome"] == "done")
    return tuple(str(change["key"]) for change in changes)


def of_projects(records: Records, projects: Sequence[str], last: int, pool: Executor) -> list[Release]:
    """The last releases of each project, the newest first; of those with the same time, the shared resources come last."""
    by_project = [history(records, project, last, pool) for project in projects]
    releases = [release for releases in by_project for release in releases]
    return sorted(releases, key=lambda release: (release.written, release.project != SHARED), reverse=True)


def history(records: Records, project: str, last: int, pool: Executor) -> list[Release]:
    """The last releases of a project, the newest first."""
    versions = list(islice((version for version in records.versions(project) if not version.removed), 2 * last))
    read = list(pool.map(lambda version: records.version(project, version), versions))
    return list(islice(_merge_by_deploy(project, list(zip(versions, read, strict=True))), last))


def retained(records: Records, project: str, last: int, days: int, now: datetime, pool: Executor) -> Iterator[Root]:
    """The roots of the last releases, and all roots that were in force within the last `days`.

    Roots that were written without releasing anything (to tidy up, or by `gc`) do not count as one of the last releases.

    Raises:
        UnfinishedError: a root that was in force cannot be read, so it is unknown what it needs.
    """
    limit, after, seen = now - timedelta(days=days), now, set[Digest]()
    versions = records.versions(project)
    while chunk := list(islice(versions, 2 * last)):
        read = pool.map(lambda version: (None, "") if version.removed else records.version(project, version), chunk)
        for version, (root, state) in zip(chunk, read, strict=True):
            recent, after = after >= limit, version.written  # each root was in force until the next one was written
            if recent and root is None and not version.removed:
                raise UnfinishedError(
                    f"{project}: the release of {version.written:%Y-%m-%d %H:%M} cannot be read, so nobody knows what it needs. "
                    f"Nothing is deleted until it is {days} days old, or that version of its release.json is removed by hand."
                )
            if root is not None and state != DEPLOYING and len(seen) < last:
                seen.add(root.digest())
            if root is not None and (recent or (state != DEPLOYING and root.digest() in seen)):
                yield root
        if len(seen) >= last and after < limit:
            return


def superseded(records: Records, project: str, last: int, limit: datetime, pool: Executor) -> Iterator[Version]:
    """The versions of a release root that were superseded before `limit` and do not belong to the last releases."""
    seen = set[Digest]()
    newer: Version | None = None
    versions = records.versions(project)
    while chunk := list(islice(versions, 2 * last)):
        unread = [(None, "")] * len(chunk)
        read = (
            pool.map(lambda version: (None, "") if version.removed else records.version(project, version), chunk)
            if len(seen) < last
            else unread
        )
        for version, (root, state) in zip(chunk, read, strict=True):
            after, newer = newer, version
            if len(seen) >= last and after is not None and after.written < limit:
                yield version
            elif root is not None and state != DEPLOYING:
                seen.add(root.digest())


def _merge_by_deploy(project: str, roots: list[tuple[Version, tuple[Root | None, str]]]) -> Iterator[Release]:
    ended: set[str] = set()
    for version, (root, state) in roots:
        written = version.written.astimezone(UTC).isoformat(timespec="seconds")
        if root is None:
            yield Release(project, written, "unreadable")
            continue
        deploy = root.about.get("id", version.id)
        if deploy in ended:
            continue
        ended.add(deploy)
        changes = tuple(_printable_change(change) for change in root.changes)
        outcomes = {change["outcome"] for change in changes}
        bad = outcomes & {"failed", "not tried"}
        outcome = "interrupted" if state == DEPLOYING else "failed" if bad else "succeeded"
        about = {printable(name, 40): printable(text) for name, text in root.about.items()}
        yield Release(project, written, outcome, about, changes)


def _printable_change(change: JsonMapping) -> JsonObject:
    """A stored change as it may be shown: only known fields, with printable texts."""
    shown: JsonObject = {name: printable(change.get(name, "")) for name in ("key", "action", "reason", "outcome")}
    if change.get("adopted"):
        shown["adopted"] = printable(change["adopted"])
    if change.get("message"):
        shown["message"] = printable(change["message"], 1000)
    if isinstance(outputs := change.get("outputs"), dict):
        shown["outputs"] = {printable(name, 40): printable(text) for name, text in outputs.items()}
    return shown
