"""The Data Catalog as a job sees it: tables and partitions, through Glue's API and with the job's own credentials."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pyspark.sql import types

from embedded_glue.records import Value

if TYPE_CHECKING:
    from botocore.client import BaseClient

_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat")
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
_ORC = "org.apache.hadoop.hive.ql.io.orc"
ALIASES = {"glueparquet": "parquet"}
"""Formats of Glue that are another one here."""
FORMATS = {
    "parquet": (
        f"{_PARQUET}.MapredParquetInputFormat",
        f"{_PARQUET}.MapredParquetOutputFormat",
        f"{_PARQUET}.serde.ParquetHiveSerDe",
    ),
    "orc": (f"{_ORC}.OrcInputFormat", f"{_ORC}.OrcOutputFormat", f"{_ORC}.OrcSerde"),
    "json": (*_TEXT, "org.openx.data.jsonserde.JsonSerDe"),
    "csv": (*_TEXT, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
}
"""Input format, output format and serializer of each format that tables can have."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""The value of a partition key in the partition of the rows that have none."""
_LENGTH = "__CHAR_VARCHAR_TYPE_STRING"
"""Where Spark keeps that a text of a table has a length."""
_AT_ONCE = 100
"""How many partitions one call creates."""
Description = dict[str, Value]
"""A table, a partition or a part of one, as Glue's API describes it."""


@dataclass(frozen=True)
class Place:
    """A table's or partition's location, and the values of its partition keys."""

    location: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of the Data Catalog, as GetTable returns it."""

    description: Description

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Names and types, without partition keys."""
        return [(column["Name"], column.get("Type", "string")) for column in self.storage.get("Columns", [])]

    @property
    def described(self) -> list[tuple[str, str, str]]:
        """Names, types and comments of all columns."""
        columns = [*self.storage.get("Columns", []), *self.description.get("PartitionKeys", [])]
        return [(column["Name"], column.get("Type", "string"), column.get("Comment", "")) for column in columns]

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Names and types of partition keys."""
        return [(key["Name"], key.get("Type", "string")) for key in self.description.get("PartitionKeys", [])]

    @property
    def location(self) -> str:
        """Where its data is."""
        return str(self.storage.get("Location", ""))

    @property
    def comment(self) -> str:
        """What its description says."""
        return str(self.description.get("Description") or "")

    @property
    def format(self) -> str:
        """``csv``, ``json``, … by the classification, or else by the serializer."""
        classification = str(self.parameters.get("classification", "")).lower()
        library = self.serde.get("SerializationLibrary", "")
        by_library = {name: kind for kind, (*_, name) in FORMATS.items()}
        by_library |= {"org.apache.hadoop.hive.serde2.OpenCSVSerde": "csv", "org.apache.hive.hcatalog.data.JsonSerDe": "json"}
        return classification or by_library.get(library, "") or "unknown"

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the table over those of its storage."""
        return {**self.storage.get("Parameters", {}), **self.own_parameters}

    @property
    def own_parameters(self) -> dict[str, str]:
        """The parameters of the table, without those of its storage."""
        return dict(self.description.get("Parameters", {}))

    @property
    def serde(self) -> Description:
        """Serializer and its parameters."""
        return dict(self.storage.get("SerdeInfo", {}))

    @property
    def storage(self) -> Description:
        """Columns, location, format and serializer."""
        return dict(self.description.get("StorageDescriptor", {}))


class Catalog:
    """What of Glue's API sources and sinks need."""

    @cached_property
    def _glue(self) -> "BaseClient":
        import boto3  # only a job that names a table pays for it

        return boto3.client("glue")

    def table(self, database: str, name: str) -> Table:
        """A table; where there is none, the service's own EntityNotFoundException."""
        return Table(self._glue.get_table(DatabaseName=database, Name=name)["Table"])

    def find(self, database: str, name: str) -> Table | None:
        """A table, or None."""
        try:
            return self.table(database, name)
        except self._glue.exceptions.EntityNotFoundException:
            return None

    def databases(self) -> dict[str, Description]:
        """Every database."""
        pages = self._glue.get_paginator("get_databases").paginate()
        return {item["Name"]: item for page in pages for item in page["DatabaseList"]}

    def tables(self, database: str) -> dict[str, Table]:
        """Every table of a database."""
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return {item["Name"]: Table(item) for page in pages for item in page["TableList"]}

    def create_database(self, name: str, location: str, comment: str = "") -> None:
        """Create a database; a location outside S3 is left out, since it would be on this machine alone."""
        place = {"LocationUri": location} if location.startswith("s3") else {}
        described = {"Description": comment} if comment else {}
        self._glue.create_database(DatabaseInput={"Name": name, **place, **described})

    def delete_database(self, name: str) -> None:
        """Delete a database."""
        self._glue.delete_database(Name=name)

    def delete_table(self, database: str, name: str) -> None:
        """Delete a table; its objects stay."""
        self._glue.delete_table(DatabaseName=database, Name=name)

    def delete_partition(self, database: str, name: str, values: tuple[str, ...]) -> None:
        """Delete a partition; its objects stay."""
        self._glue.delete_partition(DatabaseName=database, TableName=name, PartitionValues=list(values))

    def columns(self, database: str, name: str) -> list[tuple[str, str]]:
        """Names and types of all columns."""
        table = self.table(database, name)
        return [*table.columns, *table.keys]

    def places(self, database: str, name: str, table: Table) -> list[Place]:
        """The locations of a table's partitions; its own where it has no keys."""
        if not table.keys:
            return [Place(table.location)]
        return [
            Place(partition["StorageDescriptor"]["Location"], tuple(partition["Values"]))
            for partition in self._partitions(database, name)
        ]

    def _partitions(self, database: str, name: str) -> Iterator[Description]:
        pages = self._glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name)
        for page in pages:
            yield from page["Partitions"]

    def put(self, database: str, name: str, table: Description, *, update: bool) -> None:
        """Create the table; where it exists, give it the new columns if ``update``."""
        try:
            self._glue.create_table(DatabaseName=database, TableInput={"Name": name, **table})
        except self._glue.exceptions.AlreadyExistsException:
            if update:
                self._glue.update_table(DatabaseName=database, TableInput={"Name": name, **table})

    def add_partitions(self, database: str, name: str, storage: Description, places: list[Place]) -> None:
        """Create partitions; those that exist stay."""
        inputs = [
            {"Values": list(place.values), "StorageDescriptor": {**storage, "Location": place.location}} for place in places
        ]
        for start in range(0, len(inputs), _AT_ONCE):
            part = inputs[start : start + _AT_ONCE]
            answer = self._glue.batch_create_partition(DatabaseName=database, TableName=name, PartitionInputList=part)
            wrong = [error["ErrorDetail"] for error in answer.get("Errors", [])]
            if refused := [error for error in wrong if error["ErrorCode"] != "AlreadyExistsException"]:
                raise RuntimeError(f"{database}.{name}: {refused[0]['ErrorCode']}: {refused[0].get('ErrorMessage', '')}")


def column_of(field: types.StructField) -> Description:
    """A column or partition key as Glue's API describes it."""
    comment = field.metadata.get("comment")
    kind = field.metadata.get(_LENGTH) or field.dataType.simpleString()
    return {"Name": field.name, "Type": kind, **({"Comment": comment} if comment else {})}


def storage(kind: str, location: str, schema: types.StructType, keys: list[str], delimiter: str = ",") -> Description:
    """The StorageDescriptor of a table of this format."""
    reader, writer, serde = FORMATS[kind]
    parameters = {"field.delim": delimiter} if kind == "csv" else {"serialization.format": "1"}
    columns = [column_of(field) for field in schema.fields if field.name not in keys]
    return {
        "Columns": columns,
        "Location": location,
        "InputFormat": reader,
        "OutputFormat": writer,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters},
    }
