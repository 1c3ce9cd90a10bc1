"""The base class of all resource types."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from common.aws.protocol import Aws
from common.base.digest import FileDigests
from common.base.json_types import Json, JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.environment.owner_tags import DEFAULT_PREFIX
from common.model.diagnosis import Diagnosis
from common.model.existing import ExistingRef
from common.model.resource import Artifact, Key, Live, Outputs, State
from common.model.role_needs import RoleNeeds


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The names and the owner of a declared resource.

    Args:
        key: its key.
        name: its physical name.
        arn: its ARN as the tagging index spells it.
        tags: its declared tags: the owner tags of the deployer, and the tags of the environment.
        needs: the resources that must exist first.
        uses: what it uses of others, which is never created, changed or deleted.
        accept_secret: why the declaration accepts what looks like a secret in it; empty if it does not.
        tag_prefix: the beginning of the keys of its owner tags.
        role_needs: what it needs of the existing role that it runs with; None if it has no role, or the deployer manages it.
        always_verified: each plan reads its live state, although it is recorded as unchanged.
        is_away: whether it belongs to a project in another region than its environment's.
        replaces: what it replaces if that was deployed before: it is deleted without being asked for.
    """

    key: Key
    name: str
    arn: str
    tags: Mapping[str, str]
    needs: tuple[Key, ...] = ()
    uses: tuple[ExistingRef, ...] = ()
    accept_secret: str = ""
    tag_prefix: str = DEFAULT_PREFIX
    role_needs: RoleNeeds | None = None
    always_verified: bool = False
    is_away: bool = False
    replaces: tuple[Key, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Declared:
    """The base class of resource types. A type adds its fields, the five verbs of `Resource`, and those of `orphan.Type`."""

    identity: Identity
    properties: JsonMapping = field(default_factory=dict)
    """Fields in AWS's own spelling, besides those of the type."""
    immutable: ClassVar[frozenset[str]] = frozenset()
    artifact_field: ClassVar[str] = ""
    needs_record: ClassVar[bool] = False
    usual: ClassVar[State] = {}
    removable: ClassVar[frozenset[str]] = frozenset({"Tags"})
    apart: ClassVar[frozenset[str]] = frozenset()
    lasting: ClassVar[frozenset[str]] = frozenset()
    renewed_by: ClassVar[frozenset[str]] = frozenset()
    """The fields for which AWS gives an attribute, and another one with each change, as a table's stream its ARN."""

    @property
    def key(self) -> Key:
        """Its key."""
        return self.identity.key

    @property
    def name(self) -> str:
        """Its physical name."""
        return self.identity.name

    @property
    def arn(self) -> str:
        """Its ARN as the tagging index spells it."""
        return self.identity.arn

    @property
    def tags(self) -> Mapping[str, str]:
        """Its declared tags: the owner tags of the deployer, and the tags of the environment."""
        return self.identity.tags

    @property
    def tag_prefix(self) -> str:
        """The beginning of the keys of its owner tags."""
        return self.identity.tag_prefix

    @property
    def is_away(self) -> bool:
        """Whether it belongs to a project in another region than its environment's."""
        return self.identity.is_away

    @property
    def replaces(self) -> tuple[Key, ...]:
        """What it replaces if that was deployed before."""
        return self.identity.replaces

    @property
    def needs(self) -> tuple[Key, ...]:
        """The resources that must exist first."""
        return self.identity.needs

    @property
    def uses(self) -> tuple[ExistingRef, ...]:
        """What it uses of others."""
        return self.identity.uses

    @property
    def accept_secret(self) -> str:
        """Why the declaration takes what looks like a secret in it; empty if it does not."""
        return self.identity.accept_secret

    @property
    def role_needs(self) -> RoleNeeds | None:
        """What it needs of the existing role that it runs with; None if it has no role, or the deployer manages it."""
        return self.identity.role_needs

    @property
    def always_verified(self) -> bool:
        """Whether each plan reads its live state, although it is recorded as unchanged."""
        return self.identity.always_verified

    @property
    def data(self) -> bool:
        """Whether it holds data: no unless the type overrides this."""
        return False

    @classmethod
    def holds_data(cls, orphan: Any) -> bool:  # noqa: ARG003 - types that override it say what they need of it
        """Whether an orphan of the type holds data: as every resource of the type unless it overrides this."""
        return getattr(cls, "data", False) is True  # a type that does not override it has the property here

    @property
    def indexed(self) -> bool:
        """Whether the tagging index, or a listing of its kind, shows it: yes unless the type overrides this."""
        return True

    @property
    def index_arn(self) -> str:
        """Its ARN unless the type overrides this."""
        return self.arn

    def recall(self, record: JsonMapping) -> Self:  # for types that override it
        """The same, unless the type overrides this."""
        return self

    def is_fixed(self, name: str, before: Json, after: Json) -> bool:  # for types that override it
        """Whether the field is one that AWS cannot change in place, unless the type overrides this."""
        return name in self.immutable

    def outputs_of(self, aws: Aws, live: Live) -> Outputs:  # for types that override it
        """Nothing unless the type overrides this."""
        return {}

    @property
    def hidden(self) -> frozenset[str]:
        """The hidden fields: none unless the type overrides this."""
        return frozenset()

    @property
    def defaults(self) -> frozenset[str]:
        """The fields with default values: none unless the type overrides this."""
        return frozenset()

    def loses(self, name: str, live: Json) -> str:  # for types that override it
        """What a change would lose: nothing unless the type overrides this."""
        return ""

    def describe_change(self, name: str, before: Json, after: Json) -> str:  # for types that override it
        """Like any other change unless the type overrides this."""
        return ""

    def runs_in_place(self, live: Live | None) -> bool:
        """Whether it runs what AWS has in place of its artifact: not unless the type overrides this."""
        return False

    def check_creation(self, aws: Aws, desired: State) -> None:
        """Checks nothing unless the type overrides this."""

    def diagnoses(self, aws: Aws, desired: State) -> Sequence[Diagnosis]:
        """Asks nothing unless the type overrides this."""
        del aws, desired
        return ()

    @property
    def artifact(self) -> Artifact | None:
        """The artifact that it runs: none unless the type overrides this."""
        return None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """All artifacts that it needs: the one that it runs unless the type overrides this."""
        return (self.artifact,) if self.artifact is not None else ()

    def delete(self, aws: Aws) -> None:
        """Deletes it in the same way as an orphan, unless the type overrides this."""
        self.erase(aws, self)

    @staticmethod
    def erase(aws: Aws, orphan: Any) -> None:  # each type says what it needs of an orphan
        """See `orphan.Type`: every type implements this."""
        raise NotImplementedError

    @staticmethod
    def untag(aws: Aws, orphan: Any, keys: Sequence[str]) -> None:  # likewise
        """See `orphan.Type`: every type that can be unbound implements this."""
        raise NotImplementedError

    def look(self, known_digests: FileDigests) -> None:
        """Takes no digests unless the type overrides this."""
