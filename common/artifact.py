"""What is built from this repository alone: Lambda packages and Glue scripts.

An artifact is named by its *input digest*, which is known without building; that is what makes skipping cheap. The bytes have a
digest of their own (the content digest), because deflate output differs between zlib builds: the cache key is the tree, never
the zip. Members are sorted, carry a fixed date and one of two modes, and are named by relative POSIX paths.

Follows https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import ast
import os
import re
import shutil
import stat
import symtable
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from common import digest
from common.digest import Digest, OfFile
from common.errors import ArtifactError
from common.new_file import new_file
from common.resource import Key

PACKAGER = 1
"""Rises when the same inputs are packaged to other bytes."""
UNZIPPED_LIMIT = 250 * 1024 * 1024
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
SECRETS = frozenset({".aws", ".env", ".netrc", ".pypirc", "id_ed25519", "id_rsa"})
"""What holds secrets by its name. Whoever may read a function or the artifact bucket reads all that is packaged."""
IGNORED = frozenset({"__pycache__", ".DS_Store", ".cache", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache"})


@dataclass(frozen=True)
class Package:
    """A folder as a Lambda deployment package.

    Args:
        key: kind ``artifact``.
        prefix: where the project's objects begin in the artifact bucket, as in ``dev/acres/``.
        folder: the function's folder.
        handler: as Lambda spells it, ``file.function``.
        runtime, architecture: part of the input digest, as what is packaged may depend on them.
    """

    key: Key
    prefix: str
    folder: Path
    handler: str
    runtime: str
    architecture: str

    @property
    def location(self) -> str:
        """The object key in the artifact bucket."""
        return f"{self.prefix}artifacts/{self.key.name}/{self.input_digest()}.zip"

    @cached_property
    def _files(self) -> dict[str, os.stat_result]:
        return _walk(self.folder)

    @cached_property
    def _digests(self) -> dict[str, Digest]:
        return {}

    def read(self, of_file: OfFile) -> None:
        """Takes every file's digest from `of_file`."""
        self._digests.update({name: of_file(self.folder / name, found) for name, found in self._files.items()})

    def files(self) -> Mapping[str, Digest]:
        """Every file's digest under its path relative to the function's folder."""
        if not self._digests:
            self.read(digest.of_found)
        return self._digests

    @cached_property
    def _input_digest(self) -> Digest:
        executable = sorted(name for name, found in self._files.items() if _is_executable(found))
        inputs = {
            "files": dict(self.files()),
            "executable": executable,
            "runtime": self.runtime,
            "architecture": self.architecture,
        }
        return digest.of_struct("package", PACKAGER, inputs)

    def input_digest(self) -> Digest:
        """Covers names, contents and executable bits of all files, runtime, architecture and packager."""
        return self._input_digest

    def build(self, build_dir: Path) -> Path:
        """The zip; built unless it is there already.

        Raises:
            ArtifactError: the handler is missing, a file does not compile, or Lambda would refuse the size.
        """
        built = build_dir / self.key.project / self.key.name / f"{self.input_digest()}.zip"
        if built.exists():
            return built
        self._check()
        with new_file(built) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in self._files:
                _add(archive, name, self.folder / name)
        return built

    def check_handler(self) -> None:
        """Looks for the handler; it is no input, as it changes no byte, so an unchanged package may lack it.

        Raises:
            ArtifactError: its file is missing, does not compile, or does not define it.
        """
        _check_handler(self, _knows(self.runtime), _seems_to_define)

    def _check(self) -> None:
        _check_handler(self, _knows(self.runtime), _defines)
        for name in self._files:
            if _knows(self.runtime) and name.endswith(".py"):
                _check_syntax(self.folder / name)
        size = sum(found.st_size for found in self._files.values())
        if size > UNZIPPED_LIMIT:
            largest = sorted(self._files, key=lambda name: -self._files[name].st_size)[:5]
            raise ArtifactError(
                f"{_shown(self.folder)}: {size / 2**20:.0f} MB unzipped; Lambda accepts {UNZIPPED_LIMIT // 2**20} MB. "
                f"The largest files: {', '.join(largest)}. Move dependencies to a layer, or leave them out."
            )


@dataclass(frozen=True)
class Script:
    """One Python file, uploaded as it is.

    Immutable keys are the point: a script overwritten in place would change the next run, and the retry of a running one, without
    any API event and without a way back.
    """

    key: Key
    prefix: str
    path: Path

    @property
    def location(self) -> str:
        """The object key in the artifact bucket."""
        return f"{self.prefix}artifacts/{self.key.name}/{self.input_digest()}{self.path.suffix}"

    @cached_property
    def _digests(self) -> dict[str, Digest]:
        return {}

    def read(self, of_file: OfFile) -> None:
        """Takes the file's digest from `of_file`."""
        self._digests[self.path.name] = of_file(self.path, self.path.stat())

    def files(self) -> Mapping[str, Digest]:
        """The one file's digest under its name."""
        if not self._digests:
            self.read(digest.of_found)
        return self._digests

    @cached_property
    def _input_digest(self) -> Digest:
        return digest.of_struct("script", PACKAGER, {"content": self.files()[self.path.name]})

    def input_digest(self) -> Digest:
        """Covers the file's content."""
        return self._input_digest

    def build(self, build_dir: Path) -> Path:
        """A copy of the script under its digest.

        Raises:
            ArtifactError: it does not compile.
        """
        built = build_dir / self.key.project / self.key.name / f"{self.input_digest()}{self.path.suffix}"
        if built.exists():
            return built
        _check_syntax(self.path)
        with new_file(built) as temporary:
            shutil.copyfile(self.path, temporary)
        return built


def _walk(folder: Path) -> dict[str, os.stat_result]:
    """What `stat` says of every file below, by relative POSIX path in order; symlinks inside the folder are followed.

    Raises:
        ArtifactError: a link leads out of the folder, to nothing or in a circle; something is neither file nor folder, or holds
            secrets.
    """
    found: dict[str, os.stat_result] = {}
    waiting = [("", os.fspath(folder))]
    while waiting:
        prefix, directory = waiting.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name in IGNORED:
                    continue
                if entry.name in SECRETS:
                    raise ArtifactError(f"{_shown(Path(entry.path))} holds secrets by its name. Keep it out of what is deployed.")
                if entry.is_symlink():
                    _check_link(Path(entry.path), folder.resolve())
                if entry.is_dir():
                    waiting.append((f"{prefix}{entry.name}/", entry.path))
                elif not entry.is_file():
                    raise ArtifactError(f"{_shown(Path(entry.path))} is neither a file nor a folder. Put the file itself there.")
                elif not entry.name.endswith(".pyc"):
                    found[prefix + entry.name] = entry.stat()
    return dict(sorted(found.items()))


def _check_link(path: Path, top: Path) -> None:
    if not path.exists():
        wrong = "a link to nothing"
    elif not path.resolve().is_relative_to(top):
        wrong = "a link out of its folder"
    else:
        wrong = "a link in a circle" if path.resolve() in {parent.resolve() for parent in path.parents} else ""
    if wrong:
        raise ArtifactError(f"{_shown(path)} is {wrong}. Put the file itself there.")


def _is_executable(found: os.stat_result) -> bool:
    """For its owner, as git knows it; whether we may execute it depends on who we are."""
    return bool(found.st_mode & stat.S_IXUSR)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    member = zipfile.ZipInfo(name, ZIP_DATE)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.create_system = 3
    member.external_attr = (0o100755 if _is_executable(path.stat()) else 0o100644) << 16
    with path.open("rb") as source, archive.open(member, "w") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _knows(runtime: str) -> bool:
    """Whether this Python can judge the syntax of what a runtime will run."""
    language, _, minor = runtime.partition(".")
    return language == "python3" and int(minor) <= sys.version_info.minor


def _check_handler(package: Package, known: bool, defines: Callable[[Path, str], bool]) -> None:
    module, _, function = package.handler.rpartition(".")
    python = package.runtime.startswith("python")
    place = module.replace(".", "/") if python else module
    endings = (".py", "/__init__.py") if python else (".js", ".mjs", ".cjs")
    candidates = (package.folder / f"{place}{ending}" for ending in endings) if place else ()
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        needed = f"a file {place}{endings[0]} there" if place else "to be written as file.function"
        raise ArtifactError(
            f"{_shown(package.folder)}: the handler {package.handler!r} needs {needed}. Add it, or name another handler in the "
            f"declaration."
        )
    if known and not defines(found, function):
        raise ArtifactError(f"{_shown(found)} does not define {function!r}, which the handler {package.handler!r} names.")


def _seems_to_define(path: Path, name: str) -> bool:
    """The same at a glance, for what was built and not changed: parsing every handler takes longer than all the rest."""
    usual = rb"^(async +def|def|class) +%s\b" % re.escape(name).encode()
    return re.search(usual, path.read_bytes(), re.MULTILINE) is not None or _defines(path, name)


def _defines(path: Path, name: str) -> bool:
    """Whether a module binds the name at its top level, as far as can be told without running it."""
    tree = _check_syntax(path)
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body):
        return True
    symbols = symtable.symtable(ast.unparse(tree), str(path), "exec").get_symbols()
    return any(one.get_name() == name and (one.is_assigned() or one.is_imported() or one.is_namespace()) for one in symbols)


def _check_syntax(path: Path) -> ast.Module:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
        compile(tree, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise ArtifactError(f"{_shown(path)}:{error.lineno}: {error.msg}. Nothing was deployed.") from None
    except ValueError as error:
        raise ArtifactError(f"{_shown(path)} is not Python: {error}. Nothing was deployed.") from None
    else:
        return tree


def _shown(path: Path) -> str:
    """The path as a person at the repository's root would write it."""
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()
