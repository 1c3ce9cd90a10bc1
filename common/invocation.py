"""What the tasks of one command line share: each is a call of its own, but they work on one plan."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from common.errors import DeployError

T = TypeVar("T")


class Invocation:
    """What the tasks of one command line share.

    Attributes:
        requested: the names of the tasks that the command line asks for, pre-tasks not among them.
    """

    def __init__(self, requested: list[str]) -> None:
        self.requested = requested
        self._kept: dict[Any, Any] = {}
        self._closing: list[Callable[[], None]] = []

    def keep(self, key: Any, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """What `make` returned when it was first asked for with `key`; closed when the invocation ends."""
        if key not in self._kept:
            self._kept[key] = made = make()
            self._closing.append(lambda: close(made))
        kept: T = self._kept[key]
        return kept

    def close(self) -> None:
        """Closes everything; the first error is raised once all are closed."""
        errors: list[DeployError] = []
        for close in self._closing:
            try:
                close()
            except DeployError as error:
                errors.append(error)
        if errors:
            raise errors[0]


INVOCATION: ContextVar[Invocation] = ContextVar("INVOCATION")
