"""Tells changes step by step, although changes of later steps begin before an earlier step has ended."""

from collections.abc import Callable, Collection

from common.model.events import Blocked, Failed, Finished, Skipped, Started
from common.model.resource import Key

ChangeEvent = Started | Finished | Failed | Skipped | Blocked


class StepEvents:
    """Passes on the events of the changes of the present step, and keeps those of later steps until these begin.

    Args:
        show: receives the events.
    """

    def __init__(self, show: Callable[[ChangeEvent], None]) -> None:
        self._show = show
        self._keys: Collection[Key] | None = None
        """The changes of the present step; None if no event is to be kept."""
        self._kept: list[ChangeEvent] = []

    def __call__(self, event: ChangeEvent) -> None:
        """Passes on an event, or keeps it."""
        if self._keys is None or event.change.key in self._keys:
            self._show(event)
        else:
            self._kept.append(event)

    def begin(self, keys: Collection[Key] | None) -> None:
        """Begins a step: passes on what was kept of its changes, and from now on their events as they happen."""
        self._keys = keys
        kept, self._kept = self._kept, []
        for event in kept:
            self(event)
