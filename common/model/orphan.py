"""What is left of a resource once nobody declares it: a name, an ARN, and the type that knows how to delete it.

Deleting takes no declaration, so that what is gone from the repository can go from AWS, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from common.aws.protocol import Aws
from common.model.resource import Key


class Named(Protocol):
    """Whatever has a physical name and an ARN."""

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
    """What is recorded of a resource that nobody declares any more: enough to see whose it is, and to delete it.

    Args:
        owner: whose tags it was given; empty where no record says.
        spared: names that are within it and not part of it; a declared directory may lie in the place of one that is gone.
        recorded: all that is said of it.
        awaits: what must have been changed before it goes, because that may still use it.
    """

    key: Key
    name: str
    arn: str
    account_id: str
    needs: tuple[Key, ...] = ()
    owner: str = ""
    spared: frozenset[str] = frozenset()
    awaits: tuple[Key, ...] = ()
    recorded: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def called(self, key: Key) -> "Orphan":
        """The same, by another key."""
        return replace(self, key=key)


class Type(Protocol):
    """A resource type as far as it needs no declaration: it deletes what a record names."""

    data: bool

    def live_tags(self, aws: Aws, one: Orphan) -> dict[str, str] | None:
        """All its tags; None if it does not exist, or is being deleted."""
        ...

    def erase(self, aws: Aws, one: Orphan) -> None:
        """Deletes it, with what it holds if it holds `data`. Deleting what does not exist is not an error."""
        ...
