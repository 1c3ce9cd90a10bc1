"""What was deployed and is no longer declared: whether it is to be deleted, and in which order.

Nobody declares it, so its record is all that is known of it, and a record may be old, damaged or forged. So a record only names
a candidate; that it is ours is said by the tags that the live resource carries, and by nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from graphlib import CycleError, TopologicalSorter

from common.config import OWNER_TAG, PROJECT_TAG, Environment
from common.records import Records
from common.release import Place
from common.remains import Remains, Type
from common.resource import REMOVING, Action, Aws, Change, Key

UNDECLARED = "no longer declared"
"""How the reason of what was only left over begins; what follows `; ` is particular."""
Types = Callable[[str], Type | None]
"""Finds the type of a kind."""


def no_type(_kind: str) -> Type | None:
    """Knows no type, so that nothing is pruned."""
    return None


class Pruner:
    """Decides what becomes of resources that nobody declares.

    Args:
        types: finds the type of a kind.
        data: delete what holds data, too.
    """

    def __init__(self, env: Environment, aws: Aws, known: Records, types: Types, *, data: bool) -> None:
        self._env, self._aws, self._records, self._types, self._data = env, aws, known, types, data

    def changes(
        self, orphans: Mapping[Key, Place | None], declared: Mapping[str, Key], pool: Executor
    ) -> tuple[list[Change], dict[Key, Remains]]:
        """What is to be done, what needs others before these; and what is known of what is to be deleted.

        Args:
            orphans: what is no longer declared, and where the release root says that it is.
            declared: the keys of what is declared, by ARN.
            pool: where reads run in parallel.
        """
        decided = list(pool.map(lambda key: self._decide(key, orphans[key], declared), orphans))
        remains = {change.key: one for change, one in decided if change.action in REMOVING and one is not None}
        last = {key: place for place, key in enumerate(_in_order(remains))}
        return sorted((change for change, _ in decided), key=lambda change: -last.get(change.key, -1)), remains

    def _decide(self, key: Key, place: Place | None, declared: Mapping[str, Key]) -> tuple[Change, Remains | None]:
        kind, one = self._types(key.kind), self._records.remains(key, place)
        if kind is None or one is None:
            reason = f"{UNDECLARED}; its record does not say where it is. Declare it and deploy, then it can be pruned"
            return Change(key, Action.ORPHAN, reason), None
        if kind.data and one.name == self._env.artifact_bucket:
            return Change(key, Action.ORPHAN, "it holds the records of this environment"), None
        if kind.data and not self._data:
            return Change(key, Action.ORPHAN, f"{UNDECLARED}; it holds data and stays, unless you say --data"), None
        return self._ours(key, kind, one, declared), one

    def _ours(self, key: Key, kind: Type, one: Remains, declared: Mapping[str, Key]) -> Change:
        if one.arn in declared:
            return Change(key, Action.FORGET, f"is declared as {declared[one.arn].project}: {declared[one.arn]} now")
        tags = kind.live_tags(self._aws, one)
        if tags is None:
            return Change(key, Action.FORGET, f"{UNDECLARED}; it is gone from AWS")
        if (tags.get(OWNER_TAG), tags.get(PROJECT_TAG)) != (self._env.owner, key.project):
            return Change(key, Action.FORGET, f"{UNDECLARED}; what has its name now does not carry our tags, and stays")
        return Change(key, Action.DELETE, UNDECLARED)


def _in_order(remains: Mapping[Key, Remains]) -> Iterable[Key]:
    """What needs nothing first. Records that need each other in a circle were not written by us, and have no order."""
    sorter = TopologicalSorter({key: [need for need in one.needs if need in remains] for key, one in remains.items()})
    try:
        return tuple(sorter.static_order())
    except CycleError:
        return sorted(remains)
