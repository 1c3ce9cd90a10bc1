"""Finds drift for `invoke drift`: resources that were changed in AWS since the last deploy. It only reads.

Three states of each resource are compared: last applied (from the record), declared (from this repository) and live. A field has
drifted if its live value is neither the applied nor the declared one; what is declared and not deployed yet is shown by `plan`.
Every resource is read in full, with as many calls as that takes.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from common.aws import regions
from common.aws.protocol import Aws
from common.base import digest
from common.base.errors import ArtifactError, OwnershipError
from common.base.json_types import Json, JsonMapping
from common.base.lean_dataclass import dataclass
from common.declare.naming import ARTIFACT_BUCKET
from common.engine import existing, ownership, renewed_roles
from common.environment import owner_tags
from common.environment.config import Environment
from common.model import comparison, field_changes, hidden_fields
from common.model.desired_state import digest_of, rendered
from common.model.generated import filled_in, marked_keys
from common.model.orphan import Orphan
from common.model.resource import Artifact, Key, Resource, State
from common.resources import of_kind
from common.state import baseline, locations, stored_artifacts
from common.state.records import Records
from common.state.release_root import Root, key_of

NOT_UPLOADED = "(not uploaded yet)"
ABSENT = "(absent)"
NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Field:
    """A field with its dotted name and its three values as JSON; `ABSENT` stands for a missing value."""

    name: str
    applied: Json
    declared: Json
    live: Json
    label: str = ""
    """What people call it; empty if that is its name."""
    text: str = ""
    """What people read in place of a value that is there; empty if they read the value."""


@dataclass(frozen=True)
class Drifted:
    """A resource that has drifted.

    Args:
        project: its project.
        key: its key, ``kind/name``.
        how: ``changed``, ``deleted``, ``replaced`` by a resource that is not ours or by a role that somebody made again, or
            ``not recorded`` if its record is damaged.
        what: a sentence about it.
        fields: the fields that have drifted.
    """

    project: str
    key: str
    how: str
    what: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Kept:
    """A resource with fields that are not declared, by their dotted names. They are not drift, and every deploy keeps them."""

    project: str
    key: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class DriftResult:
    """The result of a comparison.

    Args:
        checked: how many resources were compared.
        drifted: the resources that have drifted.
        undeployed: the declared resources that were never deployed.
        left_over: the deployed resources that are no longer declared, or were renamed.
        kept: the resources with fields that are not declared.
    """

    checked: int
    drifted: tuple[Drifted, ...]
    undeployed: tuple[str, ...]
    left_over: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()


def compare(
    env: Environment, aws: Aws, records: Records, resources: Sequence[Resource], pool: Executor, *, with_records: bool = True
) -> DriftResult:
    """Compares every resource in every owned field.

    Args:
        env: the environment.
        aws: where to read.
        records: the records of the environment.
        resources: the declared resources.
        pool: where calls run in parallel.
        with_records: also look whether each record is whole. Without, the release root stands for the records of what is
            declared as it was deployed, which takes two calls less for each of these; the others are read as ever.

    Raises:
        AwsError: AWS refused a read.
    """
    artifacts = {artifact.key: artifact for resource in resources for artifact in resource.artifacts}
    projects = sorted({resource.key.project for resource in resources})
    root_tags = dict(zip(projects, pool.map(records.root_tag, projects), strict=True))
    read = dict(zip(projects, pool.map(records.root, projects), strict=True))
    roots = {name: (root if baseline.matches_tag(root, root_tags[name]) else None, etag) for name, (root, etag) in read.items()}
    contents = dict(zip(artifacts, pool.map(records.uploaded_content, artifacts.values()), strict=True))
    lost: list[Drifted] = []
    for key, artifact in artifacts.items():
        root, _ = roots[key.project]
        if artifact.in_aws:
            lost += _replaced_script(aws, artifact)
            continue
        if root is not None and root.digests.get(str(key)) == artifact.input_digest() and contents[key] is None:
            what = f"s3://{env.artifact_bucket}/{artifact.location} is gone, or has lost its tags"
            lost.append(Drifted(key.project, str(key), "deleted", what))
    comparer = _Comparer(env, aws, records, {name: root for name, (root, _) in roots.items() if root is not None})
    comparer.contents = {key: content for key, content in contents.items() if content is not None}
    compared = list(pool.map(comparer.compare if with_records else comparer.compare_by_root, resources))
    recorded = {resource.key.project for resource, drift in zip(resources, compared, strict=True) if drift is not None}
    unknown = [name for name, (root, etag) in roots.items() if root is None and (etag is not None or name in recorded)]
    lost += [_unreadable(env, name) for name in unknown]
    undeployed = tuple(
        f"{resource.key.project}:{resource.key}" for resource, drift in zip(resources, compared, strict=True) if drift is None
    )
    drifted = [item for drift in compared if drift is not None for item in drift]
    kept = tuple(sorted(comparer.kept.values(), key=lambda kept: (kept.project, kept.key)))
    declared = {resource.key for resource in resources}
    left_over = [key for key in comparer.rooted if key not in declared and key not in artifacts and key.kind != "artifact"]
    named = tuple(f"{key.project}:{key}" for key in sorted(left_over))
    return DriftResult(len(resources) - len(undeployed), (*lost, *drifted), undeployed, named, kept)


def _replaced_script(aws: Aws, artifact: Artifact) -> list[Drifted]:
    """The drift of an imported job's script that stays where it was."""
    try:
        stored_artifacts.content_in_place(aws, artifact)
    except ArtifactError as error:
        what = str(error).removeprefix(f"{artifact.key.project}: {artifact.key}: ")
        return [Drifted(artifact.key.project, str(artifact.key), "replaced", what)]
    return []


def with_missing(
    result: DriftResult, env: Environment, in_region: existing.InRegion, resources: Sequence[Resource], pool: Executor
) -> tuple[DriftResult, list[str]]:
    """Adds what is used of others and does not exist any more, once for each resource that uses it; and notes about the rest."""
    users = existing.used(env, resources)
    findings = existing.look(env, in_region, users, pool)
    missing = [
        Drifted(key.project, str(key), "uses what is missing", finding.missing)
        for finding in findings
        if finding.missing
        for key in users.get(finding.ref) or [ARTIFACT_BUCKET]
    ]
    notes = [finding.note for finding in findings if finding.note]
    return replace(result, drifted=(*result.drifted, *missing)), notes


def _unreadable(env: Environment, project: str) -> Drifted:
    where = f"s3://{env.artifact_bucket}/{env.stored(project)}release.json"
    return Drifted(
        project,
        "release.json",
        NOT_RECORDED,
        f"{where} is lost, cannot be read, or is of another project; `deploy --verify` writes it anew",
    )


class _Comparer:
    def __init__(self, env: Environment, aws: Aws, records: Records, roots: Mapping[str, Root]) -> None:
        self._env, self._aws, self._records = env, aws, records
        rooted = ((key_of(name, text), root) for name, root in roots.items() for text in (*root.digests, *root.pending))
        self.rooted = {key: root.digests.get(str(key)) for key, root in rooted if key is not None}
        """The keys in the release roots, with their digests; None for pending ones."""
        self._role_ids = {name: root.roles for name, root in roots.items()}
        self.contents: Mapping[Key, str] = {}
        self.kept: dict[Key, Kept] = {}

    def compare(self, resource: Resource) -> list[Drifted] | None:
        """The drift of a resource, empty if there is none; None if it was never deployed."""
        body, in_root = self._records.read(resource.key), self.rooted.get(resource.key)
        applied = body.get("desired")
        if not isinstance(applied, dict):
            return [self._not_recorded(resource)] if resource.key in self.rooted else None
        mistagged = in_root is not None and self._records.recorded_digest(resource.key) != in_root
        return [*([self._not_recorded(resource)] if mistagged else ()), *self._compare_live(resource, body, applied)]

    def compare_by_root(self, resource: Resource) -> list[Drifted] | None:
        """The same, without reading the record of a resource of which the root says that it was deployed as it is declared."""
        desired = resource.desired()
        if (
            not resource.needs_record
            and not marked_keys(desired)
            and self.rooted.get(resource.key) == digest_of(resource, self._env.endpoints)
        ):
            state = rendered(desired, self._content)
            if not self._compare_live(resource, {"desired": state}, state):
                return []
        return self.compare(resource)

    def _compare_live(self, resource: Resource, body: JsonMapping, applied: State) -> list[Drifted]:
        """The drift of a resource whose record can be read: a list of one element or none."""
        project, key = resource.key.project, str(resource.key)
        try:
            live = resource.recall(body).read(regions.at(self._aws, resource.arn))
        except OwnershipError as error:
            return [Drifted(project, key, "replaced", str(error))]
        former = locations.former_locations(resource, [body], self._env.account_id)
        if live is None and former:  # it was renamed, which `plan` shows
            return self._under_former(resource, former)
        if live is None:
            return [Drifted(project, key, "deleted", f"{resource.arn} is gone")]
        in_place = resource.artifact if resource.runs_in_place(live) else None
        state = rendered(
            resource.desired(), lambda artifact: artifact.in_aws or "" if artifact is in_place else self._content(artifact)
        )
        declared = filled_in(state, lambda key: self._records.read(key).get("outputs"))
        fields = tuple(_fields(resource, applied, declared, live.state))
        earlier = hidden_fields.applied_parts(live.undeclared, applied)
        others = comparison.without(live.undeclared, comparison.taken_away(live.undeclared, earlier))
        if kept := tuple(comparison.named(others, declared, resource.usual)):
            self.kept[resource.key] = Kept(project, key, kept)
        owner, _ = owner_tags.read_owner(ownership.all_tags(live), self._env.tag_prefix)
        if owner not in {self._env.owner, *locations.owners(resource, [body], self._env.account_id, self._env.name)}:
            whose = f"belongs to {owner}" if owner else "does not carry this environment's tags"
            option = f"--adopt-from {owner}" if owner else "--adopt"
            return [
                Drifted(project, key, "replaced", f"{resource.arn} {whose}; to take it over: deploy --verify {option}", fields)
            ]
        if renewed_roles.is_assumed(resource.key) and renewed_roles.replaced({resource.key: live.revision or ""}, self._role_ids):
            what = f"{resource.arn} was deleted and made again; `deploy` updates what runs with it"
            return [Drifted(project, key, "replaced", what, fields)]
        names = ", ".join(field.label or field.name for field in fields)
        return [Drifted(project, key, "changed", f"{names} changed in AWS", fields)] if fields else []

    def _not_recorded(self, resource: Resource) -> Drifted:
        """The drift of a deployed resource whose record is damaged: it may have been changed, or had another name."""
        where = f"s3://{self._env.artifact_bucket}/{self._env.stored(resource.key.project)}records/{resource.key}.json"
        what = (
            f"{where} is missing or damaged, or has lost its tag, so what was applied last is not known; "
            f"`deploy --verify` compares and writes it anew"
        )
        return Drifted(resource.key.project, str(resource.key), NOT_RECORDED, what)

    def _under_former(self, resource: Resource, former: Mapping[Key, Orphan]) -> list[Drifted]:
        """The drift of a resource whose new name is not deployed yet: only whether the one of the old name exists."""
        kind, project, key = of_kind(resource.key.kind), resource.key.project, str(resource.key)
        missing = [
            orphan
            for orphan in former.values()
            if kind is not None and kind.live_tags(regions.at(self._aws, orphan.arn), orphan) is None
        ]
        return [Drifted(project, key, "deleted", f"{orphan.arn} is gone") for orphan in missing]

    def _content(self, artifact: Artifact) -> str:
        content = self.contents.get(artifact.key)
        return digest.to_base64(digest.Digest(content)) if content else artifact.in_aws or NOT_UPLOADED


def _fields(resource: Resource, applied: State, declared: State, live: State) -> Iterator[Field]:
    """The parts of fields whose live values are neither the declared nor the applied ones."""
    for name in comparison.difference(declared, live):
        if name in resource.defaults and resource.loses(name, live.get(name)):
            continue  # it is not declared, and a deploy leaves it as it is
        before, after, now = applied.get(name), declared.get(name), live.get(name)
        showable: tuple[str, ...] = ()
        if name in resource.hidden:
            recorded, current = (hidden_fields.digests(resource, name, value) for value in (before, after))
            before, showable = after if recorded == current else before, (*recorded.values(),)
        since = {change.name: change for change in field_changes.of_field(resource, name, before, now, showable)}
        for change in field_changes.of_field(resource, name, after, now, showable):
            if (earlier := since.get(change.name)) is not None:
                values = (ABSENT if earlier.sign == "+" else earlier.live, ABSENT if change.sign == "+" else change.live)
                shown = ABSENT if change.sign == "-" else change.declared
                yield Field(change.name, *values, shown, label=change.label, text=change.text.strip())
