"""The release root: what is said of a project as a whole, and the list of what was said before.

The root is one object that is written over, in a bucket that keeps every version. So the bucket itself keeps the record of who
released what, when and how it ended: append-only, and without a call of its own. What is read back may be truncated, foreign or
forged: whatever is not a root in every part is no root at all.

Everything that the bucket holds of a project (root, records, lease) has one schema number, and says which version of the deployer
wrote it. An object of a newer schema is neither interpreted nor written over: an older deployer would take it for damaged, and
lose what it says. So whoever changes what is stored raises `SCHEMA` if an older version that drops a field, or does not know it,
would do harm, and goes on reading every schema before; and leaves the fields `schema` and `deployer` where they are.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from common.aws.protocol import SIZE_LIMIT, Stream
from common.base import digest
from common.base.digest import Digest
from common.base.errors import NewerSchemaError
from common.base.terminal import visible
from common.base.version import VERSION
from common.environment.config import OWNER_TAG
from common.model.orphan import Remains
from common.model.resource import PROJECT_NAME, Key, Resource

SCHEMA = 1
"""The format of everything that the bucket holds of a project. A root's digest covers it: no mark of another schema matches."""
WRITER: Mapping[str, Any] = {"schema": SCHEMA, "deployer": VERSION}
"""Every stored root, record and lease begins with this."""
CLEAN, DEPLOYING = "clean", "deploying"
ARTIFACT = "artifact"
"""The kind of the keys of artifacts, which have no records: they are what the bucket holds."""
LONGEST_KEY = 700
"""Characters of a key: a log group's name may have 512, and a key may hold another name besides."""
_KEY = re.compile(r"([a-z][a-z-]{0,31})/((?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*)")
Place = Mapping[str, Any]
"""Where a resource is, as records tell it: ``name``, ``arn``, ``owner``, ``needs`` as a list of ``project:kind/name``."""


@dataclass(frozen=True)
class Root:
    """A release root: the digest of every record below it, and of every artifact's files.

    Args:
        digests: by ``kind/name``.
        pending: what a deploy that did not finish was about to change, and where that is. Its records prove nothing: a resource
            that was updated and not yet recorded still has the record of before, which would match if the change was then taken
            back. And what was created and not yet recorded has no record at all.
        doubted: what a deploy had begun to change when its lease went to another, and until when its requests may still arrive
            (ISO 8601, empty once that is over). Only live state proves it, until a deploy has seen it after that time.
        files: of each artifact, by ``artifact/name``: digests by path, with modes where they are inputs.
        about: who released what when; for people.
        changes: what was to be done and what became of it; for people.
        roles: the ids of the roles that run what is deployed, by ``role/name``; empty where what runs with one was given another
            that had its name. The digest of the root does not cover them: a role may be made again and nothing else change.
    """

    digests: Mapping[str, Digest] = field(default_factory=dict)
    pending: Mapping[str, Place] = field(default_factory=dict)
    doubted: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Mapping[str, Any], ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)

    def digest(self) -> Digest:
        """The Merkle root: equal exactly if every key and digest below is equal, and nothing is pending or doubted."""
        covered = {"digests": dict(self.digests), "pending": sorted(self.pending)}
        covered |= {"doubted": sorted(self.doubted)} if self.doubted else {}
        return digest.of_struct("root", SCHEMA, covered)

    def says_the_same(self, other: "Root") -> bool:
        """Whether the two have one digest; that takes longer to find out."""
        unproven = self.pending.keys() == other.pending.keys() and self.doubted.keys() == other.doubted.keys()
        return self.digests == other.digests and unproven

    def body(self, state: str) -> dict[str, Any]:
        """The object's JSON body."""
        return {**WRITER, "state": state, **vars(self)}


@dataclass(frozen=True)
class Mark:
    """The tags of a release root.

    Args:
        version: of the object, by which that very root can be read; None in a bucket that does not keep every version.
        written: when (ISO 8601); empty for one of before that was said.
        roles: the digest of the ids of roles; empty where there are none, and for one of before they were said.
    """

    state: str
    root: Digest
    version: str | None = field(default=None, compare=False)
    written: str = field(default="", compare=False)
    roles: str = field(default="", compare=False)

    def is_younger(self, than: timedelta) -> bool:
        """Whether it is known to have been written since then."""
        return _is_after(self.written, datetime.now(UTC) - than)


@dataclass(frozen=True)
class Version:
    """One version of a release root in the bucket; `removed` is the mark of a deletion."""

    id: str
    written: datetime
    removed: bool


@dataclass
class Trusted:
    """What one project's release root and records are known to say.

    Args:
        root: the body, if it can be trusted; what it says of a key needs no further call.
        clean: the root stands as it is; no deploy has died.
        digests: by key, from the root or from the records' own tags.
        pending: keys whose records prove nothing, and where these are.
        doubted: keys of which live state alone proves anything, and until when; see `Root`.
        proven: no other key is; False where the list of what was pending is lost.
        interrupted: the deploy that wrote the root has not ended, and may still be alive.
    """

    root: Root | None = None
    clean: bool = False
    digests: dict[Key, Digest] = field(default_factory=dict)
    pending: Mapping[Key, Place] = field(default_factory=dict)
    doubted: Mapping[Key, str] = field(default_factory=dict)
    etag: str | None = None
    """Of the root's body, if it was read."""
    proven: bool = True
    interrupted: bool = False

    @property
    def is_lost(self) -> bool:
        """Something was deployed, and there is no root that could be believed."""
        return not self.proven and (self.etag is not None or bool(self.digests or self.pending))

    @property
    def is_new(self) -> bool:
        """There is no root: this project was never deployed, or nothing is left of it."""
        return not self.clean and self.etag is None

    def differs(self, key: Key, wanted: Digest) -> bool:
        """Whether it is known, or may be, that a key is not as wanted."""
        return self.digests.get(key) != wanted or key in self.pending

    def proves(self, key: Key, wanted: Digest) -> bool:
        """Whether it is known that a key was brought to just this, and that nobody else can have changed it since."""
        return self.proven and key not in self.doubted and not self.differs(key, wanted)

    @property
    def files(self) -> Mapping[str, Mapping[str, str]]:
        """Of each artifact, as far as the root tells them."""
        return self.root.files if self.root else {}

    @property
    def roles(self) -> Mapping[str, str]:
        """The ids of roles, as far as the root tells them."""
        return self.root.roles if self.root else {}

    def as_root(self) -> Root:
        """The root that says the same."""
        pending = {str(key): place for key, place in self.pending.items()}
        doubted = {str(key): until for key, until in self.doubted.items()}
        return Root({str(key): one for key, one in self.digests.items()}, pending, doubted)


def roles_digest(roles: Mapping[str, str]) -> Digest:
    """The digest of the ids of roles; see `Root`."""
    return digest.of_struct("roles", 1, dict(roles))


def is_of(body: Mapping[str, Any], whose: str) -> bool:
    """Whether a root or record is of ``environment/project``; those of before that was said do not say."""
    return bool(body.get("of", whose) == whose)


def root_of(body: dict[str, Any], now: datetime | None = None) -> Root | None:
    """The root that a stored object says, or None if it is none; of what is doubted, the times after `now`."""
    parts: list[Any] = [body.get(name) for name in ("digests", "pending", "files", "about")]
    digests, pending, files, about = parts
    changes, doubted, roles = body.get("changes", []), body.get("doubted", {}), body.get("roles", {})
    if isinstance(pending, list) and are_texts(pending):  # as it was before places were known
        pending = {key: {} for key in pending}
    if body.get("schema") != SCHEMA or not all(isinstance(one, dict) for one in (digests, pending, files, about)):
        return None
    if not all(isinstance(one, dict) and are_texts(one) for one in (doubted, roles)):
        return None
    if not are_texts(digests) or not are_texts(about) or not all(isinstance(place, dict) for place in pending.values()):
        return None
    if any(key_of("", text) is None for text in (*digests, *pending, *doubted)):
        return None
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        return None
    kept = {name: one for name, one in files.items() if isinstance(one, dict) and are_texts(one)}
    until = {key: time if now is None or _is_after(time, now) else "" for key, time in doubted.items()}
    return Root(digests, pending, until, kept, about, tuple(changes), roles)


def store_time(response: Mapping[str, Any]) -> datetime:
    """What the store's clock said when it answered; this machine's for a store that does not say."""
    said = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)


def _is_after(time: str, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(time) > now
    except (ValueError, TypeError):  # no time, or one without a zone
        return False


def parsed(body: Stream) -> dict[str, Any]:
    """The JSON object in a stored body, or nothing: a record that cannot be read counts as absent."""
    text = body.read(SIZE_LIMIT + 1)
    try:
        found = json.loads(text) if len(text) <= SIZE_LIMIT else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def stored_object(body: Stream, where: str) -> dict[str, Any]:
    """A root, record or lease as it is stored, or nothing where it cannot be read.

    Args:
        body: the object's.
        where: the object's address, for people.

    Raises:
        NewerSchemaError: a later version of the deployer wrote it, in a format that this one does not know.
    """
    found = parsed(body)
    schema, writer = found.get("schema"), found.get("deployer")
    if isinstance(schema, int | float) and schema > SCHEMA:
        version = f"version {printable(writer, 40)}" if isinstance(writer, str) and writer else "a later version"
        raise NewerSchemaError(
            f"{where} was written by {version} of the deployer, in a format (schema {schema}) that this version, {VERSION}, does "
            f"not know. Upgrade this repository's deployer to {version} or later: docs/upgrading.md. The object is left as it is."
        )
    return found


def are_texts(value: list[Any] | dict[str, Any]) -> bool:
    """Whether it is a list of texts, or a map to texts."""
    return all(isinstance(text, str) for text in (value.values() if isinstance(value, dict) else value))


def key_of(project: str, text: object) -> Key | None:
    """The key that a stored text says, None if it says none: a name never leads out of its prefix."""
    found = _KEY.fullmatch(text) if isinstance(text, str) and len(text) <= LONGEST_KEY else None
    return Key(project, found[1], found[2]) if found else None


def place_of(one: Resource | Remains) -> Place:
    """What is recorded of where a resource is."""
    owner = one.owner if isinstance(one, Remains) else one.tags.get(OWNER_TAG, "")
    return {"name": one.name, "arn": one.arn, "owner": owner, "needs": [f"{need.project}:{need}" for need in one.needs]}


def remains_of(key: Key, place: Place, account_id: str) -> Remains | None:
    """What a record's place says; None if it says nothing, or not the same by name and ARN, or of another account."""
    name, arn, needs = place.get("name"), place.get("arn"), place.get("needs", [])
    if not isinstance(name, str) or not isinstance(arn, str) or not isinstance(needs, list):
        return None
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[4] not in {account_id, ""} or not _names(parts[5], name):
        return None
    known = (_need(text) for text in needs)
    return Remains(key, name, arn, account_id, tuple(need for need in known if need is not None), _owner(place), recorded=place)


def printable(text: object, limit: int = 300) -> str:
    """A stored text as one line of a bounded length."""
    shown = visible(str(text)[: limit + 1], lines=False)
    return shown if len(shown) <= limit else f"{shown[:limit]}…"


def _names(resource: str, name: str) -> bool:
    """Whether the end of an ARN is of that name: ``type:name``, ``type/path/name``, ``name``, or, in a bucket, all of it."""
    kind, colon, rest = resource.partition(":")
    return bool(name) and name in {resource, rest if colon else kind.rpartition("/")[2]}


def _owner(place: Place) -> str:
    """Whose tags it was given; records of before tell it by the state that was applied."""
    state = place.get("desired")
    tags = state.get("Tags") if isinstance(state, dict) else None
    owner = place.get("owner") or (tags.get(OWNER_TAG) if isinstance(tags, dict) else None)
    return owner if isinstance(owner, str) else ""


def _need(text: object) -> Key | None:
    project, _, key = text.partition(":") if isinstance(text, str) else ("", "", "")
    return key_of(project, key) if PROJECT_NAME.fullmatch(project) else None
