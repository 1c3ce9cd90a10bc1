"""What `invoke drift` shows: where AWS is no longer as it was left by the last deploy. Reads only.

Three states are laid side by side: last applied (from the record), declared (from this repository) and live. A field has drifted
if what is live is neither: what was declared and not deployed yet is the business of `plan`. Nothing is trusted but the reads:
every resource is read in full, by as many calls as that takes.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from common.aws.protocol import Aws
from common.base import digest
from common.base.errors import OwnershipError
from common.environment.config import OWNER_TAG, Environment
from common.model import comparison, hidden_fields
from common.model.desired_state import rendered
from common.model.orphan import Orphan
from common.model.resource import Artifact, Key, Resource, State
from common.resources import of_kind
from common.state import baseline, locations
from common.state.records import Records
from common.state.release_root import Root, key_of

NOT_UPLOADED = "(not uploaded yet)"
ABSENT = "(absent)"
NOT_RECORDED = "not recorded"


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
        how: ``changed``, ``deleted``, ``replaced`` by something that is not ours, or ``not recorded`` where a record is damaged.
    """

    project: str
    key: str
    how: str
    what: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Kept:
    """A resource with fields that nobody declares, by their dotted names: they are no drift, and every deploy keeps them."""

    project: str
    key: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What was compared: how many resources, which of them have drifted, and which were never deployed.

    Args:
        left_over: what is deployed and declared no more, or not by this name.
        kept: what has fields that nobody declares.
    """

    checked: int
    drifted: tuple[Drifted, ...]
    undeployed: tuple[str, ...]
    left_over: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()


def compare(env: Environment, aws: Aws, known: Records, resources: Sequence[Resource], pool: Executor) -> Found:
    """Compares every resource in every owned field.

    Raises:
        AwsError: AWS refused to tell something.
    """
    artifacts = {artifact.key: artifact for one in resources for artifact in one.artifacts}
    projects = sorted({one.key.project for one in resources})
    root_tags = dict(zip(projects, pool.map(known.root_tag, projects), strict=True))
    read = dict(zip(projects, pool.map(known.root, projects), strict=True))
    roots = {name: (root if baseline.matches_tag(root, root_tags[name]) else None, etag) for name, (root, etag) in read.items()}
    contents = dict(zip(artifacts, pool.map(known.uploaded_content, artifacts.values()), strict=True))
    lost: list[Drifted] = []
    for key, one in artifacts.items():
        root, _ = roots[key.project]
        if root is not None and root.digests.get(str(key)) == one.input_digest() and contents[key] is None:
            what = f"s3://{env.artifact_bucket}/{one.location} is gone, or has lost its tags"
            lost.append(Drifted(key.project, str(key), "deleted", what))
    comparer = _Comparer(env, aws, known, {name: root for name, (root, _) in roots.items() if root is not None})
    comparer.contents = {key: content for key, content in contents.items() if content is not None}
    compared = list(pool.map(comparer.one, resources))
    recorded = {one.key.project for one, found in zip(resources, compared, strict=True) if found is not None}
    unknown = [name for name, (root, etag) in roots.items() if root is None and (etag is not None or name in recorded)]
    lost += [_unreadable(env, name) for name in unknown]
    undeployed = tuple(f"{one.key.project}:{one.key}" for one, found in zip(resources, compared, strict=True) if found is None)
    drifted = [one for found in compared if found is not None for one in found]
    kept = tuple(sorted(comparer.kept, key=lambda one: (one.project, one.key)))
    declared = {one.key for one in resources}
    left_over = [key for key in comparer.rooted if key not in declared and key not in artifacts and key.kind != "artifact"]
    told = tuple(f"{key.project}:{key}" for key in sorted(left_over))
    return Found(len(resources) - len(undeployed), (*lost, *drifted), undeployed, told, kept)


def _unreadable(env: Environment, project: str) -> Drifted:
    where = f"s3://{env.artifact_bucket}/{env.name}/{project}/release.json"
    return Drifted(
        project,
        "release.json",
        NOT_RECORDED,
        f"{where} is lost, cannot be read, or is of another project; `deploy --verify` writes it anew",
    )


class _Comparer:
    def __init__(self, env: Environment, aws: Aws, known: Records, roots: Mapping[str, Root]) -> None:
        self._env, self._aws, self._records = env, aws, known
        found = ((key_of(name, text), root) for name, root in roots.items() for text in (*root.digests, *root.pending))
        self.rooted = {key: root.digests.get(str(key)) for key, root in found if key is not None}
        """What the release roots name, and the digests of what is not pending."""
        self.contents: Mapping[Key, str] = {}
        self.kept: list[Kept] = []

    def one(self, one: Resource) -> list[Drifted] | None:
        """None if it was never deployed; else a list of what it shows."""
        body, known = self._records.read(one.key), self.rooted.get(one.key)
        applied = body.get("desired")
        if not isinstance(applied, dict):
            return [self._not_recorded(one)] if one.key in self.rooted else None
        mistagged = known is not None and self._records.recorded_digest(one.key) != known
        return [*([self._not_recorded(one)] if mistagged else ()), *self._compared(one, body, applied)]

    def _compared(self, one: Resource, body: Mapping[str, Any], applied: State) -> list[Drifted]:
        """One thing or nothing."""
        project, key = one.key.project, str(one.key)
        try:
            live = one.read(self._aws)
        except OwnershipError as error:
            return [Drifted(project, key, "replaced", str(error))]
        former = locations.former_locations(one, [body], self._env.account_id)
        if live is None and former:  # it is declared under another name, which is the business of `plan`
            return self._under_former(one, former)
        if live is None:
            return [Drifted(project, key, "deleted", f"{one.arn} is gone")]
        declared = rendered(one.desired(), self._content)
        fields = tuple(_fields(one, applied, declared, live.state))
        others = comparison.without(live.undeclared, comparison.taken_away(live.undeclared, applied))
        if kept := tuple(comparison.named(others, declared, one.usual)):
            self.kept.append(Kept(project, key, kept))
        owner = live.state.get("Tags", {}).get(OWNER_TAG)
        if owner not in {self._env.owner, *locations.owners(one, [body], self._env.account_id, self._env.name)}:
            whose = f"belongs to {owner}" if owner else "does not carry this environment's tags"
            option = f"--adopt-from {owner}" if owner else "--adopt"
            return [Drifted(project, key, "replaced", f"{one.arn} {whose}; to take it over: deploy --verify {option}", fields)]
        names = ", ".join(field.name for field in fields)
        return [Drifted(project, key, "changed", f"{names} changed in AWS", fields)] if fields else []

    def _not_recorded(self, one: Resource) -> Drifted:
        """It was deployed, and nobody knows how: it may have been changed since, or had another name."""
        where = f"s3://{self._env.artifact_bucket}/{self._env.name}/{one.key.project}/records/{one.key}.json"
        what = (
            f"{where} is missing or damaged, or has lost its tag, so what was applied last is not known; "
            f"`deploy --verify` compares and writes it anew"
        )
        return Drifted(one.key.project, str(one.key), NOT_RECORDED, what)

    def _under_former(self, one: Resource, former: Mapping[Key, Orphan]) -> list[Drifted]:
        """What is still to be renamed is compared by its existence: what is declared is not meant for it."""
        kind, project, key = of_kind(one.key.kind), one.key.project, str(one.key)
        gone = [remains for remains in former.values() if kind is not None and kind.live_tags(self._aws, remains) is None]
        return [Drifted(project, key, "deleted", f"{remains.arn} is gone") for remains in gone]

    def _content(self, artifact: Artifact) -> str:
        content = self.contents.get(artifact.key)
        return digest.to_base64(digest.Digest(content)) if content else NOT_UPLOADED


def _fields(one: Resource, applied: State, declared: State, live: State) -> Iterator[Field]:
    for name in comparison.difference(declared, live):
        if name in one.defaults and one.loses(name, live.get(name)):
            continue  # nobody has named it, and a deploy leaves it
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
        return hidden_fields.leaves(name, value)
    return {part: f"(sha256 {digest.short(known)})" for part, known in hidden_fields.digests(one, name, value).items()}
