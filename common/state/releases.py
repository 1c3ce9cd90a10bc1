"""What was released before: the versions of a release root, read back as one entry for each deploy.

A deploy writes its root twice: before its first change with what it is about to do, after its last with what became of it. So an
entry that was begun and not ended is a deploy that died, or one that is under way.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from common.base.digest import Digest
from common.base.errors import UnfinishedError
from common.model.resource import SHARED
from common.state.records import Records
from common.state.release_root import DEPLOYING, Root, Version, printable


@dataclass(frozen=True)
class Release:
    """One deploy of one project.

    Args:
        outcome: ``succeeded``, ``failed``, ``interrupted`` (it died, or is under way) or ``unreadable``.
        about: ``who``, ``holder``, ``host``, ``since``, ``commit``, ``clean`` (was the tree?), ``uncommitted`` (a few
            files that were not), ``id`` (of the deploy).
        changes: each with ``key``, ``action``, ``reason``, ``outcome``, and ``outputs`` or ``message``.
    """

    project: str
    written: str
    outcome: str
    about: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Mapping[str, Any], ...] = ()

    def counts(self) -> dict[str, int]:
        """The number of changes by what became of them, those that were done by action."""
        found = [str(one["action"] if one["outcome"] == "done" else one["outcome"]) for one in self.changes]
        return {name: found.count(name) for name in dict.fromkeys(found)}


def of_projects(records: Records, projects: Sequence[str], last: int, pool: Executor) -> list[Release]:
    """The last releases of each of these projects, the newest first; of one moment those of the shared resources last."""
    each = [history(records, project, last, pool) for project in projects]
    releases = [release for some in each for release in some]
    return sorted(releases, key=lambda release: (release.written, release.project != SHARED), reverse=True)


def history(known: Records, project: str, last: int, pool: Executor) -> list[Release]:
    """The last releases of a project, the newest first."""
    versions = list(islice((one for one in known.versions(project) if not one.removed), 2 * last))
    read = list(pool.map(lambda one: known.version(project, one), versions))
    return list(islice(_merged(project, list(zip(versions, read, strict=True))), last))


def retained(known: Records, project: str, last: int, days: int, now: datetime, pool: Executor) -> Iterator[Root]:
    """The roots of the last releases, and of all that were in force within the last `days`.

    What was written without releasing anything, to tidy up or to collect garbage, does not count as one of the last.

    Raises:
        UnfinishedError: one that was in force cannot be read, so nobody knows what it needs.
    """
    limit, after, seen = now - timedelta(days=days), now, set[Digest]()
    versions = known.versions(project)
    while chunk := list(islice(versions, 2 * last)):
        read = pool.map(lambda one: (None, "") if one.removed else known.version(project, one), chunk)
        for version, (root, state) in zip(chunk, read, strict=True):
            recent, after = after >= limit, version.written  # what was written before was in force until then
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


def superseded(known: Records, project: str, last: int, limit: datetime, pool: Executor) -> Iterator[Version]:
    """The versions of a release root that were superseded before `limit`, and are none of the last releases."""
    seen = set[Digest]()
    newer: Version | None = None
    versions = known.versions(project)
    while chunk := list(islice(versions, 2 * last)):
        unread = [(None, "")] * len(chunk)
        read = (
            pool.map(lambda one: (None, "") if one.removed else known.version(project, one), chunk)
            if len(seen) < last
            else unread
        )
        for version, (root, state) in zip(chunk, read, strict=True):
            after, newer = newer, version
            if len(seen) >= last and after is not None and after.written < limit:
                yield version
            elif root is not None and state != DEPLOYING:
                seen.add(root.digest())


def _merged(project: str, found: list[tuple[Version, tuple[Root | None, str]]]) -> Iterator[Release]:
    ended: set[str] = set()
    for version, (root, state) in found:
        written = version.written.astimezone(UTC).isoformat(timespec="seconds")
        if root is None:
            yield Release(project, written, "unreadable")
            continue
        deploy = root.about.get("id", version.id)
        if deploy in ended:
            continue
        ended.add(deploy)
        changes = tuple(_shown(change) for change in root.changes)
        outcomes = {change["outcome"] for change in changes}
        bad = outcomes & {"failed", "not tried"}
        outcome = "interrupted" if state == DEPLOYING else "failed" if bad else "succeeded"
        about = {printable(name, 40): printable(text) for name, text in root.about.items()}
        yield Release(project, written, outcome, about, changes)


def _shown(change: Mapping[str, Any]) -> dict[str, Any]:
    """A change as it may be shown, whatever was stored."""
    shown: dict[str, Any] = {name: printable(change.get(name, "")) for name in ("key", "action", "reason", "outcome")}
    if change.get("message"):
        shown["message"] = printable(change["message"], 1000)
    if isinstance(outputs := change.get("outputs"), dict):
        shown["outputs"] = {printable(name, 40): printable(text) for name, text in outputs.items()}
    return shown
