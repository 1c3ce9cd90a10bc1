"""The Data Catalog as Spark's catalog.

Glue's client for Hive's metastore is a jar that no Python package carries. So Spark keeps its catalog in memory, and the two are
brought together around each command of a script: what the command names is fetched from the Data Catalog before it, and what the
command has made, changed or dropped is written there after it. In AWS only jobs with
``--enable-glue-datacatalog`` have this; here every job has, and one without is told so.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-data-catalog-hive.html
"""

import json
import os
import re
from collections.abc import Callable

from py4j.java_gateway import JavaObject
from pyspark.sql import DataFrame, SparkSession, types

from embedded_glue import catalog
from embedded_glue.catalog import Description, Place, Table
from embedded_glue.unavailable import refuse

VARIABLE = "EMBEDDED_GLUE_DATA_CATALOG"
"""Set where the job's arguments make the Data Catalog Spark's own."""
HINT = (
    "This job uses the Data Catalog through Spark. In AWS it needs the argument --enable-glue-datacatalog with the value true, "
    "which this job does not have; without it Spark finds no table there."
)
Sql = Callable[[SparkSession, str], DataFrame]
"""Spark's own method ``sql``."""
_WRITES = re.compile(r"\b(create|drop|alter|insert|msck|truncate|merge|replace)\b", re.IGNORECASE)
_LISTS = re.compile(r"\bshow\b", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"\w+")
PLAIN = "embedded_glue_new"
"""The name of a table between its creation and its renaming."""
_NO_PROPERTIES = frozenset(
    {"classification", "comment", "external", "location", "owner", "provider", "skip.header.line.count", "is_managed_location"}
)
_ALWAYS = frozenset({"default", "global_temp"})


class Bridge:
    """Brings both catalogs together; ``sql`` is Spark's own method."""

    def __init__(self, spark: SparkSession, sql: Sql) -> None:
        self._spark, self._sql = spark, lambda text: sql(spark, text)
        self._glue = catalog.Catalog()
        self._versions: dict[tuple[str, str], str] = {}
        self._databases: set[str] = set()
        self._views: set[tuple[str, str]] = set()
        self._hinted = False

    def before(self, text: str) -> None:
        """Fetch the databases, and the tables that ``text`` names or lists."""
        described = self._glue.databases()
        for name, database in described.items():
            if name not in self._databases and name not in self._spark_databases():
                self._create_database(name, database)
        for name in self._databases - set(described):
            for table in _sequence(self._external.listTables(name)):
                self._forget(name, table)
            self._sql(f"DROP DATABASE IF EXISTS `{name}`")
        self._databases = set(described)
        words = {word.lower() for word in re.findall(r"[\w-]+", text)}
        current = self._spark.catalog._jcatalog.currentDatabase()
        for name in described:
            if name.lower() in words or name == current:
                self._fetch_tables(name, words, is_listed=bool(_LISTS.search(text)))

    def after(self, text: str, *, writes: bool = False) -> None:
        """Write back what a command has done, if it may have done anything."""
        if not writes and not _WRITES.search(text):
            return
        present = self._spark_databases()
        for name in present - self._databases - _ALWAYS:
            made = self._external.getDatabase(name)
            self._glue.create_database(name, str(made.locationUri().toString()), made.description())
        for name in self._databases - present:
            self._glue.delete_database(name)
        words = {word.lower() for word in re.findall(r"[\w-]+", text)}
        for name in present - {"global_temp"}:
            self._store_tables(name, words)
        self._databases = present - {"global_temp"} if "default" in self._databases else present - _ALWAYS

    @property
    def _external(self) -> JavaObject:
        return self._spark._jsparkSession.sharedState().externalCatalog()

    def _spark_databases(self) -> set[str]:
        return set(_sequence(self._external.listDatabases()))

    def _create_database(self, name: str, described: Description) -> None:
        """Tell Spark of a database. Its SQL refuses names such as ``sales-eu``, which Glue has and Spark can use."""
        jvm = self._spark._jvm
        place = described.get("LocationUri") or f"{self._spark.conf.get('spark.sql.warehouse.dir')}/{name}.db"
        none = jvm.PythonUtils.toScalaMap(jvm.java.util.HashMap())
        database = jvm.org.apache.spark.sql.catalyst.catalog.CatalogDatabase(
            name, described.get("Description") or "", jvm.java.net.URI(place), none
        )
        self._external.createDatabase(database, True)

    def _rename(self, database: str, name: str) -> None:
        """Give the table ``PLAIN`` a name that Spark's SQL refuses to create."""
        table = self._external.getTable(database, PLAIN)
        owner = self._spark._jvm.scala.Option.apply(database)
        _set(table, "identifier", self._spark._jvm.org.apache.spark.sql.catalyst.TableIdentifier(name, owner))
        self._external.createTable(table, True)
        self._sql(f"DROP TABLE `{database}`.`{PLAIN}`")

    def _fetch_tables(self, database: str, words: set[str], *, is_listed: bool) -> None:
        present = self._glue.tables(database)
        for name, table in present.items():
            if not is_listed and name.lower() not in words:
                continue
            version = json.dumps([table.description.get("VersionId"), table.description.get("UpdateTime")], default=str)
            places = self._glue.places(database, name, table) if table.keys else []
            version += str(len(places))
            if self._versions.get((database, name)) != version:
                self._create(database, name, table, places)
                self._versions[database, name] = version
        for owner, name in [key for key in self._versions if key[0] == database and key[1] not in present]:
            self._forget(owner, name)
            del self._versions[owner, name]

    def _create(self, database: str, name: str, table: Table, places: list[Place]) -> None:
        if table.format not in catalog.FORMATS:
            if table.description.get("TableType") == "VIRTUAL_VIEW":
                return
            raise refuse(f"The table {database}.{name} of the format {table.format}", f"There are {', '.join(catalog.FORMATS)}.")
        columns = ", ".join(f"`{column}` {kind}{_comment(comment)}" for column, kind, comment in table.described)
        keys = ", ".join(f"`{column}`" for column, _ in table.keys)
        options = _listed(_reader_options(table))
        properties = _listed(_properties(table))
        self._forget(database, name)
        if not os.environ.get(VARIABLE) and not self._hinted:
            print(HINT)
            self._hinted = True
        plain = name if _PLAIN_NAME.fullmatch(name) else PLAIN
        self._sql(
            f"CREATE TABLE `{database}`.`{plain}` ({columns}) USING {table.format} {f'OPTIONS ({options})' if options else ''} "
            f"{f'PARTITIONED BY ({keys})' if keys else ''} LOCATION {_text(table.location)}{_comment(table.comment)} "
            f"{f'TBLPROPERTIES ({properties})' if properties else ''}"
        )
        if plain != name:
            self._rename(database, name)
        if places:
            parts = " ".join(f"PARTITION ({_spec(table, place)}) LOCATION {_text(place.location)}" for place in places)
            self._sql(f"ALTER TABLE `{database}`.`{name}` ADD IF NOT EXISTS {parts}")

    def _forget(self, database: str, name: str) -> None:
        """Take a table out of Spark's catalog, whose objects stay: as an external one, for Spark would delete a managed one's."""
        if not self._external.tableExists(database, name):
            return
        held = self._external.getTable(database, name)
        _set(held, "tableType", self._spark._jvm.org.apache.spark.sql.catalyst.catalog.CatalogTableType.EXTERNAL())
        self._sql(f"DROP TABLE IF EXISTS `{database}`.`{name}`")

    def _store_tables(self, database: str, words: set[str]) -> None:
        present = set(_sequence(self._external.listTables(database)))
        for owner, name in [key for key in self._versions if key[0] == database and key[1] not in present]:
            self._glue.delete_table(owner, name)
            del self._versions[owner, name]
        for name in present:
            if (database, name) in self._versions and name.lower() not in words:
                continue
            self._store(database, name)

    def _store(self, database: str, name: str) -> None:
        held = self._external.getTable(database, name)
        if held.tableType().name() == "VIEW":
            if (database, name) not in self._views:
                print(f"The view {database}.{name} is in this run alone: the embedded AWS does not keep views of Spark.")
            self._views.add((database, name))
            return
        location, kind = str(held.location().toString()), held.provider().get().lower()
        if not location.startswith("s3"):
            raise refuse(
                f"The table {database}.{name} at {location}, which is not a place in S3,",
                "Give its database a LocationUri in S3, or the table a path: .option('path', 's3://…').",
            )
        schema = types.StructType.fromJson(json.loads(held.schema().json()))
        keys = list(_sequence(held.partitionColumnNames()))
        options = {key.lower(): value for key, value in _mapping(held.storage().properties()).items()}
        described = catalog.storage(kind, location, schema, keys, options.get("sep", ","))
        properties, comment = _mapping(held.properties()), held.comment().get() if held.comment().isDefined() else ""
        existing = self._glue.find(database, name)
        if existing is not None and existing.format == kind:
            described = {**existing.storage, "Columns": described["Columns"], "Location": location}
        header = {"skip.header.line.count": "1"} if options.get("header") == "true" else {}
        table = Table(
            {
                "TableType": "EXTERNAL_TABLE",
                "Description": comment,
                "StorageDescriptor": described,
                "PartitionKeys": [catalog.column_of(schema[key]) for key in keys],
                "Parameters": {"classification": kind, "spark.sql.sources.provider": kind, **header, **properties},
            }
        )
        if existing is None or _state(existing) != _state(table):
            if database == "default" and database not in self._glue.databases():
                self._glue.create_database(database, "")
            kept = {} if existing is None else {key: value for key, value in existing.own_parameters.items() if _is_own(key)}
            parameters = {**kept, **table.own_parameters}
            self._glue.put(database, name, {**table.description, "Parameters": parameters}, update=True)
        if keys:
            self._store_partitions(database, name, keys, described)
        fresh = self._glue.table(database, name)
        version = json.dumps([fresh.description.get("VersionId"), fresh.description.get("UpdateTime")], default=str)
        self._versions[database, name] = version + str(len(self._glue.places(database, name, fresh)) if keys else 0)

    def _store_partitions(self, database: str, name: str, keys: list[str], described: Description) -> None:
        held = _sequence(self._external.listPartitions(database, name, self._spark._jvm.scala.Option.empty()))
        places = [
            Place(str(part.location().toString()), tuple(_mapping(part.spec())[key] for key in keys)) for part in held
        ]  # fmt: skip
        existing = {place.values for place in self._glue.places(database, name, self._glue.table(database, name))}
        self._glue.add_partitions(database, name, described, [place for place in places if place.values not in existing])
        for values in existing - {place.values for place in places}:
            self._glue.delete_partition(database, name, values)


def _set(held: JavaObject, name: str, value: JavaObject) -> None:
    """Set a field of one of Spark's values."""
    field = held.getClass().getDeclaredField(name)
    field.setAccessible(True)
    field.set(held, value)


def _sequence(values: JavaObject) -> list[JavaObject]:
    return [values.apply(index) for index in range(values.size())]


def _mapping(values: JavaObject) -> dict[str, str]:
    return {pair._1(): pair._2() for pair in _sequence(values.toSeq())}


def _spec(table: Table, place: Place) -> str:
    pairs = zip(table.keys, place.values, strict=True)
    return ", ".join(f"`{column}`={_text(value)}" for (column, _), value in pairs)


def _text(value: str) -> str:
    """A literal of Spark's SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _comment(text: str) -> str:
    return f" COMMENT {_text(text)}" if text else ""


def _listed(pairs: dict[str, str]) -> str:
    return ", ".join(f"{_text(name)} {_text(value)}" for name, value in pairs.items())


def _is_own(name: str) -> bool:
    """Whether a parameter is about the format, or has a clause of its own in Spark's SQL, and so is no property there."""
    return name.lower() in _NO_PROPERTIES or name.startswith("spark.sql.")


def _properties(table: Table) -> dict[str, str]:
    return {name: value for name, value in table.own_parameters.items() if not _is_own(name)}


def _state(table: Table) -> tuple[object, ...]:
    """What a statement of Spark can change in a table."""
    return table.described, table.location.rstrip("/"), table.comment, _properties(table)


def _reader_options(table: Table) -> dict[str, str]:
    if table.format != "csv":
        return {}
    serde = table.serde.get("Parameters", {})
    delimiter = serde.get("field.delim") or serde.get("separatorChar") or table.parameters.get("delimiter") or ","
    header = int(table.parameters.get("skip.header.line.count", "0") or 0) > 0
    return {"header": str(header).lower(), "sep": delimiter, "quote": serde.get("quoteChar", '"'), "escape": '"'}
