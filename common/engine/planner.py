"""From declared resources to a plan, by reads only.

What is known is asked first and for all at once: the release root's tag, the tagging index, the roles. Only what these do not
settle costs calls of its own: the root's body, a record's tag, an artifact's tag, a live read. A resource is left alone when its
record is known to hold the desired digest and AWS is known to have it; anything less is looked at live.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.errors import DeployError, caught, raise_together
from common.engine import listing, ownership, reasons
from common.engine.connection import FirstReads
from common.engine.decisions import Decider
from common.engine.prune import Pruner, Types, no_type
from common.environment.config import Environment
from common.model.desired_state import digest_of
from common.model.events import Building, Report
from common.model.orphan import Remains
from common.model.resource import Action, Artifact, Change, Key, Live, Plan, Resource
from common.resources import layer, renewed_roles
from common.state import baseline, locations
from common.state.records import Records
from common.state.release_root import ARTIFACT, Trusted
from common.state.stored_artifacts import Originals

LAG = timedelta(days=1)
"""So long after a deploy the tagging index may not know what it has made, or may still show what was deleted."""
EARLY = 8
"""At most so many resources are read early: after a switch of branches there may be more, all deployed from elsewhere."""


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
        types: finds the type of what nobody declares any more.
        report: is told what is built meanwhile.
    """

    def __init__(
        self,
        env: Environment,
        aws: Aws,
        known: Records,
        build_dir: Path,
        pool: Executor,
        types: Types = no_type,
        report: Report = lambda _: None,
    ) -> None:
        self._env, self._aws, self._records, self._build_dir, self._pool = env, aws, known, build_dir, pool
        self._types, self._report = types, report
        self._reads: dict[Key, Future[Live | DeployError | None]] = {}
        self._contents: dict[Key, Future[tuple[Digest, bool]]] = {}
        self._bodies: dict[Key, Future[Mapping[str, Any]]] = {}
        self._recorded: dict[Key, Future[Digest | None]] = {}
        """The digests in the tags of records, where these are verified."""
        self._suspicious = False
        """Whether what the bucket holds is compared with what is built here."""
        self._former: dict[Key, Remains] = {}
        """What has another name or place now, as far as that was noticed, by keys of their own."""

    def plan(
        self,
        resources: Sequence[Resource],
        options: Options,
        reads: FirstReads,
        undeclared: Collection[str] = (),
        likely: Collection[Resource] = (),
        certain: Callable[[Collection[str]], None] | None = None,
    ) -> Outcome:
        """What has to be done, in dependency order.

        Args:
            resources: of all projects that the command is about.
            options: what the user asked for.
            reads: the first reads, begun already; nothing is concluded from them before the account is proved.
            undeclared: projects that nobody declares any more.
            likely: those that have probably changed; what is asked of such a one is asked at once.
            certain: told of projects that were deployed before and in which something is sure to change.

        Raises:
            OwnershipError: something exists under one of our names that is not ours; all such in one message.
            ArtifactError: a changed artifact cannot be built.
        """
        self._suspicious = options.verify or self._env.protected
        digests = {one.key: digest_of(one, self._env.endpoints) for one in resources}
        artifacts = {artifact.key: artifact for one in resources for artifact in one.artifacts}
        digests |= {key: artifact.input_digest() for key, artifact in artifacts.items()}
        present = [*reads.present]
        if any(one.key.kind == layer.Layer.kind for one in resources):
            present.append(self._pool.submit(layer.existing, self._aws, self._env.owner))
        asked = {*undeclared, *(key.project for key in digests)}
        marks = {name: reads.mark(name) for name in asked}
        edited = asked if options.verify or options.force else {one.key.project for one in likely}
        roots = {name: self._pool.submit(baseline.marked, self._records, name, marks[name]) for name in edited}
        early = [one for one in likely if options.wanted(one.key)]
        for one in early if len(early) <= EARLY else ():
            self._live(one, partial(baseline.until_marked, marks[one.key.project], roots[one.key.project]))
            for artifact in one.artifacts:
                self._looked(artifact)
        ordered = _order(resources)
        reads.caller.result()
        trusted = baseline.of_projects(
            self._records, self._pool, {name: one.result() for name, one in marks.items()}, roots, digests
        )
        if certain is not None:
            certain(baseline.differing(trusted, {key: one for key, one in digests.items() if options.wanted(key)}))
        known = {arn: project for future in present for arn, project in future.result().items()}
        recent = {name for name, mark in marks.items() if (written := mark.result()) is not None and written.is_younger(LAG)}
        changes = self._changes(resources, artifacts, digests, trusted, known, recent, options)
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
        return Outcome(plan, trusted, digests, remains, frozenset(known.values()) - asked - {""})

    def _changes(
        self,
        resources: Sequence[Resource],
        artifacts: Mapping[Key, Artifact],
        digests: Mapping[Key, Digest],
        trusted: Mapping[str, Trusted],
        present: Collection[str],
        recent: Collection[str],
        options: Options,
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
        known = {key for project in trusted.values() for key in (*project.digests, *project.pending)}
        renewed_roles.check_together(missing_roles, resources, options.wanted, known)
        unsettled = [one for one in wanted if not (recorded(one) and exists(one) and missing_roles.isdisjoint(one.needs))]
        for one in unsettled:
            if not recorded(one) and (one.key in trusted[one.key.project].digests or one.key in trusted[one.key.project].pending):
                self._body(one.key)
                if options.verify:
                    self._recorded[one.key] = self._pool.submit(self._records.recorded, one.key)
        stale = {artifact.key for one in unsettled for artifact in one.artifacts}
        stale |= {key for key in artifacts if options.wanted(key) and not trusted[key.project].proves(key, digests[key])}
        live = [self._live(one) for one in unsettled]  # while their artifacts are looked for
        looked = {key: self._looked(artifacts[key]) for key in stale}
        contents = {key: one.result() for key, one in looked.items()}
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
            body = self._bodies[one.key].result() if one.key in self._bodies else None
            project, tag = trusted[one.key.project], self._recorded.get(one.key)
            mistagged = tag is not None and tag.result() != project.digests.get(one.key)
            return caught(decider.decide)(one, project, seen, body, mistagged=mistagged)

        decisions = [decided(one, read.result()) for one, read in zip(unsettled, live, strict=True)]
        raise_together([error for error in decisions if isinstance(error, DeployError)])
        decided_by_key = {change.key: change for change in decisions if isinstance(change, Change)}
        pending = {key for project in trusted.values() for key in project.pending}
        applied = {key for key, body in self._bodies.items() if body.result()}
        changes |= renewed_roles.renewed(decided_by_key, resources, pending, applied)
        self._check_overwritten({key: change for key, change in changes.items() if key in known and key not in artifacts})
        return changes

    def _check_overwritten(self, recorded: Mapping[Key, Change]) -> None:
        """Reads the records that will be written over, so that those of a newer schema are refused before anything is changed."""
        for body in [self._body(key) for key, change in recorded.items() if change.action is not Action.NOOP]:
            body.result()

    def _live(self, one: Resource, wait: Callable[[], None] = lambda: None) -> Future[Live | DeployError | None]:
        """The live state, asked for once."""

        def read() -> Live | DeployError | None:
            wait()
            return caught(one.read)(self._aws)

        if one.key not in self._reads:
            self._reads[one.key] = self._pool.submit(read)
        return self._reads[one.key]

    def _body(self, key: Key) -> Future[Mapping[str, Any]]:
        """The body of a record, asked for once: it says where the resource is, and what was applied."""
        if key not in self._bodies:
            self._bodies[key] = self._pool.submit(self._records.read, key)
        return self._bodies[key]

    def _looked(self, artifact: Artifact) -> Future[tuple[Digest, bool]]:
        """See `_content`; looked for once."""
        if artifact.key not in self._contents:
            self._contents[artifact.key] = self._pool.submit(self._content, artifact)
        return self._contents[artifact.key]

    def _content(self, artifact: Artifact) -> tuple[Digest, bool]:
        """The artifact's content digest, and whether it is uploaded. What the bucket has is only built again to compare it."""
        uploaded = self._records.content(artifact)
        if uploaded is not None and not self._suspicious:
            return Digest(uploaded), True
        self._report(Building(artifact.key))
        try:
            if uploaded is not None:
                Originals(self._aws, self._env, self._build_dir).check(artifact, uploaded)
                return Digest(uploaded), True
            content = artifact.content(self._build_dir)
            artifact.bill(self._build_dir)  # here, where others are built at the same time
            return content, False
        finally:
            self._report(Building(artifact.key, ended=True))

    def _orphans(
        self, trusted: Mapping[str, Trusted], resources: Sequence[Resource], digests: Mapping[Key, Digest], options: Options
    ) -> tuple[list[Change], dict[Key, Remains]]:
        """What was deployed and is no longer declared, or has another name now."""
        found = [(key, one) for _, one in sorted(trusted.items()) for key in sorted({*one.digests, *one.pending})]
        undeclared = {key: one.pending.get(key) for key, one in found if key not in digests and key.kind != ARTIFACT}
        orphans = {key: place for key, place in undeclared.items() if options.wanted(locations.successor(key) or key)}
        said = {"prune": options.prune, "data": options.data, "complete": options.complete}
        pruner = Pruner(self._env, self._aws, self._records, self._types, **said)
        return pruner.changes(orphans, self._former, resources, options.wanted, self._pool)


def _order(resources: Sequence[Resource]) -> list[Key]:
    """Keys so that each comes after what it needs; among equals as declared."""
    sorter = TopologicalSorter({one.key: one.needs for one in resources})
    return list(sorter.static_order())
