"""Reads the first rows of a table in S3 that consists of Parquet files in partition folders (``year=2023/state=IA/``).

Files are read with ranged GETs: the footer contains the number of rows and the offsets of columns, so neither the first rows nor
the number of all rows needs whole files.

Follows https://parquet.apache.org/docs/file-format/
"""

import io
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING
from urllib.parse import unquote

from common.aws.protocol import Aws
from common.base.errors import DeployError
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.model.reference import Location

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

ROWS = 10
"""How many rows of a table are shown."""
COUNTED_FILES = 500
"""The rows of a table with more files are not counted, because each file costs a call."""
BLOCK_BYTES = 1 << 18
"""How many bytes a GET requests at least; this is enough for a whole small file."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Preview:
    """The first rows of a table.

    Args:
        uri: the location of the table.
        columns: the names of the columns, those of partitions first.
        rows: the values in the order of `columns`.
        total: the number of rows of the whole table; None if it has too many files to count.
        files: the number of files.
        removed: how many files a run has removed; None if this shows the whole table, and not what a run has written.
    """

    uri: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    total: int | None
    files: int
    removed: int | None = None


@dataclass(frozen=True)
class _File:
    bucket: str
    key: str
    size: int
    partitions: dict[str, str | None]
    written: object = None
    """What differs once the file has been written again."""


Before = Mapping[str, object]
"""The files of a table before a run, with what differs once they have been written again."""


def files_before(aws: Aws, location: Location) -> Before:
    """Returns the files that a table has now.

    Raises:
        AwsError: AWS refused to list them.
    """
    return {file.key: file.written for file in _files(aws, location)}


def preview(aws: Aws, location: Location, pool: Executor, before: Before | None = None) -> Preview:
    """Returns the first rows of the table at `location`, in the order of the names of its files.

    Args:
        aws: AWS.
        location: the location.
        pool: where calls run in parallel.
        before: the files before a run, if only the rows of files are shown that were written since.

    Raises:
        AwsError: AWS refused a call.
        DeployError: a file is not Parquet.
    """
    present = list(_files(aws, location))
    files = present if before is None else [file for file in present if before.get(file.key) != file.written]
    removed = None if before is None else len(before.keys() - {file.key for file in present})
    counts = pool.map(lambda file: _open_parquet(aws, file).metadata.num_rows, files) if len(files) <= COUNTED_FILES else None
    first_rows: list[JsonObject] = []
    for file in files:
        if len(first_rows) >= ROWS:
            break
        first_rows += _first_rows(aws, file, ROWS - len(first_rows))
    partitions = list(dict.fromkeys(name for file in files for name in file.partitions))
    columns = tuple(dict.fromkeys([*partitions, *(name for row in first_rows for name in row)]))
    values = tuple(tuple(row.get(name) for name in columns) for row in first_rows)
    return Preview(location.uri, columns, values, None if counts is None else sum(counts), len(files), removed)


def _files(aws: Aws, location: Location) -> Iterator[_File]:
    """Yields every Parquet file of the table; names that begin with ``_`` or ``.`` are Spark's own."""
    bucket = location.bucket.name
    for page in aws.pages("s3", "ListObjectsV2", Bucket=bucket, Prefix=location.prefix):
        for entry in page.get("Contents", ()):
            *folders, name = entry["Key"].removeprefix(location.prefix).split("/")
            own = any(part.startswith(("_", ".")) and "=" not in part for part in (*folders, name))
            if name.endswith(".parquet") and not own:
                pairs = [folder.partition("=") for folder in folders if "=" in folder]
                partitions = {unquote(key): None if value == NO_VALUE else unquote(value) for key, _, value in pairs}
                written = (entry.get("ETag"), entry.get("LastModified"))
                yield _File(bucket, entry["Key"], entry["Size"], partitions, written)


def _first_rows(aws: Aws, file: _File, rows: int) -> list[JsonObject]:
    for batch in _open_parquet(aws, file).iter_batches(batch_size=rows):
        return [{**file.partitions, **row} for row in batch.to_pylist()]
    return []


def _open_parquet(aws: Aws, file: _File) -> "ParquetFile":
    import pyarrow.parquet  # slow to load, and only a preview needs it

    try:
        return pyarrow.parquet.ParquetFile(_Object(aws, file), buffer_size=BLOCK_BYTES, pre_buffer=False)
    except pyarrow.ArrowInvalid as error:
        raise DeployError(f"s3://{file.bucket}/{file.key} is not Parquet: {error}") from None


class _Object(io.RawIOBase):
    """An S3 object as a seekable file; the block that was fetched last is kept."""

    def __init__(self, aws: Aws, file: _File) -> None:
        super().__init__()
        self._aws, self._file = aws, file
        self._at = self._block_at = 0
        self._block = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        count = self._file.size - self._at if size < 0 else min(size, self._file.size - self._at)
        if count <= 0:
            return b""
        if not (self._block_at <= self._at and self._at + count <= self._block_at + len(self._block)):
            self._fetch(count)
        begin = self._at - self._block_at
        self._at += count
        return self._block[begin : begin + count]

    def _fetch(self, count: int) -> None:
        """Fetches a block with the requested bytes.

        With bytes before them at the end of the file (the footer), else after them.
        """
        end = min(max(self._at + count, self._at + BLOCK_BYTES), self._file.size)
        self._block_at = max(min(self._at, end - BLOCK_BYTES), 0)
        where = {"Bucket": self._file.bucket, "Key": self._file.key, "Range": f"bytes={self._block_at}-{end - 1}"}
        self._block = self._aws.call("s3", "GetObject", **where)["Body"].read()
