"""Zips as people make them: `pip install --target . …`, then `zip -r`. Folders have members, times are those of the files."""

import base64
import hashlib
import importlib.metadata
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

MADE = ((2024, 3, 9, 14, 5, 22), (2024, 3, 9, 14, 6, 40), (2021, 11, 30, 8, 0, 2))
"""Times of files, as they come."""


def packed(files: Mapping[str, str | bytes], level: int = 6) -> bytes:
    """A zip of these files in the order in which `zip -r` meets them, each folder before what is in it."""
    buffer = io.BytesIO()
    folders: set[str] = set()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for number, (path, content) in enumerate(files.items()):
            for folder in _folders(path):
                if folder not in folders:
                    folders.add(folder)
                    archive.writestr(_member(f"{folder}/", number, 0o40755), b"")
            member = _member(path, number, 0o100664)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return buffer.getvalue()


def vendored(*names: str) -> dict[str, bytes]:
    """The files of installed distributions, as `pip install --target` leaves them, with their dist-info."""
    files: dict[str, bytes] = {}
    for name in names:
        for file in importlib.metadata.files(name) or []:
            place = Path(file.locate())
            if not file.as_posix().startswith("..") and "__pycache__" not in file.parts and place.is_file():
                files[file.as_posix()] = place.read_bytes()
    return files


def private_distribution(name: str, version: str, module: str) -> dict[str, str]:
    """A distribution that no index has: a company's own, as pip installs it."""
    folder = name.replace("-", "_")
    info = f"{folder}-{version}.dist-info"
    files = {
        f"{folder}/__init__.py": module,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: setuptools (70.0.0)\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/INSTALLER": "pip\n",
    }
    rows = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    return {**files, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"}


def _digest(content: str) -> str:
    """As RECORD spells it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).decode().rstrip("=")


def _folders(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    for count in range(1, len(parts) + 1):
        yield "/".join(parts[:count])


def _member(name: str, number: int, mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, MADE[number % len(MADE)])
    member.external_attr = mode << 16
    member.create_system = 3
    return member
