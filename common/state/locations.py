"""Where resources were before: under another physical name, or at another place.

A key stays when what it names gets another name in AWS: by another `name_prefix`, name of a project or template of names, or a
directory by being moved. Then one key stands for two things, the new one and the one that its record tells of. The old one gets a
key of its own, which holds its name (``rule/nightly/formerly/acres-dev-orders-nightly``), so that it is not forgotten: whatever
goes through records and roots meets it there, until it is deleted.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from common.base import digest
from common.model.orphan import Named, Remains
from common.model.resource import REMOVING, Change, Key, Resource
from common.resources import kinds
from common.state.release_root import Place, place_of, remains_of

FORMERLY = "/formerly/"
_LONGEST = 80
"""Characters of an old name that a key holds in full."""


def former_key(key: Key, name: str, arn: str) -> Key:
    """The key of what `key` has named before."""
    shown = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")
    if shown != name or len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]}-{digest.short(digest.of_bytes(arn.encode()))}".strip("-.")
    return key._replace(name=f"{key.name}{FORMERLY}{shown}")


def successor(key: Key) -> Key | None:
    """The key of what has taken the place of a former one; None if it is not the key of a former one."""
    name, formerly, _ = key.name.partition(FORMERLY)
    return key._replace(name=name) if formerly else None


def is_eager(key: Key) -> bool:
    """Whether this is a former one that goes in the step of its successor, and not after all steps."""
    return acts(key) and successor(key) is not None


def acts(key: Key) -> bool:
    """Whether it is of a kind that acts by itself, and that nothing refers to."""
    return key.kind in kinds() and kinds()[key.kind].acts


def goes_last(change: Change) -> bool:
    """Whether it is a deletion that comes after all steps."""
    return change.action in REMOVING and not is_eager(change.key)


def formers(resource: Resource, known: Iterable[Place], account_id: str) -> dict[Key, Remains]:
    """What a resource's key has named before, as far as records tell, by keys of their own.

    Args:
        resource: as it is declared.
        known: what its record and the release root say of where it is.
        account_id: the environment's.
    """
    found = (remains_of(resource.key, place, account_id) for place in known)
    moved = [remains for remains in found if remains is not None and identity(remains) != identity(resource)]
    keys = (former_key(resource.key, remains.name, remains.arn) for remains in moved)
    return {key: remains.called(key) for key, remains in zip(keys, moved, strict=True)}


def identity(named: Named) -> str:
    """Tells whether two names are of one thing: a role's path is no part of its name, nor is the case of its letters."""
    return f"iam:{named.name.lower()}" if named.arn.split(":")[2] == "iam" else named.arn


def owners(resource: Resource, known: Iterable[Place], account_id: str, environment: str) -> set[str]:
    """Whose tags a resource may carry by what is recorded of it: ours, from when the environment had another prefix."""
    found = (remains_of(resource.key, place, account_id) for place in known)
    same = [remains for remains in found if remains is not None and identity(remains) == identity(resource)]
    return {remains.owner for remains in same if is_of(remains.owner, environment)}


def is_of(owner: str, environment: str) -> bool:
    """Whether an ownership tag is of an environment of this name, whatever its prefix is, or was."""
    return owner.partition("/")[2] == environment


def users(resources: Collection[Resource]) -> dict[Key, list[Key]]:
    """What refers to each resource."""
    found: dict[Key, list[Key]] = {}
    for resource in resources:
        for need in resource.needs:
            found.setdefault(need, []).append(resource.key)
    return found


def recorded(one: Resource | Remains) -> Place:
    """What a record says besides the state: where it is, and which artifacts it runs."""
    if isinstance(one, Remains):
        return {**place_of(one), "artifacts": one.recorded.get("artifacts", [])}
    return {**place_of(one), "artifacts": [artifact.location for artifact in one.artifacts]}


def within(one: Named, resources: Collection[Resource]) -> frozenset[str]:
    """What declared directories keep in the place of one that is gone: names within that one."""
    directories = [resource for resource in resources if resource.key.kind == "directory"] if one.name.endswith("/") else []
    kept = (f"{resource.name}{name}" for resource in directories for name in resource.desired()["Files"])
    return frozenset(name.removeprefix(one.name) for name in kept if name.startswith(one.name))


def renamed(former: Mapping[Key, Remains], *, data: bool) -> str:
    """In words, for the reason of a change."""
    names = " and ".join(remains.name for remains in former.values())
    return f"renamed from {names}{'; what that holds stays there' if data else ''}" if names else ""
