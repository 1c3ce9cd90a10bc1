"""From declared resources to a plan, by reads only.

What is known is asked first and for all at once: the release root's tag, the tagging index, the roles. Only what these do not
settle costs calls of its own: the root's body, a record's tag, an artifact's tag, a live read. A resource is left alone when its
record is known to hold the desired digest and AWS is known to have it; anything less is looked at live.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import ParamSpec, TypeVar

from common import digest, reasons, records, resource, trust
from common.config import OWNER_TAG, Environment
from common.digest import Digest
from common.errors import DeployError, OwnershipError
from common.index import Part
from common.pruning import Pruner, Types, no_type
from common.records import Records
from common.release import Trusted
from common.remains import Remains
from common.resource import Action, Artifact, Aws, Change, Key, Live, Plan, Resource
from common.resources import layer

ARTIFACT = "artifact"
EARLY = 8
"""At most so many resources are read early: after a switch of branches there may be more, all deployed from elsewhere."""
V = TypeVar("V")
P = ParamSpec("P")


@dataclass(frozen=True)
class Options:
    """What the user asked for.

    Args:
        wanted: which resources are to be brought up to date.
        force: apply everything wanted, changed or not.
        verify: read every live resource in full instead of trusting records and index.
        adopt: take over resources that exist without our tags.
        prune: delete what is no longer declared.
        data: delete what holds data, too, where a deletion is asked for.
    """

    wanted: Callable[[Key], bool] = lambda _: True
    force: bool = False
    verify: bool = False
    adopt: bool = False
    prune: bool = False
    data: bool = False


@dataclass(frozen=True)
class Outcome:
    """A plan and what it was made from; apply needs both.

    Args:
        remains: of what is to be deleted.
        elsewhere: projects that own something in this environment and were not asked about.
    """

    plan: Plan
    trusted: Mapping[str, Trusted]
    digests: Mapping[Key, Digest]
    remains: Mapping[Key, Remains] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()


class Planner:
    """Plans for the resources of several projects.

    Args:
        build_dir: where artifacts are built when their content is not known otherwise.
        pool: where calls run in parallel.
        parts: how to ask the tagging index.
        types: finds the type of what nobody declares any more.
    """

    def __init__(
        self,
        env: Environment,
        aws: Aws,
        known: Records,
        build_dir: Path,
        pool: Executor,
        parts: Sequence[Part] = ((),),
        types: Types = no_type,
    ) -> None:
        self._env, self._aws, self._records, self._build_dir, self._pool = env, aws, known, build_dir, pool
        self._parts, self._types = parts, types
        self._reads: dict[Key, Future[Live | DeployError | None]] = {}
        self._contents: dict[Key, Future[tuple[Digest, bool]]] = {}

    def plan(
        self,
        resources: Sequence[Resource],
        options: Options,
        guard: Callable[[], object],
        undeclared: Collection[str] = (),
        likely: Collection[Resource] = (),
        certain: Callable[[Collection[str]], None] | None = None,
    ) -> Outcome:
        """What has to be done, in dependency order.

        Args:
            resources: of all projects that the command is about.
            options: what the user asked for.
            guard: proves that this is the right account; it runs beside the first reads, and nothing is concluded without it.
            undeclared: projects that nobody declares any more.
            likely: those that have probably changed; what is asked of such a one is asked at once.
            certain: told of projects that were deployed before and in which something is sure to change.

        Raises:
            OwnershipError: something exists under one of our names that is not ours; all such in one message.
            ArtifactError: a changed artifact cannot be built.
        """
        guarded = self._pool.submit(guard)
        digests = {one.key: resource.state_digest(one.key.kind, one.desired()) for one in resources}
        artifacts = {artifact.key: artifact for one in resources for artifact in one.artifacts}
        digests |= {key: artifact.input_digest() for key, artifact in artifacts.items()}
        present = [self._pool.submit(records.inventory, self._aws, self._env, part) for part in self._parts]
        present.append(self._pool.submit(records.roles, self._aws, self._env))
        if any(one.key.kind == layer.Layer.kind for one in resources):
            present.append(self._pool.submit(layer.existing, self._aws, self._env.owner))
        asked = {*undeclared, *(key.project for key in digests)}
        marks = {name: self._pool.submit(self._records.mark, name) for name in asked}
        edited = {one.key.project for one in likely}
        roots = {name: self._pool.submit(trust.marked, self._records, name, marks[name]) for name in edited}
        early = [one for one in likely if options.wanted(one.key)]
        for one in early if len(early) <= EARLY else ():
            self._live(one, partial(trust.until_marked, marks[one.key.project], roots[one.key.project]))
            for artifact in one.artifacts:
                self._looked(artifact)
        ordered = _order(resources)
        guarded.result()
        trusted = trust.of_projects(
            self._records, self._pool, {name: one.result() for name, one in marks.items()}, roots, digests
        )
        if certain is not None:
            certain(trust.differing(trusted, {key: one for key, one in digests.items() if options.wanted(key)}))
        known = {arn: project for future in present for arn, project in future.result().items()}
        changes = self._changes(resources, artifacts, digests, trusted, known, options)
        orphans, remains = self._orphans(trusted, resources, digests, options)
        plan = Plan((*(changes[key] for key in ordered if key in changes), *orphans))
        return Outcome(plan, trusted, digests, remains, frozenset(known.values()) - asked - {""})

    def _changes(
        self,
        resources: Sequence[Resource],
        artifacts: Mapping[Key, Artifact],
        digests: Mapping[Key, Digest],
        trusted: Mapping[str, Trusted],
        present: Collection[str],
        options: Options,
    ) -> dict[Key, Change]:
        def settled(one: Resource) -> bool:
            project = trusted[one.key.project]
            recorded = project.proven and not project.differs(one.key, digests[one.key])
            return recorded and one.arn in present and not (options.force or options.verify)

        wanted = [one for one in resources if options.wanted(one.key)]
        unsettled = [one for one in wanted if not settled(one)]
        stale = {artifact.key for one in unsettled for artifact in one.artifacts}
        stale |= {key for key in artifacts if options.wanted(key) and trusted[key.project].digests.get(key) != digests[key]}
        live = [self._live(one) for one in unsettled]  # while their artifacts are looked for
        looked = {key: self._looked(artifacts[key]) for key in stale}
        contents = {key: one.result() for key, one in looked.items()}
        changes = {one.key: Change(one.key, Action.NOOP, "up to date") for one in wanted}
        for key in artifacts:
            if options.wanted(key) or key in stale:
                missing = key in contents and not contents[key][1]
                reason = (
                    reasons.files_changed(artifacts[key], trusted[key.project].files) or "not uploaded yet"
                    if missing
                    else "uploaded"
                )
                beside = {"Bill": True} if missing and artifacts[key].bill(self._build_dir) else {}
                changes[key] = Change(key, Action.UPLOAD if missing else Action.NOOP, reason, beside)
        decide = partial(self._decide, digests, trusted, {key: one for key, (one, _) in contents.items()}, options)
        decided = [
            seen if isinstance(seen := read.result(), DeployError) else _caught(decide)(one, seen)
            for one, read in zip(unsettled, live, strict=True)
        ]
        _raise_together([error for error in decided if isinstance(error, DeployError)])
        return changes | {change.key: change for change in decided if isinstance(change, Change)}

    def _live(self, one: Resource, wait: Callable[[], None] = lambda: None) -> Future[Live | DeployError | None]:
        """The live state, asked for once."""

        def read() -> Live | DeployError | None:
            wait()
            return _caught(one.read)(self._aws)

        if one.key not in self._reads:
            self._reads[one.key] = self._pool.submit(read)
        return self._reads[one.key]

    def _looked(self, artifact: Artifact) -> Future[tuple[Digest, bool]]:
        """See `_content`; looked for once."""
        if artifact.key not in self._contents:
            self._contents[artifact.key] = self._pool.submit(self._content, artifact)
        return self._contents[artifact.key]

    def _content(self, artifact: Artifact) -> tuple[Digest, bool]:
        """The artifact's content digest, and whether it is uploaded. What the bucket has is never built again."""
        uploaded = self._records.content(artifact)
        if uploaded is not None:
            return Digest(uploaded), True
        content = digest.of_file(artifact.build(self._build_dir))
        artifact.bill(self._build_dir)  # here, where others are built at the same time
        return content, False

    def _decide(
        self,
        digests: Mapping[Key, Digest],
        trusted: Mapping[str, Trusted],
        contents: Mapping[Key, Digest],
        options: Options,
        one: Resource,
        live: Live | None,
    ) -> Change:
        project = trusted[one.key.project]
        recorded = project.digests.get(one.key) if one.key not in project.pending else None
        desired = resource.rendered(one.desired(), lambda artifact: digest.to_base64(contents[artifact.key]))
        if live is None:
            reason = "does not exist" if recorded is None else "is gone from AWS"
            return Change(one.key, Action.CREATE, reason, desired)
        self._check_owner(one, live, pending=one.key in project.pending, adopt=options.adopt)
        changed = resource.difference(desired, live.state)
        if not changed and not options.force:
            known = recorded == digests[one.key]
            reason = "up to date" if known else "is as declared; its record is not"
            return Change(one.key, Action.NOOP if known else Action.RECORD, reason, desired, live)
        if one.immutable.intersection(changed):
            fixed = ", ".join(sorted(one.immutable.intersection(changed)))
            _check_replaceable(one, fixed, options)
            cost = "; everything in it is deleted" if one.data else ""
            return Change(one.key, Action.REPLACE, f"{fixed} cannot be changed in place{cost}", desired, live, frozenset(changed))
        reason = reasons.of(one, desired, live.state, changed, project.files) or "forced"
        if changed and recorded == digests[one.key]:
            reason = f"changed in AWS: {reason}"
        return Change(one.key, Action.UPDATE, reason, desired, live, frozenset(changed or desired))

    def _check_owner(self, one: Resource, live: Live, *, pending: bool, adopt: bool) -> None:
        owner = live.state.get("Tags", {}).get(OWNER_TAG)
        if owner == self._env.owner or adopt or (owner is None and (pending or trust.is_unused(self._aws, self._env, one.arn))):
            return
        whose = f"belongs to {owner}" if owner else "does not carry this environment's tags"
        raise OwnershipError(
            f"{one.key.project}: {one.key}: {one.arn} exists and {whose}. Rename yours, or take it over with --adopt."
        )

    def _orphans(
        self, trusted: Mapping[str, Trusted], resources: Sequence[Resource], digests: Mapping[Key, Digest], options: Options
    ) -> tuple[list[Change], dict[Key, Remains]]:
        """What was deployed and is no longer declared."""
        found = [(key, one) for _, one in sorted(trusted.items()) for key in sorted({*one.digests, *one.pending})]
        orphans = {
            key: one.pending.get(key) for key, one in found if key not in digests and key.kind != ARTIFACT and options.wanted(key)
        }
        if not options.prune:
            return [Change(key, Action.ORPHAN, "no longer declared; it stays, unless you say --prune") for key in orphans], {}
        pruner = Pruner(self._env, self._aws, self._records, self._types, data=options.data)
        return pruner.changes(orphans, {one.arn: one.key for one in resources}, self._pool)


def _order(resources: Sequence[Resource]) -> list[Key]:
    """Keys so that each comes after what it needs; among equals as declared."""
    sorter = TopologicalSorter({one.key: one.needs for one in resources})
    return list(sorter.static_order())


def _check_replaceable(one: Resource, fixed: str, options: Options) -> None:
    if one.data and not options.data:
        raise DeployError(
            f"{one.key.project}: {one.key}: {fixed} cannot be changed in place, and replacing it would delete what it holds. "
            f"Declare a new one under another name, or say --data if nobody needs what is in this one."
        )


def _caught(doing: Callable[P, V]) -> Callable[P, V | DeployError]:
    """Errors as values, so that all are told and not only the first."""

    def caught(*given: P.args, **named: P.kwargs) -> V | DeployError:
        try:
            return doing(*given, **named)
        except DeployError as error:
            return error

    return caught


def _raise_together(errors: Sequence[DeployError]) -> None:
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise DeployError("\n".join(str(error) for error in errors))
