"""What a release root may say of a project: before its first change, and after its last.

A digest stands in a root only if the state is proven: by the plan, or by a change that was carried out and recorded. Whatever is
about to change, or was tried and failed, is `pending`: its record is not believed, whatever it says. What a deploy that lost its
lease may still change stays `doubted` until one has seen it when that was over.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from common.base.digest import Digest
from common.engine.planner import Outcome
from common.engine.renewed_roles import ids_after
from common.model.comparison import claims
from common.model.resource import REMOVING, ROLE_ID, Action, Artifact, Change, Key, Outputs, Resource
from common.state.release_root import ARTIFACT, Baseline, Location, Root, location_of

MAKING = frozenset({Action.CREATE, Action.REPLACE})


@dataclass(frozen=True)
class Roots:
    """The roots of the projects of one plan."""

    outcome: Outcome
    resources: Mapping[Key, Resource]
    artifacts: Mapping[Key, Artifact]

    def before(self, project: str, pending: Collection[Key]) -> Root:
        """While `pending` is about to change."""
        return self._root(project, {}, pending)

    def after(self, project: str, done: Mapping[Key, Outputs], failed: Collection[Key]) -> Root:
        """When these changes were carried out, with what AWS decided of them, and those have failed."""
        return self._root(project, done, failed)

    def _root(self, project: str, done: Mapping[Key, Outputs], doubtful: Collection[Key]) -> Root:
        trusted = self.outcome.trusted[project]
        digests: dict[Key, Digest] = dict(trusted.digests)
        unproven = set() if trusted.proven else self.resources.keys() & digests.keys()
        left = {key for key in trusted.pending if key.kind != ARTIFACT or key in self.artifacts}  # others nobody asks for
        unsure = {*left, *unproven, *(key for key in doubtful if key.project == project)}
        # What has another name now and was only noticed by this plan: no record of its own keeps it from being forgotten yet.
        unsure |= {key for key in self.outcome.remains if key.project == project and key not in digests}
        doubted = {key: until for key, until in trusted.doubted.items() if until or key in {*self.resources, *self.artifacts}}
        for change in self.outcome.plan.changes:
            if change.key.project == project and (change.action is Action.NOOP or change.key in done):
                if change.action in REMOVING:
                    digests.pop(change.key, None)
                else:
                    digests[change.key] = self.outcome.digests[change.key]
                unsure.discard(change.key)
                if not doubted.get(change.key):
                    doubted.pop(change.key, None)
        own = {str(key): one for key, one in digests.items() if key.project == project and key not in unsure and one}
        if not any(key.project == project for key in self.resources):  # what nobody declares needs no artifact any more
            own = {name: one for name, one in own.items() if not name.startswith(f"{ARTIFACT}/")}
        files = dict(trusted.files)
        files |= {str(key): dict(one.files()) for key, one in self.artifacts.items() if digests.get(key) == one.input_digest()}
        places = {str(key): self._place(key, trusted) for key in sorted(unsure)}
        still = {str(key): until for key, until in doubted.items()}
        files = {name: one for name, one in files.items() if name in own}
        undeclared = {name: one for name, one in trusted.roles.items() if name in own or name in places}
        return Root(own, places, still, files, roles=undeclared | self._role_ids(project, trusted, done))

    def _role_ids(self, project: str, trusted: Baseline, done: Mapping[Key, Outputs]) -> dict[str, str]:
        made = {key: str(outputs[ROLE_ID]) for key, outputs in done.items() if ROLE_ID in outputs}
        again = {key for key, change in self._planned.items() if change.action in MAKING and key in trusted.digests}
        settled = {key for key, change in self._planned.items() if change.action is Action.NOOP or key in done}
        own = [resource for resource in self.resources.values() if resource.key.project == project]
        return ids_after(own, trusted.roles, {**self.outcome.role_ids, **made}, again, settled)

    def _place(self, key: Key, trusted: Baseline) -> Location:
        """Where it is: what a deploy that died has said of it stands, unless this plan is about it and has looked at that."""
        known = self.resources.get(key) or self.outcome.remains.get(key)
        if known is None or (key in trusted.pending and key not in self._planned):
            return trusted.pending.get(key, {})
        sets = claims(self._planned[key].desired if key in self._planned else {}, trusted.pending.get(key, {}).get("sets"))
        return {**location_of(known), **({"sets": sets} if sets else {})}

    @cached_property
    def _planned(self) -> dict[Key, Change]:
        return {change.key: change for change in self.outcome.plan.changes}


def is_untidy(root: Root, trusted: Baseline) -> bool:
    """Whether what may be said of a project is not what its root says; of nothing nothing is said."""
    if not (root.digests or root.pending):
        return not trusted.is_new
    return not (trusted.clean and root.equals(trusted.as_root()))
