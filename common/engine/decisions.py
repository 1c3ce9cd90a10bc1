"""Decides what to do with a resource, from its declared, its live and its last applied state.

The fields that are declared belong to us. A live field that is not declared stays, and the reason names it. A field that was
declared when the resource was applied last, and is no longer, is removed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest
from common.base.json_types import JsonMapping, JsonObject
from common.engine import ownership, reasons
from common.environment.config import Environment
from common.model import comparison, hidden_fields
from common.model.choices import NOBODY
from common.model.desired_state import rendered
from common.model.orphan import Orphan
from common.model.resource import Action, Change, Key, Live, Resource
from common.state import locations
from common.state.release_root import Baseline, Location


@dataclass(frozen=True)
class Decider:
    """Decides for the resources of one plan.

    Args:
        env: the environment.
        aws: the AWS session.
        digests: the digests of all declared resources and artifacts.
        contents: the content digests of artifacts.
        force: apply unchanged resources, too.
        adopt: the owners whose resources are taken over.
        data: replace resources that hold data, too.
    """

    env: Environment
    aws: Aws
    digests: Mapping[Key, Digest]
    contents: Mapping[Key, Digest]
    force: bool
    adopt: Collection[str]
    data: bool
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
        key, pending = resource.key, resource.key in baseline.pending
        recorded = None if pending else baseline.digests.get(key)
        desired = rendered(resource.desired(), lambda artifact: digest.to_base64(self.contents[artifact.key]))
        recorded_locations: list[Location] = [body or {}, baseline.pending.get(key, {})]
        former = locations.former_locations(resource, recorded_locations, self.env.account_id)
        self.former.update(former)
        unreadable = "its record cannot be read" if recorded is not None and body is not None and not body else ""
        moved = f"{renamed}; " if (renamed := locations.renamed_reason(former, data=resource.data)) else ""
        if live is None:
            before = renamed or ("does not exist" if recorded is None else "is gone from AWS")
            unknown = unreadable and recorded != self.digests[key]
            lost = f"{unreadable}, so another name that it had is not known" if unknown else ""
            return Change(key, Action.CREATE, "; ".join(filter(None, (before, lost))), desired)
        owners = {self.env.owner, *locations.owners(resource, recorded_locations, self.env.account_id, self.env.name)}
        owner = ownership.owner(resource, live, owners)
        theirs = owner is not None and not (owner == NOBODY and pending)
        if theirs and owner not in self.adopt:
            theirs = not ownership.check_unused(self.env, self.aws, resource, live, owner or NOBODY)
        elsewhere = locations.former_locations(
            resource, [body or {}], self.env.account_id
        )  # then the record tells of the old one alone
        applied = None if elsewhere else (body or {}).get("desired")
        begun = baseline.pending.get(key, {}).get("sets")
        stale: JsonObject = {}
        for state in (applied, begun):
            if isinstance(state, dict):
                earlier = hidden_fields.applied_parts(live.undeclared, state)
                stale = comparison.merged(stale, comparison.taken_away(live.undeclared, earlier))
        unfinished = pending and not applied
        kept = set() if unfinished else {name for name in resource.defaults if resource.loses(name, live.state.get(name))}
        changed = ({*comparison.difference(desired, live.state)} - kept) | stale.keys()
        if not changed and not self.force:
            damage = unreadable or ("its record has lost its tag" if recorded == self.digests[key] and mistagged else "")
            proven = recorded == self.digests[key] and not damage
            reason = "up to date" if proven else f"{moved}is as declared; {damage or 'its record is not'}"
            return Change(key, Action.NOOP if proven else Action.RECORD, reason, desired, live)
        if fixed := ", ".join(sorted(resource.immutable & changed)):
            ownership.check_replaceable(resource, fixed, data=self.data, theirs=theirs)
            resource.check_creation(self.aws, desired)
            cost = "; everything in it is deleted" if resource.data else ""
            return Change(key, Action.REPLACE, f"{fixed} cannot be changed in place{cost}", desired, live, frozenset(changed))
        reason = reasons.of(resource, desired, live, changed, stale, baseline.files) or "forced"
        if changed and recorded == self.digests[key]:
            reason = f"changed in AWS: {reason}"
        if theirs:
            alone = ", its tags alone" if changed <= {"Tags"} else ""
            reason = f"taken over from {owner}{alone}: {reason}"
        reason = f"{moved}{reason}"
        reason += reasons.kept(resource, desired, comparison.without(live.undeclared, stale))
        return Change(key, Action.UPDATE, reason, desired, live, frozenset(changed or desired.keys() - kept), stale)
