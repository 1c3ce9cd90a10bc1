"""Keeps the end of the command's process to the command: no code of a declaration ends it with an exit code of its own.

`os._exit(0)` in a declaration, in a thread that it starts or in what it registers for the end would tell whoever waits that all
went well. So would putting another program in the place of this one. Both raise an error instead, in the command's own process
alone: children that were forked from it end as they like. Code that goes around Python, by `ctypes`, is not kept from anything.

Follows https://docs.python.org/3/library/os.html#process-management
"""

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from common.base.errors import DeclarationError

end_at_once = os._exit
"""Ends this process without anything else, for the command itself."""
_OWN = os.getpid()
_ENDING = ("_exit", "execv", "execve")
"""Functions of `os`; those that run other programs in other ways call one of them."""


def keep() -> None:
    """From now on nothing but `end_at_once` and the last exception ends this process."""
    for name in _ENDING:
        kept = getattr(os, name)
        if not isinstance(kept, partial):
            setattr(os, name, partial(_refuse, name, kept))


def _refuse(name: str, end: Callable[..., Any], *args: Any, **more: Any) -> Any:
    if os.getpid() != _OWN:
        return end(*args, **more)
    caller = sys._getframe().f_back  # noqa: SLF001 - a traceback is made of it, too; none is there where a thread or the end calls
    where = f"{caller.f_code.co_filename}:{caller.f_lineno}: " if caller else ""
    raise DeclarationError(f"{where}os.{name} would end the command before it has told how it went. Take it out.")
