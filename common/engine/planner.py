"""Makes the plan: compares declared resources with what is deployed. It only reads.

First come the reads that answer for all resources at once: the tags of the release roots, the tagging index, the roles. Only
what these do not settle costs calls of its own: the body of a root, the tag of a record or an artifact, a live read. A resource
is unchanged if its record is proven to hold the desired digest and the resource exists; otherwise its live state is read.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.declare.usual_names import UsualNames
from common.engine import listing, moving, ownership, renewed_roles, uploads
from common.engine.options import Options
from common.engine.order import in_order
from common.engine.plan_data import Outcome, PlanInputs
from common.engine.reads import Reads
from common.environment.config import Environment
from common.model.desired_state import digest_of
from common.model.orphan import Orphan, Types, no_type
from common.model.resource import Action, Change, Key, Plan, Resource
from common.resources import kinds
from common.state import baseline, locations
from common.state.records import Records
from common.state.release_root import ARTIFACT

INDEX_LAG = timedelta(days=1)
"""For this time after a deploy, the tagging index may not show new resources, or may still show deleted ones."""


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
        used = {resource.key.kind for resource in resources}
        listings = [kind.owned for name, kind in kinds().items() if name in used and kind.owned is not None]
        unindexed = [self._pool.submit(owned, self._aws, self._env.owner) for owned in listings]

        def present() -> dict[str, str]:
            return reads.first.present() | {arn: name for owned in unindexed for arn, name in owned.result().items()}

        inputs = self._inputs(resources, options, reads, undeclared, present)
        self._begin_reads(inputs)  # while the index is still being listed
        changes = self._changes(inputs, present())
        self._read_unread_roots(inputs, changes)
        ownership.check_region(self._env, self._former)
        if not options.adopt:
            ownership.check_records(self._env, resources, changes)
        deletions, orphans = self._orphans(inputs)
        planned = [*(changes[key] for key in in_order(resources) if key in changes), *deletions]
        recorded = [change.key for change in deletions if change.action is Action.RECORD]
        return Outcome(
            plan=self._named_plan(planned, resources, orphans),
            baselines=inputs.baselines,
            digests={**inputs.digests, **{key: digest.of_struct("formerly", 1, orphans[key].arn) for key in recorded}},
            orphans=orphans,
            elsewhere=frozenset(present().values()) - inputs.root_tags.keys() - {""},
            role_ids=inputs.role_ids,
        )

    def _inputs(
        self,
        resources: Sequence[Resource],
        options: Options,
        reads: Reads,
        undeclared: Collection[str],
        present: Callable[[], Mapping[str, str]],
    ) -> PlanInputs:
        """What the plan is made from; `present` waits for the ARNs of what exists, as far as the index shows it."""
        digests = {resource.key: digest_of(resource, self._env.endpoints) for resource in resources}
        artifacts = {artifact.key: artifact for resource in resources for artifact in resource.artifacts}
        digests |= {key: artifact.input_digest() for key, artifact in artifacts.items()}
        reads.first.look_for(resources)
        tag_reads = {name: reads.first.root_tag(name) for name in {*undeclared, *(key.project for key in digests)}}
        for name, tag in tag_reads.items():
            if options.verify or options.force or tag.result() is None:
                reads.root(name)
        role_ids = renewed_roles.listed(resources, reads.first.roles())
        tags = {name: tag.result() for name, tag in tag_reads.items()}
        if new := {name for name, tag in tags.items() if tag is None}:
            from common.engine import new_projects  # an unchanged deploy has none

            new_projects.begin_reads(self._aws, resources, new, present(), self._pool, options, reads)
        stored = reads.first.stored_paths
        baselines = baseline.of_projects(self._records, self._pool, tags, reads.roots, stored, digests, role_ids)
        reads.forget_live({name for name in new if not baselines[name].is_new})  # roots that have lost their tags
        return PlanInputs(resources, artifacts, digests, tags, baselines, role_ids, options, reads)

    def _begin_reads(self, inputs: PlanInputs) -> None:
        """Begins the reads that are certainly needed. An unchanged project, of which only the tags were read, needs none."""
        opened = {name for name, project in inputs.baselines.items() if project.root is not None or not project.clean}
        differing = [
            resource
            for resource in inputs.resources
            if resource.key.project in opened and not inputs.is_proven(resource.key) and inputs.options.selected(resource.key)
        ]
        if differing:
            self._prepare()
        inputs.reads.begin([resource for resource in differing if resource.key in inputs.recorded])  # others may be listed

    def _changes(self, inputs: PlanInputs, present: Collection[str]) -> dict[Key, Change]:
        """The changes of the selected resources, and of all artifacts that these need.

        Args:
            inputs: what the plan is made from.
            present: the ARNs of what exists, as far as the index shows it.
        """
        present = {*present, *self._not_indexed_yet(inputs, present)}
        ownership.check_case(inputs.selected, present)
        released_ids = {name: project.roles for name, project in inputs.baselines.items()}
        made_again = renewed_roles.replaced(inputs.role_ids, released_ids)
        new_roles = renewed_roles.gone(inputs.resources, present) | made_again
        unsettled = _unsettled(inputs, present, new_roles)
        chosen = {key for key in inputs.artifacts if inputs.options.selected(key)}
        unproven = {artifact.key for resource in unsettled for artifact in resource.artifacts}
        unproven |= {key for key in chosen if not inputs.is_proven(key)}
        self._begin_reads_of_unsettled(inputs, unsettled, present)
        contents = _contents(inputs, unproven)
        changes = {resource.key: Change(resource.key, Action.NOOP, "up to date") for resource in inputs.selected}
        changes |= uploads.planned(inputs.artifacts, chosen | unproven, contents, inputs.baselines, self._build_dir)
        if unsettled:
            decided = self._decided(inputs, unsettled, {key: content for key, (content, _) in contents.items()})
            changes |= renewed_roles.renewed(decided, inputs.resources, made_again)
        _check_overwritten(inputs, changes)
        return changes

    def _not_indexed_yet(self, inputs: PlanInputs, present: Collection[str]) -> set[str]:
        """The ARNs of resources that were deployed a short time ago and exist, although the index does not show them."""
        recent = {name for name, tag in inputs.root_tags.items() if tag is not None and tag.is_younger(INDEX_LAG)}
        unseen = [
            resource
            for resource in inputs.selected
            if resource.indexed
            and resource.arn not in present
            and resource.key.project in recent
            and inputs.is_trusted(resource.key)
        ]
        return listing.existing(self._aws, unseen, self._pool)

    def _begin_reads_of_unsettled(self, inputs: PlanInputs, unsettled: Sequence[Resource], present: Collection[str]) -> None:
        """Begins to read the records and the live states of resources; what was never recorded may be listed instead."""
        reads = inputs.reads
        for resource in unsettled:
            if resource.key in inputs.recorded and not inputs.is_trusted(resource.key):
                reads.body(resource.key)
                if inputs.options.verify:
                    reads.tag(resource.key)
        unknown = [
            resource
            for resource in unsettled
            if not (resource.key in inputs.recorded or resource.arn in present or reads.has_live(resource.key))
        ]
        absent = listing.absent(self._aws, unknown, self._pool)
        for resource in unsettled:
            reads.live(resource, absent=absent.get(resource.key))  # while their artifacts are looked for

    def _decided(self, inputs: PlanInputs, unsettled: Sequence[Resource], contents: dict[Key, Digest]) -> dict[Key, Change]:
        """The changes of these resources, decided from their live states; `contents` are the content digests of artifacts."""
        from common.engine.decisions import Decider  # an unchanged deploy decides nothing
        from common.engine.rounds import Rounds

        rounds = Rounds(inputs.reads, inputs.baselines, contents)
        decider = Decider(
            *(self._env, self._aws, self._records, inputs.digests, contents, inputs.options),
            attributes=rounds.attributes,
            former=self._former,
        )
        return rounds.decide(unsettled, inputs.selected, inputs.recorded, decider)

    def _read_unread_roots(self, inputs: PlanInputs, changes: Mapping[Key, Change]) -> None:
        """Reads the roots that will be overwritten although their tags were enough so far: what only they hold is kept."""
        reads, baselines = inputs.reads, inputs.baselines
        overwritten = {key.project for key, change in changes.items() if change.action is not Action.NOOP}
        for name in sorted(name for name in overwritten if baselines[name].clean and baselines[name].root is None):
            reads.root(name)
            root, etag = reads.roots[name].result()
            if baseline.matches_tag(root, inputs.root_tags[name]):
                baselines[name].root, baselines[name].etag = root, etag

    def _orphans(self, inputs: PlanInputs) -> tuple[list[Change], dict[Key, Orphan]]:
        """The changes of resources that are no longer declared or were renamed, and what is known of these resources."""
        undeclared = {
            key: inputs.baselines[key.project].pending.get(key)
            for key in sorted(inputs.recorded - inputs.digests.keys())
            if key.kind != ARTIFACT
        }
        replaced = moving.replacements(inputs.resources)
        selected = inputs.options.selected
        orphans = {
            key: location for key, location in undeclared.items() if selected(locations.successor(key) or replaced.get(key, key))
        }
        if not orphans and not self._former:
            return [], {}
        from common.engine.prune import Pruner  # an unchanged deploy has nothing that is no longer declared

        pruner = Pruner(self._env, self._aws, self._records, self._types, inputs.options)
        return pruner.changes(orphans, self._former, inputs.resources, selected, self._pool)

    def _named_plan(self, changes: Iterable[Change], resources: Sequence[Resource], orphans: Mapping[Key, Orphan]) -> Plan:
        """The plan, in which a change says what its resource is called in AWS where people would not expect that."""
        usual = UsualNames(self._env)
        called = {key: (orphan.name, orphan.arn) for key, orphan in orphans.items()}
        called |= {resource.key: (resource.name, resource.arn) for resource in resources}

        def named(change: Change) -> Change:
            if change.key not in called or locations.successor(change.key) is not None:
                return change
            name = usual.other_name(change.key, *called[change.key])
            return replace(change, name=name) if name != change.name else change

        return Plan(tuple(map(named, changes)))


def _unsettled(inputs: PlanInputs, present: Collection[str], new_roles: Collection[Key]) -> list[Resource]:
    """The selected resources that may differ from what is declared, so that they are read.

    Args:
        inputs: what the plan is made from.
        present: the ARNs of what exists.
        new_roles: the roles that are missing, or that somebody has made again.
    """
    arns = {resource.key: resource.arn for resource in inputs.resources if resource.indexed}

    def exists(resource: Resource) -> bool:
        # A resource that no index shows is deleted with the one that it needs, so it is read only if that one is gone.
        needed = [resource.arn] if resource.indexed else [arns[key] for key in resource.needs if key in arns]
        return all(arn in present for arn in needed)

    def is_settled(resource: Resource) -> bool:
        runs_with_new_role = any(key in new_roles for key in (resource.key, *resource.needs))
        return inputs.is_trusted(resource.key) and exists(resource) and not runs_with_new_role

    return [resource for resource in inputs.selected if resource.always_verified or not is_settled(resource)]


def _contents(inputs: PlanInputs, keys: Collection[Key]) -> dict[Key, tuple[Digest, bool]]:
    """The content digests of artifacts, and whether they are uploaded; all are looked for at the same time."""
    users = {artifact.key: resource for resource in inputs.resources for artifact in resource.artifacts}
    futures = {key: inputs.reads.content(inputs.artifacts[key], users[key]) for key in keys}
    return {key: content.result() for key, content in futures.items()}


def _check_overwritten(inputs: PlanInputs, changes: Mapping[Key, Change]) -> None:
    """Reads the records that will be overwritten, so that a newer schema is refused before anything is changed."""
    overwritten = [
        key
        for key, change in changes.items()
        if change.action is not Action.NOOP and key in inputs.recorded and key not in inputs.artifacts
    ]
    for body in [inputs.reads.body(key) for key in overwritten]:
        body.result()
