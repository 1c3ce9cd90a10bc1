"""Writes files that are either complete or absent."""

import os
import tempfile
from pathlib import Path


class new_file:  # noqa: N801 - reads as the function it is
    """A temporary file that replaces `target` if the block succeeds, and is deleted if it fails."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> Path:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._target.parent, prefix=".new-")
        os.close(descriptor)
        self._temporary = Path(name)
        return self._temporary

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if error is None:
                self._temporary.replace(self._target)
        finally:
            self._temporary.unlink(missing_ok=True)
