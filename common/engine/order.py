"""Which changes must come before another one."""

from collections.abc import Collection, Mapping, Sequence
from graphlib import TopologicalSorter

from common.model.orphan import Orphan
from common.model.resource import Change, Key, Resource
from common.state import locations


def in_order(resources: Sequence[Resource]) -> list[Key]:
    """The keys, each after what it needs, otherwise in the order of their declaration."""
    sorter = TopologicalSorter({resource.key: resource.needs for resource in resources})
    return list(sorter.static_order())


class Needed:
    """What is to be created or updated before a resource, also where what is unchanged stands between the two.

    Args:
        resources: the declared resources.
        made: the keys that are created or updated.
        bucket: the key of the artifact bucket, which everything else needs.
    """

    def __init__(self, resources: Mapping[Key, Resource], made: Collection[Key], bucket: Key) -> None:
        self._resources, self._made, self._bucket = resources, made, bucket
        self._known: dict[Key, set[Key]] = {}

    def __call__(self, key: Key) -> Collection[Key]:
        """The keys that must come before `key`."""
        if key not in self._known:
            needs = self._known[key] = set() if key == self._bucket else {self._bucket}  # known already, so that a circle ends
            for need in self._resources[key].needs if key in self._resources else ():
                needs |= {need} if need in self._made else {*self(need)}
        return self._known[key]


class NeededToRemove:
    """What must come before a deletion: those of its users. Of what goes last whatever failed may still be in use.

    Args:
        removing: the deletions.
        orphans: what is deleted.
        failed: the keys that failed so far.
    """

    def __init__(self, removing: Mapping[Key, Change], orphans: Mapping[Key, Orphan], failed: Collection[Key]) -> None:
        self._removing, self._orphans, self._failed = removing, orphans, failed
        self._users: dict[Key, list[Key]] = {}
        for key in removing:
            for needed in orphans[key].needs:
                self._users.setdefault(needed, []).append(key)

    def __call__(self, key: Key) -> Collection[Key]:
        """The keys that must come before the deletion of `key`."""
        failed = self._failed if locations.goes_last(self._removing[key]) else ()
        return (*self._users.get(key, ()), *self._orphans[key].awaits, *failed)
