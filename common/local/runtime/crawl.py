"""What a crawler finds in S3: tables, their schemas through pyarrow, and their partitions.

Folders whose objects look alike become one table with partitions; folders that differ become a table each, and so do the objects
of one folder that have little in common.
https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html
"""

import csv
import gzip
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
from json_types import JsonObject

if TYPE_CHECKING:
    from botocore.client import BaseClient

_SAMPLE = 1 << 20
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat")
_FORMATS = {
    "parquet": (
        f"{_PARQUET}.MapredParquetInputFormat", f"{_PARQUET}.MapredParquetOutputFormat",
        f"{_PARQUET}.serde.ParquetHiveSerDe",
    ),
    "csv": (*_TEXT, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
    "json": (*_TEXT, "org.openx.data.jsonserde.JsonSerDe"),
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """An object below a crawler's target."""

    bucket: str
    key: str
    size: int

    @property
    def uri(self) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Schema:
    """Format and columns of one object; ``options`` are what a CSV needs."""

    kind: str
    columns: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...] = ()

    def like(self, other: "Schema") -> bool:
        """Whether two objects belong to one table: same format, and most columns in common."""
        mine, theirs = set(self.columns), set(other.columns)
        return self.kind == other.kind and len(mine & theirs) >= 0.7 * max(len(mine), len(theirs))

    def resembles(self, other: "Schema") -> bool:
        """Whether one of the two could have been written with optional columns of the other."""
        mine, theirs = ({name for name, _ in schema.columns} for schema in (self, other))
        return self.kind == other.kind and len(mine & theirs) >= 0.7 * min(len(mine), len(theirs))

    def merged(self, other: "Schema") -> "Schema":
        """With the columns that only ``other`` has."""
        names = {name for name, _ in self.columns}
        return Schema(self.kind, (*self.columns, *(c for c in other.columns if c[0] not in names)), self.options)


@dataclass(frozen=True)
class Found:
    """A table: where, what is in it, and the objects of each partition."""

    location: str
    schema: Schema
    keys: tuple[str, ...]
    objects: tuple[tuple[tuple[str, ...], Item], ...]

    def table(self, crawler: str) -> JsonObject:
        """The Data Catalog's TableInput without its name."""
        counted = {"objectCount": str(len(self.objects)), "sizeKey": str(sum(item.size for _, item in self.objects))}
        made = {"UPDATED_BY_CRAWLER": crawler, "CrawlerSchemaSerializerVersion": "1.0"}
        descriptor = self._descriptor(self.location, {**counted, **made})
        keys = [{"Name": name, "Type": "string"} for name in self.keys]
        return {
            "TableType": "EXTERNAL_TABLE",
            "Owner": "owner",
            "StorageDescriptor": descriptor,
            "PartitionKeys": keys,
            "Parameters": descriptor["Parameters"],
        }

    def partitions(self, database: str, table: str) -> list[JsonObject]:
        """A partition for every folder that holds objects; none for a table without partition keys."""
        if not self.keys:
            return []
        places = {values: item.uri.rsplit("/", 1)[0] + "/" for values, item in reversed(self.objects)}
        return [
            {
                "Values": list(values),
                "DatabaseName": database,
                "TableName": table,
                "StorageDescriptor": self._descriptor(place, {}),
                "Parameters": {},
            }
            for values, place in sorted(places.items())
        ]

    def _descriptor(self, location: str, parameters: dict[str, str]) -> JsonObject:
        reader, writer, serde = _FORMATS[self.schema.kind]
        options = dict(self.schema.options)
        delimiter = {"field.delim": options["delimiter"]} if "delimiter" in options else {"serialization.format": "1"}
        return {
            "Columns": [{"Name": name, "Type": kind} for name, kind in self.schema.columns],
            "Location": location,
            "InputFormat": reader,
            "OutputFormat": writer,
            "Compressed": False,
            "NumberOfBuckets": -1,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": delimiter},
            "BucketColumns": [],
            "SortColumns": [],
            "Parameters": {"classification": self.schema.kind, "typeOfData": "file", **options, **parameters},
            "StoredAsSubDirectories": False,
        }


def listed(s3: "BaseClient", target: JsonObject) -> list[Item]:
    """The objects of an S3 target that a crawler looks at, without hidden, empty and excluded ones."""
    bucket, prefix = _split(target["Path"])
    leave_out = [_pattern(glob) for glob in target.get("Exclusions", [])]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [
        Item(bucket, listed_object["Key"], listed_object["Size"])
        for page in pages
        for listed_object in page.get("Contents", [])
        if listed_object["Size"]
        and not any(part.startswith(("_", ".")) for part in listed_object["Key"][len(prefix) :].split("/"))
        and not any(pattern.fullmatch(listed_object["Key"][len(prefix) :]) for pattern in leave_out)
    ]


def tables(target: JsonObject, items: list[Item], s3: "BaseClient") -> Iterator[Found]:
    """The tables that the objects of a target form."""
    schemas = {item: schema for item in items if (schema := _schema(item, s3))}
    if schemas:
        yield from _tables(_split(target["Path"])[1], schemas)


def suffix(location: str) -> str:
    """What tells tables of one name from different places apart."""
    return hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()


def _split(path: str) -> tuple[str, str]:
    """Bucket and prefix of a target; the prefix ends with a slash or is empty."""
    bucket, _, prefix = path.removeprefix("s3://").partition("/")
    return bucket, f"{prefix.rstrip('/')}/" if prefix else ""


def _tables(folder: str, schemas: dict[Item, Schema]) -> Iterator[Found]:
    first, *others = schemas.values()
    alike = all(first.like(other) for other in others)
    inside = {item: item.key[len(folder) :].split("/")[:-1] for item in schemas}
    named = all("=" in parts[0] for parts in inside.values() if parts)
    same_depth = len({len(parts) for parts in inside.values()}) == 1
    if not any(inside.values()) and not all(first.resembles(other) for other in others):
        yield from (Found(item.uri, schema, (), (((), item),)) for item, schema in schemas.items())
        return
    if (alike and same_depth) or (named and same_depth) or not all(inside.values()):
        yield _one_table(folder, schemas, inside)
        return
    for name in sorted({parts[0] for parts in inside.values()}):
        part = {item: schema for item, schema in schemas.items() if inside[item][0] == name}
        yield from _tables(f"{folder}{name}/", part)


def _one_table(folder: str, schemas: dict[Item, Schema], inside: dict[Item, list[str]]) -> Found:
    kinds = list(schemas.values())
    merged = kinds[0]
    for other in kinds[1:]:
        merged = merged.merged(other) if other.kind == merged.kind else merged
    depth = max(len(parts) for parts in inside.values())
    sample = next(parts for parts in inside.values() if len(parts) == depth)
    keys = tuple(part.split("=", 1)[0].lower() if "=" in part else f"partition_{n}" for n, part in enumerate(sample))
    in_keys = Schema(merged.kind, tuple(c for c in merged.columns if c[0] not in keys), merged.options)
    objects = tuple(
        (tuple(part.split("=", 1)[-1] for part in parts), item) for item, parts in inside.items() if len(parts) == depth
    )
    return Found(f"s3://{next(iter(schemas)).bucket}/{folder}", in_keys, keys, objects)


def _schema(item: Item, s3: "BaseClient") -> Schema | None:
    """Format and columns of an object, None where it is neither Parquet, JSON nor CSV."""
    body = s3.get_object(Bucket=item.bucket, Key=item.key)["Body"]
    start = body.read(4)
    if start == b"PAR1":
        return Schema("parquet", _columns(pa.parquet.read_schema(io.BytesIO(start + body.read()))))
    content = start + body.read(_SAMPLE)
    if content[:2] == b"\x1f\x8b":
        content = gzip.GzipFile(fileobj=io.BytesIO(content + body.read())).read(_SAMPLE)
    if len(content) >= _SAMPLE:
        content = content[: content.rfind(b"\n") + 1]
    try:
        if content.lstrip()[:1] in (b"{", b"["):
            return Schema("json", _columns(pa.json.read_json(io.BytesIO(content)).schema))
        return _csv_schema(content)
    except (pa.ArrowInvalid, csv.Error, UnicodeDecodeError):
        return None


def _csv_schema(content: bytes) -> Schema:
    lines = content.decode().splitlines()[:100]
    delimiter = max(",|\t;", key=lines[0].count)
    names = next(csv.reader(lines, delimiter=delimiter))
    header = all(re.search("[A-Za-z_]", name) for name in names) and len(set(names)) == len(names)
    parse = pa.csv.ParseOptions(delimiter=delimiter, invalid_row_handler=lambda _: "skip")
    read = pa.csv.ReadOptions() if header else pa.csv.ReadOptions(column_names=[f"col{n}" for n in range(len(names))])
    schema = pa.csv.read_csv(io.BytesIO(content), read_options=read, parse_options=parse).schema
    options = (("delimiter", delimiter), *((("skip.header.line.count", "1"),) if header else ()))
    return Schema("csv", _columns(schema), options)


def _columns(schema: pa.Schema) -> tuple[tuple[str, str], ...]:
    return tuple((field.name.strip().lower(), _hive(field.type)) for field in schema)


def _hive(kind: pa.DataType) -> str:
    """Hive's name of a type."""
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{field.name.lower()}:{_hive(field.type)}' for field in kind)}>"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"array<{_hive(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"map<{_hive(kind.key_type)},{_hive(kind.item_type)}>"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    names = {"int64": "bigint", "int32": "int", "int16": "smallint", "int8": "tinyint", "bool": "boolean", "float": "float"}
    others = {"double": "double", "date32[day]": "date", "binary": "binary", "uint32": "bigint", "uint64": "bigint"}
    return {**names, **others}.get(str(kind), "string")


def _pattern(glob: str) -> re.Pattern[str]:
    """A crawler's exclude pattern: ``*`` stays within a folder, ``**`` does not."""
    parts = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    bits = re.split(r"(\*\*|\*|\?|\{[^}]*\}|\[[^]]*\])", glob)
    alternatives = {bit: f"(?:{'|'.join(map(re.escape, bit[1:-1].split(',')))})" for bit in bits if bit.startswith("{")}
    classes = {bit: bit.replace("[!", "[^") for bit in bits if bit.startswith("[")}
    return re.compile("".join({**parts, **alternatives, **classes}.get(bit, re.escape(bit)) for bit in bits))
