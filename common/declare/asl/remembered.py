"""Remembers what was found wrong with the definition of a machine, so that an unchanged one loads no models of APIs again.

A file for each machine holds the digest of the definition, of the rules and of the installed botocore, and the problems, mostly
none. It only saves time: it may be deleted at any time.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from common.aws.api_models import installed_version
from common.base import digest
from common.base.atomic_file import new_file
from common.declare.asl.problem import Problem

RULES_VERSION = 7
"""Bump when a rule finds something else than before."""


class Remembered:
    """What was found last about the definition of a machine.

    Args:
        path: the file that remembers it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def beside(self, what: str) -> "Remembered":
        """What is remembered about something else of the same machine."""
        return Remembered(self._path.with_name(f"{self._path.name}.{what}"))

    def problems(self, text: str) -> list[Problem] | None:
        """What was found wrong with this definition; None if that is not known."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self._path.read_bytes())
            if kept["digest"] == _digest(text):
                return [Problem.from_json(content) for content in kept["problems"]]
        return None

    def keep(self, text: str, problems: Sequence[Problem]) -> None:
        """Remembers what was found; where the folder cannot be written, the definition is checked again next time."""
        kept = {"digest": _digest(text), "problems": [problem.as_json() for problem in problems]}
        with suppress(OSError), new_file(self._path) as path:
            path.write_text(json.dumps(kept))


def _digest(text: str) -> str:
    return str(digest.of_bytes(f"{RULES_VERSION} {installed_version()} {text}".encode()))
