"""Reads the files of a Lambda package that others have built, as Lambda unpacks them, and refuses what could harm this machine.

Nothing is written here. A name that leads out of the folder, or a package that is larger than Lambda accepts, is an error: such a
zip was not made by a packager.

Follows https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import io
import posixpath
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from common.base.errors import ArtifactError
from common.packaging.archive_reader import READ_ERRORS
from common.packaging.size_limit import UNZIPPED_LIMIT

UTF8_FLAG = 0x800
"""Says in the flags of a member that its name is UTF-8; without it the encoding of the name is not known."""
DRIVE = re.compile(r"[A-Za-z]:")
MAX_LINKS = 10
"""Follow at most this many links that lead to links."""


class PackedFile(NamedTuple):
    """A file in a zip: its bytes, and whether its owner may execute it."""

    content: bytes
    is_executable: bool


Contents = dict[str, PackedFile]
"""Files by their relative POSIX paths."""


def read_zip(data: bytes) -> tuple[Contents, list[str]]:
    """Returns the files of a zip, and a sentence for each member that is not among them.

    Raises:
        ArtifactError: the zip cannot be read, is larger than Lambda accepts, or has a name that no folder can hold.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            contents, links, notes = _read_members(archive)
    except (*READ_ERRORS, RuntimeError) as error:  # RuntimeError: it is encrypted
        raise ArtifactError(f"The zip cannot be read: {error}.") from None
    for name, target in links.items():
        if (file := _follow(name, target, links, contents)) is None:
            notes.append(f"{name} is a link to {target}, which is not a file of the package; it was left out.")
        else:
            contents[name] = file
            notes.append(f"{name} is a link to {target}; it became a copy of that file.")
    _check_folders(contents)
    return dict(sorted(contents.items())), notes


def _read_members(archive: zipfile.ZipFile) -> tuple[Contents, dict[str, str], list[str]]:
    left, contents, links, notes = UNZIPPED_LIMIT, Contents(), dict[str, str](), list[str]()
    for info in archive.infolist():
        name, mode = _member_name(info), info.external_attr >> 16
        if info.is_dir() or name.endswith("/") or stat.S_ISDIR(mode):
            continue
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFLNK}:
            notes.append(f"{name} is neither a file nor a folder; it was left out.")
            continue
        with archive.open(info) as member:
            content = member.read(left + 1)
        left -= len(content)
        if left < 0:
            raise ArtifactError(f"The zip holds more than {UNZIPPED_LIMIT // 2**20} MB, which Lambda does not accept.")
        if stat.S_ISLNK(mode):
            links[name] = content.decode(errors="replace")
        else:
            contents[name] = PackedFile(content, bool(mode & stat.S_IXUSR))
    return contents, links, notes


def _member_name(info: zipfile.ZipInfo) -> str:
    """Returns the path of a member.

    Raises:
        ArtifactError: it leads out of the folder, or is not a path.
    """
    name = info.orig_filename
    if not info.flag_bits & UTF8_FLAG and not name.isascii():
        raw = name.encode("cp437")  # how `zipfile` has decoded it
        with suppress(UnicodeDecodeError):  # then it is the old encoding of DOS indeed
            name = raw.decode()
    name = name.replace("\\", "/")  # Windows
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if name.startswith("/") or ".." in parts or "\0" in name or DRIVE.match(name) or not parts:
        raise ArtifactError(f"The zip has a member {name!r}, which does not lead to a file below one folder.")
    return "/".join(parts) + ("/" if name.endswith("/") else "")


def _follow(name: str, target: str, links: dict[str, str], contents: Contents) -> PackedFile | None:
    """Returns the file to which a link leads within the package, or None."""
    for _ in range(MAX_LINKS):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
        if name in contents or name not in links:
            return contents.get(name)
        target = links[name]
    return None


def _check_folders(contents: Contents) -> None:
    """Checks that no file has the name of a folder, which a zip may hold and a file system may not.

    Raises:
        ArtifactError: there is such a file.
    """
    for folder in {folder for name in contents for folder in _parents(name)}:
        if folder in contents:
            raise ArtifactError(f"The zip has {folder} both as a file and as a folder.")


def _parents(name: str) -> Iterator[str]:
    while name := posixpath.dirname(name):
        yield name
