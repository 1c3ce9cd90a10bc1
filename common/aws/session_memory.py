"""What was found out of AWS in one session, for all who ask through that session.

Resources hold no state: they are the same before and after they were read. Where one answer serves many of them, as the listing
of a layer's versions serves every function that uses the layer, it is kept with the session, and goes with it.
"""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from common.aws.protocol import Aws

T = TypeVar("T")


class _Place:
    """The place of one value. Who asks for it waits until it is made; who asks for another one does not."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.values: list[Any] = []
        """The value, which has the type that its key stands for; empty before it is made."""


_memories: WeakKeyDictionary[Aws, dict[Hashable, _Place]] = WeakKeyDictionary()
_lock = Lock()


def of_session(aws: Aws, key: Hashable, make: Callable[[], T]) -> T:
    """What the session keeps under this key; made when it is first asked for."""
    with _lock:
        place = _memories.setdefault(aws, {}).setdefault(key, _Place())
    with place.lock:
        if not place.values:
            place.values.append(make())
        value: T = place.values[0]
        return value
