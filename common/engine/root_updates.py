"""The next release root of each project: before the first change of a deploy, and after the last.

A digest is in a root only if the state is proven: by the plan, or by a change that was carried out and recorded. Whatever is
about to change, or has failed, is `pending`, so its record is not trusted. What a deploy that lost its lease may still change
stays `doubted`, until a deploy has read it after the time in which that could happen.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from uuid import uuid4

from common.base.digest import Digest
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.engine.plan_data import Outcome
from common.engine.renewed_roles import ids_after
from common.model.comparison import claims
from common.model.generated import TOKEN
from common.model.resource import MAKING, REMOVING, ROLE_ID, Action, Artifact, Change, Key, Outputs, Resource
from common.state.release_root import ARTIFACT, UNBINDING, Baseline, Location, Root, location_of


@dataclass(frozen=True)
class RootUpdates:
    """The next roots of the projects of one plan."""

    outcome: Outcome
    resources: Mapping[Key, Resource]
    artifacts: Mapping[Key, Artifact]

    def before(self, project: str, pending: Collection[Key]) -> Root:
        """The root while `pending` is about to change."""
        return self._root(project, {}, pending)

    def after(self, project: str, done: Mapping[Key, Outputs], failed: Collection[Key]) -> Root:
        """The root after the changes in `done` were carried out, with their outputs, and those in `failed` have failed."""
        return self._root(project, done, failed)

    def _root(self, project: str, done: Mapping[Key, Outputs], doubtful: Collection[Key]) -> Root:
        baseline = self.outcome.baselines[project]
        digests: dict[Key, Digest] = dict(baseline.digests)
        unproven = set() if baseline.proven else self.resources.keys() & digests.keys()
        left = {key for key in baseline.pending if key.kind != ARTIFACT or key in self.artifacts}  # other artifacts are unused
        unsure = {*left, *unproven, *(key for key in doubtful if key.project == project)}
        # Former resources that this plan has noticed: they have no record of their own yet, so they must not be forgotten.
        unsure |= {key for key in self.outcome.orphans if key.project == project and key not in digests}
        doubted = {key: until for key, until in baseline.doubted.items() if until or key in {*self.resources, *self.artifacts}}
        for change in self.outcome.plan.changes:
            if change.key.project == project and (change.action is Action.NOOP or change.key in done):
                if change.action in REMOVING:
                    digests.pop(change.key, None)
                else:
                    digests[change.key] = self.outcome.digests[change.key]
                unsure.discard(change.key)
                if not doubted.get(change.key):
                    doubted.pop(change.key, None)
        own = {str(key): digest for key, digest in digests.items() if key.project == project and key not in unsure and digest}
        is_declared = any(key.project == project for key in self.resources)
        if self.outcome.whole and not is_declared:  # what nobody declares needs no artifact any more
            own = {name: digest for name, digest in own.items() if not name.startswith(f"{ARTIFACT}/")}
        files = dict(baseline.files)
        files |= {
            str(key): dict(artifact.files())
            for key, artifact in self.artifacts.items()
            if digests.get(key) == artifact.input_digest()
        }
        pending = {str(key): self._location(key, baseline) for key in sorted(unsure)}
        still_doubted = {str(key): until for key, until in doubted.items()}
        files = {name: digests_by_path for name, digests_by_path in files.items() if name in own}
        undeclared = {name: role_id for name, role_id in baseline.roles.items() if name in own or name in pending}
        adopted = {
            name: owner for name, owner in self._adopted(project, baseline, done).items() if name in own or name in pending
        }
        roles = undeclared | self._role_ids(project, baseline, done)
        return Root(own, pending, still_doubted, files, roles=roles, adopted=adopted)

    def _adopted(self, project: str, baseline: Baseline, done: Collection[Key]) -> dict[str, str]:
        """The owners from whom resources were taken over, by ``kind/name``; what was created since is ours alone."""
        adopted = dict(baseline.adopted)
        for change in self.outcome.plan.changes:
            if change.key.project == project and (change.action is Action.NOOP or change.key in done):
                if change.adopted:
                    adopted[str(change.key)] = change.adopted
                elif change.action in MAKING:
                    adopted.pop(str(change.key), None)
        return adopted

    def _role_ids(self, project: str, baseline: Baseline, done: Mapping[Key, Outputs]) -> dict[str, str]:
        created = {key: str(outputs[ROLE_ID]) for key, outputs in done.items() if ROLE_ID in outputs}
        again = {key for key, change in self._planned.items() if change.action in MAKING and key in baseline.digests}
        settled = {key for key, change in self._planned.items() if change.action is Action.NOOP or key in done}
        own = [resource for resource in self.resources.values() if resource.key.project == project]
        return ids_after(own, baseline.roles, {**self.outcome.role_ids, **created}, again, settled)

    def _location(self, key: Key, baseline: Baseline) -> Location:
        """The location of a pending resource: the one that a dead deploy stored, unless this plan has read the resource."""
        resource = self.resources.get(key) or self.outcome.orphans.get(key)
        if resource is None or (key in baseline.pending and key not in self._planned):
            return baseline.pending.get(key, {})
        change = self._planned.get(key)
        properties = self.resources[key].properties if key in self.resources else {}
        sets = claims(change.desired if change else {}, baseline.pending.get(key, {}).get("sets"), [*properties])
        more: JsonObject = {"sets": sets} if sets else {}
        more |= {"adopted": change.adopted} if change and change.adopted else {}
        more |= {UNBINDING: True} if change and change.action is Action.UNBIND else {}
        more |= {TOKEN: self.tokens[key]} if key in self.tokens else {}
        return {**location_of(resource), **more}

    @cached_property
    def tokens(self) -> Mapping[Key, str]:
        """The tokens of the requests for resources that need their record; a deploy that died may have sent one already."""
        needing = [key for key, resource in self.resources.items() if resource.needs_record]
        pending = {key: self.outcome.baselines[key.project].pending.get(key, {}) for key in needing}
        return {key: str(location.get(TOKEN) or uuid4().hex) for key, location in pending.items()}

    @cached_property
    def _planned(self) -> dict[Key, Change]:
        return {change.key: change for change in self.outcome.plan.changes}


def is_untidy(root: Root, baseline: Baseline) -> bool:
    """Whether a project's root has to be written although nothing was changed. A project without resources has no root."""
    if not (root.digests or root.pending):
        return not baseline.is_new
    return not (baseline.clean and root.equals(baseline.as_root()))
