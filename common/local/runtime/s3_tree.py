"""S3 buckets seen as a tree of files, for Spark's Hadoop client.

What a committer keeps under ``_temporary`` or ``.spark-staging`` never becomes an object: as with the committers of EMR and Glue,
objects appear when they are committed. So these paths live in a local folder, and a rename out of it is the upload.
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError
from json_types import JsonObject

if TYPE_CHECKING:
    from botocore.client import BaseClient

_STAGED = ("_temporary", ".spark-staging", ".hive-staging")
_ABSENT = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}


@dataclass(frozen=True)
class Entry:
    """A file or folder; ``name`` is relative to the listed folder, ``modified`` in milliseconds."""

    name: str
    folder: bool
    size: int = 0
    modified: int = 0


class S3Tree:
    """The buckets of one account as files and folders; paths are ``bucket/key``."""

    def __init__(self, client: "BaseClient", staging: Path) -> None:
        self._s3 = client
        self._staging = staging
        self._made: set[str] = set()  # folders without an object: S3 has none, Hadoop expects them to exist

    def stat(self, path: str) -> Entry | None:
        """The file or folder at ``path``, or None."""
        if local := self._local(path):
            return _local_entry(local, "") if local.exists() else None
        bucket, key = _split(path)
        if key and (head := self._head(bucket, key)):
            return Entry("", folder=False, size=head["ContentLength"], modified=_millis(head["LastModified"]))
        if not key and not self._bucket_exists(bucket):
            return None
        exists = not key or path in self._made or (self._staging / path).is_dir() or self._holds(bucket, f"{key}/")
        return Entry("", folder=True) if exists else None

    def entries(self, path: str) -> list[Entry] | None:
        """What is in the folder ``path`` (for a file: itself, with an empty name), or None where there is nothing."""
        own = self.stat(path)
        if own is None or not own.folder:
            return [own] if own else None
        local = self._staging / path
        entries = {child.name: _local_entry(child, child.name) for child in local.iterdir()} if local.is_dir() else {}
        if not self._local(path):
            entries.update({child: Entry(child, folder=True) for child in self._made_in(path)})
            entries.update({entry.name: entry for entry in self._objects_in(path)})
        return sorted(entries.values(), key=lambda entry: entry.name)

    def read(self, path: str, offset: int, length: int | None) -> Iterator[bytes]:
        """The bytes of a file from ``offset``, at most ``length`` of them."""
        if local := self._local(path):
            with local.open("rb") as file:
                file.seek(offset)
                yield file.read() if length is None else file.read(length)
            return
        bucket, key = _split(path)
        if offset >= self._s3.head_object(Bucket=bucket, Key=key)["ContentLength"]:
            return
        end = "" if length is None else offset + length - 1
        body = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={offset}-{end}")["Body"]
        yield from body.iter_chunks(1 << 20)

    def write(self, path: str, content: BinaryIO) -> None:
        """Put a whole file."""
        if local := self._local(path):
            local.parent.mkdir(parents=True, exist_ok=True)
            with local.open("wb") as file:
                shutil.copyfileobj(content, file)
            return
        bucket, key = _split(path)
        self._s3.put_object(Bucket=bucket, Key=key, Body=content)

    def make_folder(self, path: str) -> None:
        """A folder: on S3 there is nothing to make."""
        if local := self._local(path):
            local.mkdir(parents=True, exist_ok=True)
        else:
            self._made.add(path)

    def rename(self, source: str, target: str) -> bool:
        """Move a file, or a folder with all that is in it; into ``target`` where that is a folder."""
        own, there = self.stat(source), self.stat(target)
        if own is None or (there and not there.folder):
            return False
        if there:
            target = f"{target}/{source.rsplit('/', 1)[-1]}"
        for name in self._files(source) if own.folder else [""]:
            self._move(f"{source}/{name}".rstrip("/"), f"{target}/{name}".rstrip("/"))
        if own.folder:
            self.make_folder(target)
            self.delete(source)
        return True

    def delete(self, path: str) -> bool:
        """Remove a file, or a folder with all that is in it."""
        existed = self.stat(path) is not None
        local = self._staging / path
        shutil.rmtree(local, ignore_errors=True) if local.is_dir() else local.unlink(missing_ok=True)
        self._made -= {other for other in self._made if other == path or other.startswith(f"{path}/")}
        if existed and not self._local(path):
            bucket, key = _split(path)
            keys = [item["Key"] for item in self._listed(bucket, f"{key}/" if key else "")]
            for object_key in [*keys, key] if key else keys:
                self._s3.delete_object(Bucket=bucket, Key=object_key)
        return existed

    def _local(self, path: str) -> Path | None:
        staged = any(part.startswith(_STAGED) for part in path.split("/"))
        return self._staging / path if staged else None

    def _move(self, source: str, target: str) -> None:
        local = self._local(source)
        if local:
            with local.open("rb") as file:
                self.write(target, file)
            local.unlink()
        else:
            bucket, key = _split(target)
            from_bucket, from_key = _split(source)
            self._s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": from_bucket, "Key": from_key})
            self._s3.delete_object(Bucket=from_bucket, Key=from_key)

    def _files(self, folder: str) -> list[str]:
        """Every file below ``folder``, relative to it."""
        local = self._staging / folder
        names = [str(file.relative_to(local)) for file in local.rglob("*") if file.is_file()]
        if not self._local(folder):
            bucket, key = _split(folder)
            prefix = f"{key}/" if key else ""
            names += [item["Key"][len(prefix) :] for item in self._listed(bucket, prefix)]
        return names

    def _objects_in(self, path: str) -> Iterator[Entry]:
        bucket, key = _split(path)
        prefix = f"{key}/" if key else ""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        for page in pages:
            for item in page.get("CommonPrefixes", []):
                yield Entry(item["Prefix"][len(prefix) :].rstrip("/"), folder=True)
            for item in page.get("Contents", []):
                name = item["Key"][len(prefix) :]
                if name and not name.endswith("_$folder$"):
                    yield Entry(name, folder=False, size=item["Size"], modified=_millis(item["LastModified"]))

    def _made_in(self, path: str) -> set[str]:
        below = (folder[len(path) + 1 :] for folder in self._made if folder.startswith(f"{path}/"))
        return {name.split("/")[0] for name in below}

    def _listed(self, bucket: str, prefix: str) -> list[JsonObject]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item for page in pages for item in page.get("Contents", [])]

    def _holds(self, bucket: str, prefix: str) -> bool:
        try:
            return self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)["KeyCount"] > 0
        except ClientError as error:
            return _absent(error)

    def _head(self, bucket: str, key: str) -> JsonObject | None:
        try:
            return self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if _is_refused(error):
                self._s3.get_object(Bucket=bucket, Key=key, Range="bytes=0-0")  # says what: the answer to HEAD has no body
            return _absent(error) or None

    def _bucket_exists(self, bucket: str) -> bool:
        try:
            return bool(self._s3.head_bucket(Bucket=bucket))
        except ClientError as error:
            if _is_refused(error):
                self._s3.list_objects_v2(Bucket=bucket, MaxKeys=1)  # likewise
            return _absent(error)


def _is_refused(error: ClientError) -> bool:
    return bool(error.response["Error"]["Code"] == "403")


def _absent(error: ClientError) -> bool:
    """False where the error says that there is no such thing; any other error is loud."""
    if error.response["Error"]["Code"] in _ABSENT:
        return False
    raise error


def _split(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    return bucket, key


def _local_entry(local: Path, name: str) -> Entry:
    status = local.stat()
    folder = local.is_dir()
    return Entry(name, folder, 0 if folder else status.st_size, int(status.st_mtime * 1000))


def _millis(moment: datetime | None) -> int:
    return int(moment.timestamp() * 1000) if moment else int(time.time() * 1000)
