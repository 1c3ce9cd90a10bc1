"""Zips of functions as other packagers make them."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping


def zipped(
    files: Mapping[str, str | bytes], *, executable: tuple[str, ...] = (), date: tuple[int, ...] = (2021, 5, 6, 7, 8, 10)
) -> bytes:
    """A zip of these files, with a date of its own, so that its bytes are no other packager's."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (date[0], date[1], date[2], date[3], date[4], date[5]))
            info.create_system, info.external_attr = 3, (0o100755 if name in executable else 0o100644) << 16
            archive.writestr(info, content)
    return stream.getvalue()


def code_sha256(data: bytes) -> str:
    """What Lambda calls CodeSha256."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def library(name: str, version: str, files: Mapping[str, str], needs: tuple[str, ...] = ()) -> dict[str, str]:
    """A Python library as an installer leaves it: its files, and the list of them with digests."""
    info = f"{name}-{version}.dist-info"
    lines = [f"Requires-Dist: {need}" for need in needs]
    members = {
        **files,
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines, ""]),
    }
    record = [f"{path},sha256={_record_digest(text)},{len(text)}" for path, text in members.items()]
    return {**members, f"{info}/RECORD": "\n".join([*record, f"{info}/RECORD,,", ""])}


def _record_digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
