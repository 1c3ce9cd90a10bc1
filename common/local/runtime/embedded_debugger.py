"""Waits for a debugger in the process of a job or function, and runs its code under the names of the repository's files.

A job's script is downloaded under a digest, a function is unpacked to a folder that is new each time. So the code is compiled
with the path that each file has in the repository: breakpoints set there hit, and no client has to map paths. ``__file__`` stays
that of the copy, beside which its data is. The request is a file that the command has locked: this process ends with the lock.
https://github.com/microsoft/debugpy/wiki/API-Reference
"""

from __future__ import annotations  # a function may have an older Python

import fcntl
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import socket
import sys
import threading
import time
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

WAIT_SECONDS = 600
"""How long a process waits for a debugger."""
_INSTALLED = ("/site-packages/", "/dist-packages/", "/lib/python")


class Names:
    """Which file of the repository a copy is: by the end of its path, the longest one first."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def of(self, path: str) -> str | None:
        """The file of the repository, None for a file that is not from there."""
        if any(part in path for part in _INSTALLED):
            return None
        parts = path.lstrip("/").split("/")
        ends = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((self._files[end] for end in ends if end in self._files), None)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules as Python does, and gives those of the repository another loader if they are files of Python code."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        file = self._names.of(spec.origin) if spec is not None and spec.origin else None
        if spec is None or file is None or not file.endswith(".py") or not hasattr(spec.loader, "get_data"):
            return None
        spec.loader = _Loader(spec.loader, spec.origin, file)
        return spec


class _Loader(importlib.abc.Loader):
    """Compiles the source of a copy under the name of the repository's file."""

    def __init__(self, inner: Any, copy: str, file: str) -> None:
        self._inner, self._copy, self._file = inner, copy, file

    def exec_module(self, module: types.ModuleType) -> None:
        source = self._inner.get_data(self._copy)
        exec(_compiled(source, self._file), module.__dict__)  # noqa: S102 - what importing means

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def wait(request: str, packages: str) -> Names:
    """Listen, wait for a debugger, and let imports find the repository's files.

    Args:
        request: the file that says the port and the files, which the command has locked.
        packages: the folder with debugpy.
    """
    lock = Path(request).open()  # noqa: SIM115 - is open until this process ends
    content = json.load(lock)
    names = Names(content["files"])
    _in_background(_end_with, lock)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else it warns of Python's own frozen modules, in which nobody stops
    sys.path.append(packages)
    debugpy: Any = importlib.import_module("debugpy")  # of the folder above
    _, port = debugpy.listen(("127.0.0.1", _still_free(content["port"])))
    sys.path.remove(packages)
    Path(request).with_suffix(".listening").write_text(str(port))
    patience = threading.Timer(WAIT_SECONDS, debugpy.wait_for_client.cancel)
    patience.daemon = True
    patience.start()
    debugpy.wait_for_client()
    patience.cancel()
    if not debugpy.is_client_connected():
        raise SystemExit(f"no debugger was attached within {WAIT_SECONDS // 60} minutes")
    sys.meta_path.insert(0, _Finder(names))
    return names


def _still_free(port: int) -> int:
    """The port, or 0 for any other one if a program has taken it since the command found it free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def run_script(script: str, names: Names) -> None:
    """Run a script as ``__main__`` under its name in the repository."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=script, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    exec(_compiled(Path(script).read_bytes(), names.of(script) or script), main.__dict__)  # noqa: S102 - what running it means


def _compiled(source: bytes, file: str) -> types.CodeType:
    present = Path(file).read_bytes() if Path(file).is_file() else b""
    if present != source:
        sys.stderr.write(f"[WARN] {file} has changed since the deploy, so lines may differ. Deploy, then debug again.\n")
    return compile(source, file, "exec", dont_inherit=True)


def _end_with(lock: TextIO) -> None:
    """End this process when the command that asked for it has ended, by whatever death."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.3)
        else:
            os._exit(1)


def _in_background(function: Any, *arguments: Any) -> None:
    """Run a function in a thread that debuggers leave alone, also while the others stand at a breakpoint."""
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.pydev_do_not_trace = thread.is_pydev_daemon_thread = True  # type: ignore[attr-defined]  # pydevd looks for these
    thread.start()
