"""What an existing role must allow, so that what configuration gives it to can run."""

from common.base import digest
from common.base.digest import Digest
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass


@dataclass(frozen=True)
class RoleNeeds:
    """What one resource needs of an existing role. A role that the deployer manages is given the same.

    Args:
        arn: the role.
        service: the service that must be able to assume it, as in ``lambda.amazonaws.com``.
        statements: the statements that it must have.
        managed_policies: the ARNs of policies that must be attached to it.
        unknown: sentences about permissions that cannot be told.
    """

    arn: str
    service: str
    statements: tuple[JsonObject, ...] = ()
    managed_policies: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def digest(self) -> Digest:
        """The digest of all of it: while it is as recorded, nobody has to be told again."""
        needed = {"statements": [*self.statements], "policies": [*self.managed_policies], "unknown": [*self.unknown]}
        return digest.of_struct("role-needs", 1, {"arn": self.arn, "service": self.service, **needed})
