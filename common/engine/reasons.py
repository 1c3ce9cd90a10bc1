"""Why a resource has to change, in a few words: the files that changed, and the fields with their values."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from common.base import digest
from common.base.digest import Digest
from common.model import comparison
from common.model.resource import Artifact, Live, Resource, State

Files = Mapping[str, Mapping[str, str]]
"""Of each artifact, by ``artifact/name``: digests by path."""
SHOWN = 48
"""Characters of the longest value that is shown."""


def of(resource: Resource, desired: State, live: Live, changed: Collection[str], stale: State, released: Files) -> str:
    """What differs; empty if nothing that has a name does."""
    files = ", ".join(found for artifact in resource.artifacts if (found := files_changed(artifact, released)))
    parts = [files]
    for name in sorted(changed):
        if files and name == resource.artifact_field:
            continue
        before, after = live.state.get(name), desired.get(name)
        if before != after:
            lost = resource.loses(name, before)
            parts.append(
                _field_changed(name, before, after, hidden=name in {resource.artifact_field, *resource.hidden})
                + (f"; {lost}" if lost else "")
            )
    parts += [f"{name} no longer declared" for name in comparison.named(stale, desired, {})]
    return "; ".join(part for part in parts if part)


def kept(resource: Resource, desired: State, undeclared: State) -> str:
    """What follows the reason where a resource has fields that nobody declares."""
    names = ", ".join(comparison.named(undeclared, desired, resource.usual))
    return f"; kept, not declared: {names}" if names else ""


def files_changed(artifact: Artifact, released: Files) -> str:
    """Which files of an artifact are not as they were released; empty when that is not known."""
    before = dict(released.get(str(artifact.key), {}))
    return digest.differences(before, artifact.files()) if before else ""


def of_upload(artifact: Artifact, released: Files, digest_released: Digest | None) -> str:
    """Why an artifact is not in the bucket yet."""
    if changed := files_changed(artifact, released):
        return changed
    known = str(artifact.key) in released and digest_released is not None
    return "what it is built by changed" if known and digest_released != artifact.input_digest() else "not uploaded yet"


def _field_changed(name: str, before: Any, after: Any, *, hidden: bool) -> str:
    """Short values are shown; longer ones, and maps, by what differs in them; of hidden ones the names alone."""
    if isinstance(before, Mapping) and isinstance(after, Mapping) and (before or after):
        return ", ".join(_parts_changed(name, before, after, hidden=hidden))
    if hidden:
        return f"{name} changed"
    shown = [_spelled(value) for value in (before, after)]
    return f"{name} {shown[0]} → {shown[1]}" if max(map(len, shown)) <= SHOWN else f"{name} changed"


def _parts_changed(name: str, before: Mapping[str, Any], after: Mapping[str, Any], *, hidden: bool) -> Iterator[str]:
    for part in sorted(before.keys() | after.keys()):
        if before.get(part) != after.get(part):
            yield _field_changed(f"{name}.{part}", before.get(part), after.get(part), hidden=hidden)


def _spelled(value: Any) -> str:
    """A value as people read it: texts as they are, nothing as ``none``."""
    if value is None or isinstance(value, str):
        return value or "none"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
