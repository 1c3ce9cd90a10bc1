"""The vocabulary: what a resource is, what can happen to it, and the plan that says so.

A resource type decides nothing. It renders its desired state, reads the live one in the same spelling, and carries out one
action; comparing, ordering, recording and reporting are the engine's. So a new AWS type is one file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

from common.aws.protocol import Aws
from common.base.digest import Digest, Known, OfFile
from common.model.comparison import difference

State = dict[str, Any]
"""The owned fields of a resource in AWS's own spelling: JSON values, and `ContentOf` in a desired state only."""
Outputs = dict[str, str]
"""What AWS decided and later steps or people want to know: versions, revision ids."""

SHARED = "shared"
"""The project of the resources that all pipelines of an environment share."""
PROJECT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""A project's name, as folders have it."""


class Key(NamedTuple):
    """Names one resource of an environment. Prints as ``lambda/Validate``; the project is told by what surrounds it."""

    project: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True)
class Live:
    """What AWS has of a resource.

    Args:
        state: the owned fields, with the same keys as `desired` and normalised the same way.
        revision: what an update may replace; None where AWS tells none, or nothing may be concluded from it.
        undeclared: live fields and tags that are not ours, in AWS's spelling. Every update keeps them.
    """

    state: State
    revision: str | None = None
    undeclared: State = field(default_factory=dict)


class Artifact(Protocol):
    """Something that is built from this repository alone. No AWS call, no clock."""

    @property
    def key(self) -> Key:
        """Its name among all resources, kind ``artifact``."""

    @property
    def location(self) -> str:
        """Its immutable object key in the artifact bucket, named by its input digest."""

    def read(self, of_file: OfFile) -> None:
        """Takes the digests of its files from `of_file`; without it they are read when they are first asked for."""

    def files(self) -> Mapping[str, str]:
        """Every input file's digest under its path in the artifact; ``<digest> 755`` or ``644`` where its mode is an input."""

    def input_digest(self) -> Digest:
        """Covers everything that can change the bytes, and nothing else."""

    def build(self, build_dir: Path) -> Path:
        """The built file; equal inputs give equal bytes. Returns at once if it was built before.

        Raises:
            ArtifactError: it cannot be built, or AWS would not accept it.
        """

    def content(self, build_dir: Path) -> Digest:
        """The digest of the built file's bytes; it is built again if that is no longer the file that was built."""

    def bill(self, build_dir: Path) -> Path | None:
        """The bill of materials beside the built file; None if it holds nothing that others have made."""


class Resource(Protocol):
    """One resource of one AWS type."""

    @property
    def key(self) -> Key:
        """Its name."""

    @property
    def needs(self) -> tuple[Key, ...]:
        """What must be there first; follows from references."""

    immutable: ClassVar[frozenset[str]]
    """Fields of the state that AWS cannot change in place."""
    artifact_field: ClassVar[str]
    """The field of the state that changes with the artifact, for reasons that name files."""
    data: ClassVar[bool]
    """It holds what cannot be built again, so it is deleted only by those who say so twice."""
    usual: ClassVar[State]
    """Undeclared fields as AWS sets them itself, which nobody has to be told of."""

    @property
    def accept_secret(self) -> str:
        """Why the declaration takes what looks like a secret in it; empty if it does not."""

    @property
    def hidden(self) -> frozenset[str]:
        """Fields in which people put secrets: their values are neither recorded nor shown."""

    @property
    def name(self) -> str:
        """Its physical name."""

    @property
    def arn(self) -> str:
        """Its ARN as the tagging index spells it."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Ours, which say whose it is, and the environment's."""

    indexed: ClassVar[bool]
    """The tagging index, or a listing of its kind, shows whether it exists."""

    @property
    def artifact(self) -> Artifact | None:
        """The artifact that it runs, if any."""

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All artifacts that it needs, the one that it runs first."""

    def look(self, known: Known) -> None:
        """Takes what `known` has read already of files that are no artifact's."""

    @property
    def defaults(self) -> frozenset[str]:
        """Fields whose value nobody has named: what exists already is not brought to them where that would lose something."""

    def loses(self, name: str, live: Any) -> str:
        """What is lost when a field is brought from its live value to the desired one, for people; empty if nothing is."""

    def desired(self) -> State:
        """The state that the declaration asks for. Pure."""

    def read(self, aws: Aws) -> Live | None:
        """What AWS has of it; None if the resource does not exist."""

    def check_creation(self, aws: Aws, desired: State) -> None:
        """Asks AWS, as far as it tells without creating anything, whether it would; before the old one is deleted for a new one.

        Raises:
            DeclarationError: it would not.
        """

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Creates it and waits until it can be used. Creating what an interrupted run has created is not an error."""

    def update(self, aws: Aws, change: "Change") -> Outputs:
        """Brings the fields `change.changed` to `change.desired` and waits until AWS is done.

        What is live and not declared stays; where a call replaces the whole, it is read just before.
        """

    def delete(self, aws: Aws) -> None:
        """Deletes it. Deleting what does not exist is not an error."""


class Action(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    UPLOAD = "upload"
    DELETE = "delete"
    RECORD = "record"
    ORPHAN = "orphan"
    FORGET = "forget"
    NOOP = "noop"


CHANGING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.UPLOAD, Action.DELETE})
"""Actions that change something besides our own records."""
REMOVING = frozenset({Action.DELETE, Action.FORGET})
"""Actions after which a resource is recorded no more."""


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
    """What is live and no longer declared, but was when it was applied last: the update takes it away."""

    def fits(self, live: Live | None) -> bool:
        """Whether it does what it was planned for, to a resource that is like this now."""
        if self.action is Action.CREATE or live is None:
            return self.action is Action.CREATE and live is None
        known = self.changed | {*difference(self.desired, self.live.state if self.live else {})}
        return self.action is Action.REPLACE or {*difference(self.desired, live.state)} <= known


@dataclass(frozen=True)
class Plan:
    """What a deploy would do, in dependency order; `apply` carries out exactly this."""

    changes: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """True when nothing but our own records would be written."""
        return not any(change.action in CHANGING for change in self.changes)

    def counts(self) -> dict[str, int]:
        """The number of changes by action, every action named."""
        actions = [change.action for change in self.changes]
        return {str(action): actions.count(action) for action in Action}
