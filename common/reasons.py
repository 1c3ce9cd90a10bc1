"""Why a resource has to change, in a few words: the files that changed, and the fields with their values."""

from collections.abc import Mapping
from typing import Any

from common import digest
from common.resource import Artifact, Resource, State

Files = Mapping[str, Mapping[str, str]]
"""Of each artifact, by ``artifact/name``: digests by path."""


def of(one: Resource, desired: State, observed: State, changed: tuple[str, ...], released: Files) -> str:
    """What differs; empty if nothing that has a name does."""
    files = ", ".join(found for artifact in one.artifacts if (found := files_changed(artifact, released)))
    fields = [name for name in changed if not (files and name == one.artifact_field)]
    parts = [files, *(_field_changed(one, name, observed.get(name), desired.get(name)) for name in fields)]
    return "; ".join(part for part in parts if part)


def files_changed(artifact: Artifact, released: Files) -> str:
    """Which files of an artifact are not as they were released; empty when that is not known."""
    before = dict(released.get(str(artifact.key), {}))
    return digest.differences(before, artifact.files()) if before else ""


def _field_changed(resource: Resource, name: str, before: Any, after: Any) -> str:
    """Short values are shown; longer ones, maps and hidden ones by what differs in them."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = [str(key) for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
        return f"{name}.{keys[0]} changed" if len(keys) == 1 else f"{name} changed ({', '.join(keys)})"
    short = name not in resource.hidden and all(
        isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 32) for value in (before, after)
    )
    return f"{name} {before} → {after}" if short else f"{name} changed"
