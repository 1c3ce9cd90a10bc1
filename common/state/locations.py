"""Former locations of resources: under another physical name, or in another place.

When a resource gets another name in AWS (by another `name_prefix`, project name or name template, or when a directory is moved),
its key stays the same. Then one key stands for two things: the new resource and the one that its record describes. The old one
gets a key of its own, which contains its name (``rule/nightly/formerly/acres-dev-orders-nightly``). So it is not forgotten:
records and roots contain it under this key until it is deleted.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from common.base import digest
from common.model.generated import SUBSCRIBED
from common.model.orphan import Named, Orphan
from common.model.resource import REMOVING, Change, Key, Resource
from common.resources import kinds
from common.state.release_root import Location, location_of, orphan_of

FORMERLY = "/formerly/"
_LONGEST = 80
"""A key contains old names up to this length in full; of longer ones it contains the beginning and a digest."""


def former_key(key: Key, name: str, arn: str) -> Key:
    """The key of the resource that `key` stood for before."""
    shown = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")
    if shown != name or len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]}-{digest.short(digest.of_bytes(arn.encode()))}".strip("-.")
    return key._replace(name=f"{key.name}{FORMERLY}{shown}")


def successor(key: Key) -> Key | None:
    """The key of the resource that replaced a former one; None if `key` is not the key of a former one."""
    name, formerly, _ = key.name.partition(FORMERLY)
    return key._replace(name=name) if formerly else None


def goes_with_its_step(key: Key) -> bool:
    """Whether this is a former resource that is deleted in the step of its successor, and not after all steps."""
    return is_trigger(key) and successor(key) is not None


def is_trigger(key: Key) -> bool:
    """Whether a resource starts others by itself, and nothing refers to it."""
    return key.kind in kinds() and kinds()[key.kind].acts


def follows_configuration(key: Key) -> bool:
    """Whether a resource is what configuration says, so that it is deleted as soon as configuration no longer names it."""
    return key.kind == "resource" and key.name.startswith(SUBSCRIBED)


def goes_last(change: Change) -> bool:
    """Whether a change is a deletion that is carried out after all steps."""
    return change.action in REMOVING and change.successor is None and not goes_with_its_step(change.key)


def former_locations(resource: Resource, recorded: Iterable[Location], account_id: str) -> dict[Key, Orphan]:
    """The former resources of a key, as far as records have them, by keys of their own.

    Args:
        resource: the declared resource.
        recorded: its locations in its record and in the release root.
        account_id: the environment's account.
    """
    orphans = (orphan_of(resource.key, location, account_id) for location in recorded)
    moved = [orphan for orphan in orphans if orphan is not None and identity(orphan) != identity(resource)]
    keys = (former_key(resource.key, orphan.name, orphan.arn) for orphan in moved)
    return {key: orphan.called(key) for key, orphan in zip(keys, moved, strict=True)}


def identity(named: Named) -> str:
    """Equal for two names of the same thing: a role's path is not part of its name, and its name ignores upper and lower case."""
    return f"iam:{named.name.lower()}" if named.arn.split(":")[2] == "iam" else named.arn


def owners(resource: Resource, recorded: Iterable[Location], account_id: str, environment: str) -> set[str]:
    """The owner tags that a resource may carry by its record: this environment's, from when it had another prefix."""
    orphans = (orphan_of(resource.key, location, account_id) for location in recorded)
    same = [orphan for orphan in orphans if orphan is not None and identity(orphan) == identity(resource)]
    return {orphan.owner for orphan in same if is_owner_of_environment(orphan.owner, environment)}


def is_owner_of_environment(owner: str, environment: str) -> bool:
    """Whether an owner tag belongs to an environment of this name, with any prefix."""
    return owner.partition("/")[2] == environment


def users(resources: Collection[Resource]) -> dict[Key, list[Key]]:
    """The resources that refer to each resource."""
    result: dict[Key, list[Key]] = {}
    for resource in resources:
        for need in resource.needs:
            result.setdefault(need, []).append(resource.key)
    return result


def record_fields(resource: Resource | Orphan, change: Change, about: Mapping[str, str]) -> Location:
    """The fields of a record besides the state.

    They are the resource's location, the artifacts that it runs, from whom it was taken over, the digest of what it needs of an
    existing role, and the release that wrote it.

    Args:
        resource: the resource.
        change: the change that is recorded.
        about: who deploys what.
    """
    if isinstance(resource, Orphan):
        return {**location_of(resource), "artifacts": resource.recorded.get("artifacts", [])}
    released = {name: about[name] for name in ("since", "commit") if about.get(name)}
    return {
        **location_of(resource),
        "artifacts": [artifact.location for artifact in resource.artifacts],
        **({"adopted": change.adopted} if change.adopted else {}),
        **({"role_needs": resource.role_needs.digest()} if resource.role_needs is not None else {}),
        **({"released": released} if released else {}),
    }


def names_of_others_within(former: Named, resources: Collection[Resource]) -> frozenset[str]:
    """The names of files that declared directories keep within a directory that is no longer declared."""
    directories = [resource for resource in resources if resource.key.kind == "directory"] if former.name.endswith("/") else []
    kept = (f"{resource.name}{name}" for resource in directories for name in resource.desired()["Files"])
    return frozenset(name.removeprefix(former.name) for name in kept if name.startswith(former.name))


def renamed_reason(former: Mapping[Key, Orphan], arn: str, *, data: bool) -> str:
    """The reason of a change that renames a resource; empty if it has no former resources."""
    regions = {
        key: region for key, orphan in former.items() if (region := orphan.arn.split(":")[3]) not in {"", arn.split(":")[3]}
    }
    names = " and ".join(f"{orphan.name} in {regions[key]}" if key in regions else orphan.name for key, orphan in former.items())
    return f"renamed from {names}{'; what that holds stays there' if data else ''}" if names else ""
