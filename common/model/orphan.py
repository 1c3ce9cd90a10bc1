"""Orphans: deployed resources that are no longer declared. A name, an ARN and the type are enough to delete one.

Deleting needs no declaration, so a resource that was removed from the repository can be deleted from AWS, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from common.aws.protocol import Aws
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.model.resource import Key


class Named(Protocol):
    """An object with a physical name and an ARN."""

    @property
    def name(self) -> str:
        """The physical name."""
        ...

    @property
    def arn(self) -> str:
        """The ARN."""
        ...


@dataclass(frozen=True)
class Orphan:
    """A deployed resource that is no longer declared: what its record says about it, which is enough to delete it.

    Args:
        key: its key.
        name: its physical name.
        arn: its ARN.
        account_id: the environment's account.
        needs: the resources that it needs, so they are deleted after it.
        owner: the owner tag that it was given; empty if the record does not say.
        spared: names within it that belong to others: a declared directory may be inside one that is no longer declared.
        awaits: the resources that must be changed before it is deleted, because they may still use it.
        recorded: all fields of its record.
    """

    key: Key
    name: str
    arn: str
    account_id: str
    needs: tuple[Key, ...] = ()
    owner: str = ""
    spared: frozenset[str] = frozenset()
    awaits: tuple[Key, ...] = ()
    recorded: JsonMapping = field(default_factory=dict, repr=False)

    @property
    def adopted(self) -> str:
        """The owner from whom the resource was taken over; empty if it was created by us, or the record does not say."""
        owner = self.recorded.get("adopted")
        return owner if isinstance(owner, str) else ""

    @property
    def is_away(self) -> bool:
        """Whether it belonged to a project in another region than its environment's."""
        return self.recorded.get("away") is True

    def called(self, key: Key) -> "Orphan":
        """The same orphan with another key."""
        return replace(self, key=key)


class Type(Protocol):
    """The part of a resource type that needs no declaration: it deletes orphans."""

    data: bool

    def holds_data(self, orphan: "Orphan | None") -> bool:
        """Whether an orphan holds data that cannot be built again; None stands for one that is not read yet."""
        ...

    def live_tags(self, aws: Aws, orphan: Orphan) -> dict[str, str] | None:
        """All live tags of an orphan; None if it does not exist or is being deleted."""
        ...

    def erase(self, aws: Aws, orphan: Orphan) -> None:
        """Deletes an orphan with everything in it. If it does not exist, that is not an error."""
        ...

    def untag(self, aws: Aws, orphan: Orphan, keys: Sequence[str]) -> None:
        """Takes tags away from an existing resource, which stays as it is otherwise."""
        ...


Types = Callable[[str], Type | None]
"""Finds the type of a kind."""


def no_type(_kind: str) -> Type | None:
    """Finds no type, so that nothing is pruned."""
    return None
