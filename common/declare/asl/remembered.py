"""Remembers what was found wrong with the definitions of a project, so that an unchanged one loads no models of APIs again.

A file for each project holds the version of the rules and of the installed botocore, and the problems, mostly none, by the digest
of everything that they follow from. It only saves time: it may be deleted at any time.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path

from common.aws.api_models import installed_version
from common.base import digest
from common.base.atomic_file import new_file
from common.base.json_types import Json, JsonObject
from common.declare.asl.problem import Problem

RULES_VERSION = 13
"""Bump when a rule finds something else than before."""
MOST = 2000
"""How many results a file keeps: those of several environments and branches, without growing for ever."""


class Remembered:
    """What was found about the definitions of a project.

    Args:
        path: the file that remembers it.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._found = path, dict[str, Json]()

    def problems(self, text: str) -> list[Problem] | None:
        """What was found wrong with what this text describes; None if that is not known."""
        key = _digest(text)
        with suppress(KeyError, TypeError):
            return [Problem.from_json(content) for content in (self._found if key in self._found else self._before)[key]]
        return None

    def add(self, text: str, problems: Sequence[Problem]) -> None:
        """Adds what was found; `save` writes it."""
        self._found[_digest(text)] = [problem.as_json() for problem in problems]

    def save(self) -> None:
        """Writes what was added; where the folder cannot be written, it is found again next time."""
        if not self._found:
            return
        results = dict(islice({**self._found, **self._before}.items(), MOST))
        with suppress(OSError), new_file(self._path) as path:
            path.write_text(json.dumps({"version": _version(), "problems": results}))

    @cached_property
    def _before(self) -> JsonObject:
        """The results that the file holds."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self._path.read_bytes())
            if kept["version"] == _version() and isinstance(kept["problems"], dict):
                return kept["problems"]
        return {}


def _version() -> str:
    return f"{RULES_VERSION} {installed_version()}"


def _digest(text: str) -> str:
    return str(digest.of_bytes(text.encode()))
