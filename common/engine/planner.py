"""From declared resources to a plan, by reads only.

What is known is asked first and for all at once: the release root's tag, the tagging index, the roles. Only what these do not
settle costs calls of its own: the root's body, a record's tag, an artifact's tag, a live read. A resource is left alone when its
record is known to hold the desired digest and AWS is known to have it; anything less is looked at live.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.errors import DeployError, caught, raise_together
from common.engine import listing, ownership, reasons, renewed_roles
from common.engine.decisions import Decider
from common.engine.prune import Pruner, Types, no_type
from common.engine.reads import Reads
from common.environment.config import Environment
from common.model.desired_state import digest_of
from common.model.kind import Kind
from common.model.orphan import Orphan
from common.model.resource import Action, Artifact, Change, Key, Live, Plan, Resource
from common.resources import kinds
from common.state import baseline, locations
from common.state.records import Records
from common.state.release_root import ARTIFACT, Baseline

LAG = timedelta(days=1)
"""So long after a deploy the tagging index may not know what it has made, or may still show what was deleted."""


@dataclass(frozen=True)
class Options:
    """What the user asked for.

    Args:
        wanted: which resources are to be brought up to date.
        force: apply everything wanted, changed or not.
        verify: read every live resource in full instead of trusting records and index, and every artifact instead of its tags.
        adopt: whose resources to take over, if they exist under our names.
        prune: delete what is no longer declared.
        data: delete what holds data, too, where a deletion is asked for.
        complete: the plan is about all projects, so what refers to something shared is in it.
    """

    wanted: Callable[[Key], bool] = lambda _: True
    force: bool = False
    verify: bool = False
    adopt: Collection[str] = ()
    prune: bool = False
    data: bool = False
    complete: bool = True


@dataclass(frozen=True)
class Outcome:
    """A plan and what it was made from; apply needs both.

    Args:
        remains: of what is to be deleted.
        elsewhere: projects that own something in this environment and were not asked about.
        role_ids: of the declared roles that exist.
    """

    plan: Plan
    trusted: Mapping[str, Baseline]
    digests: Mapping[Key, Digest]
    remains: Mapping[Key, Orphan] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    role_ids: Mapping[Key, str] = field(default_factory=dict)


class Planner:
    """Plans for the resources of several projects.

    Args:
        build_dir: where artifacts are built.
        pool: where calls run in parallel.
        types: finds the type of what nobody declares any more.
    """

    def __init__(
        self,
        env: Environment,
        aws: Aws,
        known: Records,
        build_dir: Path,
        pool: Executor,
        types: Types = no_type,
    ) -> None:
        self._env, self._aws, self._records, self._build_dir, self._pool = env, aws, known, build_dir, pool
        self._types = types
        self._former: dict[Key, Orphan] = {}
        """What has another name or place now, as far as that was noticed, by keys of their own."""

    def plan(
        self,
        resources: Sequence[Resource],
        options: Options,
        reads: Reads,
        undeclared: Collection[str] = (),
    ) -> Outcome:
        """What has to be done, in dependency order.

        Args:
            resources: of all projects that the command is about.
            options: what the user asked for.
            reads: the reads of this plan, some of them begun already.
            undeclared: projects that nobody declares any more.

        Raises:
            OwnershipError: something exists under one of our names that is not ours; all such in one message.
            ArtifactError: a changed artifact cannot be built.
        """
        digests = {one.key: digest_of(one, self._env.endpoints) for one in resources}
        artifacts = {artifact.key: artifact for one in resources for artifact in one.artifacts}
        digests |= {key: artifact.input_digest() for key, artifact in artifacts.items()}
        listings = [kind.owned for kind in _used_kinds(resources) if kind.owned is not None]
        unindexed = [self._pool.submit(owned, self._aws, self._env.owner) for owned in listings]
        asked = {*undeclared, *(key.project for key in digests)}
        root_tags = {name: reads.first.root_tag(name) for name in asked}
        for name in asked if options.verify or options.force else ():
            reads.root(name)
        ordered = _order(resources)
        ids = renewed_roles.listed(resources, reads.first.roles.result())
        trusted = baseline.of_projects(
            self._records, self._pool, {name: one.result() for name, one in root_tags.items()}, reads.roots, digests, ids
        )
        known = reads.first.present() | {arn: name for owned in unindexed for arn, name in owned.result().items()}
        recent = {name for name, mark in root_tags.items() if (written := mark.result()) is not None and written.is_younger(LAG)}
        changes = self._changes(resources, artifacts, digests, trusted, known, recent, options, reads)
        ownership.check_region(self._env, self._former)
        if not options.adopt:
            ownership.check_records(self._env, resources, changes)
        orphans, remains = self._orphans(trusted, resources, digests, options)
        plan = Plan((*(changes[key] for key in ordered if key in changes), *orphans))
        digests |= {
            change.key: digest.of_struct("formerly", 1, remains[change.key].arn)
            for change in orphans
            if change.action is Action.RECORD
        }
        return Outcome(plan, trusted, digests, remains, frozenset(known.values()) - asked - {""}, ids)

    def _changes(
        self,
        resources: Sequence[Resource],
        artifacts: Mapping[Key, Artifact],
        digests: Mapping[Key, Digest],
        trusted: Mapping[str, Baseline],
        present: Collection[str],
        recent: Collection[str],
        options: Options,
        reads: Reads,
    ) -> dict[Key, Change]:
        arns = {one.key: one.arn for one in resources if one.indexed}

        def recorded(one: Resource) -> bool:
            return trusted[one.key.project].proves(one.key, digests[one.key]) and not (options.force or options.verify)

        def exists(one: Resource) -> bool:
            # What no index shows goes with what it is in, and is looked at when that is gone.
            return one.arn in present if one.indexed else all(arns[key] in present for key in one.needs if key in arns)

        wanted = [one for one in resources if options.wanted(one.key)]
        unseen = [one for one in wanted if one.indexed and one.arn not in present and one.key.project in recent and recorded(one)]
        present = {*present, *listing.existing(self._aws, unseen, self._pool)}
        ownership.check_case(wanted, present)
        missing_roles = renewed_roles.gone(resources, present)
        ids = renewed_roles.listed(resources, reads.first.roles.result())
        others = renewed_roles.replaced(ids, {name: project.roles for name, project in trusted.items()})
        new_roles = missing_roles | others
        unsettled = [one for one in wanted if not (recorded(one) and exists(one) and new_roles.isdisjoint({one.key, *one.needs}))]
        for one in unsettled:
            if not recorded(one) and (one.key in trusted[one.key.project].digests or one.key in trusted[one.key.project].pending):
                reads.body(one.key)
                if options.verify:
                    reads.tag(one.key)
        stale = {artifact.key for one in unsettled for artifact in one.artifacts}
        stale |= {key for key in artifacts if options.wanted(key) and not trusted[key.project].proves(key, digests[key])}
        live = [reads.live(one) for one in unsettled]  # while their artifacts are looked for
        looked = {key: reads.content(artifacts[key]) for key in stale}
        contents = {key: content.result() for key, content in looked.items()}
        changes = {one.key: Change(one.key, Action.NOOP, "up to date") for one in wanted}
        for key in artifacts:
            if options.wanted(key) or key in stale:
                missing = key in contents and not contents[key][1]
                project = trusted[key.project]
                new = reasons.of_upload(artifacts[key], project.files, project.digests.get(key))
                reason = new if missing else "uploaded"
                beside = {"Bill": True} if missing and artifacts[key].bill(self._build_dir) else {}
                changes[key] = Change(key, Action.UPLOAD if missing else Action.NOOP, reason, beside)
        found = {key: one for key, (one, _) in contents.items()}
        decider = Decider(self._env, self._aws, digests, found, options.force, options.adopt, options.data, self._former)

        def decided(one: Resource, seen: Live | DeployError | None) -> Change | DeployError:
            if isinstance(seen, DeployError):
                return seen
            body = reads.bodies[one.key].result() if one.key in reads.bodies else None
            project, tag = trusted[one.key.project], reads.tags.get(one.key)
            mistagged = tag is not None and tag.result() != project.digests.get(one.key)
            return caught(decider.decide)(one, project, seen, body, mistagged=mistagged)

        decisions = [decided(one, read.result()) for one, read in zip(unsettled, live, strict=True)]
        raise_together([error for error in decisions if isinstance(error, DeployError)])
        decided_by_key = {change.key: change for change in decisions if isinstance(change, Change)}
        changes |= renewed_roles.renewed(decided_by_key, resources, others)
        known = {key for project in trusted.values() for key in (*project.digests, *project.pending)}
        _check_overwritten(reads, {key: change for key, change in changes.items() if key in known and key not in artifacts})
        return changes

    def _orphans(
        self, trusted: Mapping[str, Baseline], resources: Sequence[Resource], digests: Mapping[Key, Digest], options: Options
    ) -> tuple[list[Change], dict[Key, Orphan]]:
        """What was deployed and is no longer declared, or has another name now."""
        found = [(key, one) for _, one in sorted(trusted.items()) for key in sorted({*one.digests, *one.pending})]
        undeclared = {key: one.pending.get(key) for key, one in found if key not in digests and key.kind != ARTIFACT}
        orphans = {key: place for key, place in undeclared.items() if options.wanted(locations.successor(key) or key)}
        said = {"prune": options.prune, "data": options.data, "complete": options.complete}
        pruner = Pruner(self._env, self._aws, self._records, self._types, **said)
        return pruner.changes(orphans, self._former, resources, options.wanted, self._pool)


def _check_overwritten(reads: Reads, recorded: Mapping[Key, Change]) -> None:
    """Reads the records that will be written over, so that those of a newer schema are refused before anything is changed."""
    for body in [reads.body(key) for key, change in recorded.items() if change.action is not Action.NOOP]:
        body.result()


def _used_kinds(resources: Sequence[Resource]) -> list[Kind]:
    """The kinds of these resources, each once."""
    return [kind for name, kind in kinds().items() if any(resource.key.kind == name for resource in resources)]


def _order(resources: Sequence[Resource]) -> list[Key]:
    """Keys so that each comes after what it needs; among equals as declared."""
    sorter = TopologicalSorter({one.key: one.needs for one in resources})
    return list(sorter.static_order())
