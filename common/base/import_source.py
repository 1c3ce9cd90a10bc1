"""How modules of a repository are loaded: from their source, whatever bytecode lies beside it.

Python believes bytecode whose source has the size and the time of change that it had when it was compiled. An edit of the same
size whose time is put back, as archives and copying programs do it, is not seen. Declarations, and what they import of the
repository, are compiled each time: they are short. The deployer's own modules are many, so their bytecode is kept with the hash
of the source that it was made from, and is believed where that is the hash of what is there. Bytecode without a source beside it
is not loaded.

Follows https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
"""

import marshal
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import PurePath
from types import CodeType, ModuleType

from common.base import process_end
from common.base.encoding import check_encoding
from common.base.import_path import ROOT, arrange

CHECKED = (3).to_bytes(4, "little")
"""Marks bytecode that carries the hash of its source."""
OWN = f"{ROOT}{os.sep}common{os.sep}"
DECLARED = ("deploy", "projects")
"""The names under which declarations are imported."""
_roots: dict[str, str] = {}
"""The repositories whose modules are loaded in this way, by where links lead."""


class FromSource(SourceFileLoader):
    """Compiles a module each time it is loaded."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code."""
        path = self.get_filename(fullname)
        source = self.get_data(path)
        try:
            check_encoding(source)
        except ValueError as error:
            raise SyntaxError(str(error), (path, 1, None, None)) from None
        return self.source_to_code(source, path)


class FromSourceOrSame(FromSource):
    """Compiles a module unless it was compiled from the same source before."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code."""
        path = self.get_filename(fullname)
        source, kept = self.get_data(path), cache_from_source(path)
        head = MAGIC_NUMBER + CHECKED + source_hash(source)
        if (known := self._known(kept, head)) is not None and known.co_filename == path:
            return known
        code: CodeType = self.source_to_code(source, path)
        if not sys.dont_write_bytecode:
            self.set_data(kept, head + marshal.dumps(code))  # which does without a folder that cannot be written
        return code

    def _known(self, kept: str, head: bytes) -> CodeType | None:
        try:
            data = self.get_data(kept)
            code = marshal.loads(data[len(head) :]) if data.startswith(head) else None  # noqa: S302 - as Python does it
        except (OSError, EOFError, ValueError, TypeError):  # it is missing or damaged
            return None
        return code if isinstance(code, CodeType) else None


class _Declarations:
    """Finds declarations in their repository and nowhere else, whatever is installed under their names."""

    def __init__(self, root: str) -> None:
        self._root = root

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [self._root], target) if path is None and name in DECLARED else None


def install(root: str = ROOT) -> None:
    """From now on modules below `root` are loaded from their source; environments and what is built there are not below it."""
    if root not in _roots:
        if not _roots:
            sys.path_hooks.insert(0, _finder)
        _roots[root] = os.path.realpath(root)
        for folder in list(sys.path_importer_cache):  # a copy: other threads may be importing
            if _is_below(folder, root):
                sys.path_importer_cache.pop(folder, None)


@contextmanager
def declarations(root: str) -> Iterator[None]:
    """While declarations of a repository are imported: they are found there first, and compiled from what is there."""
    process_end.keep()
    install(root)
    arrange(root)
    finder = _Declarations(root)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def _finder(folder: str) -> FileFinder:
    if not os.path.isdir(folder) or not any(_is_below(folder, root) for root in _roots):  # noqa: PTH112 - before each import
        raise ImportError(f"{folder} is no folder of a repository")
    own = f"{os.path.realpath(folder)}{os.sep}".startswith(OWN)
    return FileFinder(folder, (FromSourceOrSame if own else FromSource, [".py"]))


def _is_below(folder: str, root: str) -> bool:
    """Whether a folder holds modules of a repository: not what is installed or built there, nor what is hidden."""
    place, top = f"{os.path.realpath(folder)}{os.sep}", f"{_roots[root]}{os.sep}"
    parts = PurePath(place.removeprefix(top)).parts
    others = parts[:1] == ("build",) or "site-packages" in parts or any(part.startswith(".") for part in parts)
    return place.startswith(top) and not others
