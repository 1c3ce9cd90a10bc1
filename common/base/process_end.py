"""Ends the process of a command fast, and lets nothing else end it: no code of a declaration, with an exit code of its own.

`os._exit(0)` in a declaration (or in a thread or exit handler of it) would tell the caller that the command succeeded. So would
replacing the process by another program. Both raise an error instead, but only in the command's own process: forked children end
as they like. Code that bypasses Python, with `ctypes`, is not stopped.

At the end of a process Python takes apart all modules and objects, one by one: 12 to 20 ms, which is a twentieth of an unchanged
deploy. After a success this is left out. Threads are waited for, exit handlers are called and output is flushed as ever; then
Python looks for garbage once more, and there the process ends.

Follows https://docs.python.org/3/library/os.html#process-management
"""

import gc
import os
import sys
from collections.abc import Callable
from functools import partial

from common.base.errors import DeclarationError

end_at_once = os._exit
"""Ends this process at once; for the command itself."""
_OWN = os.getpid()
_ENDING = ("_exit", "execv", "execve")
"""The functions of `os` that end a process or replace it; all others of the kind call one of these."""


def protect() -> None:
    """From now on only `end_at_once`, an uncaught exception or the normal end ends this process."""
    for name in _ENDING:
        function = getattr(os, name)
        if not isinstance(function, partial):
            setattr(os, name, partial(_refuse_end, name, function))


def skip_teardown() -> None:
    """Lets this process, whose command has succeeded and whose output is flushed, end after its exit handlers."""
    _Teardown.is_needed = False


class _Teardown:
    is_needed = True


def _end_after_success(_phase: str, _details: object) -> None:
    """Called by Python before and after it looks for garbage, which it does last of all before it takes everything apart."""
    if sys.is_finalizing() and not _Teardown.is_needed and os.getpid() == _OWN:
        end_at_once(0)


gc.callbacks.append(_end_after_success)


def _refuse_end(name: str, end: Callable[..., object], *args: object, **more: object) -> object:
    if os.getpid() != _OWN:
        return end(*args, **more)
    caller = sys._getframe().f_back  # noqa: SLF001 - the only access to the caller; there is none in a thread or exit handler
    where = f"{caller.f_code.co_filename}:{caller.f_lineno}: " if caller else ""
    raise DeclarationError(f"{where}os.{name} would end the command before it has reported its result. Remove the call.")
