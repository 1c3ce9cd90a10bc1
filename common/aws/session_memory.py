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
# Each value has the type that its key stands for.
_memories: WeakKeyDictionary[Aws, dict[Hashable, Any]] = WeakKeyDictionary()
_lock = Lock()


def of_session(aws: Aws, key: Hashable, make: Callable[[], T]) -> T:
    """What the session keeps under this key; made when it is first asked for."""
    with _lock:
        memory = _memories.setdefault(aws, {})
        if key not in memory:
            memory[key] = make()
        value: T = memory[key]
        return value
