"""Decides what happens to resources that are no longer declared or were renamed, and in which order.

Such a resource is known from its record alone, and a record may be old, damaged or forged. So a record only names a candidate:
whether the resource is ours is decided by its live tags and by nothing else. Resources that are no longer declared are deleted
only with `--prune`. A renamed resource is deleted by the deploy that renames it, because otherwise both would be active.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from common.aws import regions
from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import AwsError, OwnershipError
from common.declare import existing
from common.engine import moving
from common.engine.options import Options
from common.environment import owner_tags
from common.environment.config import Environment
from common.model.existing import ExistingRef, Uses
from common.model.orphan import Orphan, Type, Types
from common.model.resource import REMOVING, SHARED, Action, Change, Key, Resource
from common.resources import kinds
from common.state import locations
from common.state.records import Records
from common.state.release_root import Location
from common.state.stored_objects import printable

UNDECLARED = "no longer declared"
"""The reason of a change begins with this if a resource is no longer declared; details follow after `; `."""
DENIED = ("AccessDenied", "AuthorizationError", "403")
"""AWS's error codes begin with one of these if a permission is missing."""
BELONGINGS = frozenset({"role", "log-group"})
"""Resources of these kinds may belong to one other resource alone."""
Decided = tuple[Change, Orphan | None]


def exists(aws: Aws, types: Types, orphan: Orphan) -> bool:
    """Whether a resource exists. One that these credentials may not look at counts as existing."""
    kind = types(orphan.key.kind)
    try:
        return kind is not None and kind.live_tags(regions.at(aws, orphan.arn), orphan) is not None
    except AwsError as error:
        if not error.code.startswith(DENIED):
            raise
        return True


class Pruner:
    """Decides what happens to resources that are no longer declared.

    Args:
        env: the environment.
        aws: where live tags are read.
        records: the environment's records.
        types: finds the type of a kind.
        options: what the user has asked for.
    """

    def __init__(self, env: Environment, aws: Aws, records: Records, types: Types, options: Options) -> None:
        self._env, self._aws, self._records, self._types = env, aws, records, types
        self._prune, self._data, self._complete = options.prune, options.data, options.complete
        self._named, self._unbind = options.named, options.unbind
        self._declared, self._by_identity = dict[Key, Resource](), dict[str, Key]()
        self._moved: Mapping[Key, Orphan] = {}
        self._replaced: Mapping[Key, Key] = {}
        self._users: Mapping[Key, Sequence[Key]] = {}
        self._others: Mapping[str, ExistingRef] = {}
        """What is used of others, by ARN: what was ours before stays."""

    def changes(
        self,
        orphans: Mapping[Key, Location | None],
        moved: Mapping[Key, Orphan],
        resources: Sequence[Resource],
        planned: Callable[[Key], bool],
        pool: Executor,
    ) -> tuple[list[Change], dict[Key, Orphan]]:
        """The changes, users before what they use, and the orphans that are to be deleted or recorded again.

        Args:
            orphans: the keys that are recorded but not declared, with their locations in the release root.
            moved: the former resources of declared ones that have another name now.
            resources: the declared resources.
            planned: whether a key is selected; a resource that is not may still use one that was renamed.
            pool: where reads run in parallel.
        """
        if not orphans and not moved:
            return [], {}
        self._moved, self._declared = moved, {resource.key: resource for resource in resources}
        self._by_identity = {locations.identity(resource): resource.key for resource in resources}
        self._users, self._replaced = locations.users(resources), moving.replacements(resources)
        used = [ref for resource in resources if isinstance(resource, Uses) for ref in resource.uses]
        self._others = {ref.arn: ref for ref in (*used, *existing.every(self._env))}

        def covers(key: Key) -> bool:
            return all(map(planned, (key, *self._users.get(key, ())))) and (self._complete or key.project != SHARED)

        redeclared = [
            self._is_back(key, resource)
            for resource in resources
            if (key := locations.former_key(resource.key, resource.name, resource.arn)) in orphans
        ]
        undeclared = {**orphans, **moved}.keys() - {change.key for change, _ in redeclared}
        decided = [*redeclared, *pool.map(lambda key: self._decide(key, orphans.get(key), covers), sorted(undeclared))]
        decided = self._sparing_belongings(decided, pool)
        known_orphans = {
            change.key: orphan for change, orphan in decided if orphan is not None and change.action is not Action.ORPHAN
        }
        former: dict[Key | None, list[Key]] = {}
        for key in known_orphans:
            former.setdefault(locations.successor(key), []).append(key)
        completed = {key: self._with_dependencies(orphan, former, resources) for key, orphan in known_orphans.items()}
        removed = {change.key: completed[change.key] for change, _ in decided if change.action in REMOVING}
        last = {key: position for position, key in enumerate(_in_order(removed))}
        return sorted((change for change, _ in decided), key=lambda change: -last.get(change.key, -1)), completed

    def _is_back(self, key: Key, now: Resource) -> Decided:
        """Forgets a former resource whose old name is declared again. Its record is read so that a newer schema is refused."""
        self._records.read(key)
        orphan = Orphan(key, now.name, now.arn, self._env.account_id)
        return Change(key, Action.FORGET, "is declared under this name again"), orphan

    def _decide(self, key: Key, location: Location | None, covers: Callable[[Key], bool]) -> Decided:
        if (left := self._left_to_others(key, location)) is not None:
            return left
        now = self._declared.get(locations.successor(key) or self._replaced.get(key) or key)
        why = "no longer configured" if locations.follows_configuration(key) else UNDECLARED
        if now is not None:
            why = f"replaced by {now.key}" if key in self._replaced else f"renamed to {now.name}"
        kind = self._types(key.kind)
        if now is None and not self._prune and not locations.follows_configuration(key):
            goes_on = "goes on starting executions" if locations.is_trigger(key) else "stays"
            waits = (
                _stays_unless(prune=True)
                if kind is not None and kind.holds_data(None)
                else f"it {goes_on}, unless you say --prune"
            )
            return Change(key, Action.ORPHAN, f"{UNDECLARED}; {waits}"), None
        noticed = key in self._moved or location is not None  # it has no record of its own yet
        if now is not None and self._stays(kind, None) and not noticed:
            return Change(key, Action.ORPHAN, f"{why}; {_stays_unless(prune=True)}"), None
        orphan = self._moved.get(key) or self._records.orphan(key, location)
        if kind is None or orphan is None:
            reason = f"{why}; its record does not say where it is. Declare it and deploy, then it can be pruned"
            return Change(key, Action.ORPHAN, reason), None
        if (stays := self._why_it_stays(kind, orphan, now, covers)) is None:
            return moving.in_step(self._deletion_if_ours(key, kind, orphan, why), self._replaced), orphan
        kept = now is not None and noticed
        return self._keep_recorded(kind, orphan, why, stays) if kept else (Change(key, Action.ORPHAN, f"{why}; {stays}"), None)

    def _left_to_others(self, key: Key, location: Location | None) -> Decided | None:
        """Forgets what is not ours: a record that was copied here, or what is used as somebody else's now; None if it is ours.

        Its record is read if something of that name is used, or if it may be deleted.
        """
        if location is not None and "of" in location and (foreign := self._records.orphan(key, location)):
            return Change(key, Action.FORGET, f"its record belongs to {printable(location['of'])} and was copied here"), foreign
        named = key.project == SHARED and any(ref.key[1:] == key[1:] for ref in self._others.values())
        if not named and not (self._others and (self._prune or key in self._moved)):
            return None
        orphan = self._moved.get(key) or self._records.orphan(key, location)
        ref = self._others.get(orphan.arn) if orphan is not None else None
        if ref is None:
            return None
        return Change(key, Action.FORGET, f"is somebody else's now, as {ref.place} says, and stays as it is"), orphan

    def _keep_recorded(self, kind: Type, orphan: Orphan, why: str, stays: str) -> Decided:
        """Gives a renamed resource that stays a record of its own, so that it is not forgotten."""
        if self._tags(kind, orphan) is None:
            return Change(orphan.key, Action.FORGET, f"{why}; it is gone from AWS"), orphan
        state = orphan.recorded.get("desired")
        return Change(orphan.key, Action.RECORD, f"{why}; {stays}", state if isinstance(state, dict) else {}), orphan

    def _sparing_belongings(self, decided: Sequence[Decided], pool: Executor) -> list[Decided]:
        """The same changes, but a role or log group stays if it belongs to something that was unbound or is being unbound."""
        deleted = [change.key for change, _ in decided if change.action is Action.DELETE]
        projects = sorted({key.project for key in deleted if key.kind in BELONGINGS})
        noted = [note.orphan for project in projects for note in self._records.unbound.of_project(project, pool)]
        ours = {*self._declared, *(change.key for change, _ in decided)}
        notes = [orphan for orphan in noted if orphan.key not in ours and exists(self._aws, self._types, orphan)]
        unbound = [*notes, *(orphan for change, orphan in decided if orphan is not None and change.action is Action.UNBIND)]
        users = {need: orphan for orphan in unbound for need in orphan.needs if need.kind in BELONGINGS}

        def spared(change: Change) -> Change:
            user = users.get(change.key) if change.action is Action.DELETE and not self._named(change.key) else None
            return replace(change, action=Action.UNBIND, reason=f"{user.key}, which stays, uses it") if user else change

        return [(spared(change), orphan) for change, orphan in decided]

    def _stays(self, kind: Type | None, orphan: Orphan | None) -> bool:
        return kind is not None and kind.holds_data(orphan) and not (self._prune and self._data)

    def _why_it_stays(self, kind: Type, orphan: Orphan, now: Resource | None, covers: Callable[[Key], bool]) -> str | None:
        """Why a resource that could be deleted stays; None if it is deleted."""
        if kind.holds_data(orphan) and orphan.name == self._env.artifact_bucket:
            return "it holds the records of this environment"
        if self._unbind and not _unbinds(orphan.key):
            return "its tags cannot be taken away from it"
        if (region := orphan.arn.split(":")[3]) not in {"", self._env.region} and not orphan.is_away:
            return f"it is in {region}: set region back in config/{self._env.name}.json to delete it"
        if self._stays(kind, orphan) and locations.identity(orphan) not in self._by_identity:
            return _stays_unless(prune=now is not None)
        if now is not None and not covers(now.key):
            return "it stays until a deploy of everything that refers to it"
        return None

    def _deletion_if_ours(self, key: Key, kind: Type, orphan: Orphan, why: str) -> Change:
        if other := self._by_identity.get(locations.identity(orphan)):
            return Change(key, Action.FORGET, f"is declared as {other.project}: {other} now")
        tags = self._tags(kind, orphan)
        if tags is None:
            return Change(key, Action.FORGET, f"{why}; it is gone from AWS")
        owners = {self._env.owner, *([orphan.owner] if locations.is_owner_of_environment(orphan.owner, self._env.name) else [])}
        owner, project = owner_tags.read_owner(tags, self._env.tag_prefix)
        if owner not in owners or project != key.project:
            return Change(key, Action.FORGET, f"{why}; what has its name now does not carry our tags, and stays")
        if self._unbind:
            return Change(key, Action.UNBIND, "stays as it is, without our tags and our record")
        if orphan.adopted and _unbinds(key) and not self._named(key):
            stays = "it was adopted, so it stays, without our tags and our record"
            return Change(key, Action.UNBIND, f"{why}; {stays}; --only {key} deletes it")
        return Change(key, Action.DELETE, why)

    def _tags(self, kind: Type, orphan: Orphan) -> dict[str, str] | None:
        """The live tags of a resource; None if it does not exist."""
        try:
            return kind.live_tags(regions.at(self._aws, orphan.arn), orphan)
        except AwsError as error:
            if not error.code.startswith(DENIED):
                raise
            raise OwnershipError(
                f"{orphan.key.project}: {orphan.key}: {orphan.arn} was deployed before, and these credentials may not look at "
                f"it: {error.reason}\nIf it has another name now, or its name begins with another name_prefix, also allow what "
                f"`{typed('policy')}` prints with that name or prefix. If nothing of its kind is declared any more, allow what "
                "was printed while it was."
            ) from error

    def _with_dependencies(
        self, orphan: Orphan, former: Mapping[Key | None, Sequence[Key]], resources: Sequence[Resource]
    ) -> Orphan:
        """Adds what has to be done before the orphan is deleted, and the names of others' files within it."""
        needs = [key for need in orphan.needs for key in (need, *former.get(need, ()))]
        successor = locations.successor(orphan.key) or self._replaced.get(orphan.key)
        awaits = (successor, *self._users.get(successor, ())) if successor in self._declared and successor is not None else ()
        return replace(orphan, needs=tuple(needs), awaits=awaits, spared=locations.names_of_others_within(orphan, resources))


def _unbinds(key: Key) -> bool:
    return key.kind not in kinds() or kinds()[key.kind].unbinds


def _stays_unless(*, prune: bool) -> str:
    return f"it holds data and stays, unless you say {'--prune --data' if prune else '--data'}"


def _in_order(orphans: Mapping[Key, Orphan]) -> Iterable[Key]:
    """Resources without needs first. If records need each other in a circle, we did not write them, and any order will do."""
    sorter = TopologicalSorter({key: [need for need in orphan.needs if need in orphans] for key, orphan in orphans.items()})
    try:
        return tuple(sorter.static_order())
    except CycleError:
        return sorted(orphans)
