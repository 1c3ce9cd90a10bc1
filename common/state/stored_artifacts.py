"""Whether what the bucket holds under an artifact's name is what this repository builds.

Tags say what was uploaded, and whoever can write to the bucket can write tags. So where it matters the bytes are compared: S3
tells the checksum of what it holds, and this machine builds the same once more. Two builds may differ in how their members are
deflated, as that depends on zlib; then the object is read, and all else has to be the same, with nothing between the members.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import binascii
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

from common.aws.protocol import SIZE_LIMIT, Aws
from common.base import digest
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.environment.config import Environment
from common.model.resource import Artifact

_LOCAL, _END = 30, 22
"""Bytes of the fixed parts of a member's header, and of the end of an archive."""


class Originals:
    """Compares the objects of one environment's bucket with what is built in `build_dir`."""

    def __init__(self, aws: Aws, env: Environment, build_dir: Path) -> None:
        self._aws, self._env, self._build_dir = aws, env, build_dir

    def check(self, artifact: Artifact, tagged: str) -> None:
        """Compares an uploaded artifact, of which its tag says `tagged`, with its tag and with what is built here.

        Raises:
            ArtifactError: it holds something else, or cannot be built here.
        """
        place = {"Bucket": self._env.artifact_bucket, "Key": artifact.location, "ExpectedBucketOwner": self._env.account_id}
        head = self._aws.call("s3", "HeadObject", **place, ChecksumMode="ENABLED")
        stored = _checksum(head)
        body = None if stored else self._body(artifact, head, place)
        stored = stored or digest.of_bytes(body or b"")
        if stored != tagged:
            raise _other(artifact, place, stored, f"its tag says that {tagged} was uploaded")
        built = artifact.content(self._build_dir)
        if stored != built:
            body = self._body(artifact, head, place) if body is None else body
            if not _same_members(artifact.build(self._build_dir).read_bytes(), body):
                raise _other(artifact, place, stored, f"this machine builds {built} from it")

    def _body(self, artifact: Artifact, head: dict[str, Any], place: dict[str, str]) -> bytes:
        if head["ContentLength"] > SIZE_LIMIT:
            raise ArtifactError(
                f"{artifact.key.project}: {artifact.key}: s3://{place['Bucket']}/{place['Key']} is not what is built here, or "
                f"has no SHA-256 checksum, and is too large to be read. Delete it and deploy again. Nothing was deployed."
            )
        body: bytes = self._aws.call("s3", "GetObject", **place)["Body"].read()
        return body


def _checksum(head: dict[str, Any]) -> Digest | None:
    """The SHA-256 of the whole object, if S3 knows it; of what came in parts it knows another."""
    text = head.get("ChecksumSHA256", "")
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return Digest(found.hex()) if len(found) == 32 else None


def _other(artifact: Artifact, place: dict[str, str], stored: str, but: str) -> ArtifactError:
    return ArtifactError(
        f"{artifact.key.project}: {artifact.key}: s3://{place['Bucket']}/{place['Key']} is not what this repository builds: "
        f"its SHA-256 is {stored}, but {but}. Find out who wrote it; then delete it with all its versions and deploy again. "
        f"Nothing was deployed."
    )


def _same_members(built: bytes, stored: bytes) -> bool:
    """Whether two archives differ in nothing but how their members are deflated."""
    try:
        return _members(built) == _members(stored)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, struct.error, zlib.error):
        return False


def _members(archive: bytes) -> list[tuple[Any, ...]]:
    """All that an archive says, however it is read: from its directory, or from its beginning.

    Raises:
        ValueError: something is in it that is no member.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        end = 0
        found = []
        for member in opened.infolist():
            if member.header_offset != end or archive[end : end + 4] != b"PK\x03\x04":
                raise ValueError
            name, extra = struct.unpack("<HH", archive[end + 26 : end + _LOCAL])
            head = archive[end + 4 : end + 14], archive[end + _LOCAL : end + _LOCAL + name + extra]
            end += _LOCAL + name + extra + member.compress_size
            about = (member.filename, member.date_time, member.external_attr, member.create_system, member.extra, member.comment)
            found.append((*about, *head, digest.of_bytes(opened.read(member))))
        if opened.start_dir != end or opened.comment or archive[-_END : -_END + 4] != b"PK\x05\x06":
            raise ValueError
    return found
