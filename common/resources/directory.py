"""A folder of the repository that is copied into a bucket: SQL templates, mappings, whatever jobs read when they run.

Each object carries our tags. So objects of others in the same place are neither changed nor deleted, and an object whose file is
no longer in the folder is known to be ours. The ETag shows the content of an object: in buckets that S3 encrypts with its own
keys, as ours are, the ETag of an object that was put in one piece is the MD5 of its bytes. So one listing compares the whole
folder; the tags of each object take one call each. The tagging index does not show objects, so an unchanged directory counts as
present while its bucket exists. --verify reads it in full.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

import base64
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol
from urllib.parse import urlencode

from common.aws.protocol import Aws
from common.base import digest
from common.base.digest import Digest, FileDigests
from common.base.errors import ArtifactError, DeployError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.environment import owner_tags
from common.model import steps
from common.model.declared import Declared
from common.model.desired_state import whole
from common.model.kind import Kind, NameRule, Policy
from common.model.orphan import Named
from common.model.resource import Change, Key, Live, Outputs, State
from common.model.tags import owned_tags, tag_list, tag_map

MD5 = "md5"
"""With the beginning of our tags: the key of the tag that holds the MD5 of an object's content."""
_IN_PLACE = ("s3:DeleteObject", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging")
"""What a deployer does with the objects of a directory. It deletes no version of them."""
MAX_OTHERS = 1000
"""At most this number of other objects may be in the place of a directory, because the tags of each must be read."""
PARALLEL_TAG_READS = 8


class _Stored(Named, Protocol):
    """A directory, or what a record says of one."""

    @property
    def account_id(self) -> str: ...

    @property
    def needs(self) -> tuple[Key, ...]: ...


class _Deployed(_Stored, Protocol):
    """A directory that can be deleted: it has a record, and names within it that belong to others."""

    @property
    def recorded(self) -> JsonMapping: ...

    @property
    def spared(self) -> frozenset[str]: ...


class Content(NamedTuple):
    """A file: its path, its `stat` result, and a function that returns the MD5 of its bytes (hexadecimal)."""

    path: Path
    status: os.stat_result
    md5: Callable[[Path], Digest]


KIND = Kind(
    name="directory",
    word="directory",
    service="s3",
    step=steps.UPLOAD,
    names=NameRule(1024),
    policy=Policy(
        operations=(
            "HeadBucket",
            "ListObjectsV2",
            "GetObjectTagging",
            "PutObject",
            "DeleteObject",
            "GetBucketEncryption",
            "PutObjectTagging",
        ),
        actions={
            "ListObjectsV2": ("s3:ListBucket",),
            "PutObject": ("s3:PutObject", "s3:PutObjectTagging"),
            "DeleteObject": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
        },
    ),
)


@dataclass(frozen=True, kw_only=True)
class Directory(Declared):
    """A folder with its files by relative POSIX path. Its physical name is ``bucket/prefix/``.

    If it needs a bucket, that is declared beside it, so the bucket must belong to the account `account_id`.
    """

    artifact_field: ClassVar[str] = "Files"
    indexed: ClassVar[bool] = False
    recorded: ClassVar[JsonMapping] = {}
    spared: ClassVar[frozenset[str]] = frozenset()
    account_id: str
    files: Mapping[str, Content]

    def look(self, known_digests: FileDigests) -> None:
        """Takes the MD5 of each file from `known_digests`; other files are read when their MD5 is first needed."""
        for name, content in self.files.items():
            self._md5s[name] = known_digests.of(
                "md5 " if self.accept_secret else "searched md5 ", content.md5, content.path, content.status
            )

    @cached_property
    def _md5s(self) -> dict[str, Digest]:
        return {}

    def _md5(self, name: str) -> Digest:
        if name not in self._md5s:
            self._md5s[name] = self.files[name].md5(self.files[name].path)
        return self._md5s[name]

    def desired(self) -> State:
        """The MD5 of each file, the tags of every object, and an empty list: none of the names may be an object of others."""
        return {"Files": {name: self._md5(name) for name in self.files}, "Foreign": [], "Tags": self._own_tags()}

    def read(self, aws: Aws) -> Live | None:
        """The objects with the names of our files, and all other objects with our tags. The tags of every object are read.

        `Foreign` lists the names of our files under which there are objects without our tags. `Tags` are the tags of the first of
        these if there is one, with an empty owner if it has none.

        Raises:
            DeployError: there are too many objects of others.
        """
        live = dict(_listed(aws, self))
        others = live.keys() - self.files.keys()
        if len(others) > MAX_OTHERS:
            raise DeployError(
                f"{self.key}: s3://{self.name} holds {len(others)} other objects, and each would have to be asked whose it is. "
                f"Keep the directory at a place of its own, with at most {MAX_OTHERS} of others."
            )
        own, tags = self._own_tags(), _tags_of(aws, self, live)
        owner, md5_key = owner_tags.environment_key(self.tag_prefix), f"{self.tag_prefix}{MD5}"
        own_files = {name: live[name] for name in sorted(live) if name in self.files or own.items() <= tags[name].items()}
        foreign = [name for name in own_files if tags[name].get(owner) != own.get(owner)]
        different = [name for name in own_files if not own.items() <= tags[name].items()]
        if not own_files:
            return None
        md5s = {
            name: tags[name].get(md5_key) for name, etag in own_files.items() if name in self.files and etag != self._md5(name)
        }
        if (right := {name: md5 for name, md5 in md5s.items() if md5 == self._md5(name)}) and _has_key(aws, self):
            own_files |= right
        shown = {owner: ""} | tags[foreign[0]] if foreign else tags[min(different or own_files)]
        return Live({"Files": own_files, "Foreign": foreign, "Tags": owned_tags(shown, own)}, undeclared=_former_tags(shown, own))

    def create(self, aws: Aws, desired: State) -> Outputs:
        """Puts all files."""
        return self.update(aws, whole(self, desired, None))

    def update(self, aws: Aws, change: Change) -> Outputs:
        """Puts the files that are missing or differ, and deletes our objects whose files are gone."""
        live = dict(_listed(aws, self))
        whose, prefix = _whose(self), _prefix(self)
        tagging = urlencode(change.desired["Tags"])
        for name, content in self.files.items():
            if live.get(name) != self._md5(name) or "Tags" in change.changed:
                body = content.path.read_bytes()
                if digest.md5_of_bytes(body) != self._md5(name):
                    raise ArtifactError(f"{self.key}: {name} was changed after the plan was made. Deploy again.")
                md5 = base64.b64encode(bytes.fromhex(self._md5(name))).decode()
                tags = f"{tagging}&{urlencode({f'{self.tag_prefix}{MD5}': self._md5(name)})}"
                aws.call("s3", "PutObject", **whose, Key=f"{prefix}{name}", Body=body, ContentMD5=md5, Tagging=tags)
        before = live.keys() if change.live is None else live.keys() & change.live.state["Files"].keys()
        _delete(aws, self, before - self.files.keys(), self._own_tags())
        return {}

    @staticmethod
    def live_tags(aws: Aws, resource: _Deployed) -> dict[str, str] | None:
        """The tags of the first object with our tags; None if there is no such object."""
        all_tags = (_tags(aws, resource, name) for name in _candidates(aws, resource))
        return next((tags for tags in all_tags if owner_tags.find_prefix(tags) is not None), None)

    @staticmethod
    def untag(aws: Aws, resource: _Deployed, keys: Sequence[str]) -> None:
        """Takes our tags away from all objects that have them; the tags of others stay."""
        whose, prefix, own = _whose(resource), _prefix(resource), _tags_of_owner(aws, resource)
        md5_key = f"{owner_tags.find_prefix(own) or ''}{MD5}"
        for name, tags in sorted(_tags_of(aws, resource, _candidates(aws, resource)).items()) if own else ():
            if own.items() <= tags.items():
                others = tag_list({key: value for key, value in tags.items() if key not in {*own, *keys, md5_key}})
                aws.call("s3", "PutObjectTagging", **whose, Key=f"{prefix}{name}", Tagging={"TagSet": others})

    @staticmethod
    def erase(aws: Aws, resource: _Deployed) -> None:
        """Deletes all objects with our tags, except those of a declared directory within this one."""
        if own := _tags_of_owner(aws, resource):
            _delete(aws, resource, _candidates(aws, resource), own)

    def deployer_needs(self) -> dict[str, tuple[str, ...]]:
        """The permissions on its place in a bucket of others, which no other statement of the deployer's policy covers."""
        needs: dict[str, tuple[str, ...]] = {}
        for bucket in self.uses:
            needs |= {f"{self.arn}*": _IN_PLACE, bucket.arn: ("s3:GetEncryptionConfiguration", "s3:ListBucket")}
            needs |= {bucket.kms_key: ("kms:Decrypt", "kms:GenerateDataKey")} if bucket.kms_key else {}
        return needs

    def _own_tags(self) -> dict[str, str]:
        """The owner tags, which are all that objects carry: S3 allows ten, and an environment may have more."""
        return _of_owner(self.tags, self.tag_prefix)


def _of_owner(tags: Mapping[str, str], prefix: str | None) -> dict[str, str]:
    """The owner tags among these whose keys have this beginning; none without one."""
    keys = () if prefix is None else (owner_tags.environment_key(prefix), owner_tags.project_key(prefix))
    return {key: tags[key] for key in keys if key in tags}


def _former_tags(tags: Mapping[str, str], own: Mapping[str, str]) -> State:
    """The owner tags of an object whose keys began otherwise before, as undeclared tags."""
    former = _of_owner({key: text for key, text in tags.items() if key not in own}, owner_tags.find_prefix(tags))
    return {"Tags": former} if former else {}


def _has_key(aws: Aws, resource: _Stored) -> bool:
    """Whether the bucket encrypts with a KMS key: then an ETag is not an MD5, and our tag shows the content of an object.

    Overwriting an object replaces its tags, so the tag cannot be outdated.
    """
    absent = "ServerSideEncryptionConfigurationNotFoundError"
    response = aws.find("s3", "GetBucketEncryption", absent, **_whose(resource)) or {}
    rules = response.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "") for rule in rules]
    return any(algorithm.startswith("aws:kms") for algorithm in defaults)


def _whose(resource: _Stored) -> dict[str, str]:
    """The parameters that name the bucket, and the account that must own it.

    If somebody has taken the name of a deleted bucket, S3 refuses every call that names the owner. Follows
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """
    owner = {"ExpectedBucketOwner": resource.account_id} if any(key.kind == "bucket" for key in resource.needs) else {}
    return {"Bucket": resource.name.partition("/")[0], **owner}


def _prefix(resource: Named) -> str:
    return resource.name.partition("/")[2]


def _listed(aws: Aws, resource: _Stored) -> Iterator[tuple[str, str]]:
    """The relative paths and ETags of all objects; none if the bucket does not exist yet."""
    whose, prefix = _whose(resource), _prefix(resource)
    if aws.find("s3", "HeadBucket", "404", **whose) is None:
        return
    for page in aws.pages("s3", "ListObjectsV2", **whose, Prefix=prefix):
        for entry in page.get("Contents", ()):
            yield entry["Key"].removeprefix(prefix), entry["ETag"].strip('"')


def _tags(aws: Aws, resource: _Stored, name: str) -> dict[str, str]:
    response = aws.find("s3", "GetObjectTagging", "NoSuchKey", **_whose(resource), Key=f"{_prefix(resource)}{name}")
    return tag_map(response["TagSet"]) if response else {}


def _tags_of(aws: Aws, resource: _Stored, names: Collection[str]) -> dict[str, dict[str, str]]:
    """The tags of many objects, read in parallel: S3 has no call that returns the tags of more than one object."""
    with ThreadPoolExecutor(PARALLEL_TAG_READS) as pool:
        return dict(zip(names, pool.map(lambda name: _tags(aws, resource, name), names), strict=True))


def _tags_of_owner(aws: Aws, resource: _Deployed) -> dict[str, str]:
    """Our tags that say whose an object is, from the first object that has them; empty if there is none."""
    tags = Directory.live_tags(aws, resource) or {}
    return _of_owner(tags, owner_tags.find_prefix(tags))


def _candidates(aws: Aws, resource: _Deployed) -> list[str]:
    """The names of objects that may be ours: first those in the record, then all others unless there are too many."""
    present = {name for name, _ in _listed(aws, resource)} - resource.spared
    applied = resource.recorded.get("desired")
    files = applied.get("Files") if isinstance(applied, dict) else None
    named = [name for name in sorted(present) if isinstance(files, dict) and name in files]
    others = sorted(present.difference(named))
    return [*named, *(others if len(others) <= MAX_OTHERS else ())]


def _delete(aws: Aws, resource: _Stored, names: Collection[str], own: Mapping[str, str]) -> None:
    for name, tags in sorted(_tags_of(aws, resource, names).items()):
        if own.items() <= tags.items():
            aws.call("s3", "DeleteObject", **_whose(resource), Key=f"{_prefix(resource)}{name}")
