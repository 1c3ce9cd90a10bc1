"""Where DynamicFrames go: objects in S3, and on request a table of the Data Catalog for them."""

import json
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, DataFrameWriter

from embedded_glue import catalog, records, transforms
from embedded_glue.catalog import Place
from embedded_glue.frame import NO_MARKER, DynamicFrame, DynamicFrameCollection
from embedded_glue.kinds import has_choice
from embedded_glue.records import Options
from embedded_glue.unavailable import refuse

if TYPE_CHECKING:
    from embedded_glue.context import GlueContext


class DataSink:
    """What ``getSink`` returns. It adds to what is there, as Glue's does."""

    def __init__(self, context: "GlueContext", connection: str, options: Options, kind: str | None = None) -> None:
        if connection in catalog.FORMATS:
            connection, kind = "s3", connection
        if connection not in ("s3", "file"):
            raise refuse(f"Writing to the connection type {connection!r}", "Write to S3 locally, or mock this step.")
        self._context, self._options = context, options
        self._kind = kind or ""
        self._settings: Options = {}
        self._table: tuple[str, str] | None = None

    def setFormat(self, format: str, **options: object) -> None:
        """Choose the format of the objects."""
        self._kind, self._settings = format, {**options.pop("format_options", {}), **options}

    def setCatalogInfo(self, catalogDatabase: str, catalogTableName: str, catalogId: str = "") -> None:
        """Choose the table that is created or updated."""
        self._table = (catalogDatabase, catalogTableName)

    def setAccumulableSize(self, size: int) -> None:
        """Accept Glue's setting, which is about errors of its own writers."""

    def writeFrame(self, dynamic_frame: DynamicFrame, info: str = "") -> DynamicFrame:
        """Write one frame."""
        self._write(dynamic_frame, str(self._options.get("path", "")))
        return dynamic_frame

    def writeDataFrame(self, data_frame: DataFrame, glue_context: "GlueContext", info: str = "") -> DataFrame:
        """Write a DataFrame."""
        self._write(DynamicFrame.fromDF(data_frame, glue_context), str(self._options.get("path", "")))
        return data_frame

    def write(
        self, dynamic_frame_or_dfc: DynamicFrame | DynamicFrameCollection, info: str = ""
    ) -> DynamicFrame | DynamicFrameCollection:
        """Write a frame, or each frame of a collection to a folder with its name."""
        if isinstance(dynamic_frame_or_dfc, DynamicFrame):
            return self.writeFrame(dynamic_frame_or_dfc, info)
        if not isinstance(dynamic_frame_or_dfc, DynamicFrameCollection):
            raise TypeError(
                f"A sink writes a DynamicFrame or a DynamicFrameCollection, not {type(dynamic_frame_or_dfc).__name__}"
            )
        names = dynamic_frame_or_dfc.keys()
        for name in names:
            self._write(dynamic_frame_or_dfc[name], f"{str(self._options['path']).rstrip('/')}/{name}")
        return dynamic_frame_or_dfc

    def _write(self, frame: DynamicFrame, path: str) -> None:
        if not path:
            raise ValueError("connection_options has no 'path', so nothing says where to write")
        kind = catalog.ALIASES.get(self._kind.lower(), self._kind.lower())
        if kind not in catalog.FORMATS:
            raise refuse(f"Writing the format {self._kind or '(none given)'}", f"There are {', '.join(catalog.FORMATS)}.")
        keys = [str(key) for key in self._options.get("partitionKeys", [])]
        data = frame._data
        if kind == "json" and has_choice(data.schema) and not keys:
            lines = records.of_frame(data).map(lambda record: (json.dumps(record, default=records.json_default),))
            self._context.spark_session.createDataFrame(lines, "value string").write.mode("append").option(*NO_MARKER).text(path)
        else:
            self._writer(transforms.settled(data), kind, keys).save(path)
        if self._table and str(self._options.get("enableUpdateCatalog", "false")).lower() == "true":
            self._update_catalog(transforms.settled(data), kind, path, keys)

    def _writer(self, data: DataFrame, kind: str, keys: list[str]) -> DataFrameWriter:
        writer = data.write.mode("append").format(kind).option(*NO_MARKER)
        if keys:
            writer = writer.partitionBy(*keys)
        compression = self._settings.get("compression") or self._options.get("compression")
        if compression:
            writer = writer.option("compression", compression)
        if kind == "csv":
            writer = writer.option("header", str(self._settings.get("writeHeader", True)).lower())
            quote = self._settings.get("quoteChar", '"')
            writer = writer.option("sep", self._settings.get("separator", ",")).option("escape", '"')
            writer = writer.option("quote", "" if quote in (-1, "-1") else quote)
        return writer

    def _update_catalog(self, data: DataFrame, kind: str, path: str, keys: list[str]) -> None:
        database, name = self._table or ("", "")
        location = path.rstrip("/") + "/"
        delimiter = self._settings.get("separator", ",")
        described = catalog.storage(kind, location, data.schema, keys, delimiter)
        parameters = {"classification": kind, "typeOfData": "file"}
        if kind == "csv":
            header = str(self._settings.get("writeHeader", True)).lower() == "true"
            parameters |= {"delimiter": delimiter, **({"skip.header.line.count": "1"} if header else {})}
        partition_keys = [{"Name": key, "Type": data.schema[key].dataType.simpleString()} for key in keys]
        table = {"TableType": "EXTERNAL_TABLE", "StorageDescriptor": described, "PartitionKeys": partition_keys}
        behaviour = self._options.get("updateBehavior", "UPDATE_IN_DATABASE")
        glue = self._context.catalog
        glue.put(database, name, {**table, "Parameters": parameters}, update=behaviour == "UPDATE_IN_DATABASE")
        if keys:
            rows = data.select(*keys).distinct().collect()
            places = [tuple(_partition_value(value) for value in row) for row in rows]
            made = [
                Place(
                    location
                    + "".join(f"{self._escaped(key)}={self._escaped(value)}/" for key, value in zip(keys, values, strict=True)),
                    values,
                )
                for values in places
            ]
            glue.add_partitions(database, name, described, made)

    def _escaped(self, text: str) -> str:
        """A key or value as Spark writes it into the path of a partition."""
        parts = self._context.spark_session._jvm.org.apache.spark.sql.catalyst.catalog.ExternalCatalogUtils
        return str(parts.escapePathName(text))


def of_table(context: "GlueContext", database: str, name: str, options: Options) -> DataSink:
    """A sink for a table of the Data Catalog: its location, its format and its partition keys."""
    table = context.catalog.table(database, name)
    keys = options.get("partitionKeys") or [key for key, _ in table.keys]
    sink = DataSink(context, "s3", {**options, "path": table.location, "partitionKeys": keys}, table.format)
    if table.format == "csv":
        serde = table.serde.get("Parameters", {})
        delimiter = serde.get("field.delim") or serde.get("separatorChar") or ","
        sink.setFormat("csv", separator=delimiter, writeHeader=table.parameters.get("skip.header.line.count", "0") != "0")
    sink.setCatalogInfo(database, name)
    return sink


def _partition_value(value: object) -> str:
    return catalog.NO_VALUE if value is None else str(value).lower() if isinstance(value, bool) else str(value)
