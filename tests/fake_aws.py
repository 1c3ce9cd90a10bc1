"""A world in memory: a bucket as S3 keeps it, and resources that are dictionaries. Faults can be put between any two calls."""

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from common import digest
from common.digest import Digest, OfFile
from common.errors import AwsError
from common.resource import Aws, ContentOf, Declared, Key, Outputs, State, owned_tags

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


@dataclass
class World:
    """What outlives a process: buckets, live resources, and the store's clock."""

    buckets: dict[str, dict[str, Stored]] = field(default_factory=dict)
    live: dict[str, State] = field(default_factory=dict)
    index_lags: set[str] = field(default_factory=set)
    writes: int = 0
    seconds: float = 0.0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)


class FakeAws:
    """One process's view of a world.

    Args:
        world: shared between processes.
        fault: called before and after each call with its number, "before" or "after", and the operation; may raise.
    """

    def __init__(self, world: World, fault: Callable[[int, str, str], None] = lambda *_: None) -> None:
        self.world = world
        self.calls: Counter[str] = Counter()
        self.slept: list[float] = []
        self._fault = fault
        self._lock = threading.RLock()
        self._dead = False

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        with self._lock:
            if self._dead:
                raise Killed
            number = self.calls.total()
            self.calls[f"{service}:{operation}"] += 1
            self._maybe(number, "before", operation)
            try:
                response: dict[str, Any] = getattr(self, f"_{operation}")(**parameters)
            except AwsError:
                self._maybe(number, "after", operation)
                raise
            self._maybe(number, "after", operation)
            return response

    def _maybe(self, number: int, when: str, operation: str) -> None:
        try:
            self._fault(number, when, operation)
        except Killed:
            self._dead = True
            raise

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        try:
            return self.call(service, operation, **parameters)
        except AwsError as error:
            if error.code != absent:
                raise
            return None

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield self.call(service, operation, **parameters)

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        self.call(service, f"Wait_{waiter}", **parameters)

    def tags(self, arn: str) -> dict[str, str] | None:
        return None if arn in self.world.index_lags else self.world.live.get(arn, {}).get("Tags")

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.seconds += seconds

    # S3 ---------------------------------------------------------------------------------------------------------------------

    def _objects(self, bucket: str) -> dict[str, Stored]:
        if bucket not in self.world.buckets:
            raise AwsError("s3", "any", "NoSuchBucket", "The specified bucket does not exist")
        return self.world.buckets[bucket]

    def _stored(self, bucket: str, key: str) -> Stored:
        objects = self._objects(bucket)
        if key not in objects:
            raise AwsError("s3", "any", "NoSuchKey", "The specified key does not exist.")
        return objects[key]

    def _GetObject(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        stored = self._stored(Bucket, Key)
        headers = {"HTTPHeaders": {"date": format_datetime(self.world.now(), usegmt=True)}}
        return {
            "Body": io.BytesIO(stored.body),
            "ETag": stored.etag,
            "LastModified": stored.modified,
            "ResponseMetadata": headers,
        }

    def _GetObjectTagging(self, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        return {"TagSet": [{"Key": key, "Value": value} for key, value in self._stored(Bucket, Key).tags.items()]}

    def _PutObject(self, Bucket: str, Key: str, Body: Any, **given: Any) -> dict[str, Any]:
        objects = self._objects(Bucket)
        present = objects.get(Key)
        if (given.get("IfNoneMatch") and present) or (
            "IfMatch" in given and (present is None or present.etag != given["IfMatch"])
        ):
            raise AwsError(
                "s3", "PutObject", "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"
            )
        body = Body if isinstance(Body, bytes) else Body.read()
        self.world.writes += 1
        stored = Stored(body, dict(parse_qsl(given.get("Tagging", ""))), f'"{self.world.writes}"', self.world.now())
        objects[Key] = stored
        return {"ETag": stored.etag}

    def _DeleteObject(self, Bucket: str, Key: str, **given: Any) -> dict[str, Any]:
        objects = self._objects(Bucket)
        if "IfMatch" in given and (Key not in objects or objects[Key].etag != given["IfMatch"]):
            raise AwsError("s3", "DeleteObject", "PreconditionFailed", "At least one of the pre-conditions did not hold")
        objects.pop(Key, None)
        self.world.writes += 1
        return {}

    def _ListObjectsV2(self, Bucket: str, Prefix: str, **_: Any) -> dict[str, Any]:
        return {"Contents": [{"Key": key} for key in sorted(self._objects(Bucket)) if key.startswith(Prefix)]}

    # The rest of AWS --------------------------------------------------------------------------------------------------------

    def _GetCallerIdentity(self) -> dict[str, Any]:
        return {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/test"}

    def _GetResources(self, **_: Any) -> dict[str, Any]:
        found = [arn for arn in self.world.live if arn not in self.world.index_lags]
        return {"ResourceTagMappingList": [{"ResourceARN": arn} for arn in found]}

    def _ListRoles(self, **_: Any) -> dict[str, Any]:
        return {"Roles": []}

    def _Get(self, arn: str) -> dict[str, Any]:
        if arn not in self.world.live:
            raise AwsError("fake", "Get", "NotFound", "There is no such thing")
        return dict(self.world.live[arn])

    def _Put(self, arn: str, state: State) -> dict[str, Any]:
        self.world.live[arn] = {**self.world.live.get(arn, {}), **state}
        self.world.writes += 1
        return {}

    def _Delete(self, arn: str) -> dict[str, Any]:
        self.world.live.pop(arn, None)
        self.world.writes += 1
        return {}

    def _CreateBucket(self, name: str) -> dict[str, Any]:
        self.world.buckets.setdefault(name, {})
        self.world.writes += 1
        return {}


@dataclass(frozen=True, kw_only=True)
class Text:
    """An artifact that is a text."""

    key: Key
    text: str
    name: str = "main.txt"

    @property
    def location(self) -> str:
        return f"dev/{self.key.project}/artifacts/{self.key.name}/{self.input_digest()}.txt"

    def read(self, of_file: OfFile) -> None:
        """There is no file."""

    def files(self) -> dict[str, Digest]:
        return {self.name: digest.of_bytes(self.text.encode())}

    def input_digest(self) -> Digest:
        return digest.of_struct("text", 1, self.text)

    def build(self, build_dir: Path) -> Path:
        built = build_dir / self.input_digest()
        build_dir.mkdir(parents=True, exist_ok=True)
        built.write_text(self.text)
        return built


@dataclass(frozen=True, kw_only=True)
class Thing(Declared):
    """A resource that is a dictionary, updated one field a call, so that a crash can leave it in between."""

    immutable = frozenset({"Kind"})
    artifact_field = "Code"
    fields: State
    code: Text | None = None

    @property
    def artifact(self) -> Text | None:
        return self.code

    def desired(self) -> State:
        code = {"Code": ContentOf(self.code)} if self.code else {}
        return {**self.fields, **code, "Tags": dict(self.tags)}

    def read(self, aws: Aws) -> State | None:
        found = aws.find("fake", "Get", "NotFound", arn=self.arn)
        if found is None:
            return None
        return {**{name: found.get(name) for name in self.desired()}, "Tags": owned_tags(found.get("Tags"), self.tags)}

    def create(self, aws: Aws, desired: State) -> Outputs:
        aws.call("fake", "Put", arn=self.arn, state={"Tags": desired["Tags"]})
        return self.update(aws, desired, frozenset(desired))

    def update(self, aws: Aws, desired: State, changed: frozenset[str]) -> Outputs:
        for name in sorted(changed):
            aws.call("fake", "Put", arn=self.arn, state={name: desired[name]})
        return {}

    def delete(self, aws: Aws) -> None:
        aws.call("fake", "Delete", arn=self.arn)


@dataclass(frozen=True, kw_only=True)
class ArtifactBucket(Thing):
    """The bucket that everything else is recorded in."""

    def create(self, aws: Aws, desired: State) -> Outputs:
        aws.call("s3", "CreateBucket", name=self.name)
        return super().create(aws, desired)
