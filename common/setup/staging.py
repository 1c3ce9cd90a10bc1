"""A folder in which something is made before it gets its place."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A new empty folder below `build/`, and so on the file system of the repository. It is deleted in the end."""
    (root / "build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=root / "build", prefix="new-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Writes files, by their paths in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
