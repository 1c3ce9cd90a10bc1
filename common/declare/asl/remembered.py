"""Remembers which definition of a machine was found right, so that an unchanged one loads no models of APIs again.

A file for each machine holds the digest of the definition, of the rules and of the installed botocore. It only saves time: it may
be deleted at any time.
"""

from contextlib import suppress
from pathlib import Path

from common.aws.api_models import installed_version
from common.base import digest
from common.base.atomic_file import new_file

RULES_VERSION = 2
"""Bump when a definition that was found right might be refused by a new rule."""


class RightDefinition:
    """The definition of a machine that was last found right.

    Args:
        path: the file that remembers it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def is_right(self, text: str) -> bool:
        """Whether this definition was found right."""
        with suppress(OSError, ValueError):
            return self._path.read_text() == _digest(text)
        return False

    def remember(self, text: str) -> None:
        """Remembers a definition as right; where the folder cannot be written, it is checked again next time."""
        with suppress(OSError), new_file(self._path) as path:
            path.write_text(_digest(text))


def _digest(text: str) -> str:
    return str(digest.of_bytes(f"{RULES_VERSION} {installed_version()} {text}".encode()))
