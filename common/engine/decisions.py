"""Decides what to do with a resource, from its declared, its live and its last applied state.

The fields that are declared belong to us. A live field that is not declared stays, and the reason names it. A field that was
declared when the resource was applied last, and is no longer, is removed.
"""

from collections.abc import Collection, Mapping

from common.aws import regions
from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.engine import ownership, reasons
from common.engine.options import Options
from common.engine.resource_facts import Difference, ResourceFacts, find_stale
from common.environment.config import Environment
from common.model import comparison
from common.model.choices import NOBODY
from common.model.desired_state import rendered
from common.model.generated import AttributesOf, filled_in, marked_keys
from common.model.orphan import Orphan
from common.model.resource import Action, Artifact, Change, Key, Live, Resource
from common.state import locations
from common.state.records import Records
from common.state.release_root import UNBINDING, Baseline, Location


@dataclass(frozen=True)
class Decider:
    """Decides for the resources of one plan.

    Args:
        env: the environment.
        aws: the AWS session.
        records: the environment's records.
        digests: the digests of all declared resources and artifacts.
        contents: the content digests of artifacts.
        options: what the user has asked for.
    """

    env: Environment
    aws: Aws
    records: Records
    digests: Mapping[Key, Digest]
    contents: Mapping[Key, Digest]
    options: Options
    attributes: AttributesOf = lambda _: None
    """The attributes that AWS has given to resources, as far as they are known."""
    former: dict[Key, Orphan] = field(default_factory=dict)
    """The former resources that were noticed, by keys of their own."""

    def decide(
        self,
        resource: Resource,
        baseline: Baseline,
        live: Live | None,
        body: JsonMapping | None,
        *,
        mistagged: bool = False,
    ) -> Change:
        """The change that makes a resource as it is declared.

        Args:
            resource: the declared resource.
            baseline: the baseline of its project.
            live: its live state.
            body: the body of its record; see `ResourceFacts`.
            mistagged: the record's tag differs from the digest in the release root.

        Raises:
            OwnershipError: the resource exists and is not ours, or cannot take our tags.
            DeployError: the resource would have to be replaced, and it holds data.
        """
        facts = self._facts(resource, baseline, body, mistagged=mistagged)
        former = self._former_locations(resource, body or {}, facts.location)
        self.former.update(former)
        renamed = locations.renamed_reason(former, resource.arn, data=resource.data)
        if live is None:
            return _creation(facts, renamed)
        moved = f"{renamed}; " if renamed else ""
        taken_from = self._taken_from(facts, live)
        adopted = (
            self._adopted_from(resource.key, taken_from) if taken_from else baseline.adopted_from(resource.key, facts.record)
        )
        difference = self._difference(facts, live)
        if not difference.changed and not self.options.force:
            return _record(facts, live, moved, adopted)
        changes = ((name, live.state.get(name), facts.desired.get(name)) for name in sorted(difference.changed))
        if fixed := ", ".join(name for name, before, after in changes if resource.is_fixed(name, before, after)):
            return self._replacement(facts, live, difference, fixed, taken_from, adopted)
        ownership.check_tags(resource, facts.desired, live, difference.stale)
        return self._update(facts, live, difference, moved, taken_from, adopted)

    def _facts(self, resource: Resource, baseline: Baseline, body: JsonMapping | None, *, mistagged: bool) -> ResourceFacts:
        desired = filled_in(rendered(resource.desired(), self._content), self.attributes)
        is_of_former = bool(self._former_locations(resource, body or {}))
        return ResourceFacts(
            resource=resource,
            baseline=baseline,
            digest=self.digests[resource.key],
            desired=desired,
            body=body,
            record={} if is_of_former or body is None else body,
            mistagged=mistagged,
        )

    def _former_locations(self, resource: Resource, *recorded: Location) -> dict[Key, Orphan]:
        return locations.former_locations(resource, recorded, self.env.account_id)

    def _taken_from(self, facts: ResourceFacts, live: Live) -> str:
        """From whom the resource is taken over; empty if it is ours.

        Raises:
            OwnershipError: it is not ours, and the user has not asked to take it over.
        """
        resource = facts.resource
        recorded = [facts.body or {}, facts.location]
        owners = {self.env.owner, *locations.owners(resource, recorded, self.env.account_id, self.env.name)}
        owner = ownership.owner(resource, live, owners)
        is_begun = owner == NOBODY and facts.is_pending and not facts.location.get(UNBINDING)  # its tags were to come next
        if owner is None or is_begun:
            return ""
        if not (owner in self.options.adopt and self.options.adoptable(resource.key)):
            unbound = self._when_unbound if facts.recorded is None else _never
            if ownership.check_unused(self.env, self.aws, resource, live, owner, unbound):
                return ""
        return owner

    def _difference(self, facts: ResourceFacts, live: Live) -> Difference:
        resource = facts.resource
        stale = find_stale(resource, live, (facts.applied, facts.location.get("sets")))
        removed = self._removed(resource, comparison.without(live.undeclared, stale))
        unfinished = facts.is_pending and not facts.applied
        kept = frozenset(() if unfinished else (name for name in resource.defaults if resource.loses(name, live.state.get(name))))
        changed = (frozenset(comparison.difference(facts.desired, live.state)) - kept) | stale.keys() | removed.keys()
        return Difference(changed, stale, removed, kept)

    def _replacement(
        self, facts: ResourceFacts, live: Live, difference: Difference, fixed: str, taken_from: str, adopted: str
    ) -> Change:
        """The change of a resource of which the fields in `fixed` cannot be changed in place.

        Raises:
            DeployError: it may not be replaced, or AWS would not create the new one.
        """
        resource, desired = facts.resource, facts.desired
        spared = bool(adopted) and not self.options.named(resource.key)
        ownership.check_replaceable(resource, fixed, data=self.options.data, theirs=bool(taken_from), adopted=spared)
        resource.check_creation(regions.at(self.aws, resource.arn), desired)
        cost = "; everything in it is deleted" if resource.data else ""
        fields = reasons.fields(
            resource, desired, live, difference.changed, difference.stale, facts.applied, facts.baseline.files
        )
        why = f"{fixed} cannot be changed in place{cost}"
        return Change(resource.key, Action.REPLACE, why, desired, live, difference.changed, fields=fields)

    def _update(
        self, facts: ResourceFacts, live: Live, difference: Difference, moved: str, taken_from: str, adopted: str
    ) -> Change:
        resource, desired, files = facts.resource, facts.desired, facts.baseline.files
        changed, stale, removed = difference.changed, difference.stale, difference.removed
        reason = reasons.of(resource, desired, live, changed, stale, files)
        reason = self._told_of_others(facts, live, changed, reason)
        if taken_from:
            reason = reasons.taken_over(taken_from, changed, stale, live.state, desired)
        removals = comparison.merged(stale, removed)
        also = reasons.removed(desired, removed), reasons.kept(resource, desired, comparison.without(live.undeclared, removals))
        reason = moved + "; ".join(filter(None, (reason or ("" if removed or stale else "forced"), *also)))
        last = desired if facts.body is None else facts.applied
        return Change(
            resource.key,
            Action.UPDATE,
            reason,
            desired,
            live,
            changed or frozenset(desired.keys() - difference.kept),
            removals,
            adopted=adopted,
            taken_over=taken_from,
            fields=reasons.fields(resource, desired, live, changed, stale, last, files),
        )

    def _adopted_from(self, key: Key, owner: str) -> str:
        """From whom a resource is adopted that is taken over from `owner`; empty if another project of ours has created it.

        A project that was renamed takes over what it deployed under its former name.
        """
        environment, _, project = owner.partition(":")
        if environment != self.env.owner or not project:
            return owner
        adopted = self.records.read(key._replace(project=project)).get("adopted")
        return adopted if isinstance(adopted, str) else ""

    def _content(self, artifact: Artifact) -> str:
        return digest.to_base64(self.contents[artifact.key])

    def _when_unbound(self, resource: Resource) -> str:
        """When a resource was unbound; empty if it was not."""
        note = self.records.unbound.of(resource.key, resource.arn)
        return note.since if note is not None else ""

    def _told_of_others(self, facts: ResourceFacts, live: Live, changed: Collection[str], reason: str) -> str:
        """The reason of an update together with what somebody else has changed since the resource was recorded."""
        resource, desired, same = facts.resource, facts.desired, facts.is_recorded
        renewed = {name for name in changed if marked_keys(desired.get(name))}  # AWS gives other values to what is created anew
        by_others = reasons.by_others(resource, desired, live, {*changed} - renewed, facts.record, same=same)
        if same and (by_others or (reason and not renewed)):
            return f"{by_others or reason}; this is put back"
        return f"{reason}; {by_others}" if resource.always_verified and by_others else reason

    def _removed(self, resource: Resource, undeclared: JsonMapping) -> JsonObject:
        """The undeclared live fields that are taken away: with `--exclusive` all that the type can remove, else none."""
        unusual = comparison.unusual(undeclared, resource.usual) if self.options.exclusive else {}
        return {name: value for name, value in unusual.items() if name in resource.removable}


def _creation(facts: ResourceFacts, renamed: str) -> Change:
    """The creation of a resource that does not exist; `renamed` says how it was called before."""
    why = renamed or ("does not exist" if facts.recorded is None else "is gone from AWS")
    is_unknown = facts.unreadable and not facts.is_recorded
    lost = f"{facts.unreadable}, so another name that it had is not known" if is_unknown else ""
    return Change(facts.resource.key, Action.CREATE, "; ".join(filter(None, (why, lost))), facts.desired)


def _record(facts: ResourceFacts, live: Live, moved: str, adopted: str) -> Change:
    """The change of a resource that is as declared: none, or its record is written again."""
    damage = facts.unreadable or ("its record has lost its tag" if facts.is_recorded and facts.mistagged else "")
    is_proven = facts.is_recorded and not damage
    reason = "up to date" if is_proven else f"{moved}is as declared; {damage or 'its record is not'}"
    action = Action.NOOP if is_proven else Action.RECORD
    return Change(facts.resource.key, action, reason, facts.desired, live, adopted=adopted)


def _never(_: Resource) -> str:
    """When a resource was unbound that is recorded: it was not, or it is ours again."""
    return ""
