"""A world in memory: a bucket as S3 keeps it, and resources that are dictionaries. Faults can be put between any two calls."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.aws import fence
from common.aws.protocol import Aws
from common.aws.tagging_index import resource_type
from common.base import digest
from common.base.digest import Digest, OfFile
from common.base.errors import AwsError
from common.base.lean_dataclass import dataclass
from common.model.comparison import merged, without
from common.model.declared import Declared
from common.model.desired_state import ContentOf
from common.model.orphan import Named
from common.model.resource import Action, Change, Key, Live, Outputs, Resource, State
from common.model.tags import other_tags, owned_tags
from tests.support.fake_world import ACCOUNT, EPOCH, S3, Killed, Stored, World
from tests.support.finding import Finds

__all__ = ["ACCOUNT", "EPOCH", "FakeAws", "Killed", "Stored", "Text", "Thing", "World", "tagged_as"]


LISTED = {
    "GetResources": ("ResourceTagMappingList", "ResourcesPerPage"),
    "ListBuckets": ("Buckets", "MaxBuckets"),
    "ListRoles": ("Roles", "MaxItems"),
    "ListObjectsV2": ("Contents CommonPrefixes", "MaxKeys"),
    "ListObjectVersions": ("Versions DeleteMarkers", "MaxKeys"),
}
"""Operations that answer in pages: what a page has, of objects left out where it has none, and what says how much."""
ANYBODYS = frozenset({"CreateBucket", "ListBuckets"})
"""Operations of S3 that need not say whose bucket it must be."""


class FakeAws(S3, Finds):
    """One process's view of a world. Whoever does not say whose bucket it must be is refused, as if it were another's.

    Args:
        world: shared between processes.
        fault: called before and after each call with its number, "before" or "after", and the operation; may raise.
    """

    def __init__(self, world: World, fault: Callable[[int, str, str], None] = lambda *_: None) -> None:
        super().__init__(world)
        self.calls: Counter[str] = Counter()
        self.slept: list[float] = []
        self._fault = fault
        self._lock = threading.RLock()
        self._dead = False

    def in_region(self, region: str) -> "FakeAws":
        return self

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        with self._lock:
            if self._dead and threading.current_thread().name.startswith("lease-"):
                raise AwsError(service, operation, "Dead", "This thread is not there any more.")
            if self._dead:
                raise Killed
            fence.check()
            number = self.calls.total()
            self.calls[f"{service}:{operation}"] += 1
            self._maybe(number, "before", operation)
            try:
                response = self._answer(service, operation, parameters)
            except AwsError:
                self._maybe(number, "after", operation)
                raise
            self._maybe(number, "after", operation)
            return response

    def _answer(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        owner, left = parameters.pop("ExpectedBucketOwner", None), parameters.pop("Token", None)
        if service == "s3" and operation not in ANYBODYS and owner != ACCOUNT:
            raise AwsError("s3", operation, "AccessDenied", "Access Denied")
        if operation not in LISTED:
            response: dict[str, Any] = getattr(self, f"_{operation}")(**parameters)
            return response
        kinds, size = LISTED[operation]
        limit = min(parameters.pop(size, 1000), self.world.page)
        if left is None:
            whole = getattr(self, f"_{operation}")(**parameters)
            left = [(kind, item) for kind in kinds.split() for item in whole.get(kind, ())]
        page: dict[str, Any] = {} if "Object" in operation else {kinds: []}
        for kind, item in left[:limit]:
            page.setdefault(kind, []).append(item)
        return {**page, "Token": left[limit:]} if left[limit:] else page

    def _maybe(self, number: int, when: str, operation: str) -> None:
        try:
            self._fault(number, when, operation)
        except Killed:
            self._dead = True
            raise

    def guard(self) -> str:
        return str(self.call("sts", "GetCallerIdentity")["Arn"])

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        token: dict[str, Any] = {}
        while True:
            page = self.call(service, operation, **parameters, **token)
            yield page
            if "Token" not in page:
                return
            token = {"Token": page["Token"]}

    def wait(self, service: str, waiter: str, /, **parameters: Any) -> None:
        self.call(service, f"Wait_{waiter}", **parameters)

    def load(self, service: str) -> None:
        """Nothing is to be loaded."""

    def stop_waiting(self) -> None:
        """Nothing is refused for a while here."""

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.seconds += seconds

    # The rest of AWS --------------------------------------------------------------------------------------------------------

    def _GetCallerIdentity(self) -> dict[str, Any]:
        return {"Account": ACCOUNT, "Arn": "arn:aws:iam::123456789012:user/test"}

    def _GetResources(self, TagFilters: Any = (), ResourceTypeFilters: Any = (), **_: Any) -> dict[str, Any]:
        tags_by_arn = {
            arn: [{"Key": key, "Value": value} for key, value in tags.items()]
            for arn, tags in self._indexed().items()
            if all(tags.get(tag_filter["Key"]) in tag_filter["Values"] for tag_filter in TagFilters)
            and (not ResourceTypeFilters or {resource_type(arn), arn.split(":")[2]} & {*ResourceTypeFilters})
        }
        return {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": tags} for arn, tags in tags_by_arn.items()]}

    def _indexed(self) -> dict[str, dict[str, str]]:
        world = self.world
        present = {arn: dict(state.get("Tags", {})) for arn, state in world.live.items() if arn not in world.index_lags}
        return {**world.index_stale, **present}

    def _ListBuckets(self, Prefix: str = "", **_: Any) -> dict[str, Any]:
        return {"Buckets": [{"Name": name} for name in self.world.buckets if name.startswith(Prefix)]}

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


@dataclass(frozen=True, kw_only=True)
class Text:
    """An artifact that is a text."""

    key: Key
    text: str
    name: str = "main.txt"
    in_aws: str | None = None

    @property
    def location(self) -> str:
        return f"dev/{self.key.project}/artifacts/{self.key.name}/{self.input_digest()}.txt"

    def hash_files(self, of_file: OfFile) -> None:
        """There is no file."""

    def files(self) -> dict[str, Digest]:
        return {self.name: digest.of_bytes(self.text.encode())}

    def input_digest(self) -> Digest:
        return digest.of_struct("text", 1, self.text)

    def content(self, build_dir: Path) -> Digest:
        return digest.of_file(self.build(build_dir))

    def sbom_file(self, build_dir: Path) -> None:
        del build_dir

    def build(self, build_dir: Path) -> Path:
        built = build_dir / self.input_digest()
        build_dir.mkdir(parents=True, exist_ok=True)
        built.write_text(self.text)
        return built


@dataclass(frozen=True, kw_only=True)
class Thing(Declared):
    """A resource that is a dictionary, updated one field a call, so that a crash can leave it in between."""

    kind = "thing"
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

    def read(self, aws: Aws) -> Live | None:
        live = aws.find("fake", "Get", "NotFound", arn=self.arn)
        if live is None:
            return None
        state = {name: live.get(name) for name in self.desired()}
        tags = live.get("Tags", {})
        return Live({**state, "Tags": owned_tags(tags, self.tags)}, undeclared=other_tags(tags, self.tags))

    def create(self, aws: Aws, desired: State) -> Outputs:
        aws.call("fake", "Put", arn=self.arn, state={"Tags": desired["Tags"]})
        return self.update(aws, Change(self.key, Action.UPDATE, "", desired, None, frozenset(desired)))

    def update(self, aws: Aws, change: Change) -> Outputs:
        kept = without(change.live.undeclared, change.stale) if change.live else {}
        for name in sorted(change.changed):
            aws.call("fake", "Put", arn=self.arn, state={name: merged({name: change.desired[name]}, kept)[name]})
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: Named) -> dict[str, str] | None:
        live = aws.find("fake", "Get", "NotFound", arn=resource.arn)
        return None if live is None else dict(live.get("Tags", {}))

    @staticmethod
    def untag(aws: Aws, resource: Named, keys: Sequence[str]) -> None:
        tags = aws.call("fake", "Get", arn=resource.arn).get("Tags", {})
        aws.call("fake", "Put", arn=resource.arn, state={"Tags": {name: text for name, text in tags.items() if name not in keys}})

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        aws.call("fake", "Delete", arn=resource.arn)


@dataclass(frozen=True, kw_only=True)
class Store(Thing):
    """A thing that holds data."""

    kind = "store"
    data = True


@dataclass(frozen=True, kw_only=True)
class Trigger(Thing):
    """A thing that acts by itself."""

    kind = "rule"


@dataclass(frozen=True, kw_only=True)
class ArtifactBucket(Thing):
    """The bucket that everything else is recorded in."""

    kind = "bucket"
    data = True

    def create(self, aws: Aws, desired: State) -> Outputs:
        return self.update(aws, self.begin(aws, desired))

    def begin(self, aws: Aws, desired: State) -> Change:
        aws.call("s3", "CreateBucket", name=self.name)
        aws.call("fake", "Put", arn=self.arn, state={"Tags": desired["Tags"]})
        return Change(self.key, Action.UPDATE, "", desired, None, frozenset(desired))

    @staticmethod
    def erase(aws: Aws, resource: Named) -> None:
        whose = {"Bucket": resource.name, "ExpectedBucketOwner": ACCOUNT}
        for page in aws.pages("s3", "ListObjectVersions", **whose):
            listed = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            aws.call("s3", "DeleteObjects", **whose, Delete={"Objects": listed})
        aws.find("s3", "DeleteBucket", "NoSuchBucket", **whose)
        Thing.erase(aws, resource)


def tagged_as(resource: Resource, tags: Mapping[str, str]) -> Resource:
    """The same resource with other tags."""
    assert isinstance(resource, Declared)
    return replace(resource, identity=replace(resource.identity, tags=tags))
