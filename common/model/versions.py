"""The versions of a kind of which AWS keeps every version, such as layers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from common.aws.protocol import Aws


class Version(Protocol):
    """One version of a resource; what it does not say is empty."""

    @property
    def arn(self) -> str:
        """The ARN of the version."""
        ...

    @property
    def number(self) -> int:
        """The number of the version."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """Whose it is."""
        ...

    @property
    def inputs(self) -> str:
        """The digest of what it was made from."""
        ...

    @property
    def content(self) -> str:
        """The digest of what it holds."""
        ...

    @property
    def published(self) -> datetime:
        """When it was published."""
        ...


class Versions(NamedTuple):
    """How to list and delete the versions of a kind of which AWS keeps every version.

    Args:
        of: returns all versions of the resource with a physical name.
        in_use: returns the ARNs of all versions that are used in the account.
        remove: deletes the version with a number.
    """

    of: Callable[[Aws, str], Sequence[Version]]
    in_use: Callable[[Aws], set[str]]
    remove: Callable[[Aws, str, int], None]
