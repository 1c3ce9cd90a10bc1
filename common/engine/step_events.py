"""The events of one step after the other, although changes of later steps begin before an earlier step has ended."""

import threading
from collections.abc import Collection

from common.model.events import Blocked, Failed, Finished, Report, Skipped, Started
from common.model.resource import Key

ChangeEvent = Started | Finished | Failed | Skipped | Blocked


class StepEvents:
    """Passes on the events of the changes of the present step, and keeps those of later steps until these begin.

    Args:
        report: receives the events.
    """

    def __init__(self, report: Report) -> None:
        self._report, self._lock = report, threading.Lock()
        self._keys: Collection[Key] = ()
        self._kept: list[ChangeEvent] = []

    def __call__(self, event: ChangeEvent) -> None:
        """Passes on an event, or keeps it."""
        with self._lock:
            if event.change.key in self._keys:
                self._report(event)
            else:
                self._kept.append(event)

    def begin(self, keys: Collection[Key]) -> None:
        """Begins a step: passes on what was kept of its changes, and from now on their events as they happen."""
        with self._lock:
            self._keys = keys
            due = [event for event in self._kept if event.change.key in keys]
            self._kept = [event for event in self._kept if event.change.key not in keys]
            for event in due:
                self._report(event)

    def end(self) -> None:
        """Passes on all that was kept."""
        self.begin({event.change.key for event in self._kept} | {*self._keys})
