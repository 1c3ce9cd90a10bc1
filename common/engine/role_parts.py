"""Reads an existing role: what can be read of it with nothing but its name."""

from concurrent.futures import Executor, Future
from typing import NamedTuple

from common.aws.protocol import Aws
from common.base.json_types import JsonObject


class RoleParts(NamedTuple):
    """The reads of one role that need nothing but its name."""

    role: Future[JsonObject | None]
    inline: Future[list[str]]
    attached: Future[list[str]]

    @classmethod
    def begin(cls, aws: Aws, name: str, pool: Executor) -> "RoleParts":
        """Begins these reads, all at once."""

        def inline() -> list[str]:
            return [name for page in aws.pages("iam", "ListRolePolicies", RoleName=name) for name in page["PolicyNames"]]

        def attached() -> list[str]:
            pages = aws.pages("iam", "ListAttachedRolePolicies", RoleName=name)
            return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]

        role = pool.submit(aws.find, "iam", "GetRole", "NoSuchEntity", RoleName=name)
        return cls(role, pool.submit(inline), pool.submit(attached))
