"""The basic types: resources, artifacts, actions, changes and plans.

A resource type makes no decisions. It renders its desired state, reads its live state in the same spelling, and carries out one
action; the engine does the rest. So a new AWS type is one file.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, Self

from common.aws.protocol import Aws
from common.base.digest import Digest, FileDigests, OfFile
from common.base.json_types import Json, JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.model.comparison import FieldChange, difference
from common.model.diagnosis import Diagnosis
from common.model.role_needs import RoleNeeds

State = JsonObject
"""The fields of a resource that belong to us, in AWS's own spelling: JSON values; only desired states also hold `ContentOf`."""
Outputs = dict[str, str]
"""Values that AWS has chosen, such as versions and revision ids, for later steps and for people."""
SHARED = "shared"
"""Resources that all pipelines of an environment share belong to this project."""
PROJECT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""Names of projects, and so of their folders, look like this."""


class Key(NamedTuple):
    """Identifies a resource within an environment. It prints as ``lambda/Validate``, without the project."""

    project: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True)
class Live:
    """The live state of a resource in AWS.

    Args:
        state: our fields, with the same keys as `desired` and normalised the same way.
        revision: the revision that an update may replace; None if AWS has none or it is not reliable.
        undeclared: live fields and tags that are not declared, in AWS's spelling. Every update keeps them.
    """

    state: State
    revision: str | None = None
    undeclared: State = field(default_factory=dict)


class Artifact(Protocol):
    """A file that is built from this repository alone, without AWS calls and without the time."""

    @property
    def key(self) -> Key:
        """Its name among all resources, kind ``artifact``."""

    @property
    def location(self) -> str:
        """Its immutable object key in the artifact bucket, named by its input digest."""

    @property
    def in_aws(self) -> str | None:
        """The CodeSha256 or the script's URI that AWS may run in its place; empty after an edit, None if it was not imported."""

    def hash_files(self, of_file: OfFile) -> None:
        """Takes the digests of its files from `of_file`; without this call the files are read when they are first needed."""

    def files(self) -> Mapping[str, str]:
        """Every input file's digest under its path in the artifact; ``<digest> 755`` or ``644`` where its mode is an input."""

    def input_digest(self) -> Digest:
        """The digest of everything that can change the built bytes, and of nothing else."""

    def build(self, build_dir: Path) -> Path:
        """Builds the file, unless it was built before, and returns its path. Equal inputs give equal bytes.

        Raises:
            ArtifactError: the artifact cannot be built, or AWS would not accept it.
        """

    def content(self, build_dir: Path) -> Digest:
        """The digest of the built file's bytes; the file is built again if it was changed since it was built."""

    def sbom_file(self, build_dir: Path) -> Path | None:
        """The bill of materials (SBOM) beside the built file; None if the artifact contains no packages of others."""


class Resource(Protocol):
    """One resource of one AWS type."""

    @property
    def key(self) -> Key:
        """Its name."""

    @property
    def needs(self) -> tuple[Key, ...]:
        """The resources that must exist first; they follow from references."""

    immutable: ClassVar[frozenset[str]]
    """The fields of the state that AWS cannot change in place."""
    artifact_field: ClassVar[str]
    """The field of the state that changes with the artifact, for reasons that name files."""
    needs_record: ClassVar[bool]
    """Whether it can be read and created only with its record; see `recall`."""
    usual: ClassVar[State]
    """Undeclared fields with the values that AWS itself sets; they are not worth reporting."""
    removable: ClassVar[frozenset[str]]
    """The undeclared fields that an update can take away: what was declared before, and with `--exclusive` all of them."""
    apart: ClassVar[frozenset[str]]
    """The fields that are read only if they are declared; the record says which these were."""
    lasting: ClassVar[frozenset[str]]
    """The fields that AWS cannot take away, or that others may rely on: one that is no longer declared stays as it is."""

    @property
    def accept_secret(self) -> str:
        """Why the declaration accepts what looks like a secret in it; empty if it does not."""

    @property
    def role_needs(self) -> RoleNeeds | None:
        """What it needs of the existing role that it runs with; None if it has no role, or the deployer manages it."""

    @property
    def always_verified(self) -> bool:
        """Whether each plan reads its live state, although it is recorded as unchanged."""

    @property
    def properties(self) -> JsonMapping:
        """Declared fields in AWS's own spelling, besides those of the type."""

    @property
    def hidden(self) -> frozenset[str]:
        """The fields in which people put secrets. Their values are neither recorded nor shown."""

    @property
    def name(self) -> str:
        """Its physical name."""

    @property
    def arn(self) -> str:
        """Its ARN as the tagging index spells it."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its declared tags: the owner tags of the deployer, and the tags of the environment."""

    @property
    def tag_prefix(self) -> str:
        """The beginning of the keys of its owner tags."""

    @property
    def data(self) -> bool:
        """Whether it holds data that cannot be built again. Then it is deleted only with `--data` in addition."""

    @property
    def indexed(self) -> bool:
        """Whether the tagging index, or a listing of its kind, shows that it exists."""

    @property
    def artifact(self) -> Artifact | None:
        """The artifact that it runs, if any."""

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All artifacts that it needs; the first one is the one that it runs."""

    def look(self, known_digests: FileDigests) -> None:
        """Takes the digests of files that belong to no artifact from `known_digests`, as far as it has them."""

    @property
    def defaults(self) -> frozenset[str]:
        """The fields with default values: an existing resource keeps its own value if changing it would lose something."""

    def loses(self, name: str, live: Json) -> str:
        """What would be lost by changing a field from its live value to the desired one, for people; empty if nothing."""

    def describe_change(self, name: str, before: Json, after: Json) -> str:
        """How the change of a field is worded; empty if like that of any other field."""

    @property
    def index_arn(self) -> str:
        """An ARN of its type, by which the parts of the tagging index are chosen."""

    def recall(self, record: JsonMapping) -> Self:
        """The same resource, knowing its record, for types with `needs_record`."""

    def is_fixed(self, name: str, before: Json, after: Json) -> bool:
        """Whether AWS cannot make this change of a field in place."""

    def outputs_of(self, aws: Aws, live: Live) -> Outputs:
        """Its outputs, as it was read, for a record that is written without a change."""

    def desired(self) -> State:
        """The declared state. It makes no AWS calls."""

    def read(self, aws: Aws) -> Live | None:
        """Its live state; None if it does not exist."""

    def runs_in_place(self, live: Live | None) -> bool:
        """Whether it runs what its artifact says by `in_aws`, so that nothing has to be built or uploaded."""

    def check_creation(self, aws: Aws, desired: State) -> None:
        """Raises DeclarationError if AWS would not create it, as far as it can tell before. A replacement checks this first."""

    def diagnoses(self, aws: Aws, desired: State) -> Sequence[Diagnosis]:
        """Asks AWS what is wrong with a desired state, where AWS can tell. Only `plan --validate` asks."""

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates it and waits until it can be used. If an interrupted run has created it already, that is not an error."""

    def update(self, aws: Aws, change: "Change") -> Outputs:
        """Gives the fields in `change.changed` their values in `change.desired`, keeps undeclared ones, and waits for the end."""

    def delete(self, aws: Aws) -> None:
        """Deletes it. If it does not exist, that is not an error."""


class Action(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    UPLOAD = "upload"
    DELETE = "delete"
    RECORD = "record"
    ORPHAN = "orphan"
    UNBIND = "unbind"
    FORGET = "forget"
    NOOP = "noop"


CHANGING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.UPLOAD, Action.DELETE, Action.UNBIND})
"""These actions change more than our own records."""
MAKING = frozenset({Action.CREATE, Action.REPLACE})
"""After these actions, a resource is a new one."""
SENDING = MAKING | {Action.UPDATE}
"""These actions send a desired state to AWS."""
REMOVING = frozenset({Action.DELETE, Action.UNBIND, Action.FORGET})
"""After these actions, a resource has no record any more."""
ROLE_ID = "RoleId"
"""Among the changed fields of what runs with a role: the role of this name is another one than before."""


@dataclass(frozen=True)
class Change:
    """One line of a plan: what happens to a resource, and why."""

    key: Key
    action: Action
    reason: str
    desired: State = field(default_factory=dict, repr=False)
    live: Live | None = field(default=None, repr=False)
    changed: frozenset[str] = frozenset()
    stale: State = field(default_factory=dict, repr=False)
    """The live fields that are no longer declared but were when the resource was applied last: the update removes them."""
    name: str = ""
    """What the resource is called in AWS, where that does not follow from the prefix, the project and the key."""
    adopted: str = ""
    """The owner from whom the resource was taken over, by this change or before; empty if it was created by us."""
    taken_over: str = ""
    """The owner from whom this change takes the resource over; empty if it was ours before."""
    fields: tuple[FieldChange, ...] = ()
    """The fields that an update or a replacement changes, except for the tags, with their values."""
    successor: Key | None = None
    """What replaces a resource that is deleted. It is created just before the deletion, in the same step."""

    def as_object(self) -> JsonObject:
        """The change for people who read it later, before it is carried out."""
        adopted = {"adopted": self.taken_over} if self.taken_over else {}
        return {"key": str(self.key), "action": str(self.action), "reason": self.reason, "outcome": "not tried", **adopted}

    def fits(self, live: Live | None) -> bool:
        """Whether the change is still right if the resource has this live state now."""
        if self.action is Action.CREATE or live is None:
            return self.action is Action.CREATE and live is None
        expected = self.changed | {*difference(self.desired, self.live.state if self.live else {})}
        return self.action is Action.REPLACE or {*difference(self.desired, live.state)} <= expected


@dataclass(frozen=True)
class Plan:
    """The changes of a deploy, in dependency order. `apply` carries out exactly these."""

    changes: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written except our own records."""
        return not any(change.action in CHANGING for change in self.changes)

    def counts(self) -> dict[str, int]:
        """The number of changes by action, with every action."""
        return {str(action): sum(change.action is action for change in self.changes) for action in Action}
