"""Reads once more, before an update, what the update would replace although it is not declared.

Some updates replace the whole resource, and AWS names no revision that they could be bound to. So what somebody else has just
changed in such a resource is kept only if it is read right before the update. The reads of a small deploy begin while the release
roots are being written, so that its updates need not wait for them.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Protocol, runtime_checkable

from common.aws import regions
from common.aws.protocol import Aws
from common.base.json_types import JsonObject
from common.engine.reads import MAX_EARLY_READS
from common.model.resource import Change, Key, Outputs, Resource

FRESH_SECONDS = 5.0
"""A resource is read again before its update if it was read longer ago than this, in seconds."""


@runtime_checkable
class Rereading(Protocol):
    """A resource whose update replaces undeclared fields, too."""

    def reread(self, aws: Aws, change: Change) -> JsonObject:
        """What is live now of what the update would replace. It only reads."""
        ...

    def update_from(self, aws: Aws, change: Change, live: JsonObject) -> Outputs:
        """`update`, in which `live` is what `reread` has returned."""
        ...


class Rereads:
    """The reads before the updates of one plan, of which at most `MAX_EARLY_READS` begin early.

    Args:
        aws: the AWS session.
        pool: where they run in parallel.
        clock: returns seconds.
    """

    def __init__(self, aws: Aws, pool: Executor, clock: Callable[[], float]) -> None:
        self._aws, self._pool, self._clock = aws, pool, clock
        self._begun: dict[Key, tuple[float, Future[JsonObject]]] = {}

    def begin(self, resource: Resource, change: Change) -> None:
        """Begins to read a resource that will be updated soon."""
        if isinstance(resource, Rereading) and len(self._begun) < MAX_EARLY_READS:
            aws = regions.at(self._aws, resource.arn)
            self._begun[change.key] = self._clock(), self._pool.submit(resource.reread, aws, change)

    def update(self, aws: Aws, resource: Resource, change: Change) -> Outputs:
        """Updates a resource from what was read of it a moment ago, or from what it reads itself."""
        begun, live = self._begun.get(change.key, (0.0, None))
        if live is None or not isinstance(resource, Rereading) or self._clock() - begun > FRESH_SECONDS:
            return resource.update(aws, change)
        return resource.update_from(aws, change, live.result())
