"""What the resources that a repository declares have in common, whatever their type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from common.aws.protocol import Aws
from common.base.digest import Known
from common.model.resource import Artifact, Key, State


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a resource is called and whose it is, whatever its type.

    Args:
        key: its name among all resources.
        name: its physical name.
        arn: as the tagging index spells it.
        tags: ours, which say whose it is, and the environment's.
        needs: what must be there first.
        accept_secret: why the declaration takes what looks like a secret in it; empty if it does not.
    """

    key: Key
    name: str
    arn: str
    tags: Mapping[str, str]
    needs: tuple[Key, ...] = ()
    accept_secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What every resource type has in common; a type adds its own fields, its five verbs, and those of `Type`."""

    identity: Identity
    immutable: ClassVar[frozenset[str]] = frozenset()
    artifact_field: ClassVar[str] = ""
    data: ClassVar[bool] = False
    indexed: ClassVar[bool] = True
    usual: ClassVar[State] = {}

    @property
    def key(self) -> Key:
        """Its name among all resources."""
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
        """Ours, which say whose it is, and the environment's."""
        return self.identity.tags

    @property
    def needs(self) -> tuple[Key, ...]:
        """What must be there first."""
        return self.identity.needs

    @property
    def accept_secret(self) -> str:
        """Why the declaration takes what looks like a secret in it; empty if it does not."""
        return self.identity.accept_secret

    @property
    def hidden(self) -> frozenset[str]:
        """None, unless the type says otherwise."""
        return frozenset()

    @property
    def defaults(self) -> frozenset[str]:
        """There are no such fields, unless the type says otherwise."""
        return frozenset()

    def loses(self, name: str, live: Any) -> str:  # noqa: ARG002 - for types that override it
        """Nothing, unless the type says otherwise."""
        return ""

    def check_creation(self, aws: Aws, desired: State) -> None:
        """There is nothing to ask, unless the type says otherwise."""

    @property
    def artifact(self) -> Artifact | None:
        """The artifact that it runs: none, unless the type says otherwise."""
        return None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The one that it runs, unless the type needs more."""
        return (self.artifact,) if self.artifact is not None else ()

    def delete(self, aws: Aws) -> None:
        """Deletes it as what a record names is deleted, unless the type says otherwise."""
        self.erase(aws, self)

    @staticmethod
    def erase(aws: Aws, one: Any) -> None:
        """See `orphan.Type`: every type says how."""
        raise NotImplementedError

    def look(self, known: Known) -> None:
        """There are no such files, unless the type says otherwise."""
