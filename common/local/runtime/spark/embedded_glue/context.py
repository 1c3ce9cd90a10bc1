"""``GlueContext``: readers and writers of DynamicFrames, with Glue's own signatures.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-glue-context.html
"""

from typing import NoReturn

from awsglue.context import GlueContext as PackagesContext
from awsglue.dataframereader import DataFrameReader
from awsglue.dataframewriter import DataFrameWriter
from awsglue.dynamicframe import DynamicFrameReader, DynamicFrameWriter
from py4j.java_gateway import JavaObject
from pyspark import SparkContext
from pyspark.sql import DataFrame, Row, SparkSession, SQLContext

from embedded_glue import purge, sinks, sources
from embedded_glue.catalog import Catalog
from embedded_glue.frame import DynamicFrame, DynamicFrameCollection
from embedded_glue.records import Options
from embedded_glue.unavailable import Absent, refuse

Frames = DynamicFrame | DynamicFrameCollection
_STREAMS = "Read a sample of the stream from S3 locally, and test what each batch does as a function of a DataFrame."


class GlueContext(PackagesContext):
    """The package's own without its Java half."""

    def __init__(self, sparkContext: SparkContext | SparkSession | None = None, **options: object) -> None:
        session = sparkContext if isinstance(sparkContext, SparkSession) else SparkSession.builder.getOrCreate()
        SQLContext.__init__(self, session.sparkContext, session)
        self.catalog = Catalog()
        self.create_dynamic_frame = DynamicFrameReader(self)
        self.create_data_frame = DataFrameReader(self)
        self.write_dynamic_frame = DynamicFrameWriter(self)
        self.write_data_frame = DataFrameWriter(self)
        self.spark_session = self.sparkSession
        manager = session.sparkContext._jvm.org.apache.logging.log4j.LogManager
        self._glue_logger = _Logger(manager.getLogger("GlueLogger"))

    @property
    def _ssql_ctx(self) -> Absent:
        return Absent("GlueContext")

    def getSource(
        self,
        connection_type: str,
        format: str | None = None,
        transformation_ctx: str = "",
        push_down_predicate: str = "",
        **options: object,
    ) -> "DataSource":
        return DataSource(self, connection_type, options, format, transformation_ctx)

    def getSink(
        self, connection_type: str, format: str | None = None, transformation_ctx: str = "", **options: object
    ) -> sinks.DataSink:
        return sinks.DataSink(self, connection_type, options, format)

    def getStreamingSource(self, *_: object, **__: object) -> NoReturn:
        raise refuse("GlueContext.getStreamingSource", _STREAMS)

    def forEachBatch(self, *_: object, **__: object) -> NoReturn:
        raise refuse("GlueContext.forEachBatch", _STREAMS)

    def getSampleStreamingDynamicFrame(self, *_: object, **__: object) -> NoReturn:
        raise refuse("GlueContext.getSampleStreamingDynamicFrame", _STREAMS)

    def create_dynamic_frame_from_catalog(
        self, database: str | None = None, table_name: str | None = None, redshift_tmp_dir: str = "",
        transformation_ctx: str = "", push_down_predicate: str = "", additional_options: Options | None = None,
        catalog_id: str | None = None, **kwargs: str,
    ) -> DynamicFrame:  # fmt: skip
        named = _database(database, table_name, kwargs)
        return sources.from_catalog(self, named, table_name, push_down_predicate, additional_options or {}, transformation_ctx)

    def create_dynamic_frame_from_options(
        self, connection_type: str, connection_options: Options | None = None, format: str | None = None,
        format_options: Options | None = None, transformation_ctx: str = "", push_down_predicate: str = "", **_: object,
    ) -> DynamicFrame:  # fmt: skip
        options = connection_options or {}
        return sources.from_options(self, connection_type, options, format, format_options or {}, transformation_ctx)

    def create_data_frame_from_catalog(
        self, database: str | None = None, table_name: str | None = None, *args: object, **kwargs: object
    ) -> DataFrame:
        return self.create_dynamic_frame_from_catalog(database, table_name, *args, **kwargs).toDF()

    def create_data_frame_from_options(self, connection_type: str, *args: object, **kwargs: object) -> DataFrame:
        if connection_type in ("kinesis", "kafka"):
            raise refuse(f"Reading from {connection_type}", _STREAMS)
        return self.create_dynamic_frame_from_options(connection_type, *args, **kwargs).toDF()

    def create_sample_dynamic_frame_from_catalog(
        self, database: str | None = None, table_name: str | None = None, num: int | None = None,
        sample_options: Options | None = None, **kwargs: object,
    ) -> list[Row]:  # fmt: skip
        return self.create_dynamic_frame_from_catalog(database, table_name, **kwargs).toDF().take(int(num or 100))

    def create_sample_dynamic_frame_from_options(
        self, connection_type: str, connection_options: Options | None = None, num: int | None = None,
        sample_options: Options | None = None, **kwargs: object,
    ) -> list[Row]:  # fmt: skip
        return self.create_dynamic_frame_from_options(connection_type, connection_options, **kwargs).toDF().take(int(num or 100))

    def write_from_options(
        self, frame_or_dfc: Frames, connection_type: str, connection_options: Options | None = None, format: str | None = None,
        format_options: Options | None = None, transformation_ctx: str = "", **_: object,
    ) -> Frames:  # fmt: skip
        sink = self.getSink(connection_type, **(connection_options or {}))
        if format:
            sink.setFormat(format, **(format_options or {}))
        return sink.write(frame_or_dfc)

    def write_dynamic_frame_from_catalog(
        self, frame: Frames, database: str | None = None, table_name: str | None = None, redshift_tmp_dir: str = "",
        transformation_ctx: str = "", additional_options: Options | None = None, catalog_id: str | None = None, **kwargs: str,
    ) -> Frames:  # fmt: skip
        return sinks.of_table(self, _database(database, table_name, kwargs), table_name, additional_options or {}).write(frame)

    def write_data_frame_from_catalog(
        self, frame: DataFrame, database: str | None = None, table_name: str | None = None, *args: object, **kwargs: object
    ) -> DataFrame:
        self.write_dynamic_frame_from_catalog(DynamicFrame.fromDF(frame, self), database, table_name, *args, **kwargs)
        return frame

    def write_from_jdbc_conf(self, *_: object, **__: object) -> NoReturn:
        raise refuse("write_dynamic_frame.from_jdbc_conf", "Write to S3 locally, or mock this step: there is no database here.")

    write_dynamic_frame_from_jdbc_conf = write_from_jdbc_conf

    def extract_jdbc_conf(self, *_: object, **__: object) -> NoReturn:
        raise refuse("GlueContext.extract_jdbc_conf", "Give the script the address of a local database as an argument.")

    def purge_table(self, *_: object, **__: object) -> NoReturn:
        raise refuse("GlueContext.purge_table", "Delete the objects with boto3.")

    def purge_s3_path(
        self, s3_path: str, options: Options | None = None, transformation_ctx: str = "", catalog_id: str | None = None
    ) -> None:
        purge.purge(s3_path, options or {})

    def transition_table(self, *_: object, **__: object) -> NoReturn:
        raise refuse("GlueContext.transition_table", "The embedded S3 has no storage classes; leave this step out locally.")

    def transition_s3_path(self, *_: object, **__: object) -> NoReturn:
        raise refuse("GlueContext.transition_s3_path", "The embedded S3 has no storage classes; leave this step out locally.")


class DataSource:
    """What ``getSource`` returns."""

    def __init__(self, context: GlueContext, connection: str, options: Options, kind: str | None, key: str) -> None:
        self._context, self._connection, self._options, self._kind, self._key = context, connection, options, kind, key
        self._settings: Options = {}

    def setFormat(self, format: str, **options: object) -> None:
        self._kind, self._settings = format, options

    def getFrame(self, **_: object) -> DynamicFrame:
        return sources.from_options(self._context, self._connection, self._options, self._kind, self._settings, self._key)

    def getDataFrame(self) -> DataFrame:
        return self.getFrame().toDF()


class _Logger:
    """What ``get_logger`` returns; what a script says at the level of information is in the log of the run."""

    def __init__(self, log4j: JavaObject) -> None:
        self._log4j = log4j

    def __getattr__(self, name: str) -> JavaObject:
        return getattr(self._log4j, "warn" if name == "info" else name)


def _database(database: str | None, table_name: str | None, others: dict[str, str]) -> str:
    named = others.pop("name_space", None)
    if (database is None) == (named is None):
        raise ValueError("Name the database once: database, or name_space")
    if table_name is None:
        raise ValueError("Parameter table_name is missing.")
    return str(database or named)
