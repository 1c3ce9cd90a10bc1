"""The configuration of roles: existing ones, and the boundary of those that the deployer creates."""

from typing import Annotated

from pydantic import Field

from common.base.text_rules import PolicyArn, RoleArn
from common.environment.settings_model import Model


class Roles(Model):
    """How roles are managed. A role ARN on a resource, or in `arns`, replaces the managed role."""

    arns: dict[
        Annotated[str, Field(pattern=r"^(lambda|glue-job|crawler|state-machine|trigger)(/[A-Za-z_][A-Za-z0-9_-]*)?$")], RoleArn
    ] = Field(default_factory=dict)
    """Existing roles by `kind` or `kind/Name`, for organisations in which deployers may not create roles."""
    permissions_boundary: PolicyArn | None = None
    """The policy that bounds every role that the deployer creates."""
