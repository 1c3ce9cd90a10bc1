"""Reads who holds the lease on a project, and removes it. Before the first deploy there is no bucket, so nobody holds it."""

from collections.abc import Callable
from typing import TypeVar

from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.engine.connection import Connection

T = TypeVar("T")


def holder(connection: Connection, project: str) -> JsonObject | None:
    """The description of the holder in a project's lease; None if nobody holds it."""
    return _unless_bucket_is_missing(connection.lease(project, {}, lambda _: None).holder, None)


def remove_lease(connection: Connection, project: str, confirm: Callable[[str], None]) -> bool:
    """Takes the lease on a project from its holder.

    Args:
        connection: the connection with AWS.
        project: the project.
        confirm: is called first with a sentence about the holder; it raises to keep the lease.

    Returns:
        Whether somebody held it.

    Raises:
        LockedError: it was renewed, taken over or given back meanwhile.
    """
    lease = connection.lease(project, {}, lambda _: None)
    return _unless_bucket_is_missing(lambda: lease.remove(confirm), False)


def _unless_bucket_is_missing(ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except AwsError as error:
        if error.code != "NoSuchBucket":
            raise
        return otherwise
