"""The release root: one object in the artifact bucket that describes a project as a whole.

A deploy overwrites the root, in a bucket that keeps every version. So the versions are the history of releases: who released
what, when, and how it ended. This history is append-only and costs no call of its own. A body that is read back may be truncated,
foreign or forged, so it counts as a root only if every part of it is valid.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias, runtime_checkable

from common.base import digest
from common.base.digest import Digest
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.environment import owner_tags
from common.model.orphan import Orphan
from common.model.resource import PROJECT_NAME, Key, Resource
from common.state.stored_objects import SCHEMA, WRITER, are_texts

CLEAN, DEPLOYING = "clean", "deploying"
ARTIFACT = "artifact"
"""Keys of artifacts have this kind. Artifacts have no records, because they are themselves objects of the bucket."""
UNBINDING = "unbinding"
"""The location of a pending resource has this field while its tags are being taken away: without them it is not ours any more."""
LONGEST_KEY = 700
"""A stored key may have this many characters: the name of a log group may have 512, and a key may contain another name, too."""
_KEY = re.compile(r"([a-z][a-z-]{0,31})/((?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*)")
Location: TypeAlias = JsonMapping
"""Where a resource is, as records store it: ``name``, ``arn``, ``owner``, ``needs`` (a list of ``project:kind/name``)."""


@dataclass(frozen=True)
class Root:
    """A release root: the digests of all records of a project and of all files of its artifacts.

    Args:
        digests: digests by ``kind/name``.
        pending: the resources that an unfinished deploy was about to change, and their locations. Their records prove nothing: a
            resource that was updated but not yet recorded still has its previous record, which would match if the change was
            then reverted. A resource that was created but not yet recorded has no record at all.
        doubted: the resources that a deploy was changing when it lost its lease, and the time until which its requests may still
            arrive (ISO 8601, empty once that time is over). Only live state proves them, until a deploy has read them after it.
        files: for each artifact, by ``artifact/name``, the digests of its files by path, with modes where modes are inputs.
        about: who released what and when; for people.
        changes: the planned changes and the outcome of each; for people.
        roles: the ids of the roles that the deployed resources run with, by ``role/name``; empty for a role that was replaced by
            another of the same name. The digest of the root does not cover them, because a role may be made again while nothing
            else changes.
        adopted: the owners from whom resources were taken over, by ``kind/name``. The records say the same; here it outlives a
            record that is lost.
    """

    digests: Mapping[str, Digest] = field(default_factory=dict)
    pending: Mapping[str, Location] = field(default_factory=dict)
    doubted: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[JsonMapping, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    adopted: Mapping[str, str] = field(default_factory=dict)

    def digest(self) -> Digest:
        """The Merkle root: two roots have the same one exactly if their keys, digests, pending and doubted keys are equal."""
        covered = {"digests": dict(self.digests), "pending": sorted(self.pending)}
        covered |= {"doubted": sorted(self.doubted)} if self.doubted else {}
        return digest.of_struct("root", SCHEMA, covered)

    def equals(self, other: "Root") -> bool:
        """Whether both roots have the same digest. This is faster than computing the digests."""
        unproven = self.pending.keys() == other.pending.keys() and self.doubted.keys() == other.doubted.keys()
        return self.digests == other.digests and unproven

    def body(self, state: str) -> JsonObject:
        """The object's JSON body."""
        return {**WRITER, "state": state, **vars(self)}


@dataclass(frozen=True)
class RootTag:
    """The tags of a release root.

    Args:
        state: `CLEAN` or `DEPLOYING`.
        root: the digest of the root.
        version: the object's version id, by which exactly this root can be read; None if the bucket does not keep versions.
        written: when the root was written (ISO 8601); empty in roots of earlier versions, which do not have this tag.
        roles: the digest of the ids of roles; empty if there are none, and in roots of earlier versions.
    """

    state: str
    root: Digest
    version: str | None = field(default=None, compare=False)
    written: str = field(default="", compare=False)
    roles: str = field(default="", compare=False)

    def is_younger(self, than: timedelta) -> bool:
        """Whether the root was certainly written less than `than` ago."""
        return _is_after(self.written, datetime.now(UTC) - than)


@dataclass(frozen=True)
class Version:
    """One version of a release root in the bucket; with `removed`, it is a delete marker."""

    id: str
    written: datetime
    removed: bool


@dataclass
class Baseline:
    """What the release root and the records of one project prove about its resources. Plans compare with it.

    Args:
        root: the root's body, if it can be trusted; its contents need no further calls.
        clean: the root is clean: the deploy that wrote it has finished.
        digests: digests by key, from the root or from the records' own tags.
        pending: keys whose records prove nothing, with the locations of these resources.
        doubted: keys that only live state proves, and until when; see `Root`.
        proven: all keys that are not pending or doubted are proven; False if the list of pending keys is lost.
        interrupted: the deploy that wrote the root has not ended, and may still be running.
    """

    root: Root | None = None
    clean: bool = False
    digests: dict[Key, Digest] = field(default_factory=dict)
    pending: Mapping[Key, Location] = field(default_factory=dict)
    doubted: Mapping[Key, str] = field(default_factory=dict)
    etag: str | None = None
    """The ETag of the root's body, if the body was read."""
    proven: bool = True
    interrupted: bool = False

    @property
    def is_lost(self) -> bool:
        """Something was deployed, but there is no root that can be trusted."""
        return not self.proven and (self.etag is not None or bool(self.digests or self.pending))

    @property
    def is_new(self) -> bool:
        """The project has no root: it was never deployed, or everything was deleted."""
        return not self.clean and self.etag is None

    def differs(self, key: Key, desired: Digest) -> bool:
        """Whether a resource does not have the desired digest, or may not have it."""
        return self.digests.get(key) != desired or key in self.pending

    def proves(self, key: Key, desired: Digest) -> bool:
        """Whether a resource certainly reached the desired digest, and no other deploy can have changed it since."""
        return self.proven and key not in self.doubted and not self.differs(key, desired)

    @property
    def files(self) -> Mapping[str, Mapping[str, str]]:
        """The digests of each artifact's files, as far as the root has them."""
        return self.root.files if self.root else {}

    @property
    def roles(self) -> Mapping[str, str]:
        """The ids of roles, as far as the root has them."""
        return self.root.roles if self.root else {}

    @property
    def adopted(self) -> Mapping[str, str]:
        """The owners from whom resources were taken over, as far as the root has them."""
        return self.root.adopted if self.root else {}

    def adopted_from(self, key: Key, record: Location) -> str:
        """The owner from whom a resource was taken over, by its record, or by the root; empty if it was created by us."""
        places = (self.pending.get(key, {}).get("adopted"), record.get("adopted"), self.adopted.get(str(key)))
        return next((owner for owner in places if isinstance(owner, str)), "")

    def as_root(self) -> Root:
        """The root with the same contents."""
        pending = {str(key): location for key, location in self.pending.items()}
        doubted = {str(key): until for key, until in self.doubted.items()}
        return Root({str(key): digest for key, digest in self.digests.items()}, pending, doubted)


def roles_digest(roles: Mapping[str, str]) -> Digest:
    """The digest of the ids of roles; see `Root`."""
    return digest.of_struct("roles", 1, dict(roles))


def is_root_of(tag: RootTag, root: Digest) -> bool:
    """Whether these are the tags of a finished root with this digest: then one call has answered for all resources."""
    return tag == RootTag(CLEAN, root)


def has_other_roles(tag: RootTag, ids: Mapping[str, str]) -> bool:
    """Whether a root was released with roles of other ids than these; those of earlier versions do not say."""
    return bool(tag.roles) and tag.roles != roles_digest(ids)


def is_of(body: JsonMapping, whose: str) -> bool:
    """Whether a root or record belongs to ``environment/project``; those of earlier versions, which do not say, do."""
    return bool(body.get("of", whose) == whose)


def root_of(body: JsonObject, now: datetime | None = None) -> Root | None:
    """The root in a stored object, None if it is not valid; times of doubted keys that are not after `now` become empty."""
    parts: list[Json] = [body.get(name) for name in ("digests", "pending", "files", "about")]
    digests, pending, files, about = parts
    changes, doubted = body.get("changes", []), body.get("doubted", {})
    roles, adopted = body.get("roles", {}), body.get("adopted", {})
    if isinstance(pending, list) and are_texts(pending):  # earlier versions stored no locations
        pending = {key: {} for key in pending}
    if body.get("schema") != SCHEMA or not all(isinstance(part, dict) for part in (digests, pending, files, about)):
        return None
    if not all(isinstance(part, dict) and are_texts(part) for part in (doubted, roles, adopted)):
        return None
    if not are_texts(digests) or not are_texts(about) or not all(isinstance(location, dict) for location in pending.values()):
        return None
    if any(key_of("", text) is None for text in (*digests, *pending, *doubted)):
        return None
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        return None
    kept = {name: paths for name, paths in files.items() if isinstance(paths, dict) and are_texts(paths)}
    until = {key: time if now is None or _is_after(time, now) else "" for key, time in doubted.items()}
    return Root(digests, pending, until, kept, about, tuple(changes), roles, adopted)


def _is_after(time: str, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(time) > now
    except (ValueError, TypeError):  # no time, or one without a zone
        return False


def key_of(project: str, text: object) -> Key | None:
    """The key that a stored text stands for, None if it is not valid. A valid name never leads out of the project's prefix."""
    match = _KEY.fullmatch(text) if isinstance(text, str) and len(text) <= LONGEST_KEY else None
    return Key(project, match[1], match[2]) if match else None


@runtime_checkable
class Placed(Protocol):
    """A resource that may belong to a project in another region than its environment's."""

    @property
    def is_away(self) -> bool:
        """Whether it does."""
        ...


def location_of(resource: Resource | Orphan) -> Location:
    """The location of a resource as it is recorded."""
    owner = (
        resource.owner if isinstance(resource, Orphan) else resource.tags.get(owner_tags.environment_key(resource.tag_prefix), "")
    )
    return {
        "name": resource.name,
        "arn": resource.arn,
        "owner": owner,
        "needs": [f"{need.project}:{need}" for need in resource.needs],
        **({"away": True} if isinstance(resource, Placed) and resource.is_away else {}),
        **({"adopted": resource.adopted} if isinstance(resource, Orphan) and resource.adopted else {}),
    }


def orphan_of(key: Key, location: Location, account_id: str) -> Orphan | None:
    """The resource at a recorded location; None if the location is incomplete or of another account, or name and ARN differ."""
    name, arn, needs = location.get("name"), location.get("arn"), location.get("needs", [])
    if not isinstance(name, str) or not isinstance(arn, str) or not isinstance(needs, list):
        return None
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[4] not in {account_id, ""} or not _names(parts[5], name):
        return None
    keys = (_need(text) for text in needs)
    return Orphan(
        key, name, arn, account_id, tuple(need for need in keys if need is not None), _owner(location), recorded=location
    )


def _names(resource: str, name: str) -> bool:
    """Whether the last part of an ARN has this name: ``type:name``, ``type/path/name``, ``name`` or a path within a bucket."""
    kind, colon, rest = resource.partition(":")
    return bool(name) and name in {resource, rest if colon else kind.rpartition("/")[2]}


def _owner(location: Location) -> str:
    """The owner tag that the resource was given; records of earlier versions have it in the applied state only."""
    state = location.get("desired")
    tags = state.get("Tags") if isinstance(state, dict) else None
    owner = location.get("owner") or (
        tags.get(owner_tags.environment_key(owner_tags.DEFAULT_PREFIX)) if isinstance(tags, dict) else None
    )
    return owner if isinstance(owner, str) else ""


def _need(text: object) -> Key | None:
    project, _, key = text.partition(":") if isinstance(text, str) else ("", "", "")
    return key_of(project, key) if PROJECT_NAME.fullmatch(project) else None
