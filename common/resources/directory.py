"""A folder of the repository at a place in a bucket: SQL templates, mappings, whatever jobs read from there when they run.

Each object carries our tags, so what somebody else keeps at the same place is neither seen nor deleted, and what is no longer in
the folder is known to be ours when it goes. What an object holds is told by its ETag: in buckets that S3 encrypts with its own
keys, as ours are, that of an object put in one piece is the MD5 of its bytes. So one listing compares the whole folder, and a
call for each object tells whose it is. No index knows objects, so an unchanged directory is believed to be there as long as its
bucket is: whoever wants to be sure says --verify.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

import base64
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol
from urllib.parse import urlencode

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest, Known
from common.base.errors import ArtifactError, DeployError
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import whole
from common.model.kind import Kind, NameRule, Policy
from common.model.orphan import Named
from common.model.resource import Change, Live, Outputs, State
from common.model.tags import owned_tags, tag_map

OURS = "deployer:"
"""How the tags begin that objects carry: S3 allows ten an object, an environment may have more."""
MD5 = "deployer:md5"
"""The tag that says what an object holds."""
OWNER = f"{OURS}environment"
MOST_OTHERS = 1000
"""Objects at the place of a directory that are none of its files; the tags of each are looked at, as it may have been one."""
ASKED_AT_ONCE = 8


class _Kept(Named, Protocol):
    """What may be erased: its record, and what of others lies in its place."""

    @property
    def recorded(self) -> Mapping[str, Any]: ...

    @property
    def spared(self) -> frozenset[str]: ...


class Content(NamedTuple):
    """A file: where it is, what `stat` has said of it, and what gives the MD5 of its bytes, hexadecimal."""

    path: Path
    found: os.stat_result
    md5: Callable[[Path], Digest]


KIND = Kind(
    name="directory",
    word="directory",
    service="s3",
    step=steps.UPLOAD,
    names=NameRule(1024),
    policy=Policy(
        operations=("HeadBucket", "ListObjectsV2", "GetObjectTagging", "PutObject", "DeleteObject", "GetBucketEncryption"),
        actions={
            "ListObjectsV2": ("s3:ListBucket",),
            "PutObject": ("s3:PutObject", "s3:PutObjectTagging"),
            "DeleteObject": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
        },
    ),
)


@dataclass(frozen=True, kw_only=True)
class Directory(Declared):
    """A folder's files, by their relative POSIX paths. Its physical name is ``bucket/prefix/``."""

    artifact_field: ClassVar[str] = "Files"
    indexed: ClassVar[bool] = False
    recorded: ClassVar[Mapping[str, Any]] = {}
    spared: ClassVar[frozenset[str]] = frozenset()
    files: Mapping[str, Content]

    def look(self, known: Known) -> None:
        """Takes the files' MD5 from what is known; of others they are read when they are first asked for."""
        for name, content in self.files.items():
            self._md5s[name] = known.of(
                "md5 " if self.accept_secret else "searched md5 ", content.md5, content.path, content.found
            )

    @cached_property
    def _md5s(self) -> dict[str, Digest]:
        return {}

    def _md5(self, name: str) -> Digest:
        if name not in self._md5s:
            self._md5s[name] = self.files[name].md5(self.files[name].path)
        return self._md5s[name]

    def desired(self) -> State:
        """Each file's MD5, the tags that every object carries, and that none of these names is somebody else's object."""
        return {"Files": {name: self._md5(name) for name in self.files}, "Foreign": [], "Tags": self._own_tags()}

    def read(self, aws: Aws) -> Live | None:
        """What is there under the names of our files, and what else there is ours: the tags of every object are asked for.

        `Foreign` are names of our files that objects without our tags have; `Tags` are those of the first of these, if there is
        one, and without a value where it has none.

        Raises:
            DeployError: too much of others is there.
        """
        live = dict(_listed(aws, self))
        others = live.keys() - self.files.keys()
        if len(others) > MOST_OTHERS:
            raise DeployError(
                f"{self.key}: s3://{self.name} holds {len(others)} other objects, and each would have to be asked whose it is. "
                f"Keep the directory at a place of its own, with at most {MOST_OTHERS} of others."
            )
        own, tags = self._own_tags(), _tags_of(aws, self, live)
        found = {name: live[name] for name in sorted(live) if name in self.files or own.items() <= tags[name].items()}
        foreign = [name for name in found if tags[name].get(OWNER) != own.get(OWNER)]
        different = [name for name in found if not own.items() <= tags[name].items()]
        if not found:
            return None
        told = {name: tags[name].get(MD5) for name, etag in found.items() if name in self.files and etag != self._md5(name)}
        if (right := {name: md5 for name, md5 in told.items() if md5 == self._md5(name)}) and _has_key(aws, self):
            found |= right
        shown = {OWNER: ""} | tags[foreign[0]] if foreign else tags[min(different or found)]
        return Live({"Files": found, "Foreign": foreign, "Tags": owned_tags(shown, own)})

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Puts every file."""
        return self.update(aws, whole(self, desired, None))

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Puts the files that are not there as they should be, and deletes ours that should not be there."""
        live = dict(_listed(aws, self))
        bucket, prefix = _place(self)
        tagging = urlencode(change.desired["Tags"])
        for name, content in self.files.items():
            if live.get(name) != self._md5(name) or "Tags" in change.changed:
                body = content.path.read_bytes()
                if digest.md5_of_bytes(body) != self._md5(name):
                    raise ArtifactError(f"{self.key}: {name} was changed after the plan was made. Deploy again.")
                md5 = base64.b64encode(bytes.fromhex(self._md5(name))).decode()
                said = f"{tagging}&{urlencode({MD5: self._md5(name)})}"
                aws.call("s3", "PutObject", Bucket=bucket, Key=f"{prefix}{name}", Body=body, ContentMD5=md5, Tagging=said)
        before = live.keys() if change.live is None else live.keys() & change.live.state["Files"].keys()
        _delete(aws, self, before - self.files.keys(), self._own_tags())
        return {}

    @staticmethod
    def live_tags(aws: Aws, one: _Kept) -> dict[str, str] | None:
        """The tags of the first object there that we have put; None if there is none."""
        found = (_tags(aws, one, name) for name in _candidates(aws, one))
        return next((tags for tags in found if any(key.startswith(OURS) for key in tags)), None)

    @staticmethod
    def erase(aws: Aws, one: _Kept) -> None:
        """Deletes every object that is ours; what a declared directory keeps in this place is spared."""
        tags = Directory.live_tags(aws, one)
        if tags is not None:
            own = {key: value for key, value in tags.items() if key.startswith(OURS) and key != MD5}
            _delete(aws, one, _candidates(aws, one), own)

    def _own_tags(self) -> dict[str, str]:
        return {key: value for key, value in self.tags.items() if key.startswith(OURS)}


def _has_key(aws: Aws, one: Named) -> bool:
    """Whether the bucket encrypts with a key of its own: then no ETag is an MD5, and our tag says what an object holds.

    Whoever writes an object over replaces its tags.
    """
    bucket, _ = _place(one)
    found = aws.find("s3", "GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", Bucket=bucket) or {}
    rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "") for rule in rules]
    return any(algorithm.startswith("aws:kms") for algorithm in defaults)


def _place(one: Named) -> tuple[str, str]:
    bucket, _, prefix = one.name.partition("/")
    return bucket, prefix


def _listed(aws: Aws, one: Named) -> Iterator[tuple[str, str]]:
    """Relative paths and ETags. A bucket that is not there yet has none."""
    bucket, prefix = _place(one)
    if aws.find("s3", "HeadBucket", "404", Bucket=bucket) is None:
        return
    for page in aws.pages("s3", "ListObjectsV2", Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            yield entry["Key"].removeprefix(prefix), entry["ETag"].strip('"')


def _tags(aws: Aws, one: Named, name: str) -> dict[str, str]:
    bucket, prefix = _place(one)
    found = aws.find("s3", "GetObjectTagging", "NoSuchKey", Bucket=bucket, Key=f"{prefix}{name}")
    return tag_map(found["TagSet"]) if found else {}


def _tags_of(aws: Aws, one: Named, names: Collection[str]) -> dict[str, dict[str, str]]:
    """The tags of many objects, some at a time: S3 has no call that tells those of more than one."""
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        return dict(zip(names, pool.map(lambda name: _tags(aws, one, name), names), strict=True))


def _candidates(aws: Aws, one: _Kept) -> list[str]:
    """What may be ours of what is there: all of it, or where that is too much, what the record names; that first, anyway."""
    present = {name for name, _ in _listed(aws, one)} - one.spared
    applied = one.recorded.get("desired")
    files = applied.get("Files") if isinstance(applied, dict) else None
    named = [name for name in sorted(present) if isinstance(files, dict) and name in files]
    others = sorted(present.difference(named))
    return [*named, *(others if len(others) <= MOST_OTHERS else ())]


def _delete(aws: Aws, one: Named, names: Collection[str], own: Mapping[str, str]) -> None:
    bucket, prefix = _place(one)
    for name, tags in sorted(_tags_of(aws, one, names).items()):
        if own.items() <= tags.items():
            aws.call("s3", "DeleteObject", Bucket=bucket, Key=f"{prefix}{name}")
