"""References to what exists and belongs to somebody else.

A resource refers to them as to ours, and keeps them apart from what it needs: nothing of the engine that creates, records or
deletes ever sees them. They are only looked at, when what uses them is created or changed.
"""

from collections.abc import Iterable
from typing import Protocol, TypeGuard, runtime_checkable

from common.base.lean_dataclass import dataclass
from common.base.protocols import once_a_type
from common.model.reference import Ref
from common.model.resource import Key

EXISTING = "existing"
"""What exists and is somebody else's has this in place of a project in its key."""


@dataclass(frozen=True)
class ExistingRef(Ref):
    """A thing of somebody else: in this account and region by its name, or anywhere by its ARN.

    Args:
        pattern: how permissions name it, where AWS chooses a part of the ARN and only the name is known; empty otherwise.
        kms_key: the ARN of the key that encrypts it, if those who use it need the key; empty otherwise.
        place: where it is named, for messages.
        purposes: what it is used for besides being read, written and named: see `lookup.Lookup.further`.
    """

    pattern: str = ""
    kms_key: str = ""
    place: str = ""
    purposes: tuple[str, ...] = ()

    @property
    def in_policies(self) -> str:
        """How permissions name it."""
        return self.pattern or self.arn


@runtime_checkable
class Uses(Protocol):
    """What refers to things of others."""

    @property
    def key(self) -> Key:
        """Its key."""
        ...

    @property
    def uses(self) -> tuple[ExistingRef, ...]:
        """What it uses of others."""
        ...


@once_a_type
def uses_others(resource: object) -> TypeGuard[Uses]:
    """Whether a resource is of a type that may refer to things of others."""
    return isinstance(resource, Uses)


def apart(needs: Iterable[Key | Ref]) -> tuple[tuple[Key, ...], tuple[ExistingRef, ...]]:
    """What a resource refers to, each once: the keys of ours, and apart from them what is somebody else's."""
    every = list(needs)
    existing = [need for need in every if isinstance(need, ExistingRef)]
    ours = [need.key if isinstance(need, Ref) else need for need in every if not isinstance(need, ExistingRef)]
    return tuple(dict.fromkeys(ours)), tuple(dict.fromkeys(existing))
