"""Where a version of the deployer comes from: a folder, an archive at an https address, or a repository of git.

Nothing in an archive is trusted: no path may lead out of the folder, there are no links, and sizes are limited.

Follows https://docs.python.org/3/library/tarfile.html#extraction-filters
"""

import os
import re
import shutil
import stat
import subprocess
import tarfile
import zipfile
import zlib
from http.client import HTTPException, HTTPMessage, InvalidURL
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.request import HTTPRedirectHandler, Request, build_opener

from common.base import digest, programs
from common.base.errors import DeployError, UsageError

MOST_BYTES = 100 * 1024 * 1024
"""The greatest size of an archive."""
MOST_UNPACKED = 400 * 1024 * 1024
"""The greatest size of all files in it."""
MOST_FILES = 20_000
SECONDS = 60
READ_ERRORS = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
"""What is raised for an archive that is damaged, encrypted (RuntimeError), or compressed in an unknown way
(NotImplementedError, which is a RuntimeError)."""
GIT_URL = re.compile(r"(?P<url>(?:https://|ssh://|[\w.-]+@[\w.-]+:)\S+?\.git)(?:[@#](?P<ref>[\w./-]+))?")
"""An address of a repository of git, with the tag or branch that is wanted."""
DIGEST = re.compile(r"(?:sha256=(?P<digest>[0-9a-fA-F]{64}))?")
"""Matches what may stand behind the ``#`` of an archive's address: what the archive's SHA-256 must be."""
SECRET_PARTS = re.compile(r"(?<=://)[^/@\s]*@|[?#]\S*")
"""Matches the parts of an address that may hold a token: user and password, and the query, with which addresses are signed."""


def fetch(source: str, into: Path) -> Path:
    """Returns the folder with the files of a source, which is fetched first if it is an address.

    Args:
        source: a folder, ``https://….tar.gz`` or ``….zip``, which ``#sha256=…`` may follow, or ``….git``, which ``@tag`` may.
        into: an empty folder.

    Raises:
        UsageError: it is none of these.
        DeployError: it cannot be fetched, or is not to be trusted.
    """
    if match := GIT_URL.fullmatch(source):
        return _clone(match["url"], match["ref"], into / "clone")
    if "://" in source:
        return _unpacked(_download(source, into / "archive"), source, into / "files")
    folder = Path(source).expanduser().absolute()
    if folder.is_file():
        raise UsageError(f"--from is {source!r}, which is a file. Unpack it, and name the folder. Nothing was changed.")
    if not folder.is_dir():
        raise UsageError(
            f"--from is {source!r}: there is no such folder. It is a folder, an https address of a .tar.gz or .zip, or ….git."
        )
    return folder


def without_secrets(source: str) -> str:
    """Returns a source for messages, without what may be a token."""
    return SECRET_PARTS.sub("", source) if "://" in source else source


class _HttpsOnly(HTTPRedirectHandler):
    """Follows to https addresses alone."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not newurl.startswith("https://"):
            start, end = without_secrets(req.full_url), without_secrets(newurl)
            raise DeployError(f"{start} leads to {end}, which is not https. Nothing was changed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(url: str, target: Path) -> Path:
    shown, (url, _, fragment) = without_secrets(url), url.partition("#")
    path, expected = url.partition("?")[0], DIGEST.fullmatch(fragment)
    if not url.startswith("https://") or not path.endswith((".tar.gz", ".tgz", ".zip")):
        raise UsageError(
            f"--from is {shown!r}. An address begins with https:// and ends with .tar.gz, .zip or .git. Nothing was changed."
        )
    if expected is None:
        raise UsageError(f"--from is {shown!r} with something behind #. That is sha256= and 64 hex digits. Nothing was changed.")
    try:
        with build_opener(_HttpsOnly).open(Request(url), timeout=SECONDS) as answer, target.open("wb") as file:  # noqa: S310 - https
            left = MOST_BYTES
            while block := answer.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise DeployError(
                        f"{shown} is larger than {MOST_BYTES >> 20} MB, so it is not a deployer. Nothing was changed."
                    )
                file.write(block)
    except (InvalidURL, ValueError):  # whose texts hold the address
        raise UsageError(f"--from is {shown!r}, which is not a valid address. Nothing was changed.") from None
    except (HTTPException, OSError) as error:
        raise DeployError(f"{shown} cannot be fetched: {error}. Nothing was changed.") from None
    if expected["digest"] and expected["digest"].lower() != (actual := digest.of_file(target)):
        raise DeployError(f"{shown} has the SHA-256 {actual}, not {expected['digest'].lower()}. Nothing was changed.")
    return target


def _unpacked(archive: Path, source: str, into: Path) -> Path:
    into.mkdir()
    source = without_secrets(source)
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(archive, source, into)
        else:
            _unpack_tar(archive, source, into)
    except READ_ERRORS as error:
        raise DeployError(f"{source} cannot be unpacked: {error}. Nothing was changed.") from None
    entries = [*into.iterdir()]
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else into


def _unpack_tar(archive: Path, source: str, into: Path) -> None:
    with tarfile.open(archive, "r:gz") as tar:
        members, size = [], 0
        for member in tar:
            members.append(member)
            size += member.size
            _check(source, member.name, is_plain=member.isfile() or member.isdir())
            _check_sizes(source, len(members), size)
        tar.extractall(into, members=members, filter="data")
        rest = tar.fileobj.read(MOST_UNPACKED + 1) if tar.fileobj is not None else b""  # at its end, the checksum is compared
        _check_sizes(source, len(members), len(rest))


def _unpack_zip(archive: Path, source: str, into: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        members = file.infolist()
        for member in members:
            _check(source, member.filename, is_plain=not stat.S_ISLNK(member.external_attr >> 16))
        _check_sizes(source, len(members), sum(member.file_size for member in members))
        file.extractall(into)  # noqa: S202 - every member was checked above


def _check(source: str, name: str, *, is_plain: bool) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not is_plain:
        raise DeployError(f"{source} has {name!r}, which leads out of the archive or is not a plain file. Nothing was changed.")


def _check_sizes(source: str, files: int, size: int) -> None:
    if files > MOST_FILES or size > MOST_UNPACKED:
        raise DeployError(f"{source} unpacks to more than {MOST_FILES:,} files or {MOST_UNPACKED >> 20} MB. Nothing was changed.")


def _clone(url: str, ref: str | None, into: Path) -> Path:
    git = shutil.which("git", path=programs.search_path())
    if git is None:
        raise DeployError(
            f"{without_secrets(url)} is fetched by git, which is not installed. Name a folder or an archive. Nothing was changed."
        )
    allowed = ("protocol.allow=never", "protocol.https.allow=always", "protocol.ssh.allow=always", "core.symlinks=false")
    options = [word for setting in allowed for word in ("-c", setting)]
    branch = ["--branch", ref] if ref else []
    command = [git, *options, "clone", "--quiet", "--depth", "1", *branch, "--", url, str(into)]
    variables = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeployError(f"{without_secrets(url)} cannot be fetched: {done.stderr.strip()} Nothing was changed.")
    return into
