"""Reads botocore's descriptions of AWS's APIs fast: without their documentation, and in a form that needs no parsing.

A client cannot be made before the description of its service has been read, which takes a tenth of the time of an unchanged
deploy. So what was read is kept in the build folder, beside the artifacts, for the next command. The name of a kept file covers
all that it depends on, and a damaged one is read again.

Only botocore's own descriptions are read, not those that a variable or a folder of the user names.
"""

import json
import marshal
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import TYPE_CHECKING

from common.base import digest
from common.base.atomic_file import new_file
from common.base.import_path import ROOT
from common.base.json_types import Json, JsonObject

if TYPE_CHECKING:
    from botocore.loaders import Loader

FOLDER = Path(ROOT, "build", ".apis")
SCHEMA = 2
DIGEST_SIZE = 64


@cache
def loader(folder: Path = FOLDER) -> "Loader":
    """The loader of botocore's descriptions, which keeps them in a folder."""
    from botocore.loaders import JSONFileLoader, Loader  # slow to load, and a command without calls does not need it

    class Kept(JSONFileLoader):  # type: ignore[misc]  # botocore is not typed
        """Reads files that were read before from the build folder."""

        def load_file(self, file_path: str) -> Json:
            """The content of a file, which is named without its ending; None if there is no such file."""
            if (paths := _paths(folder, file_path)) is None:
                return None
            path, kept = paths
            if (content := read_kept(kept)) is None:
                content = _read(path)
                with suppress(OSError):  # where nothing can be written, the next command is slower
                    keep(kept, content)
            return content

    class Lean(Loader):  # type: ignore[misc]  # botocore is not typed
        """Counts every folder as a service, without listing the contents of four hundred folders."""

        @cached_property
        def _folders(self) -> list[str]:
            entries = [entry for path in self.search_paths if Path(path).is_dir() for entry in Path(path).iterdir()]
            return [entry.name for entry in entries if not entry.suffix]

        def list_available_services(self, type_name: str) -> list[str]:
            del type_name
            return self._folders

    return Lean([Loader.BUILTIN_DATA_PATH], Kept(), include_default_search_paths=False)


def derived(name: str, make: Callable[[], Json], folder: Path = FOLDER) -> Json:
    """What is made from all descriptions, as `make` returns it; kept until another botocore is installed.

    Args:
        name: what is made.
        make: makes it, of objects, lists and texts.
        folder: where it is kept.
    """
    import botocore

    kept = folder / digest.of_struct("api-derived", SCHEMA, [name, botocore.__version__, MAGIC_NUMBER.hex()])
    if (content := read_kept(kept)) is None:
        content = make()
        with suppress(OSError):
            keep(kept, content)
    return content


def _paths(folder: Path, file_path: str) -> tuple[str, Path] | None:
    """The path of a file, and where it is kept. What identifies it is what Python compares for its bytecode, and the version.

    Its time of change would not do: installers link files into each environment, and every link changes it.
    """
    import botocore

    for ending in (".json", ".json.gz"):
        with suppress(OSError):
            status = os.stat(path := f"{file_path}{ending}")
            same = [path, status.st_size, status.st_mtime_ns, botocore.__version__, MAGIC_NUMBER.hex()]
            return path, folder / digest.of_struct("api-file", SCHEMA, same)
    return None


def read_kept(kept: Path) -> Json:
    """What a file of the build folder holds; None if there is no such file, or if it is damaged."""
    with suppress(OSError, EOFError, ValueError, TypeError):
        data = kept.read_bytes()
        if data[:DIGEST_SIZE].decode() == digest.of_bytes(content := data[DIGEST_SIZE:]):
            return marshal.loads(content)  # noqa: S302 - Python reads the bytecode of these modules in the same way
    return None


def keep(kept: Path, content: Json) -> None:
    """Writes a file for `read_kept`.

    Raises:
        OSError: it cannot be written.
    """
    data = marshal.dumps(content)
    with new_file(kept) as temporary:
        temporary.write_bytes(digest.of_bytes(data).encode() + data)


def _read(path: str) -> Json:
    """Reads one of botocore's files, without documentation from the start: leaving it out later takes half as long again."""
    import gzip  # slow to load, and where the files were read before it is not needed

    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        return json.load(file, object_hook=_without_documentation)


def _without_documentation(value: JsonObject) -> JsonObject:
    """An object without texts for people: they are empty, since botocore wants some of them to be there."""
    if isinstance(value.get("documentation"), str):
        value["documentation"] = ""
    return value
