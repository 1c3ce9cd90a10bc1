"""What a plan is made from, and the plan together with what applying needs besides."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from common.base.digest import Digest
from common.base.lean_dataclass import dataclass, field
from common.engine.options import Options
from common.engine.reads import Reads
from common.model.orphan import Orphan
from common.model.resource import Artifact, Key, Plan, Resource
from common.state.release_root import Baseline, RootTag


@dataclass(frozen=True)
class PlanInputs:
    """What a plan is made from.

    Args:
        resources: the declared resources of all projects of the plan.
        artifacts: their artifacts, by key.
        digests: the digests of all of these.
        root_tags: the tags of the release root of each project; None if it has none.
        baselines: the baseline of each project.
        role_ids: the ids of the declared roles that exist.
        options: what the user has asked for.
        reads: the reads of this plan.
    """

    resources: Sequence[Resource]
    artifacts: Mapping[Key, Artifact]
    digests: Mapping[Key, Digest]
    root_tags: Mapping[str, RootTag | None]
    baselines: Mapping[str, Baseline]
    role_ids: Mapping[Key, str]
    options: Options
    reads: Reads

    @cached_property
    def selected(self) -> list[Resource]:
        """The resources that the user has selected."""
        return [resource for resource in self.resources if self.options.selected(resource.key)]

    @cached_property
    def recorded(self) -> frozenset[Key]:
        """The keys that are recorded, or that a deploy which has not ended was about to change."""
        return frozenset(key for baseline in self.baselines.values() for key in (*baseline.digests, *baseline.pending))

    def is_proven(self, key: Key) -> bool:
        """Whether a resource or an artifact certainly has its declared digest."""
        return self.baselines[key.project].proves(key, self.digests[key])

    def is_trusted(self, key: Key) -> bool:
        """Whether a proof is enough, so that a resource is read only if it may be gone."""
        return self.is_proven(key) and not (self.options.force or self.options.verify)


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
