"""The creation of the artifact bucket. What needs nothing but the bucket goes on before all of its settings are made.

Leases are taken meanwhile, because they need no setting. A bucket without its tags might be anybody's, so these come before.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Event
from typing import Protocol, runtime_checkable

from common.aws.protocol import Aws
from common.model.resource import Change, Outputs, Resource, State


@runtime_checkable
class Gradual(Protocol):
    """A resource that can be used before all of its settings are made."""

    def begin(self, aws: Aws, desired: State) -> Change:
        """Creates it, so that it can be used and is known to be ours, and returns the change that makes its other settings."""


class NewBucket:
    """The creation of the artifact bucket, on a thread of its own."""

    def __init__(self) -> None:
        self._usable = Event()
        self._creation: Future[None] | None = None

    def begin(self, pool: Executor, carry_out: Callable[[], None]) -> None:
        """Begins the creation, and returns as soon as the bucket can be used or could not be created.

        Args:
            pool: where the creation runs.
            carry_out: carries out the change, which calls `create`.
        """
        self._creation = pool.submit(carry_out)
        self._creation.add_done_callback(lambda _: self._usable.set())
        self._usable.wait()
        if self._creation.done():
            self.wait()

    def create(self, aws: Aws, bucket: Resource, desired: State) -> Outputs:
        """Creates the bucket; while its other settings are being made, `begin` has returned already."""
        if not isinstance(bucket, Gradual):
            return bucket.create(aws, desired)
        rest = bucket.begin(aws, desired)
        self._usable.set()
        return bucket.update(aws, rest)

    def wait(self) -> None:
        """Waits until the creation has ended, if one has begun; raises what has escaped from it."""
        if self._creation is not None:
            self._creation.result()
