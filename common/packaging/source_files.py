"""Lists the files of a folder that belong in a package, and refuses those that must never get there.

Files that tools leave behind, tests, and the files that only name dependencies are left out. So is whatever `.deployignore` names
(in the syntax of .gitignore; ``!tests/`` includes a folder again). The list of files is part of the input digest. Files are
searched for secrets when the package is built, because nothing leaves this machine before that.

Follows https://git-scm.com/docs/gitignore
"""

import os
import re
import shlex
import stat
import sys
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from common.base import digest
from common.base.digest import Digest
from common.base.encoding import decode_text
from common.base.errors import ArtifactError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NEVER_PACKAGED = frozenset({"__pycache__", ".DS_Store", ".cache", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv"})
"""Names that are never packaged; `.deployignore` cannot include them."""
EDITOR_FILES = re.compile(r".*~|#.*#|\.#.*|\..*\.sw[a-p]")
"""Names of the files that editors create beside a file while it is edited."""
DEFAULT_IGNORES = ("tests/", "/.deployignore", "/requirements.txt", "/requirements.lock", "/pyproject.toml", "/uv.lock")
"""Patterns of what is left out unless `.deployignore` includes it again."""
IGNORE_FILE = ".deployignore"
MAX_NAMED = 5
"""How many findings one message lists."""


class SourceFile(NamedTuple):
    """A file and its status, as `os.stat` returns it."""

    path: Path
    status: os.stat_result

    @property
    def is_executable(self) -> bool:
        """Whether the owner may execute the file. Git records this bit; the bits of others depend on the machine."""
        return bool(self.status.st_mode & stat.S_IXUSR)

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self.status.st_size


Files = Mapping[str, SourceFile]
"""Files by the relative POSIX paths that they have in a package."""
Digests = Mapping[Path, Digest]
"""The digests of files by the paths of the files, as they went into the digest of the artifact that is made from them."""


class IgnoreRules:
    """The rules that leave paths out of a package, besides those that are never packaged.

    Args:
        folder: the folder in which `.deployignore` is looked for.
        left_out: patterns of what is left out unless `.deployignore` includes it again.
        own: the lines of `.deployignore`, if they were read before.
    """

    def __init__(self, folder: Path, left_out: Iterable[str] = DEFAULT_IGNORES, own: tuple[str, ...] | None = None) -> None:
        file = folder / IGNORE_FILE
        self._file = file
        self.patterns = own if own is not None else tuple(read_text(file).splitlines()) if file.is_file() else ()
        self._left_out = tuple(left_out)
        self._plain = {line.strip("/") for line in self._left_out if line.startswith("/")}

    def __contains__(self, name: str) -> bool:
        if self.patterns:
            return self._spec.match_file(name)
        return name in self._plain or ("tests/" in self._left_out and "tests" in name.split("/")[:-1])

    def for_installed(self) -> "IgnoreRules":
        """The rules for installed packages: only the lines of `.deployignore`, as they were read."""
        return IgnoreRules(self._file.parent, (), self.patterns)

    @cached_property
    def _spec(self) -> "GitIgnoreSpec":
        from pathspec import GitIgnoreSpec  # a tenth of a second that few packages need

        try:
            return GitIgnoreSpec.from_lines([*self._left_out, *self.patterns])
        except (ValueError, re.error) as error:  # it names the line
            raise ArtifactError(f"{display_path(self._file)}: {error}.") from None


def is_tool_leftover(name: str) -> bool:
    """Whether a file or folder of that name is one that tools leave behind."""
    return name in NEVER_PACKAGED or name.endswith(".pyc") or EDITOR_FILES.fullmatch(name) is not None


def is_ignored(name: str, ignoring: IgnoreRules) -> bool:
    """Whether `list_files` would leave out the file at that path."""
    parts = name.split("/")
    return any(is_tool_leftover(part) or "/".join(parts[:end]) in ignoring for end, part in enumerate(parts, 1))


def list_files(folder: Path, ignoring: IgnoreRules | Collection[str] = (), top: Path | None = None) -> dict[str, SourceFile]:
    """Lists every file below a folder, sorted by path. Links are followed if they stay inside `top`, by default the folder.

    Raises:
        ArtifactError: a link leads out of the folder, to nothing or in a circle; something is neither a file nor a folder; a
            name is not valid text.
    """
    files: dict[str, SourceFile] = {}
    waiting = [("", os.fspath(folder))]
    while waiting:
        prefix, directory = waiting.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                if is_tool_leftover(entry.name) or f"{prefix}{entry.name}" in ignoring:
                    continue
                if not entry.name.isascii():
                    _check_name(Path(entry.path))
                if entry.is_symlink():
                    check_link(Path(entry.path), (top or folder).resolve())
                if entry.is_dir():
                    waiting.append((f"{prefix}{entry.name}/", entry.path))
                elif not entry.is_file():
                    raise ArtifactError(
                        f"{display_path(Path(entry.path))} is neither a file nor a folder. Put the file itself there."
                    )
                else:
                    files[prefix + entry.name] = SourceFile(Path(entry.path), entry.stat())
    return dict(sorted(files.items()))


def check_case(names: Iterable[str], where: str) -> None:
    """Refuses two names that are one on some file systems, because the package would differ there.

    Windows and macOS ignore case, and macOS ignores whether an accent is a character of its own.

    Raises:
        ArtifactError: there are two such names.
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(_composed(name).casefold(), name)
        if other.casefold() != name.casefold():
            raise ArtifactError(
                f"{where}: there are two files {name}, which differ in how accents are encoded. Rename one of them."
            )
        if other != name:
            raise ArtifactError(f"{where}: {other} and {name} differ in upper and lower case alone. Rename one of them.")


def _composed(name: str) -> str:
    """Returns a name in which every letter and its accents are one character, where there is one."""
    if name.isascii():
        return name
    import unicodedata  # few names need it

    return unicodedata.normalize("NFC", name)


def check_secrets(files: Files, accepted: str = "") -> None:
    """Searches files for secrets, by their names and their contents.

    Args:
        files: the files by their paths in the package.
        accepted: the reason that the declaration gives for accepting secrets; nothing is searched if there is one.

    Raises:
        ArtifactError: a secret was found; one message lists all findings.
    """
    if accepted:
        return
    from common.packaging import secret_detector  # slow to load, and an unchanged deploy does not need it

    findings: list[str] = []
    for name, file in files.items():
        if secret_detector.is_secret_name(name) or secret_detector.is_secret_name(file.path.name):
            findings.append(f"{display_path(file.path)} holds secrets by its name")
        else:
            findings += [f"{display_path(file.path)}{finding}" for finding in secret_detector.find_in_file(file.path)]
    if findings:
        more = [f"and there are {len(findings) - MAX_NAMED} more"] if len(findings) > MAX_NAMED else []
        raise ArtifactError(
            f"{', '.join([*findings[:MAX_NAMED], *more])}, and would be in the package. Delete it, or name it in {IGNORE_FILE}. "
            f"Pass code the name of a secret (Secrets Manager, Parameter Store), which it reads when it runs. If it is not a "
            f'secret, or must be in the package, accept it in the declaration: accept_secret="why".'
        )


def scan_and_hash(name: str, file: SourceFile, accepted: str, path: Path) -> Digest:
    """Returns the MD5 of a file's bytes after searching it for secrets.

    Raises:
        ArtifactError: the file holds a secret.
    """
    check_secrets({name: file}, accepted)
    return digest.md5(path)


def copy(file: SourceFile, target: IO[bytes], digests: Digests) -> None:
    """Copies a file and checks the copied bytes against the file's digest, so that no other bytes are stored under it.

    Args:
        file: the file.
        target: where the copy is written.
        digests: the digests of those files that were digested.

    Raises:
        ArtifactError: the file holds other bytes than those that were digested.
    """
    with file.path.open("rb") as source:
        copied, size = digest.of_copy(source, target), source.tell()
    if size != file.status.st_size or digests.get(file.path, copied) != copied:
        seems_unchanged = digest.of_stat(file.path.stat()) == digest.of_stat(file.status)
        advice = (
            f"Its times do not show that: run `touch {shlex.quote(display_path(file.path))}` first."
            if seems_unchanged
            else "Do it again."
        )
        raise ArtifactError(f"{display_path(file.path)} was changed while it was packaged. {advice}")


def copy_to(target: Path, source: SourceFile, digests: Digests) -> None:
    """Copies like `copy`, to a file. Only the owner's executable bit is kept of the mode, because digests cover only that."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        copy(source, file, digests)
    target.chmod(0o755 if source.is_executable else 0o644)


def _check_name(path: Path) -> None:
    encoding = sys.getfilesystemencoding()
    if not path.name.isascii() and encoding != "utf-8":
        raise ArtifactError(
            f"{display_path(path)}: Python reads file names as {encoding} here, so other machines would see another name. Set "
            f"PYTHONUTF8=1."
        )
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise ArtifactError(
            f"{display_path(path)}: the file name is not UTF-8, so other machines would see another name. Rename the file."
        ) from None


def check_link(path: Path, top: Path) -> None:
    """Checks that a symbolic link stays in its folder.

    Raises:
        ArtifactError: the link leads out of `top` (a path without links), to nothing or in a circle.
    """
    if not path.exists():
        wrong = "a link to nothing"
    elif not path.resolve().is_relative_to(top):
        wrong = "a link out of its folder"
    else:
        wrong = "a link in a circle" if path.resolve() in {parent.resolve() for parent in path.parents} else ""
    if wrong:
        raise ArtifactError(f"{display_path(path)} is {wrong}. Put the file itself there.")


def read_text(path: Path) -> str:
    """Reads a text file that people wrote.

    Raises:
        ArtifactError: the file cannot be read, or is not UTF-8.
    """
    try:
        text = decode_text(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{display_path(path)} cannot be read: {error}.") from None
    if "\0" in text:
        raise ArtifactError(f"{display_path(path)} cannot be read: it holds a null byte.")
    return text


def display_path(path: Path) -> str:
    """Returns the path relative to the current folder, if it is below it, for messages."""
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()
