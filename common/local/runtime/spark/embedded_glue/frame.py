"""``DynamicFrame`` and ``DynamicFrameCollection`` over a DataFrame; the signatures are Glue's own.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from awsglue.dynamicframe import DynamicFrameCollection as PackagesCollection
from awsglue.dynamicframe import ResolveOption
from awsglue.gluetypes import DataType
from pyspark import RDD, StorageLevel
from pyspark.sql import DataFrame, Row, types

from embedded_glue import comparisons, paths, records, relational, transforms, unboxing
from embedded_glue.kinds import glue_type, spark_type, tree
from embedded_glue.records import Options, Record
from embedded_glue.unavailable import refuse

if TYPE_CHECKING:
    from embedded_glue.context import GlueContext

Errors = tuple[dict[str, str], ...]
"""The records that a transform could not take: `msg` says why, `dynamicRecord` is the record as JSON."""
Names = str | Iterable[str]
"""The path of one field, or the paths of several."""
Spec = tuple[str, str]
"""The path of a choice, and what is made of it."""
Setting = str | int
"""A setting of a stage: its context, a note about it, or how many records may fail."""
NO_MARKER = ("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
"""The option with which Spark leaves no object ``_SUCCESS``; Glue's writers leave none."""


class DynamicFrame:
    """Records that describe themselves: a DataFrame in which a field may hold values of several types."""

    def __init__(
        self, data: DataFrame, glue_ctx: "GlueContext", name: str = "", errors: Errors = (), stage_errors: int = 0
    ) -> None:
        if not isinstance(data, DataFrame):
            raise refuse("DynamicFrame(jdf, …) of a Java object", "Use DynamicFrame.fromDF(dataframe, glue_ctx, name).")
        self._data, self.glue_ctx, self.name = data, glue_ctx, name
        self._errors, self._stage_errors = errors, stage_errors

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: "GlueContext", name: str = "") -> "DynamicFrame":
        return cls(transforms.settled(dataframe), glue_ctx, name)

    def toDF(self, options: Iterable[ResolveOption] | None = None) -> DataFrame:
        specs = [(option.path, _action(option)) for option in options or ()]
        return transforms.settled(transforms.resolved_choices(self._data, specs))

    def schema(self) -> DataType:
        return glue_type(self._data.schema)

    def printSchema(self) -> None:
        print(tree(self._data.schema))

    def show(self, num_rows: int = 20) -> None:
        schema = self._data.schema
        for row in self._data.take(num_rows):
            print(json.dumps(_without_nulls(records.value_of(row, schema)), default=records.json_default, ensure_ascii=False))

    def count(self) -> int:
        return self._data.count()

    def with_frame_schema(self, schema: object) -> "DynamicFrame":
        return self  # a hint that saves Glue a pass over the data; the type of a DataFrame is known

    def apply_mapping(
        self, mappings: tuple[str, ...] | Iterable[tuple[str, ...]], case_sensitive: bool = False, *_: object, **__: object
    ) -> "DynamicFrame":
        listed = [mappings] if isinstance(mappings, tuple) else mappings
        return self._with(transforms.mapped(self._data, listed, case_sensitive=case_sensitive))

    def applyMapping(self, *args: object, **kwargs: object) -> "DynamicFrame":
        return self.apply_mapping(*(args[1:] if args and isinstance(args[0], DynamicFrame) else args), **kwargs)

    def resolveChoice(
        self, specs: Spec | Iterable[Spec] | None = None, choice: str = "", database: str | None = None,
        table_name: str | None = None, *_: object, **__: object,
    ) -> "DynamicFrame":  # fmt: skip
        if specs is None and not choice:
            raise ValueError("Parameter specs and option are both missing, add one.")
        if specs is not None and choice:
            raise ValueError("Parameter specs and option are both specified, choose one.")
        if choice.lower() == "match_catalog":
            listed = self._catalog_specs(database, table_name)
        elif choice:
            listed = [(paths.quoted(path), choice) for path in transforms.choices_in(self._data.schema)]
        else:
            listed = [specs] if isinstance(specs, tuple) else specs
        return self._with(transforms.resolved_choices(self._data, listed))

    def _catalog_specs(self, database: str | None, table_name: str | None) -> list[Spec]:
        if not database or not table_name:
            raise ValueError("match_catalog needs the parameters database and table_name")
        columns = self.glue_ctx.catalog.columns(database, table_name)
        schema = types.StructType([types.StructField(name, spark_type(kind)) for name, kind in columns])
        specs = []
        for path in transforms.choices_in(self._data.schema):
            if place := paths.resolved(schema, path, case_sensitive=False):
                kind = place[1].elementType if isinstance(place[1], types.ArrayType) else place[1]
                specs.append((paths.quoted(path), f"cast:{kind.simpleString()}"))
        return specs

    def select_fields(self, paths: Names, *_: object, **__: object) -> "DynamicFrame":
        return self._with(transforms.selected(self._data, _listed(paths)))

    def drop_fields(self, paths: Names, *_: object, **__: object) -> "DynamicFrame":
        return self._with(transforms.dropped(self._data, _listed(paths)))

    def rename_field(self, oldName: str, newName: str, *_: object, **__: object) -> "DynamicFrame":
        return self._with(transforms.renamed(self._data, oldName, newName))

    def split_fields(self, paths: Names, name1: str, name2: str, *_: object, **__: object) -> "DynamicFrameCollection":
        return self._pair({name1: self.select_fields(paths), name2: self.drop_fields(paths)})

    def split_rows(
        self, comparison_dict: Mapping[str, Mapping[str, object]], name1: str, name2: str, *_: object, **__: object
    ) -> "DynamicFrameCollection":
        condition = comparisons.matching(self._data, comparison_dict)
        both = {name1: self._with(self._data.where(condition)), name2: self._with(self._data.where(~condition))}
        return self._pair(both)

    def _pair(self, frames: "dict[str, DynamicFrame]") -> "DynamicFrameCollection":
        for name, frame in frames.items():
            frame.name = name
        return DynamicFrameCollection(frames, self.glue_ctx)

    def join(self, paths1: Names, paths2: Names, frame2: "DynamicFrame", *_: object, **__: object) -> "DynamicFrame":
        both = comparisons.joined(self._data, _listed(paths1), frame2._data, _listed(paths2))
        return DynamicFrame(both, self.glue_ctx, self.name + frame2.name, self._errors + frame2._errors)

    def union(self, other_frame: "DynamicFrame", *_: object, **__: object) -> "DynamicFrame":
        both = records.of_frame(self._data).union(records.of_frame(other_frame._data))
        return self._inferred(both, records.merged(self._data.schema, other_frame._data.schema), other_frame._errors)

    def mergeDynamicFrame(
        self, stage_dynamic_frame: "DynamicFrame", primary_keys: Names, *_: object, **__: object
    ) -> "DynamicFrame":
        kept = comparisons.without_matches(self._data, stage_dynamic_frame._data, _listed(primary_keys))
        return stage_dynamic_frame.union(self._with(kept))

    def unnest(self, *_: object, **__: object) -> "DynamicFrame":
        return self._with(relational.flat(self._data))

    def relationalize(
        self, root_table_name: str, staging_path: str | None = None, *_: object, **__: object
    ) -> "DynamicFrameCollection":
        made = relational.tables(self._data, root_table_name)
        frames = {name: DynamicFrame(data, self.glue_ctx, name, self._errors) for name, data in made.items()}
        return DynamicFrameCollection(frames, self.glue_ctx)

    def unbox(self, path: str, format: str, *_: object, **options: str) -> "DynamicFrame":
        return unboxing.unboxed(self, path, format, options)

    def filter(self, f: Callable[[Record], object], *settings: Setting, **named: Setting) -> "DynamicFrame":
        _, _, stage, total = _settings(settings, named)
        schema = self._data.schema
        judged = self._data.rdd.map(lambda row: (row, records.passes(f, records.value_of(row, schema)))).persist()
        failed = judged.filter(lambda item: bool(item[1][1])).map(lambda item: _error(item[1][1], item[0])).collect()
        kept = judged.filter(lambda item: item[1][0]).map(lambda item: tuple(item[0]))
        data = self.glue_ctx.spark_session.createDataFrame(kept, schema, verifySchema=False)
        return self._after(data, failed, stage, total)

    def map(
        self, f: Callable[[Record], Record], preservesPartitioning: bool = False, *settings: Setting, **named: Setting
    ) -> "DynamicFrame":
        _, _, stage, total = _settings(settings, named)
        made = records.of_frame(self._data).map(lambda record: (record, records.mapped(f, dict(record))))
        made = made.persist(StorageLevel.MEMORY_AND_DISK)
        failed = made.filter(lambda item: item[1][0] is None).map(lambda item: _error(item[1][1], item[0])).collect()
        kept = made.filter(lambda item: item[1][0] is not None).map(lambda item: item[1][0])
        return self._after(records.to_frame(kept, self.glue_ctx.spark_session, self._data.schema), failed, stage, total)

    def mapPartitions(self, f: object, *_: object, **__: object) -> "DynamicFrame":
        raise refuse("DynamicFrame.mapPartitions", "Use map, or toDF().rdd.mapPartitions.")

    def mapPartitionsWithIndex(self, f: object, *_: object, **__: object) -> "DynamicFrame":
        raise refuse("DynamicFrame.mapPartitionsWithIndex", "Use map, or toDF().rdd.mapPartitionsWithIndex.")

    def unnest_ddb_json(self, *_: object, **__: object) -> "DynamicFrame":
        raise refuse("DynamicFrame.unnest_ddb_json", "It belongs to exports of DynamoDB; use map over the records.")

    def simplify_ddb_json(self) -> "DynamicFrame":
        raise refuse("DynamicFrame.simplify_ddb_json", "It belongs to exports of DynamoDB; use map over the records.")

    def spigot(self, path: str, options: Mapping[str, str | float] | None = None, *_: object, **__: object) -> "DynamicFrame":
        chosen = options or {}
        sample = self._data.sample(fraction=float(chosen["prob"])) if "prob" in chosen else self._data
        sample = sample.limit(int(chosen["topk"])) if "topk" in chosen else sample
        transforms.settled(sample).coalesce(1).write.mode("append").option(*NO_MARKER).json(path)
        return self

    def write(
        self, connection_type: str, connection_options: Options | None = None, format: str | None = None,
        format_options: Options | None = None, *_: object,
    ) -> "DynamicFrame":  # fmt: skip
        return self.glue_ctx.write_from_options(self, connection_type, connection_options or {}, format, format_options or {})

    def getNumPartitions(self) -> int:
        return self._data.rdd.getNumPartitions()

    def repartition(self, num_partitions: int, *_: object, **__: object) -> "DynamicFrame":
        return self._with(self._data.repartition(num_partitions))

    def coalesce(self, num_partitions: int, shuffle: bool = False, *_: object, **__: object) -> "DynamicFrame":
        return self._with(self._data.repartition(num_partitions) if shuffle else self._data.coalesce(num_partitions))

    def errorsCount(self) -> int:
        return len(self._errors)

    def stageErrorsCount(self) -> int:
        return self._stage_errors

    def errorsAsDynamicFrame(self) -> "DynamicFrame":
        data = self.glue_ctx.spark_session.sparkContext.parallelize([{"error": error} for error in self._errors], 1)
        return DynamicFrame(records.to_frame(data, self.glue_ctx.spark_session), self.glue_ctx, self.name)

    def assertErrorThreshold(self) -> None:
        """Nothing: a threshold that is passed raises where the transform is made."""

    def _with(self, data: DataFrame) -> "DynamicFrame":
        return DynamicFrame(data, self.glue_ctx, self.name, self._errors)

    def _inferred(self, data: "RDD[Record]", hint: types.StructType, more: Errors = ()) -> "DynamicFrame":
        made = records.to_frame(data, self.glue_ctx.spark_session, hint)
        return DynamicFrame(made, self.glue_ctx, self.name, self._errors + more)

    def _after(self, data: DataFrame, failed: list[dict[str, str]], stage: int, total: int) -> "DynamicFrame":
        """The frame of a stage in which records failed, unless these are more than the script accepts."""
        for limit, count in ((stage, len(failed)), (total, len(failed) + len(self._errors))):
            if limit and count >= limit:
                raise RuntimeError(f"{count} records failed, which reaches the threshold {limit}; the first: {failed[0]['msg']}")
        return DynamicFrame(data, self.glue_ctx, self.name, (*self._errors, *failed), len(failed))


class DynamicFrameCollection(PackagesCollection):
    """The package's own, but for an absent key: an empty frame."""

    def select(self, key: str, transformation_ctx: str = "") -> DynamicFrame:
        if key in self._df_dict:
            return self._df_dict[key]
        empty = self._glue_ctx.spark_session.createDataFrame([], types.StructType([]))
        return DynamicFrame(empty, self._glue_ctx, key)


def _listed(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _action(option: ResolveOption) -> str:
    actions = {"keepasstruct": "make_struct", "project": "project", "cast": "cast"}
    if option.action.lower() not in actions:
        raise ValueError(f"Invalid resolve action {option.action}. Action must be one of KeepAsStruct, Project and Cast.")
    verb = actions[option.action.lower()]
    if verb == "make_struct":
        return verb
    if option.target is None:
        raise ValueError(f"Missing target type for resolve action {option.action}.")
    return f"{verb}:{option.target.typeName()}"


def _settings(settings: tuple[Setting, ...], named: dict[str, Setting]) -> tuple[str, str, int, int]:
    names = ("transformation_ctx", "info", "stageThreshold", "totalThreshold")
    chosen = {"transformation_ctx": "", "info": "", "stageThreshold": 0, "totalThreshold": 0}
    chosen |= {**dict(zip(names, settings, strict=False)), **named}
    return chosen["transformation_ctx"], chosen["info"], int(chosen["stageThreshold"]), int(chosen["totalThreshold"])


def _error(message: str, record: Record | Row) -> dict[str, str]:
    held = record if isinstance(record, dict) else record.asDict(recursive=True)
    return {"msg": message, "dynamicRecord": json.dumps(held, default=str)}


def _without_nulls(record: Record) -> Record:
    return {key: value for key, value in record.items() if value is not None}
