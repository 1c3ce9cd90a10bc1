"""Loads modules of a repository from their source, not from bytecode that may be stale.

Python trusts bytecode if the source has the size and time of modification that it had when it was compiled. So it misses an edit
of the same size whose time is set back, as archives and copying programs do. Declarations, and what they import from the
repository, are short and are compiled every time. The deployer's own modules are many, so their bytecode is kept with the hash of
the source, and is used only if the hash is still equal. Bytecode without a source is never loaded.

Follows https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
"""

import marshal
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import FileFinder, ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, module_from_spec, source_hash, spec_from_file_location
from pathlib import PurePath
from types import CodeType, ModuleType

from common.base import process_end
from common.base.encoding import check_encoding
from common.base.import_path import ROOT, arrange_path

CHECKED_FLAG = (3).to_bytes(4, "little")
"""The flag of bytecode that contains the hash of its source."""
OWN_FOLDER = f"{ROOT}{os.sep}common{os.sep}"
DECLARATION_NAMES = ("deploy", "projects")
"""The top-level names under which declarations are imported."""
_roots: dict[str, str] = {}
"""The repositories whose modules are loaded in this way, with their paths after resolving links."""


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
    """Compiles a module unless it was compiled from equal source before."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code."""
        path = self.get_filename(fullname)
        source, cache_path = self.get_data(path), cache_from_source(path)
        head = MAGIC_NUMBER + CHECKED_FLAG + source_hash(source)
        if (compiled := self._known(cache_path, head)) is not None and compiled.co_filename == path:
            return compiled
        code: CodeType = self.source_to_code(source, path)
        if not sys.dont_write_bytecode:
            self.set_data(cache_path, head + marshal.dumps(code))  # set_data ignores a folder that cannot be written
        return code

    def _known(self, cache_path: str, head: bytes) -> CodeType | None:
        try:
            data = self.get_data(cache_path)
            code = marshal.loads(data[len(head) :]) if data.startswith(head) else None  # noqa: S302 - Python loads bytecode in the same way
        except (OSError, EOFError, ValueError, TypeError):  # the file is missing or damaged
            return None
        return code if isinstance(code, CodeType) else None


class _Declarations:
    """Finds declarations only in their repository, whatever is installed under the same names."""

    def __init__(self, root: str) -> None:
        self._root = root

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [self._root], target) if path is None and name in DECLARATION_NAMES else None


def install(root: str = ROOT) -> None:
    """From now on loads modules below `root` from their source, except those of environments and of the build folder."""
    if root not in _roots:
        if not _roots:
            sys.path_hooks.insert(0, _find_finder)
        _roots[root] = os.path.realpath(root)
        for folder in list(sys.path_importer_cache):  # a copy: other threads may be importing
            if _is_below(folder, root):
                sys.path_importer_cache.pop(folder, None)


@contextmanager
def importing_declarations(root: str) -> Iterator[None]:
    """Makes imports of declarations in this block find those of a repository, compiled from their current source."""
    process_end.protect()
    install(root)
    arrange_path(root)
    finder = _Declarations(root)
    sys.meta_path = [finder, *sys.meta_path]  # another list: in a list that changes, other threads would pass over a finder
    try:
        yield
    finally:
        sys.meta_path = [other for other in sys.meta_path if other is not finder]


def load_file(name: str, path: str) -> ModuleType:
    """Loads a module from its current source. No other module finds it by this name."""
    loader = FromSource(name, path)
    spec = spec_from_file_location(name, path, loader=loader)
    if spec is None:
        raise ImportError(f"{path} is no module")
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def _find_finder(folder: str) -> FileFinder:
    if not os.path.isdir(folder) or not any(_is_below(folder, root) for root in tuple(_roots)):
        raise ImportError(f"{folder} is not a folder of a repository")
    own = f"{os.path.realpath(folder)}{os.sep}".startswith(OWN_FOLDER)
    return FileFinder(folder, (FromSourceOrSame if own else FromSource, [".py"]))


def _is_below(folder: str, root: str) -> bool:
    """Whether a folder holds modules of a repository; installed, built and hidden folders do not."""
    folder_path, top = f"{os.path.realpath(folder)}{os.sep}", f"{_roots[root]}{os.sep}"
    parts = PurePath(folder_path.removeprefix(top)).parts
    others = parts[:1] == ("build",) or "site-packages" in parts or any(part.startswith(".") for part in parts)
    return folder_path.startswith(top) and not others
