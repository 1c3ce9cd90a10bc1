"""A run or an invocation that is to wait for a debugger: how its request gets here, and what its process is told.

The command writes the request to the folder ``debug`` and names it by a token: in an argument of the job run, or in the client
context of the invocation. So no other run and no other invocation waits.
"""

import base64
import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import settings as launch_settings

ARGUMENT = "--embedded-debug"
"""The argument of a job run that has the token; the script does not see it."""
_CONTEXT_KEY = "embedded_debug"
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class DebugRequest:
    """A request: its file."""

    file: Path

    def code(self, settings: launch_settings.Settings, version: str) -> str:
        """Python code with which a process of that version of Python waits, and then has ``_debug_names``."""
        here = str(Path(__file__).parent)
        wait = f"embedded_debugger.wait({str(self.file)!r}, {self.packages(settings, version)!r})"
        return f"import sys as _sys\n_sys.path.append({here!r})\nimport embedded_debugger\n_sys.path.remove({here!r})\n{wait}\n"

    def packages(self, settings: launch_settings.Settings, version: str) -> str:
        """The folder with the debugger for that version of Python."""
        python, _ = settings.python("debug", version)
        return str(next((Path(python).parents[1] / "lib").glob("python*/site-packages")))


CURRENT: ContextVar[DebugRequest | None] = ContextVar("CURRENT", default=None)
"""The request of the invocation that this context works for."""


def named(settings: launch_settings.Settings, token: str | None) -> DebugRequest | None:
    """The request with a token; None where there is none."""
    file = settings.folder / "debug" / f"{token}.json"
    return DebugRequest(file) if token and _TOKEN.fullmatch(token) and file.exists() else None


def token_of(headers: Mapping[str, str]) -> str | None:
    """The token in the client context of an invocation."""
    text = next((value for name, value in headers.items() if name.lower() == "x-amz-client-context"), "")
    try:
        context = json.loads(base64.b64decode(text)) if text else {}
        return str(context["custom"][_CONTEXT_KEY])
    except (ValueError, TypeError, KeyError):
        return None
