"""Verifies that an uploaded artifact is what this repository builds, and that a script that was imported is still in its place.

Tags say what was uploaded, but whoever can write to the bucket can write tags. So where it matters, the bytes are compared: S3
knows the checksum of the object, and this machine builds the artifact again. Two builds may differ in how their members are
compressed, as that depends on zlib. Then the object is read, and everything else must be equal, with nothing between the members.

Follows https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import binascii
import io
import struct
import zipfile
import zlib
from pathlib import Path

from common.aws.protocol import MAX_BODY_BYTES, Aws
from common.base import digest
from common.base.command_text import typed
from common.base.digest import Digest
from common.base.errors import ArtifactError
from common.base.json_types import JsonObject
from common.environment.config import Environment
from common.model.resource import Artifact

SCRIPT = "s3://"
"""Begins the location of a script."""
_LOCAL, _END = 30, 22
"""The fixed part of a member's header, and the end of an archive, have these lengths in bytes."""


class ArtifactVerifier:
    """Compares uploaded artifacts of one environment with what is built in `build_dir`."""

    def __init__(self, aws: Aws, env: Environment, build_dir: Path) -> None:
        self._aws, self._env, self._build_dir = aws, env, build_dir

    def check(self, artifact: Artifact, tagged: str) -> None:
        """Compares an uploaded artifact with the digest in its tag (`tagged`) and with what is built here.

        Raises:
            ArtifactError: it has other contents, or cannot be built here.
        """
        location = {**self._env.store, "Key": artifact.location}
        head = self._aws.call("s3", "HeadObject", **location, ChecksumMode="ENABLED")
        stored = _checksum(head)
        body = None if stored else self._body(artifact, head, location)
        stored = stored or digest.of_bytes(body or b"")
        if stored != tagged:
            raise _mismatch_error(artifact, location, stored, f"its tag says that {tagged} was uploaded")
        built = artifact.content(self._build_dir)
        if stored != built:
            body = self._body(artifact, head, location) if body is None else body
            if not _same_members(artifact.build(self._build_dir).read_bytes(), body):
                raise _mismatch_error(artifact, location, stored, f"this machine builds {built} from it")

    def _body(self, artifact: Artifact, head: JsonObject, location: dict[str, str]) -> bytes:
        if head["ContentLength"] > MAX_BODY_BYTES:
            raise ArtifactError(
                f"{artifact.key.project}: {artifact.key}: s3://{location['Bucket']}/{location['Key']} is not what is built here, "
                f"or has no SHA-256 checksum, and is too large to be read. Delete it and deploy again. Nothing was deployed."
            )
        body: bytes = self._aws.call("s3", "GetObject", **location)["Body"].read()
        return body


def content_in_place(aws: Aws, artifact: Artifact) -> Digest:
    """Returns the digest of what AWS runs in place of an artifact, see `Artifact.in_aws`.

    Raises:
        ArtifactError: it is the script of a job, and somebody has replaced or deleted it since it was imported.
    """
    in_aws = artifact.in_aws or ""
    if not in_aws.startswith(SCRIPT):
        return digest.of_base64(in_aws)
    bucket, _, key = in_aws.removeprefix(SCRIPT).partition("/")
    response = aws.find("s3", "GetObject", "NoSuchKey", Bucket=bucket, Key=key)
    content = digest.of_bytes(response["Body"].read()) if response is not None else None
    if content is None or content not in artifact.files().values():
        copy = f"Bring it into the script of this repository and `{typed('pull')}`" if content else "Put it back"
        raise ArtifactError(
            f"{artifact.key.project}: {artifact.key}: {in_aws} {'was replaced' if content else 'is gone'} since it was imported, "
            f"and the job runs it. {copy}, or delete `package` of the job; then the script of this repository is deployed."
        )
    return content


def _checksum(head: JsonObject) -> Digest | None:
    """The SHA-256 of the whole object, None if S3 does not have it; for multipart uploads it has another checksum."""
    text = head.get("ChecksumSHA256", "")
    try:
        checksum = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return Digest(checksum.hex()) if len(checksum) == 32 else None


def _mismatch_error(artifact: Artifact, location: dict[str, str], stored: str, but: str) -> ArtifactError:
    return ArtifactError(
        f"{artifact.key.project}: {artifact.key}: s3://{location['Bucket']}/{location['Key']} is not what this "
        f"repository builds: its SHA-256 is {stored}, but {but}. Find out who wrote it; then delete it with all its versions and "
        f"deploy again. Nothing was deployed."
    )


def _same_members(built: bytes, stored: bytes) -> bool:
    """Whether two archives differ only in how their members are compressed."""
    try:
        return _members(built) == _members(stored)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, struct.error, zlib.error):
        return False


def _members(archive: bytes) -> list[tuple[object, ...]]:
    """Everything in an archive, as a reader sees it that uses the directory, or one that reads from the beginning.

    Raises:
        ValueError: the archive contains bytes that do not belong to a member.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        end = 0
        members: list[tuple[object, ...]] = []
        for member in opened.infolist():
            if member.header_offset != end or archive[end : end + 4] != b"PK\x03\x04":
                raise ValueError
            name, extra = struct.unpack("<HH", archive[end + 26 : end + _LOCAL])
            head = archive[end + 4 : end + 14], archive[end + _LOCAL : end + _LOCAL + name + extra]
            end += _LOCAL + name + extra + member.compress_size
            about = (member.filename, member.date_time, member.external_attr, member.create_system, member.extra, member.comment)
            members.append((*about, *head, digest.of_bytes(opened.read(member))))
        if opened.start_dir != end or opened.comment or archive[-_END : -_END + 4] != b"PK\x05\x06":
            raise ValueError
    return members
