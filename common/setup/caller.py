"""Whose policies decide what a caller may do: a user or a role of IAM, which the ARN of its credentials does not always name.

The ARN of a role's session has the role's name without its path, so the role is looked up. IAM simulates users, groups and roles
alone, and knows no limits of the session itself.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

import re
from typing import NamedTuple

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping

SESSION = re.compile(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.+")
"""Matches the ARN of a session of a role: its partition, its account and the name of the role."""
USER = re.compile(r"arn:[\w-]+:iam::\d+:user/.+")
SSO_NAME = "AWSReservedSSO_"
"""How names of roles begin that IAM Identity Center makes."""
SSO_PATH = "/aws-reserved/sso.amazonaws.com/"
"""How the paths of these roles begin; a region may follow."""


class Principal(NamedTuple):
    """A user or a role whose policies IAM can simulate.

    Args:
        arn: its ARN, with its path.
        boundary: the ARN of its permissions boundary; empty if it has none, or if that could not be read.
    """

    arn: str
    boundary: str = ""

    @property
    def name(self) -> str:
        """What people call it, as in ``role/deployer``."""
        return self.arn.split(":", 5)[5]


def principal_of(aws: Aws, caller: str) -> Principal | str:
    """The user or role behind the ARN of a caller, or a sentence that says why there is none."""
    if caller.endswith(":root"):
        return (
            "IAM does not simulate the root user of an account, who may do everything but what policies of its organization deny."
        )
    if ":federated-user/" in caller:
        return "IAM does not simulate federated users: the policies of the session and of the user who asked for it decide."
    if USER.fullmatch(caller):
        return Principal(caller)
    session = SESSION.fullmatch(caller)
    if session is None:
        return f"IAM simulates users and roles, and {caller} is neither."
    partition, account, name = session.groups()
    role = _role_named(aws, name)
    if role is None:
        return Principal(f"arn:{partition}:iam::{account}:role/{name}")  # its path is not known
    return Principal(role["Arn"], role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""))


def _role_named(aws: Aws, name: str) -> JsonMapping | None:
    """The role of this name, by itself or out of the list of all; None if these credentials may read neither."""
    try:
        role: JsonMapping = aws.call("iam", "GetRole", RoleName=name)["Role"]
    except AwsError as error:
        if not is_denied(error):
            raise
    else:
        return role
    try:
        pages = aws.pages("iam", "ListRoles", PathPrefix=SSO_PATH if name.startswith(SSO_NAME) else "/")
        return next((role for page in pages for role in page["Roles"] if role["RoleName"] == name), None)
    except AwsError as error:
        if not is_denied(error):
            raise
        return None


def is_denied(error: AwsError) -> bool:
    """Whether AWS refused a call because nothing allows it, or because something denies it."""
    return error.code.startswith(("AccessDenied", "AuthorizationError", "UnauthorizedOperation", "403"))
