"""Nested fields flattened: ``UnnestFrame`` and ``Relationalize``."""

from collections.abc import Iterator

from pyspark.sql import DataFrame, types
from pyspark.sql import functions as F

from embedded_glue import paths
from embedded_glue.kinds import is_choice
from embedded_glue.paths import Field
from embedded_glue.unavailable import refuse


def flat(frame: DataFrame) -> DataFrame:
    """Every field of a struct as a top-level field ``struct.field``."""
    return paths.selected(frame, _flat(paths.fields_of(frame)))


def tables(frame: DataFrame, root: str) -> dict[str, DataFrame]:
    """The frame flattened, as ``root``, and each array as a table ``root_array`` of its elements with ``id`` and ``index``.

    In the place of the array stands the ``id`` of its elements. Arrays in elements become tables in the same way.
    """
    return dict(_tables(flat(frame), root, root))


def _tables(frame: DataFrame, name: str, prefix: str) -> Iterator[tuple[str, DataFrame]]:
    for field in frame.schema.fields:
        if isinstance(field.dataType, types.MapType):
            raise refuse(f"Relationalize of the map {field.name!r}", "Use toDF() and Spark's map_entries() first.")
    arrays = [field for field in frame.schema.fields if isinstance(field.dataType, types.ArrayType)]
    if not arrays:
        yield name, frame
        return
    key = "__id"
    numbered = frame.coalesce(1).withColumn(key, F.monotonically_increasing_id() + 1).persist()
    fields = [
        Field(field.name, F.when(field.value.isNotNull(), F.col(key)) if isinstance(field.kind, types.ArrayType) else field.value,
              field.kind)
        for field in paths.fields_of(frame)
    ]  # fmt: skip
    yield name, paths.selected(numbered, fields)
    for array in arrays:
        exploded = numbered.select(F.col(key).alias("id"), F.posexplode(paths.column(array.name)).alias("index", "__value"))
        value = Field(f"{array.name}.val", F.col("__value"), array.dataType.elementType)
        own = [Field("id", F.col("id"), types.LongType()), Field("index", F.col("index"), types.IntegerType())]
        pivoted = paths.selected(exploded, [*own, *_flat([value])])
        yield from _tables(pivoted, f"{prefix}_{array.name}", prefix)


def _flat(fields: list[Field]) -> list[Field]:
    result = []
    for field in fields:
        if isinstance(field.kind, types.StructType) and not is_choice(field.kind):
            inner = paths.struct_fields(field.value, field.kind)
            result.extend(_flat([Field(f"{field.name}.{child.name}", child.value, child.kind) for child in inner]))
        else:
            result.append(field)
    return result
