"""Makes the plan: compares declared resources with what is deployed. It only reads.

First come the reads that answer for all resources at once: the tags of the release roots, the tagging index, the roles. Only
what these do not settle costs calls of its own: the body of a root, the tag of a record or an artifact, a live read. A resource
is unchanged if its record is proven to hold the desired digest and the resource exists; otherwise its live state is read.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.lean_dataclass import dataclass, field
from common.declare.usual_names import UsualNames
from common.engine import listing, moving, ownership, renewed_roles, uploads
from common.engine.decisions import Decider
from common.engine.options import Options
from common.engine.order import in_order
from common.engine.prune import Pruner
from common.engine.reads import Reads
from common.engine.rounds import Rounds
from common.environment.config import Environment
from common.model.desired_state import digest_of
from common.model.kind import Kind
from common.model.orphan import Orphan, Types, no_type
from common.model.resource import Action, Artifact, Change, Key, Plan, Resource
from common.resources import kinds
from common.state import baseline, locations
from common.state.records import Records
from common.state.release_root import ARTIFACT, Baseline

INDEX_LAG = timedelta(days=1)
"""For this time after a deploy, the tagging index may not show new resources, or may still show deleted ones."""


@dataclass(frozen=True)
class Outcome:
    """A plan and what it was made from. Applying needs both.

    Args:
        plan: the plan.
        baselines: the baseline of each project.
        digests: the digests of all declared resources and artifacts, and of renamed resources that get records of their own.
        orphans: the resources that are to be deleted, forgotten or recorded again.
        elsewhere: projects that own something in this environment and are not part of the plan.
        role_ids: the ids of the declared roles that exist.
        whole: what the plan does not contain of its projects is undeclared; False if it was left out by a selection.
    """

    plan: Plan
    baselines: Mapping[str, Baseline]
    digests: Mapping[Key, Digest]
    orphans: Mapping[Key, Orphan] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    role_ids: Mapping[Key, str] = field(default_factory=dict)
    whole: bool = True


class Planner:
    """Plans for the resources of several projects.

    Args:
        env: the environment.
        aws: the AWS session.
        records: the environment's records.
        build_dir: where artifacts are built.
        pool: where calls run in parallel.
        types: finds the type of a resource that is no longer declared.
        prepare: called once something differs from what was released; it loads what only a change needs.
    """

    def __init__(
        self,
        env: Environment,
        aws: Aws,
        records: Records,
        build_dir: Path,
        pool: Executor,
        types: Types = no_type,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self._env, self._aws, self._records, self._build_dir, self._pool = env, aws, records, build_dir, pool
        self._types, self._prepare = types, prepare
        self._former: dict[Key, Orphan] = {}
        """The former resources that were noticed, by keys of their own."""

    def plan(
        self,
        resources: Sequence[Resource],
        options: Options,
        reads: Reads,
        undeclared: Collection[str] = (),
    ) -> Outcome:
        """Makes the plan, its changes in dependency order.

        Args:
            resources: the declared resources of all projects of the plan.
            options: what the user has asked for.
            reads: the reads of this plan, some of which have begun already.
            undeclared: projects that are no longer declared.

        Raises:
            OwnershipError: resources exist under our names that are not ours; one message names them all.
            ArtifactError: a changed artifact cannot be built.
        """
        digests = {resource.key: digest_of(resource, self._env.endpoints) for resource in resources}
        artifacts = {artifact.key: artifact for resource in resources for artifact in resource.artifacts}
        digests |= {key: artifact.input_digest() for key, artifact in artifacts.items()}
        listings = [kind.owned for kind in _used_kinds(resources) if kind.owned is not None]
        unindexed = [self._pool.submit(owned, self._aws, self._env.owner) for owned in listings]
        reads.first.look_for(resources)
        projects = {*undeclared, *(key.project for key in digests)}
        root_tags = {name: reads.first.root_tag(name) for name in projects}
        for name in projects:
            if options.verify or options.force or root_tags[name].result() is None:
                reads.root(name)
        ordered = in_order(resources)
        ids = renewed_roles.listed(resources, reads.first.roles())
        written = {name: tag.result() for name, tag in root_tags.items()}

        def present() -> dict[str, str]:
            return reads.first.present() | {arn: name for owned in unindexed for arn, name in owned.result().items()}

        if new := {name for name, tag in written.items() if tag is None}:
            from common.engine import new_projects  # an unchanged deploy has none

            new_projects.begin_reads(self._aws, resources, new, present(), self._pool, options, reads)
        baselines = baseline.of_projects(self._records, self._pool, written, reads.roots, reads.first.stored_paths, digests, ids)
        reads.forget_live({name for name in new if not baselines[name].is_new})  # roots that have lost their tags
        self._begin_reads(resources, digests, baselines, options, reads)  # while the index is still being listed
        recent = {name for name, tag in written.items() if tag is not None and tag.is_younger(INDEX_LAG)}
        changes = self._changes(resources, artifacts, digests, baselines, present(), recent, options, reads)
        self._read_unread_roots(baselines, changes, reads)
        ownership.check_region(self._env, self._former)
        if not options.adopt:
            ownership.check_records(self._env, resources, changes)
        deletions, orphans = self._orphans(baselines, resources, digests, options)
        called = {key: (orphan.name, orphan.arn) for key, orphan in orphans.items()}
        called |= {resource.key: (resource.name, resource.arn) for resource in resources}
        planned = [*(changes[key] for key in ordered if key in changes), *deletions]
        usual = UsualNames(self._env)
        plan = Plan(tuple(_named(change, *called.get(change.key, ("", "")), usual) for change in planned))
        digests |= {
            change.key: digest.of_struct("formerly", 1, orphans[change.key].arn)
            for change in deletions
            if change.action is Action.RECORD
        }
        return Outcome(plan, baselines, digests, orphans, frozenset(present().values()) - projects - {""}, ids)

    def _begin_reads(
        self,
        resources: Sequence[Resource],
        digests: Mapping[Key, Digest],
        baselines: Mapping[str, Baseline],
        options: Options,
        reads: Reads,
    ) -> None:
        """Begins the reads that are certainly needed. An unchanged project, of which only the tags were read, needs none."""
        opened = {name: project for name, project in baselines.items() if project.root is not None or not project.clean}
        differing = [
            resource
            for resource in resources
            if (project := opened.get(resource.key.project)) is not None
            and not project.proves(resource.key, digests[resource.key])
            and options.selected(resource.key)
        ]
        if differing:
            self._prepare()
        recorded = {key for project in opened.values() for key in (*project.digests, *project.pending)}
        reads.begin([resource for resource in differing if resource.key in recorded])  # others may be listed

    def _changes(
        self,
        resources: Sequence[Resource],
        artifacts: Mapping[Key, Artifact],
        digests: Mapping[Key, Digest],
        baselines: Mapping[str, Baseline],
        present: Collection[str],
        recent: Collection[str],
        options: Options,
        reads: Reads,
    ) -> dict[Key, Change]:
        arns = {resource.key: resource.arn for resource in resources if resource.indexed}

        def recorded(resource: Resource) -> bool:
            return baselines[resource.key.project].proves(resource.key, digests[resource.key]) and not (
                options.force or options.verify
            )

        def exists(resource: Resource) -> bool:
            # A resource that no index shows is deleted with the one that it needs, so it is read only if that one is gone.
            return (
                resource.arn in present
                if resource.indexed
                else all(arns[key] in present for key in resource.needs if key in arns)
            )

        selected = [resource for resource in resources if options.selected(resource.key)]
        unseen = [
            resource
            for resource in selected
            if resource.indexed and resource.arn not in present and resource.key.project in recent and recorded(resource)
        ]
        present = {*present, *listing.existing(self._aws, unseen, self._pool)}
        ownership.check_case(selected, present)
        missing_roles = renewed_roles.gone(resources, present)
        ids = renewed_roles.listed(resources, reads.first.roles())
        others = renewed_roles.replaced(ids, {name: project.roles for name, project in baselines.items()})
        new_roles = missing_roles | others
        unsettled = [
            resource
            for resource in selected
            if resource.always_verified
            or not (recorded(resource) and exists(resource) and new_roles.isdisjoint({resource.key, *resource.needs}))
        ]
        recorded_keys = {key for project in baselines.values() for key in (*project.digests, *project.pending)}
        for resource in unsettled:
            if not recorded(resource) and resource.key in recorded_keys:
                reads.body(resource.key)
                if options.verify:
                    reads.tag(resource.key)
        stale = {artifact.key for resource in unsettled for artifact in resource.artifacts}
        stale |= {key for key in artifacts if options.selected(key) and not baselines[key.project].proves(key, digests[key])}
        unknown = [
            each for each in unsettled if not (each.key in recorded_keys or each.arn in present or reads.has_live(each.key))
        ]
        absent = listing.absent(self._aws, unknown, self._pool)
        for resource in unsettled:
            reads.live(resource, absent=absent.get(resource.key))  # while their artifacts are looked for
        users = {artifact.key: resource for resource in resources for artifact in resource.artifacts}
        futures = {key: reads.content(artifacts[key], users[key]) for key in stale}
        contents = {key: content.result() for key, content in futures.items()}
        changes = {resource.key: Change(resource.key, Action.NOOP, "up to date") for resource in selected}
        changes |= uploads.planned(
            artifacts, {key for key in artifacts if options.selected(key)} | stale, contents, baselines, self._build_dir
        )
        digests_of_contents = {key: digest_of_content for key, (digest_of_content, _) in contents.items()}
        rounds = Rounds(reads, baselines, digests_of_contents)
        decider = Decider(
            *(self._env, self._aws, self._records, digests, digests_of_contents, options),
            attributes=rounds.attributes,
            former=self._former,
        )
        decided_by_key = rounds.decide(unsettled, selected, recorded_keys, decider)
        changes |= renewed_roles.renewed(decided_by_key, resources, others)
        _check_overwritten(
            reads, {key: change for key, change in changes.items() if key in recorded_keys and key not in artifacts}
        )
        return changes

    def _read_unread_roots(self, baselines: Mapping[str, Baseline], changes: Mapping[Key, Change], reads: Reads) -> None:
        """Reads the roots that will be overwritten although their tags were enough so far: what only they hold is kept."""
        overwritten = {key.project for key, change in changes.items() if change.action is not Action.NOOP}
        for name in sorted(name for name in overwritten if baselines[name].clean and baselines[name].root is None):
            reads.root(name)
            root, etag = reads.roots[name].result()
            if baseline.matches_tag(root, reads.first.root_tag(name).result()):
                baselines[name].root, baselines[name].etag = root, etag

    def _orphans(
        self, baselines: Mapping[str, Baseline], resources: Sequence[Resource], digests: Mapping[Key, Digest], options: Options
    ) -> tuple[list[Change], dict[Key, Orphan]]:
        """The changes of resources that are no longer declared or were renamed, and what is known of these resources."""
        recorded = [
            (key, baseline) for _, baseline in sorted(baselines.items()) for key in sorted({*baseline.digests, *baseline.pending})
        ]
        undeclared = {key: baseline.pending.get(key) for key, baseline in recorded if key not in digests and key.kind != ARTIFACT}
        replaced = moving.replacements(resources)
        orphans = {
            key: location
            for key, location in undeclared.items()
            if options.selected(locations.successor(key) or replaced.get(key, key))
        }
        pruner = Pruner(self._env, self._aws, self._records, self._types, options)
        return pruner.changes(orphans, self._former, resources, options.selected, self._pool)


def _named(change: Change, name: str, arn: str, usual: UsualNames) -> Change:
    """The change, with what its resource is called in AWS, where people would not expect that."""
    if not name or locations.successor(change.key) is not None:
        return change
    other_name = usual.other_name(change.key, name, arn)
    return replace(change, name=other_name) if other_name != change.name else change


def _check_overwritten(reads: Reads, recorded: Mapping[Key, Change]) -> None:
    """Reads the records that will be overwritten, so that a newer schema is refused before anything is changed."""
    for body in [reads.body(key) for key, change in recorded.items() if change.action is not Action.NOOP]:
        body.result()


def _used_kinds(resources: Sequence[Resource]) -> list[Kind]:
    """The kinds of these resources, each once."""
    used = {resource.key.kind for resource in resources}
    return [kind for name, kind in kinds().items() if name in used]
