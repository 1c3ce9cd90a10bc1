"""What a decision about a resource is made from: what is recorded of it, and how it differs from what is declared."""

from collections.abc import Iterable

from common.base.digest import Digest
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.model import comparison, hidden_fields
from common.model.resource import Live, Resource, State
from common.state.release_root import Baseline, Location


@dataclass(frozen=True)
class ResourceFacts:
    """What is known of a declared resource besides its live state.

    Args:
        resource: the declared resource.
        baseline: the baseline of its project.
        digest: the digest of its declared state.
        desired: its declared state, with the attributes that AWS has given.
        body: the body of its record; None if the record is known to hold the declared state, empty if it cannot be read.
        record: the body, unless that is about the resource at a former location; then it is empty.
        mistagged: the record's tag differs from the digest in the release root.
    """

    resource: Resource
    baseline: Baseline
    digest: Digest
    desired: State
    body: JsonMapping | None
    record: JsonMapping
    mistagged: bool

    @property
    def is_pending(self) -> bool:
        """Whether a deploy that has not ended was about to change it, so that its record proves nothing."""
        return self.resource.key in self.baseline.pending

    @property
    def location(self) -> Location:
        """What the release root says of it while it is pending."""
        return self.baseline.pending.get(self.resource.key, {})

    @property
    def recorded(self) -> Digest | None:
        """The digest of the state that it certainly reached; None if there is none."""
        return None if self.is_pending else self.baseline.digests.get(self.resource.key)

    @property
    def is_recorded(self) -> bool:
        """Whether it reached the declared state."""
        return self.recorded == self.digest

    @property
    def unreadable(self) -> str:
        """A part of a reason, if its record cannot be read."""
        return "its record cannot be read" if self.recorded is not None and self.body is not None and not self.body else ""

    @property
    def applied(self) -> State:
        """The state that was applied last; empty if it is not known."""
        applied = self.record.get("desired")
        return applied if isinstance(applied, dict) else {}


@dataclass(frozen=True)
class Difference:
    """How a live resource differs from what is declared.

    Args:
        changed: the fields that change.
        stale: the live fields that were declared before, and are taken away.
        removed: the live fields that never were declared, and are taken away.
        kept: the fields that stay as they are, although they differ from a default.
    """

    changed: frozenset[str]
    stale: JsonObject
    removed: JsonObject
    kept: frozenset[str]


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
