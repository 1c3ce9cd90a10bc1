"""What was deployed and is no longer declared, or has another name now: what becomes of it, and in which order.

Nobody declares it, so its record is all that is known of it, and a record may be old, damaged or forged. So a record only names
a candidate; that it is ours is said by the tags that the live resource carries, and by nothing else. What is no longer declared
goes when somebody asks for it. What has another name goes in the deploy that gave it that, for two of a kind would be at work.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import AwsError, OwnershipError
from common.environment.config import OWNER_TAG, PROJECT_TAG, Environment
from common.model.orphan import Orphan, Type
from common.model.resource import REMOVING, SHARED, Action, Change, Key, Resource
from common.state import locations
from common.state.records import Records
from common.state.release_root import Location
from common.state.stored_objects import printable

UNDECLARED = "no longer declared"
"""How the reason of what was only left over begins; what follows `; ` is particular."""
Types = Callable[[str], Type | None]
"""Finds the type of a kind."""
DENIED = ("AccessDenied", "AuthorizationError", "403")
"""How the codes begin by which AWS says that a permission is missing."""
Decided = tuple[Change, Orphan | None]


def no_type(_kind: str) -> Type | None:
    """Knows no type, so that nothing is pruned."""
    return None


class Pruner:
    """Decides what becomes of resources that nobody declares.

    Args:
        types: finds the type of a kind.
        prune: delete what is no longer declared.
        data: delete what holds data, too.
        complete: all projects are in the plan, so that whoever uses something shared is.
    """

    def __init__(
        self, env: Environment, aws: Aws, known: Records, types: Types, *, prune: bool, data: bool, complete: bool
    ) -> None:
        self._env, self._aws, self._records, self._types = env, aws, known, types
        self._prune, self._data, self._complete = prune, data, complete
        self._declared: dict[Key, Resource] = {}
        self._by_identity: dict[str, Key] = {}
        self._moved: Mapping[Key, Orphan] = {}
        self._users: Mapping[Key, Sequence[Key]] = {}

    def changes(
        self,
        orphans: Mapping[Key, Location | None],
        moved: Mapping[Key, Orphan],
        resources: Sequence[Resource],
        planned: Callable[[Key], bool],
        pool: Executor,
    ) -> tuple[list[Change], dict[Key, Orphan]]:
        """What is to be done, what needs others before these; and what is known of what is to be deleted, or recorded anew.

        Args:
            orphans: what is recorded and not declared, and where the release root says that it is.
            moved: what was found to have another name now.
            resources: what is declared.
            planned: whether a key is brought up to date; whatever is not may still use what has another name now.
            pool: where reads run in parallel.
        """
        if not orphans and not moved:
            return [], {}
        self._moved, self._declared = moved, {resource.key: resource for resource in resources}
        self._by_identity = {locations.identity(resource): resource.key for resource in resources}
        self._users = locations.users(resources)

        def covers(key: Key) -> bool:
            return all(map(planned, (key, *self._users.get(key, ())))) and (self._complete or key.project != SHARED)

        back = [
            self._is_back(key, one) for one in resources if (key := locations.former_key(one.key, one.name, one.arn)) in orphans
        ]
        left = {**orphans, **moved}.keys() - {change.key for change, _ in back}
        decided = [*back, *pool.map(lambda key: self._decide(key, orphans.get(key), covers), sorted(left))]
        known = {change.key: one for change, one in decided if one is not None and change.action is not Action.ORPHAN}
        former: dict[Key | None, list[Key]] = {}
        for key in known:
            former.setdefault(locations.successor(key), []).append(key)
        remains = {key: self._completed(one, former, resources) for key, one in known.items()}
        removed = {change.key: remains[change.key] for change, _ in decided if change.action in REMOVING}
        last = {key: place for place, key in enumerate(_in_order(removed))}
        return sorted((change for change, _ in decided), key=lambda change: -last.get(change.key, -1)), remains

    def _is_back(self, key: Key, now: Resource) -> Decided:
        """A former one that is declared by its old name again; its record is read since one of a newer schema is refused."""
        self._records.read(key)
        return Change(key, Action.FORGET, "is declared by this name again"), Orphan(key, now.name, now.arn, self._env.account_id)

    def _decide(self, key: Key, place: Location | None, covers: Callable[[Key], bool]) -> Decided:
        if place is not None and "of" in place and (stray := self._records.orphan(key, place)):
            return Change(key, Action.FORGET, f"its record is of {printable(place['of'])}, and was copied here"), stray
        heir = locations.successor(key)
        now = self._declared.get(heir) if heir is not None else None
        kind, why = self._types(key.kind), f"renamed to {now.name}" if now is not None else UNDECLARED
        if now is None and not self._prune:
            goes_on = "goes on starting executions" if locations.is_trigger(key) else "stays"
            waits = _asked_for(prune=True) if kind is not None and kind.data else f"it {goes_on}, unless you say --prune"
            return Change(key, Action.ORPHAN, f"{UNDECLARED}; {waits}"), None
        noticed = key in self._moved or place is not None  # and has no record of its own yet
        if now is not None and self._stays(kind) and not noticed:
            return Change(key, Action.ORPHAN, f"{why}; {_asked_for(prune=True)}"), None
        remains = self._moved.get(key) or self._records.orphan(key, place)
        if kind is None or remains is None:
            reason = f"{why}; its record does not say where it is. Declare it and deploy, then it can be pruned"
            return Change(key, Action.ORPHAN, reason), None
        if (stays := self._why_it_stays(kind, remains, now, covers)) is None:
            return self._ours(key, kind, remains, why), remains
        kept = now is not None and noticed
        return self._kept(kind, remains, why, stays) if kept else (Change(key, Action.ORPHAN, f"{why}; {stays}"), None)

    def _kept(self, kind: Type, one: Orphan, why: str, stays: str) -> Decided:
        """A record of its own keeps what was renamed from being forgotten."""
        if self._tags(kind, one) is None:
            return Change(one.key, Action.FORGET, f"{why}; it is gone from AWS"), one
        state = one.recorded.get("desired")
        return Change(one.key, Action.RECORD, f"{why}; {stays}", state if isinstance(state, dict) else {}), one

    def _stays(self, kind: Type | None) -> bool:
        return kind is not None and kind.data and not (self._prune and self._data)

    def _why_it_stays(self, kind: Type, one: Orphan, now: Resource | None, covers: Callable[[Key], bool]) -> str | None:
        """Whether something that could be deleted is not to be, and why."""
        if kind.data and one.name == self._env.artifact_bucket:
            return "it holds the records of this environment"
        if (region := one.arn.split(":")[3]) not in {"", self._env.region}:
            return f"it is in {region}: set region back in config/{self._env.name}.json to delete it"
        if self._stays(kind) and locations.identity(one) not in self._by_identity:
            return _asked_for(prune=now is not None)
        if now is not None and not covers(now.key):
            return "it stays until a deploy of everything that refers to it"
        return None

    def _ours(self, key: Key, kind: Type, one: Orphan, why: str) -> Change:
        if other := self._by_identity.get(locations.identity(one)):
            return Change(key, Action.FORGET, f"is declared as {other.project}: {other} now")
        tags = self._tags(kind, one)
        if tags is None:
            return Change(key, Action.FORGET, f"{why}; it is gone from AWS")
        owners = {self._env.owner, *([one.owner] if locations.is_owner_of_environment(one.owner, self._env.name) else [])}
        if tags.get(OWNER_TAG) not in owners or tags.get(PROJECT_TAG) != key.project:
            return Change(key, Action.FORGET, f"{why}; what has its name now does not carry our tags, and stays")
        return Change(key, Action.DELETE, why)

    def _tags(self, kind: Type, one: Orphan) -> dict[str, str] | None:
        """The live tags; None if it does not exist."""
        try:
            return kind.live_tags(self._aws, one)
        except AwsError as error:
            if not error.code.startswith(DENIED):
                raise
            raise OwnershipError(
                f"{one.key.project}: {one.key}: {one.arn} was deployed before, and these credentials may not look at it: "
                f"{error.said}\nIf its name begins with another name_prefix, allow what `{typed('policy')}` prints with that, "
                "too."
            ) from error

    def _completed(self, one: Orphan, former: Mapping[Key | None, Sequence[Key]], resources: Sequence[Resource]) -> Orphan:
        """With what has to come before it goes, and what of others lies in it."""
        needs = [key for need in one.needs for key in (need, *former.get(need, ()))]
        heir = locations.successor(one.key)
        awaits = (heir, *self._users.get(heir, ())) if heir in self._declared and heir is not None else ()
        return replace(one, needs=tuple(needs), awaits=awaits, spared=locations.names_of_others_within(one, resources))


def _asked_for(*, prune: bool) -> str:
    return f"it holds data and stays, unless you say {'--prune --data' if prune else '--data'}"


def _in_order(remains: Mapping[Key, Orphan]) -> Iterable[Key]:
    """What needs nothing first. Records that need each other in a circle were not written by us, and have no order."""
    sorter = TopologicalSorter({key: [need for need in one.needs if need in remains] for key, one in remains.items()})
    try:
        return tuple(sorter.static_order())
    except CycleError:
        return sorted(remains)
