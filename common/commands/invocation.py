"""What the tasks of one command line share: each is a call of its own, but they work on one plan."""

import shlex
import time
from collections.abc import Callable, Hashable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from common.base.errors import DeployError
from common.base.json_types import JsonMapping

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
"""The repository that this package is in."""


class Invocation:
    """What the tasks of one command line share.

    Args:
        requested: the tasks that the command line asks for, pre-tasks not among them: the name and the options of each.
        began: when people began to wait, on the clock of `time.monotonic`; now, if it is not given.
        root: the repository.

    Attributes:
        began: when people began to wait for the tasks with the current options.
    """

    def __init__(self, requested: Sequence[tuple[str, JsonMapping]], began: float | None = None, root: Path = ROOT) -> None:
        self._requested, self.root = requested, root
        self.began = time.monotonic() if began is None else began
        self._options: JsonMapping = {}
        self._kept: dict[Hashable, Any] = {}  # each value has the type that its key stands for
        self._closing: list[Callable[[], None]] = []

    def requested(self, *, alike: bool = False) -> list[str]:
        """The names of the tasks that the command line asks for; with `alike`, of those with the options of the current one."""
        return [name for name, options in self._requested if not alike or dict(options) == dict(self._options)]

    def again(self) -> str:
        """The tasks with the current options as they would be typed again, without answers and what only shows more."""
        names = [name for name, options in self._requested if dict(options) == dict(self._options)]
        words = [
            f"--{name.strip('_').replace('_', '-')}{_value(value)}"
            for name, given in self._options.items()
            for value in (given if isinstance(given, list) else [given])  # an option that may be repeated has a list
            if value
        ]
        left_out = {"--yes", "--json", "--verbose", "--validate", "--dry-run", "--jobs 32"}
        kept = (word for word in words if word not in left_out and not word.startswith(("--yes ", "--html ")))
        return " ".join((*names, *kept))

    def begin(self, options: JsonMapping) -> None:
        """Closes what tasks with other options have left open: one environment is done with before the next one is begun.

        Raises:
            DeployError: closing did not succeed, so nothing more is begun.
        """
        if options != self._options:
            self.close()
            self._options = options

    def keep(self, key: Hashable, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """What `make` returned when it was first asked for with `key`; closed when the invocation ends."""
        if key not in self._kept:
            self._kept[key] = made = make()
            self._closing.append(lambda: close(made))
        kept: T = self._kept[key]
        return kept

    def close(self) -> None:
        """Closes everything; the first error is raised once all are closed."""
        errors: list[DeployError] = []
        closing, self._closing, self._kept = self._closing, [], {}
        for close in closing:
            try:
                close()
            except DeployError as error:
                errors.append(error)
        self.began = time.monotonic() if closing else self.began
        if errors:
            raise errors[0]


def _value(value: object) -> str:
    """The value of an option as it stands behind its name."""
    return "" if value is True else f" {shlex.quote(str(value))}"


INVOCATION: ContextVar[Invocation] = ContextVar("INVOCATION")
