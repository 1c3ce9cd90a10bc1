"""The part of the world in memory that outlives a process: buckets with every version of every object, and live resources."""

import base64
import hashlib
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from common.base.errors import AwsError
from common.model.resource import State

ACCOUNT = "123456789012"
EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone; nothing may catch it."""


@dataclass
class Stored:
    """An object: its bytes, tags, ETag and when it was written."""

    body: bytes
    tags: dict[str, str]
    etag: str
    modified: datetime
    version: str = ""


@dataclass(frozen=True)
class Removed:
    """The mark of a deletion, which counts as nothing."""

    modified: datetime
    version: str

    def __bool__(self) -> bool:
        return False


@dataclass(repr=False)
class World:
    """What outlives a process: buckets, live resources, and the store's clock."""

    buckets: dict[str, dict[str, Stored]] = field(default_factory=dict)
    versions: dict[str, list[tuple[str, Stored | Removed]]] = field(default_factory=dict)
    """Of each bucket, every key with each of its versions, the oldest first."""
    ignores: frozenset[str] = frozenset()
    """Preconditions that the store does not keep to, as in ``PutObject IfMatch``."""
    live: dict[str, State] = field(default_factory=dict)
    index_lags: set[str] = field(default_factory=set)
    """What the tagging index does not list yet."""
    index_stale: dict[str, dict[str, str]] = field(default_factory=dict)
    """What it still lists, with the tags of then, though it is gone."""
    page: int = 1000
    """How much a page of a listing has at most."""
    writes: int = 0
    seconds: float = 0.0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)


class S3:
    """The operations of S3 on a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _objects(self, bucket: str) -> dict[str, Stored]:
        if bucket not in self.world.buckets:
            raise AwsError("s3", "any", "NoSuchBucket", "The specified bucket does not exist")
        return self.world.buckets[bucket]

    def _stored(self, bucket: str, key: str) -> Stored:
        objects = self._objects(bucket)
        if key not in objects:  # who was deleted has a mark, as AwsSession tells it
            deleted = any(name == key for name, _ in self.world.versions.get(bucket, ()))
            raise AwsError("s3", "any", "NoSuchKey", "The specified key does not exist.", deleted=deleted)
        return objects[key]

    def _GetObject(self, Bucket: str, Key: str, VersionId: str = "", **_: Any) -> dict[str, Any]:
        versions = [version for key, version in self.world.versions.get(Bucket, ()) if (key, version.version) == (Key, VersionId)]
        stored = next((version for version in versions if isinstance(version, Stored)), None) or self._stored(Bucket, Key)
        about = {"ETag": stored.etag, "LastModified": stored.modified, "ResponseMetadata": self._dated()}
        return {"Body": io.BytesIO(stored.body), **about}

    def _dated(self) -> dict[str, Any]:
        return {"HTTPHeaders": {"date": format_datetime(self.world.now(), usegmt=True)}}

    def _HeadObject(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        stored = self._stored(Bucket, Key)
        checksum = base64.b64encode(hashlib.sha256(stored.body).digest()).decode()
        return {"ContentLength": len(stored.body), "ChecksumSHA256": checksum}

    def _GetObjectTagging(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        stored = self._stored(Bucket, Key)
        return {"TagSet": [{"Key": key, "Value": value} for key, value in stored.tags.items()], "VersionId": stored.version}

    def _PutObject(self, Bucket: str, Key: str, Body: Any, **parameters: Any) -> dict[str, Any]:
        objects = self._objects(Bucket)
        present = objects.get(Key)
        parameters = {name: value for name, value in parameters.items() if f"PutObject {name}" not in self.world.ignores}
        if (
            "IfMatch" in parameters and present is None
        ):  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
            self._stored(Bucket, Key)
        if (parameters.get("IfNoneMatch") and present) or (
            "IfMatch" in parameters and present and present.etag != parameters["IfMatch"]
        ):
            raise AwsError(
                "s3", "PutObject", "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"
            )
        body = Body if isinstance(Body, bytes) else Body.read()
        self.world.writes += 1
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        tags = dict(parse_qsl(parameters.get("Tagging", "")))
        stored = Stored(body, tags, f'"{etag}"', self.world.now(), str(self.world.writes))
        objects[Key] = stored
        self.world.versions.setdefault(Bucket, []).append((Key, stored))
        return {"ETag": stored.etag, "ResponseMetadata": self._dated()}

    def _DeleteObject(self, Bucket: str, Key: str, **parameters: Any) -> dict[str, Any]:
        objects = self._objects(Bucket)
        parameters = {name: value for name, value in parameters.items() if f"DeleteObject {name}" not in self.world.ignores}
        if "IfMatch" in parameters and (Key not in objects or objects[Key].etag != parameters["IfMatch"]):
            raise AwsError("s3", "DeleteObject", "PreconditionFailed", "At least one of the pre-conditions did not hold")
        objects.pop(Key, None)
        self.world.writes += 1
        self.world.versions.setdefault(Bucket, []).append((Key, Removed(self.world.now(), str(self.world.writes))))
        return {}

    def _DeleteObjects(self, Bucket: str, Delete: dict[str, Any], **_: Any) -> dict[str, Any]:
        gone = {(entry["Key"], entry["VersionId"]) for entry in Delete["Objects"]}
        versions = self.world.versions.get(Bucket, [])
        self.world.versions[Bucket] = [entry for entry in versions if (entry[0], entry[1].version) not in gone]
        last = dict(self.world.versions[Bucket])
        for key in {key for key, _ in gone} & self._objects(Bucket).keys():
            if not last.get(key):
                del self._objects(Bucket)[key]
        self.world.writes += 1
        return {}

    def _DeleteBucket(self, Bucket: str, **_: Any) -> dict[str, Any]:
        self._objects(Bucket)
        if self.world.versions.get(Bucket):
            raise AwsError("s3", "DeleteBucket", "BucketNotEmpty", "The bucket you tried to delete is not empty")
        del self.world.buckets[Bucket]
        self.world.writes += 1
        return {}

    def _ListObjectsV2(self, Bucket: str, Prefix: str, Delimiter: str = "", **_: Any) -> dict[str, Any]:
        keys = [key for key in sorted(self._objects(Bucket)) if key.startswith(Prefix)]
        if not Delimiter:
            return {"Contents": [{"Key": key} for key in keys]}
        below = [key.removeprefix(Prefix).partition(Delimiter) for key in keys]
        direct = [{"Key": f"{Prefix}{part[0]}"} for part in below if not part[1]]
        prefixes = [{"Prefix": f"{Prefix}{name}/"} for name in sorted({part[0] for part in below if part[1]})]
        return {"Contents": direct, "CommonPrefixes": prefixes}

    def _ListObjectVersions(self, Bucket: str, Prefix: str = "", **_: Any) -> dict[str, Any]:
        self._objects(Bucket)
        listed: dict[str, list[dict[str, Any]]] = {"Versions": [], "DeleteMarkers": []}
        for key, version in reversed(self.world.versions.get(Bucket, ())):
            if key.startswith(Prefix):
                entry = {"Key": key, "VersionId": version.version, "LastModified": version.modified}
                size = {"Size": len(version.body)} if isinstance(version, Stored) else {}
                listed["Versions" if size else "DeleteMarkers"].append({**entry, **size})
        return listed

    def _CreateBucket(self, name: str) -> dict[str, Any]:
        self.world.buckets.setdefault(name, {})
        self.world.writes += 1
        return {}
