"""The files of a folder that belong into a package, and those that must never get there.

What tools leave behind, tests, and the files that only say what to install stay out; so does whatever `.deployignore` names (the
syntax is .gitignore's; ``!tests/`` takes something back in). Which files are there is an input of the digest; whether one of them
holds a secret is looked at when the package is built, as nothing leaves this machine before.

Follows https://git-scm.com/docs/gitignore
"""

import os
import re
import stat
import sys
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from common.base import digest
from common.base.digest import Digest
from common.base.encoding import decoded
from common.base.errors import ArtifactError
from common.packaging import detector

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORED = frozenset({"__pycache__", ".DS_Store", ".cache", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv"})
"""Names that nobody packages; `.deployignore` cannot take them back in."""
EDITORS = re.compile(r".*~|#.*#|\.#.*|\..*\.sw[a-p]")
"""What editors leave beside a file while it is edited."""
LEFT_OUT = ("tests/", "/.deployignore", "/requirements.txt", "/requirements.lock", "/pyproject.toml", "/uv.lock")
"""What stays out unless `.deployignore` takes it back in."""
IGNORE_FILE = ".deployignore"
TOLD = 5
"""Findings that one message names."""


class Found(NamedTuple):
    """A file, and what `stat` says of it."""

    path: Path
    stat: os.stat_result

    @property
    def is_executable(self) -> bool:
        """For its owner, as git knows it; whether we may execute it depends on who we are."""
        return bool(self.stat.st_mode & stat.S_IXUSR)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stat.st_size


Files = Mapping[str, Found]
"""Files under the relative POSIX paths that they have in a package."""
Digests = Mapping[Path, Digest]
"""The digests that stand for files in the digest of what is made of them, by the paths of the files."""


class Ignoring:
    """Which paths of a package stay out, besides those that always do.

    Args:
        folder: where `.deployignore` is, if there is one.
        left_out: what stays out unless `.deployignore` takes it back in.
        own: the lines of `.deployignore`, where it was read already.
    """

    def __init__(self, folder: Path, left_out: Iterable[str] = LEFT_OUT, own: tuple[str, ...] | None = None) -> None:
        file = folder / IGNORE_FILE
        self._file = file
        self.own = own if own is not None else tuple(read(file).splitlines()) if file.is_file() else ()
        self._left_out = tuple(left_out)
        self._plain = {line.strip("/") for line in self._left_out if line.startswith("/")}

    def __contains__(self, name: str) -> bool:
        if self.own:
            return self._spec.match_file(name)
        return name in self._plain or ("tests/" in self._left_out and "tests" in name.split("/")[:-1])

    def of_installed(self) -> "Ignoring":
        """What `.deployignore`, as it was read, says of installed packages."""
        return Ignoring(self._file.parent, (), self.own)

    @cached_property
    def _spec(self) -> "GitIgnoreSpec":
        from pathspec import GitIgnoreSpec  # noqa: PLC0415 - a tenth of a second that few packages need

        try:
            return GitIgnoreSpec.from_lines([*self._left_out, *self.own])
        except (ValueError, re.error) as error:  # it names the line
            raise ArtifactError(f"{shown(self._file)}: {error}.") from None


def is_left_behind(name: str) -> bool:
    """Whether tools leave a file or folder of that name behind."""
    return name in IGNORED or name.endswith(".pyc") or EDITORS.fullmatch(name) is not None


def stays_out(name: str, ignoring: Ignoring) -> bool:
    """Whether `walk` would leave out the file of that path."""
    parts = name.split("/")
    return any(is_left_behind(part) or "/".join(parts[:end]) in ignoring for end, part in enumerate(parts, 1))


def walk(folder: Path, ignoring: Ignoring | Collection[str] = (), top: Path | None = None) -> dict[str, Found]:
    """Every file below, in the order of their paths; symlinks inside `top`, or else the folder, are followed.

    Raises:
        ArtifactError: a link leads out of the folder, to nothing or in a circle; something is neither file nor folder; a name
            is no text.
    """
    found: dict[str, Found] = {}
    waiting = [("", os.fspath(folder))]
    while waiting:
        prefix, directory = waiting.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                if is_left_behind(entry.name) or f"{prefix}{entry.name}" in ignoring:
                    continue
                if not entry.name.isascii():
                    _check_name(Path(entry.path))
                if entry.is_symlink():
                    check_link(Path(entry.path), (top or folder).resolve())
                if entry.is_dir():
                    waiting.append((f"{prefix}{entry.name}/", entry.path))
                elif not entry.is_file():
                    raise ArtifactError(f"{shown(Path(entry.path))} is neither a file nor a folder. Put the file itself there.")
                else:
                    found[prefix + entry.name] = Found(Path(entry.path), entry.stat())
    return dict(sorted(found.items()))


def check_case(names: Iterable[str], where: str) -> None:
    """Two names that a file system without upper and lower case would take for one make another package there.

    Raises:
        ArtifactError: there are two such names.
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise ArtifactError(f"{where}: {other} and {name} differ in upper and lower case alone. Rename one of them.")


def check_secrets(files: Files, accepted: str = "") -> None:
    """Looks for secrets by name and by content.

    Args:
        files: by their paths in the package.
        accepted: why the declaration takes whatever there is.

    Raises:
        ArtifactError: there is one; all that was found in one message.
    """
    if accepted:
        return
    told: list[str] = []
    for name, found in files.items():
        if detector.is_secret_name(name) or detector.is_secret_name(found.path.name):
            told.append(f"{shown(found.path)} holds secrets by its name")
        else:
            told += [f"{shown(found.path)}{finding}" for finding in detector.in_file(found.path)]
    if told:
        more = [f"and there are {len(told) - TOLD} more"] if len(told) > TOLD else []
        raise ArtifactError(
            f"{', '.join([*told[:TOLD], *more])}, and would be in the package. Delete it, or name it in {IGNORE_FILE}; code gets "
            f"the name of a secret (Secrets Manager, Parameter Store) and reads it when it runs. If it is no secret, or must be "
            f'there, say so in the declaration: accept_secret="why".'
        )


def searched_md5(name: str, found: Found, accepted: str, path: Path) -> Digest:
    """The MD5 of a file's bytes, which are searched for secrets when they are read.

    Raises:
        ArtifactError: it holds one.
    """
    check_secrets({name: found}, accepted)
    return digest.md5(path)


def copy(found: Found, target: IO[bytes], digests: Digests) -> None:
    """Copies a file and compares the copied bytes with the digest that stands for them, so no other bytes are kept as these.

    Args:
        found: the file.
        target: where the copy is written.
        digests: of the files whose digest is known.

    Raises:
        ArtifactError: the file holds other bytes than those that were digested.
    """
    with found.path.open("rb") as source:
        copied, size = digest.of_copy(source, target), source.tell()
    if size != found.stat.st_size or digests.get(found.path, copied) != copied:
        seems_unchanged = digest.of_stat(found.path.stat()) == digest.of_stat(found.stat)
        advice = f"Its times do not show that: run `touch {shown(found.path)}` first." if seems_unchanged else "Do it again."
        raise ArtifactError(f"{shown(found.path)} was changed while it was packaged. {advice}")


def copy_to(target: Path, found: Found, digests: Digests) -> None:
    """As `copy`, to a file with no more of its mode than digests cover: whether its owner may execute it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        copy(found, file, digests)
    target.chmod(0o755 if found.is_executable else 0o644)


def _check_name(path: Path) -> None:
    read_as = sys.getfilesystemencoding()
    if not path.name.isascii() and read_as != "utf-8":
        raise ArtifactError(
            f"{shown(path)}: names of files are read as {read_as} here, and would be others elsewhere. Set PYTHONUTF8=1."
        )
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise ArtifactError(f"{shown(path)}: the name is not UTF-8, and would be another elsewhere. Rename it.") from None


def check_link(path: Path, top: Path) -> None:
    """Looks where a symlink leads.

    Raises:
        ArtifactError: out of `top`, which is no link itself, to nothing or in a circle.
    """
    if not path.exists():
        wrong = "a link to nothing"
    elif not path.resolve().is_relative_to(top):
        wrong = "a link out of its folder"
    else:
        wrong = "a link in a circle" if path.resolve() in {parent.resolve() for parent in path.parents} else ""
    if wrong:
        raise ArtifactError(f"{shown(path)} is {wrong}. Put the file itself there.")


def read(path: Path) -> str:
    """A text file of people's.

    Raises:
        ArtifactError: it cannot be read, or is no UTF-8.
    """
    try:
        text = decoded(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{shown(path)} cannot be read: {error}.") from None
    if "\0" in text:
        raise ArtifactError(f"{shown(path)} cannot be read: it holds a null byte.")
    return text


def shown(path: Path) -> str:
    """The path as a person at the repository's root would write it."""
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()
