"""Decides what to do with a resource, from its declared, its live and its last applied state.

The fields that are declared belong to us. A live field that is not declared stays, and the reason names it. A field that was
declared when the resource was applied last, and is no longer, is removed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from common.aws import regions
from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.engine import ownership, reasons
from common.engine.options import Options
from common.environment.config import Environment
from common.model import comparison, hidden_fields
from common.model.choices import NOBODY
from common.model.desired_state import rendered
from common.model.generated import AttributesOf, filled_in, marked_keys
from common.model.orphan import Orphan
from common.model.resource import Action, Artifact, Change, Key, Live, Resource, State
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
            body: the body of its record; None if the record is known to hold the declared state, empty if it cannot be read.
            mistagged: the record's tag differs from the digest in the release root.

        Raises:
            OwnershipError: the resource exists and is not ours.
            DeployError: the resource would have to be replaced, and it holds data.
        """
        key, pending, location = resource.key, resource.key in baseline.pending, baseline.pending.get(resource.key, {})
        recorded = None if pending else baseline.digests.get(key)
        desired = filled_in(rendered(resource.desired(), self._content), self.attributes)
        recorded_locations: list[Location] = [body or {}, location]
        former = locations.former_locations(resource, recorded_locations, self.env.account_id)
        self.former.update(former)
        unreadable = "its record cannot be read" if recorded is not None and body is not None and not body else ""
        moved = f"{renamed}; " if (renamed := locations.renamed_reason(former, resource.arn, data=resource.data)) else ""
        if live is None:
            why = renamed or ("does not exist" if recorded is None else "is gone from AWS")
            unknown = unreadable and recorded != self.digests[key]
            lost = f"{unreadable}, so another name that it had is not known" if unknown else ""
            return Change(key, Action.CREATE, "; ".join(filter(None, (why, lost))), desired)
        owners = {self.env.owner, *locations.owners(resource, recorded_locations, self.env.account_id, self.env.name)}
        owner = ownership.owner(resource, live, owners)
        theirs = owner is not None and not (owner == NOBODY and pending and not location.get(UNBINDING))
        if theirs and not (owner in self.options.adopt and self.options.adoptable(key)):
            theirs = not ownership.check_unused(
                self.env, self.aws, resource, live, owner or NOBODY, self._when_unbound if recorded is None else _never
            )
        elsewhere = locations.former_locations(
            resource, [body or {}], self.env.account_id
        )  # then the record tells of the old one alone
        applied = None if elsewhere else (body or {}).get("desired")
        earlier = baseline.adopted_from(key, {} if elsewhere else body or {})
        adopted = self._adopted_from(key, owner) if theirs and owner is not None else earlier
        stale = find_stale(resource, live, (applied, location.get("sets")))
        removed = self._removed(resource, comparison.without(live.undeclared, stale))
        unfinished = pending and not applied
        kept = set() if unfinished else {name for name in resource.defaults if resource.loses(name, live.state.get(name))}
        changed = ({*comparison.difference(desired, live.state)} - kept) | stale.keys() | removed.keys()
        if not changed and not self.options.force:
            damage = unreadable or ("its record has lost its tag" if recorded == self.digests[key] and mistagged else "")
            proven = recorded == self.digests[key] and not damage
            reason = "up to date" if proven else f"{moved}is as declared; {damage or 'its record is not'}"
            return Change(key, Action.NOOP if proven else Action.RECORD, reason, desired, live, adopted=adopted)
        if fixed := ", ".join(
            name for name in sorted(changed) if resource.is_fixed(name, live.state.get(name), desired.get(name))
        ):
            spared = bool(adopted) and not self.options.named(key)
            ownership.check_replaceable(resource, fixed, data=self.options.data, theirs=theirs, adopted=spared)
            resource.check_creation(regions.at(self.aws, resource.arn), desired)
            cost = "; everything in it is deleted" if resource.data else ""
            fields = reasons.fields(resource, desired, live, changed, stale, _known(applied), baseline.files)
            why = f"{fixed} cannot be changed in place{cost}"
            return Change(key, Action.REPLACE, why, desired, live, frozenset(changed), fields=fields)
        taken_from = owner if theirs and owner else ""
        reason = reasons.of(resource, desired, live, changed, stale, baseline.files)
        reason = self._told_of_others(resource, desired, live, changed, reason, {} if elsewhere else body or {}, recorded)
        last = desired if body is None else _known(applied)
        fields = reasons.fields(resource, desired, live, changed, stale, last, baseline.files)
        if taken_from:
            reason = reasons.taken_over(taken_from, changed, stale, live.state, desired)
        removals = comparison.merged(stale, removed)
        also = reasons.removed(desired, removed), reasons.kept(resource, desired, comparison.without(live.undeclared, removals))
        reason = moved + "; ".join(filter(None, (reason or ("" if removed else "forced"), *also)))
        every = frozenset(changed or desired.keys() - kept)
        update = Change(key, Action.UPDATE, reason, desired, live, every, removals, adopted=adopted)
        return replace(update, taken_over=taken_from, fields=fields)

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

    def _told_of_others(
        self,
        resource: Resource,
        desired: State,
        live: Live,
        changed: Collection[str],
        reason: str,
        record: JsonMapping,
        recorded: Digest | None,
    ) -> str:
        """The reason of an update together with what somebody else has changed since the resource was recorded."""
        same = recorded == self.digests[resource.key]
        renewed = {name for name in changed if marked_keys(desired.get(name))}  # AWS gives other values to what is created anew
        by_others = reasons.by_others(resource, desired, live, {*changed} - renewed, record, same=same)
        if same and (by_others or (reason and not renewed)):
            return f"{by_others or reason}; this is put back"
        return f"{reason}; {by_others}" if resource.always_verified and by_others else reason

    def _removed(self, resource: Resource, undeclared: JsonMapping) -> JsonObject:
        """The undeclared live fields that are taken away: with `--exclusive` all that the type can remove, else none."""
        unusual = comparison.unusual(undeclared, resource.usual) if self.options.exclusive else {}
        return {name: value for name, value in unusual.items() if name in resource.removable}


def _known(applied: object) -> State:
    """The state that was applied last; empty if it is not known."""
    return applied if isinstance(applied, dict) else {}


def _never(_: Resource) -> str:
    """When a resource was unbound that is recorded: it was not, or it is ours again."""
    return ""


def find_stale(resource: Resource, live: Live, earlier: Iterable[object]) -> JsonObject:
    """The undeclared live fields that were declared in earlier states: the one that was applied last, and one that was begun."""
    undeclared = {name: value for name, value in live.undeclared.items() if name not in resource.lasting}
    stale: JsonObject = {}
    for state in earlier:
        if isinstance(state, dict):
            before = hidden_fields.applied_parts(undeclared, state)
            stale = comparison.merged(stale, comparison.taken_away(undeclared, before))
            unread = resource.apart - live.state.keys() - resource.lasting
            stale |= {name: state[name] for name in unread if not comparison.is_empty(state.get(name))}
    return stale
