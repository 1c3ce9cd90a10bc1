"""A folder of the repository at a place in a bucket: SQL templates, mappings, whatever jobs read from there when they run.

Each object carries our tags, so what somebody else keeps at the same place is neither seen nor deleted, and what is no longer in
the folder is known to be ours when it goes. What an object holds is told by its ETag: in buckets that S3 encrypts with its own
keys, as ours are, that of an object put in one piece is the MD5 of its bytes. So one listing compares the whole folder.

Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

import base64
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, NamedTuple
from urllib.parse import urlencode

from common import digest
from common.desired import whole
from common.digest import Digest, Known
from common.errors import ArtifactError
from common.remains import Named
from common.resource import Aws, Change, Declared, Live, Outputs, State
from common.tags import owned_tags, tag_map

OURS = "deployer:"
"""How the tags begin that objects carry: S3 allows ten an object, an environment may have more."""


class Content(NamedTuple):
    """A file: where it is, what `stat` has said of it, and what gives the MD5 of its bytes, hexadecimal."""

    path: Path
    found: os.stat_result
    md5: Callable[[Path], Digest]


@dataclass(frozen=True, kw_only=True)
class Directory(Declared):
    """A folder's files, by their relative POSIX paths. Its physical name is ``bucket/prefix/``."""

    kind: ClassVar[str] = "directory"
    artifact_field: ClassVar[str] = "Files"
    files: Mapping[str, Content]

    def look(self, known: Known) -> None:
        """Takes the files' MD5 from what is known; of others they are read when they are first asked for."""
        for name, content in self.files.items():
            self._md5s[name] = known.of("md5 ", content.md5, content.path, content.found)

    @cached_property
    def _md5s(self) -> dict[str, Digest]:
        return {}

    def _md5(self, name: str) -> Digest:
        if name not in self._md5s:
            self._md5s[name] = self.files[name].md5(self.files[name].path)
        return self._md5s[name]

    def desired(self) -> State:
        """Each file's MD5, and the tags that every object carries."""
        return {"Files": {name: self._md5(name) for name in self.files}, "Tags": self._own_tags()}

    def read(self, aws: Aws) -> Live | None:
        """What is there under the names of our files, and what else there is ours.

        One tag is asked for if all is as it should be; each object that is not in the folder costs one more.
        """
        live = dict(_listed(aws, self))
        found = {name: md5 for name, md5 in live.items() if name in self.files}
        tags = _tags(aws, self, next(iter(found))) if found else {}
        for name in live.keys() - self.files.keys():
            if self._own_tags().items() <= (other := _tags(aws, self, name)).items():
                found[name], tags = live[name], tags or other
        return Live({"Files": found, "Tags": owned_tags(tags, self._own_tags())}) if found else None

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
                aws.call("s3", "PutObject", Bucket=bucket, Key=f"{prefix}{name}", Body=body, ContentMD5=md5, Tagging=tagging)
        _delete(aws, self, live.keys() - self.files.keys(), change.desired["Tags"])
        return {}

    def delete(self, aws: Aws) -> None:
        """Deletes every object that is ours."""
        self.erase(aws, self)

    @staticmethod
    def live_tags(aws: Aws, one: Named) -> dict[str, str] | None:
        """The tags of the first object there that we have put; None if there is none."""
        found = (_tags(aws, one, name) for name, _ in _listed(aws, one))
        return next((tags for tags in found if any(key.startswith(OURS) for key in tags)), None)

    @staticmethod
    def erase(aws: Aws, one: Named) -> None:
        """See `delete`."""
        tags = Directory.live_tags(aws, one)
        if tags is not None:
            own = {key: value for key, value in tags.items() if key.startswith(OURS)}
            _delete(aws, one, {name for name, _ in _listed(aws, one)}, own)

    def _own_tags(self) -> dict[str, str]:
        return {key: value for key, value in self.tags.items() if key.startswith(OURS)}


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


def _delete(aws: Aws, one: Named, names: set[str], own: Mapping[str, str]) -> None:
    bucket, prefix = _place(one)
    for name in sorted(names):
        if own.items() <= _tags(aws, one, name).items():
            aws.call("s3", "DeleteObject", Bucket=bucket, Key=f"{prefix}{name}")
