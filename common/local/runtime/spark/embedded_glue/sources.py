"""Where DynamicFrames come from: objects of S3, by path or by a table of the Data Catalog.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format.html
"""

import fnmatch
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, types
from pyspark.sql import functions as F

from embedded_glue import bookmarks, paths, records
from embedded_glue.catalog import ALIASES, NO_VALUE, Place, Table
from embedded_glue.frame import DynamicFrame
from embedded_glue.kinds import choice, spark_type
from embedded_glue.paths import Field
from embedded_glue.records import Options
from embedded_glue.unavailable import refuse

if TYPE_CHECKING:
    from embedded_glue.context import GlueContext

SPARKS = ("parquet", "orc")
"""Formats that Spark itself reads for Glue, with partitions that it discovers."""
_JARS = {"avro": "org.apache.spark:spark-avro_2.12:3.5.4", "xml": "com.databricks:spark-xml_2.12:0.18.0"}


def from_options(
    context: "GlueContext", connection: str, options: Options, kind: str | None, settings: Options, key: str
) -> DynamicFrame:
    """Objects below the paths that ``options`` name."""
    if connection in SPARKS:
        connection, kind = "s3", connection
    if connection not in ("s3", "file"):
        raise refuse(f"The connection type {connection!r}", "Put a sample into S3 and read that, or mock this step locally.")
    roots = _present(context, _roots(options))
    kind = ALIASES.get((kind or "").lower(), (kind or "").lower())
    if kind in SPARKS and not bookmarks.enabled():
        return DynamicFrame(_load(context, kind, roots, options), context)
    files = _files(context, roots, options, key)
    if kind in SPARKS:
        return DynamicFrame(context.spark_session.read.format(kind).load(files) if files else _nothing(context), context)
    if kind == "json":
        return _json(context, files, settings)
    if kind == "csv":
        return DynamicFrame(_csv(context, files, settings), context)
    raise _no_format(kind)


def from_catalog(context: "GlueContext", database: str, name: str, predicate: str, options: Options, key: str) -> DynamicFrame:
    """The data of a table, in partitions that fulfil the predicate."""
    table = context.catalog.table(database, name)
    predicate = predicate or options.get("catalogPartitionPredicate", "")
    places = _fulfilling(context, table, context.catalog.places(database, name, table), predicate)
    frames = [frame for place in places if (frame := _place(context, table, place, options, key)) is not None]
    if not frames:
        columns = [*table.columns, *table.keys]
        empty = types.StructType([types.StructField(column, spark_type(kind)) for column, kind in columns])
        return DynamicFrame(context.spark_session.createDataFrame([], empty), context, name)
    made = frames[0]
    for other in frames[1:]:
        made = made.union(other)
    made.name = name
    return DynamicFrame(_typed(made._data, table), context, name, made._errors) if table.format == "csv" else made


def _present(context: "GlueContext", roots: list[str]) -> list[str]:
    """The paths below which there is something; as in AWS, a path with nothing below it has no records and is no error."""
    jvm, settings = context.spark_session._jvm, context.spark_session._jsc.hadoopConfiguration()
    present = []
    for root in roots:
        path = jvm.org.apache.hadoop.fs.Path(root)
        if path.getFileSystem(settings).globStatus(path):
            present.append(root)
        else:
            print(f"Nothing is at {root}, so no record is read from there.")
    return present


def _load(context: "GlueContext", kind: str, roots: list[str], options: Options) -> DataFrame:
    recurse = str(options.get("recurse", "false")).lower() == "true"
    reader = context.spark_session.read.format(kind).option("recursiveFileLookup", str(recurse and kind == "orc").lower())
    try:
        return reader.load(roots) if roots else _nothing(context)
    except AnalysisException as error:
        if error.getErrorClass() != "UNABLE_TO_INFER_SCHEMA":
            raise
        return _nothing(context)  # a folder without a file


def _nothing(context: "GlueContext") -> DataFrame:
    return context.spark_session.createDataFrame([], types.StructType([]))


def _place(context: "GlueContext", table: Table, place: Place, options: Options, key: str) -> DynamicFrame | None:
    files = _files(context, _present(context, [place.location]), {"recurse": True, **options}, key)
    if not files:
        return None
    if table.format in SPARKS:
        made = DynamicFrame(context.spark_session.read.format(table.format).load(files), context)
    elif table.format == "json":
        made = _json(context, files, {})
    elif table.format == "csv":
        made = DynamicFrame(_csv(context, files, _csv_settings(table), [column for column, _ in table.columns]), context)
    else:
        raise _no_format(table.format)
    kinds = [spark_type(kind) for _, kind in table.keys]
    keys = [
        Field(column, F.lit(None if value == NO_VALUE else value).cast(kind), kind)
        for (column, _), kind, value in zip(table.keys, kinds, place.values, strict=True)
    ]
    own = [field for field in paths.fields_of(made._data) if field.name not in {column for column, _ in table.keys}]
    return DynamicFrame(paths.selected(made._data, [*own, *keys]), context, "", made._errors)


def _fulfilling(context: "GlueContext", table: Table, places: list[Place], predicate: str) -> list[Place]:
    if not predicate or not table.keys:
        return places
    rows = [(n, *(None if value == NO_VALUE else value for value in place.values)) for n, place in enumerate(places)]
    schema = ", ".join(["__number int", *(f"`{column}` string" for column, _ in table.keys)])
    values = context.spark_session.createDataFrame(rows, schema)
    typed = [Field(column, paths.column(column).cast(spark_type(kind)), spark_type(kind)) for column, kind in table.keys]
    chosen = paths.selected(values, [Field("__number", F.col("__number"), types.IntegerType()), *typed]).where(predicate)
    return [places[row["__number"]] for row in chosen.select("__number").collect()]


def _typed(frame: DataFrame, table: Table) -> DataFrame:
    """A CSV with the types of its table; a column with values of no such type is a choice of that type and string."""
    kinds = {column: spark_type(kind) for column, kind in table.columns if spark_type(kind) != types.StringType()}
    present = [field for field in paths.fields_of(frame) if field.name in kinds]
    if not present:
        return frame
    wrong = {field.name: (F.trim(field.value) != "") & field.value.cast(kinds[field.name]).isNull() for field in present}
    counts = frame.agg(*(F.sum(wrong[field.name].cast("int")).alias(f"_{n}") for n, field in enumerate(present))).first()
    mixed = {field.name for n, field in enumerate(present) if counts and counts[f"_{n}"]}
    return paths.selected(
        frame, [_typed_field(field, kinds.get(field.name), field.name in mixed) for field in paths.fields_of(frame)]
    )


def _typed_field(field: Field, kind: types.DataType | None, is_mixed: bool) -> Field:
    if kind is None:
        return field
    value = field.value.cast(kind)
    if not is_mixed:
        return Field(field.name, value, kind)
    both = choice([kind, types.StringType()])
    text = F.when(value.isNull() & (F.trim(field.value) != ""), field.value)
    parts = [value if part.dataType == kind else text for part in both.fields]
    held = F.struct(*(part.alias(member.name) for part, member in zip(parts, both.fields, strict=True)))
    return Field(field.name, F.when(value.isNotNull() | text.isNotNull(), held).cast(both), both)


def _csv_settings(table: Table) -> Options:
    serde = table.serde.get("Parameters", {})
    delimiter = serde.get("field.delim") or serde.get("separatorChar") or table.parameters.get("delimiter") or ","
    skip = int(table.parameters.get("skip.header.line.count", "0") or 0)
    return {"separator": delimiter, "quoteChar": serde.get("quoteChar", '"'), "withHeader": skip > 0}


def _csv(context: "GlueContext", files: list[str], settings: Options, names: list[str] | None = None) -> DataFrame:
    """All columns as strings, as Glue's reader yields them; names from the header, from ``names`` or ``col0``, ``col1``, …."""
    if not files:
        return _nothing(context)
    has_header = _true(settings.get("withHeader")) or _true(settings.get("skipFirst"))
    quote = settings.get("quoteChar", '"')
    reader = context.spark_session.read.option("header", has_header).option("sep", settings.get("separator", ","))
    reader = reader.option("quote", "" if quote in (-1, "-1") else quote).option("multiLine", _true(settings.get("multiline")))
    reader = reader.option("escape", settings.get("escaper") or '"').option("enforceSchema", True)
    if names:
        reader = reader.schema(types.StructType([types.StructField(name, types.StringType()) for name in names]))
    data = reader.csv(files)
    fields = paths.fields_of(data)
    titles = names or (
        [field.name.strip() for field in fields] if _true(settings.get("withHeader")) else [f"col{n}" for n in range(len(fields))]
    )
    texts = [F.coalesce(field.value, F.lit("")) for field in fields]
    made = [Field(title, text, types.StringType()) for title, text in zip(titles, texts, strict=True)]
    return paths.selected(data, [*made, *_attached(settings)])


def _attached(settings: Options) -> list[Field]:
    """What ``attachFilename`` and ``attachTimestamp`` add to each record: of its object the name, and the time of its change."""
    named = (
        ("attachFilename", "file_path", types.StringType()), ("attachTimestamp", "file_modification_time", types.TimestampType()),
    )  # fmt: skip
    return [
        Field(str(settings[option]), F.col(f"_metadata.{part}"), kind) for option, part, kind in named if settings.get(option)
    ]


def _json(context: "GlueContext", files: list[str], settings: Options) -> DynamicFrame:
    steps = records.json_steps(str(settings.get("jsonPath") or "$"))
    spark = context.spark_session
    if not files:
        return DynamicFrame(_nothing(context), context)
    attached = _attached(settings)
    data = spark.read.text(files, wholetext=True).select("value", *(field.value.alias(field.name) for field in attached))
    names = [field.name for field in attached]
    parsed = data.rdd.flatMap(
        lambda row: (
            ({**record, **{name: row[name] for name in names}} if record else record, problem)
            for record, problem in records.parsed_json(row["value"], steps)
        )
    ).persist()
    failed = parsed.filter(lambda item: item[0] is None).map(lambda item: {"msg": item[1]}).collect()
    kept = parsed.filter(lambda item: item[0] is not None).map(lambda item: item[0])
    return DynamicFrame(records.to_frame(kept, spark), context, "", tuple(failed), len(failed))


def _files(context: "GlueContext", roots: list[str], options: Options, key: str) -> list[str]:
    """The objects to read: those that no bookmark knows, and that are not excluded."""
    listed: list[tuple[str, int]] = []
    for root in roots:
        reader = context.spark_session.read.format("binaryFile").option("recursiveFileLookup", True)
        rows = reader.load(root).select("path", F.col("modificationTime").cast("long").alias("at"), "length").collect()
        listed += [(row["path"], row["at"]) for row in rows if row["length"] and _below(row["path"], root, options)]
    patterns = options.get("exclusions", [])
    patterns = json.loads(patterns) if isinstance(patterns, str) else patterns
    kept = [(path, at) for path, at in listed if not any(fnmatch.fnmatch(path, pattern) for pattern in patterns)]
    return bookmarks.unread(key, kept)


def _below(path: str, root: str, options: Options) -> bool:
    """Whether a path's own objects are meant, or also those in its folders."""
    if _true(options.get("recurse")) or "*" in root:
        return True
    inside = path.split(":", 1)[-1].lstrip("/").removeprefix(root.split(":", 1)[-1].strip("/")).lstrip("/")
    return "/" not in inside


def _roots(options: Options) -> list[str]:
    named = options.get("paths") or options.get("path")
    if not named:
        raise ValueError("connection_options has no 'paths', so nothing says what to read")
    return [named] if isinstance(named, str) else list(_strings(named))


def _strings(values: Iterable[object]) -> Iterable[str]:
    return (str(value) for value in values)


def _true(value: object) -> bool:
    return str(value).lower() == "true"


def _no_format(kind: str) -> Exception:
    if kind in _JARS:
        return refuse(
            f"The format {kind}", f"Its reader is the jar {_JARS[kind]}, which no Python package carries; use JSON or Parquet."
        )
    return refuse(f"The format {kind or '(none given)'}", "There are csv, json, parquet and orc.")
