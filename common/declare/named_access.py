"""Secrets, parameters and keys as grants that name them, and all that a declaration grants to a role.

A name stands for what configuration has under it in `existing`, and otherwise for what is called so in the environment's account.
"""

from collections.abc import Callable, Iterable

from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.declare import validation
from common.declare.allowed_actions import NO_FURTHER_ACCESS, FurtherAccess, Permission
from common.model.existing import ExistingRef
from common.model.reference import Grantable, Location, Ref


@dataclass(frozen=True)
class NamedThing:
    """A secret, a parameter or a key by its name, for `reads`, `writes` and `permissions`.

    Args:
        kind: its kind.
        name: its name or ARN; tokens are replaced. Or a reference to it.
        kms_key: the key that encrypts it, if those who use it need the key.
    """

    kind: str
    name: str | Ref
    kms_key: str | Ref | None = None


def secret(name: str | Ref, *, kms_key: str | Ref | None = None) -> NamedThing:
    """A secret of Secrets Manager: in `reads` and `permissions` its value may be read.

    Args:
        name: what configuration calls it under ``existing.secrets``, its name in AWS, or its ARN; tokens are replaced.
        kms_key: the ARN of the key that encrypts it, or a reference to the key; none for AWS's own key. What a reference leads to
            names its key itself.
    """
    return NamedThing("secret", name, kms_key)


def parameter(name: str | Ref, *, kms_key: str | Ref | None = None) -> NamedThing:
    """A parameter of Parameter Store: in `reads` and `permissions` its value may be read.

    Args:
        name: as of a secret, under ``existing.parameters``. ``/orders/*`` stands for all parameters below ``/orders/``.
        kms_key: as of a secret.
    """
    return NamedThing("parameter", name, kms_key)


def key(name: str | Ref) -> NamedThing:
    """A KMS key: in `reads` it decrypts, in `writes` and `permissions` it encrypts as well.

    Args:
        name: what configuration calls it under ``existing.keys``, its id or its ARN; tokens are replaced. An alias names no key.
    """
    return NamedThing("key", name)


Granted = Grantable | NamedThing
"""What `reads` and `writes` of declarations list."""


@dataclass(frozen=True)
class Access:
    """What a declaration grants to the role of its resource.

    Args:
        reads: what may be read.
        writes: what may be read and written.
        further: permissions action by action, and managed policies.
    """

    reads: tuple[Grantable, ...] = ()
    writes: tuple[Grantable, ...] = ()
    further: FurtherAccess = NO_FURTHER_ACCESS

    @classmethod
    def of(
        cls,
        resolved: Callable[[NamedThing], Ref],
        reads: Iterable[Granted],
        writes: Iterable[Granted],
        permissions: Iterable[Permission | NamedThing],
        managed_policies: Iterable[str],
    ) -> "Access":
        """Checks what a declaration gives, and finds what it names.

        Args:
            resolved: returns the reference to what has a name.
            reads: see above.
            writes: see above.
            permissions: what `allow` returns; what is named here may be read, and a key used in both ways.
            managed_policies: ARNs of policies.

        Raises:
            TypeError: these are not such lists.
        """
        if (permissions, managed_policies, reads, writes) == ((), (), (), ()):  # as most declare
            return NO_ACCESS
        if isinstance(permissions, Permission | NamedThing):
            raise TypeError("permissions is a list, even of one: write permissions=[allow(…)] or [secret(…)]")
        listed = tuple(permissions)
        named = [entry for entry in listed if isinstance(entry, NamedThing)]
        others = [entry for entry in listed if not isinstance(entry, NamedThing)]
        read = [resolved(named_thing) for named_thing in named if named_thing.kind != "key"]
        used = [resolved(named_thing) for named_thing in named if named_thing.kind == "key"]
        return cls(
            reads=(*validation.check_grants("reads", _with_references("reads", reads, resolved)), *read),
            writes=(*validation.check_grants("writes", _with_references("writes", writes, resolved)), *used),
            further=FurtherAccess.of(others, managed_policies),
        )

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The resources that must exist before the one with this access.

        A state machine need not: it waits for an answer of what it calls itself.
        """
        refs = (grant.bucket if isinstance(grant, Location) else grant for grant in (*self.reads, *self.writes))
        return tuple(ref for ref in refs if isinstance(ref, ExistingRef) or ref.key.kind != "state-machine")


NO_ACCESS = Access()
"""What a declaration grants that names nothing."""


def _with_references(what: str, values: Json, resolved: Callable[[NamedThing], Ref]) -> Json:
    """The values with a reference in place of each name; what is not a list stays as it is, and is refused elsewhere."""
    if isinstance(values, NamedThing):
        raise TypeError(f"{what} is a list, even of one: write {what}=[{values.kind}(…)]")
    if isinstance(values, str | Ref | Location) or not isinstance(values, Iterable):
        return values
    return [resolved(value) if isinstance(value, NamedThing) else value for value in values]
