"""What `invoke drift` shows: where AWS is no longer as it was left by the last deploy. Reads only.

Three states are laid side by side: last applied (from the record), declared (from this repository) and live. A field has drifted
if what is live is neither: what was declared and not deployed yet is the business of `plan`. Nothing is trusted but the reads:
every resource is read in full, by as many calls as that takes.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from common import comparison, digest, hiding
from common.config import OWNER_TAG, Environment
from common.desired import rendered
from common.errors import OwnershipError
from common.records import Records
from common.resource import Artifact, Aws, Key, Resource, State

NOT_UPLOADED = "(not uploaded yet)"
ABSENT = "(absent)"


@dataclass(frozen=True)
class Field:
    """One field, dotted; values as JSON, `ABSENT` where there is none."""

    name: str
    applied: Any
    declared: Any
    live: Any


@dataclass(frozen=True)
class Drifted:
    """A resource that is not as it was left.

    Args:
        how: ``changed``, ``deleted``, or ``replaced`` by something that is not ours.
    """

    project: str
    key: str
    how: str
    what: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Found:
    """What was compared: how many resources, which of them have drifted, and which were never deployed."""

    checked: int
    drifted: tuple[Drifted, ...]
    undeployed: tuple[str, ...]


def compare(env: Environment, aws: Aws, known: Records, resources: list[Resource], pool: Executor) -> Found:
    """Compares every resource in every owned field.

    Raises:
        AwsError: AWS refused to tell something.
    """
    comparer = _Comparer(env, aws, known)
    artifacts = {artifact.key: artifact for one in resources for artifact in one.artifacts}
    roots = dict(zip(projects := sorted({one.key.project for one in resources}), pool.map(known.root, projects), strict=True))
    contents = dict(zip(artifacts, pool.map(known.content, artifacts.values()), strict=True))
    lost = []
    for key, one in artifacts.items():
        root, _ = roots[key.project]
        if root is not None and root.digests.get(str(key)) == one.input_digest() and contents[key] is None:
            lost.append(Drifted(key.project, str(key), "deleted", f"s3://{env.artifact_bucket}/{one.location} is gone"))
    comparer.contents = {key: content for key, content in contents.items() if content is not None}
    compared = list(pool.map(comparer.one, resources))
    undeployed = tuple(f"{one.key.project}:{one.key}" for one, found in zip(resources, compared, strict=True) if found is None)
    drifted = [one for found in compared if found is not None for one in found]
    return Found(len(resources) - len(undeployed), (*lost, *drifted), undeployed)


class _Comparer:
    def __init__(self, env: Environment, aws: Aws, known: Records) -> None:
        self._env, self._aws, self._records = env, aws, known
        self.contents: Mapping[Key, str] = {}

    def one(self, one: Resource) -> list[Drifted] | None:
        """None if it was never deployed; else a list of what it shows, which is one thing or nothing."""
        applied = self._records.read(one.key).get("desired")
        if not isinstance(applied, dict):
            return None
        project, key = one.key.project, str(one.key)
        try:
            live = one.read(self._aws)
        except OwnershipError as error:
            return [Drifted(project, key, "replaced", str(error))]
        if live is None:
            return [Drifted(project, key, "deleted", f"{one.arn} is gone")]
        fields = tuple(_fields(one, applied, rendered(one.desired(), self._content), live.state))
        owner = live.state.get("Tags", {}).get(OWNER_TAG)
        if owner != self._env.owner:
            whose = f"belongs to {owner}" if owner else "does not carry this environment's tags"
            return [Drifted(project, key, "replaced", f"{one.arn} {whose}; to take it over: deploy --verify --adopt", fields)]
        names = ", ".join(field.name for field in fields)
        return [Drifted(project, key, "changed", f"{names} changed in AWS", fields)] if fields else []

    def _content(self, artifact: Artifact) -> str:
        content = self.contents.get(artifact.key)
        return digest.to_base64(digest.Digest(content)) if content else NOT_UPLOADED


def _fields(one: Resource, applied: State, declared: State, live: State) -> Iterator[Field]:
    for name in comparison.difference(declared, live):
        before, wanted, now = (_leaves(one, name, state.get(name)) for state in (applied, declared, live))
        parts = sorted({*before, *wanted, *now})
        for part in parts:
            values = [state.get(part, ABSENT) for state in (before, wanted, now)]
            empty = all(value in ({}, ABSENT) for value in values) and any(other.startswith(f"{part}.") for other in parts)
            if values[2] not in values[:2] and not empty:  # what the map has elsewhere is told key by key
                yield Field(part, *values)


def _leaves(one: Resource, name: str, value: Any) -> dict[str, Any]:
    """What is compared and shown of a field; of a hidden one, digests."""
    if name not in one.hidden:
        return hiding.leaves(name, value)
    return {part: f"(sha256 {digest.short(known)})" for part, known in hiding.digests(one, name, value).items()}
