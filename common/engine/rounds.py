"""Decides in rounds: what refers to attributes that AWS is yet to give is decided again once it is known that they are new."""

from collections.abc import Collection, Mapping, Sequence

from common.base.digest import Digest
from common.base.errors import DeployError, raise_together, returning_errors
from common.engine.decisions import Decider
from common.engine.reads import Reads
from common.model.declared import Declared
from common.model.resource import MAKING, Action, Change, Key, Resource
from common.resources import kinds
from common.state.release_root import Baseline


class Rounds:
    """The rounds of one plan.

    Args:
        reads: the reads of the plan.
        baselines: the baseline of each project.
        contents: the content digests of artifacts; those of more resources are added.
    """

    def __init__(self, reads: Reads, baselines: Mapping[str, Baseline], contents: dict[Key, Digest]) -> None:
        self._reads, self._baselines, self._contents = reads, baselines, contents
        self._made: set[Key] = set()
        """The resources that will be created, so that their attributes are not known yet."""
        self._resources: dict[Key, Resource] = {}

    def attributes(self, key: Key) -> Mapping[str, str] | None:
        """The attributes of a resource, from its record, or from AWS if it is adopted; None if it will be created."""
        if key in self._made:
            return None
        outputs = self._reads.body(key).result().get("outputs")
        if not isinstance(outputs, Mapping) and key in self._resources:
            outputs = self._reads.outputs(self._resources[key])
        return outputs if isinstance(outputs, Mapping) else None

    def decide(
        self, unsettled: Sequence[Resource], selected: Sequence[Resource], recorded: Collection[Key], decider: Decider
    ) -> dict[Key, Change]:
        """The changes of the resources that are not known to be as declared, and of what refers to new attributes of theirs.

        The record of a resource that was recorded as declared, and is not so in AWS, is read in the end: it says since when the
        resource is not as it was, and from whom it was adopted.

        Args:
            unsettled: the resources of which live states are read.
            selected: all resources of the plan.
            recorded: the keys that are recorded.
            decider: decides for one resource.

        Raises:
            DeployError: something cannot be done; one message has all reasons.
        """
        self._resources = {resource.key: resource for resource in selected}
        decisions = {resource.key: self._decided(resource, decider) for resource in unsettled}
        renewed_by = {resource.key: resource.renewed_by for resource in selected if isinstance(resource, Declared)}
        while new := self._new(decisions, renewed_by):
            self._made |= new
            again = [resource for resource in selected if not new.isdisjoint(resource.needs)]
            decisions |= self._decided_with_records(again, decider)
        changes = _changes(decisions)
        differing = {key for key, change in changes.items() if change.action is not Action.NOOP and key in recorded}
        unread = [resource for resource in unsettled if resource.key in differing - self._reads.bodies.keys()]
        return changes | _changes(self._decided_with_records(unread, decider))

    def _decided_with_records(self, resources: Sequence[Resource], decider: Decider) -> dict[Key, Change | DeployError]:
        for resource in resources:
            self._reads.live(resource)
            self._reads.body(resource.key)
        return {resource.key: self._decided(resource, decider) for resource in resources}

    def _decided(self, resource: Resource, decider: Decider) -> Change | DeployError:
        reads, key = self._reads, resource.key
        live = reads.live(resource).result()
        if isinstance(live, DeployError):
            return live
        missing = [artifact for artifact in resource.artifacts if artifact.key not in self._contents]
        self._contents.update({artifact.key: reads.content(artifact, resource).result()[0] for artifact in missing})
        body = reads.bodies[key].result() if key in reads.bodies else None
        project, tag = self._baselines[key.project], reads.tags.get(key)
        mistagged = tag is not None and tag.result() != project.digests.get(key)
        return returning_errors(decider.decide)(resource, project, live, body, mistagged=mistagged)

    def _new(self, decisions: Mapping[Key, Change | DeployError], renewed_by: Mapping[Key, frozenset[str]]) -> set[Key]:
        changes = [change for change in decisions.values() if isinstance(change, Change)]
        return {change.key for change in changes if _renews(change, renewed_by.get(change.key, frozenset()))} - self._made


def _changes(decisions: Mapping[Key, Change | DeployError]) -> dict[Key, Change]:
    """The decisions, if none of them is an error.

    Raises:
        DeployError: the errors, together.
    """
    raise_together([error for error in decisions.values() if isinstance(error, DeployError)])
    return {key: change for key, change in decisions.items() if isinstance(change, Change)}


def _renews(change: Change, fields: frozenset[str]) -> bool:
    """Whether a change gives a resource new attributes, of which some belong to these fields."""
    kind = kinds().get(change.key.kind)
    generates = bool(fields) or (kind is not None and kind.generates)
    return generates and (change.action in MAKING or (change.action is Action.UPDATE and not fields.isdisjoint(change.changed)))
