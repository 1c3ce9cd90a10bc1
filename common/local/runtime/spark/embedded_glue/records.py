"""Records as Python sees them, dictionaries, and their way from and to the rows of a DataFrame.

Records describe themselves: the type of a field is inferred from the values of all records. What ``Map`` changes, what
JSON holds and what a CSV holds against its table's types goes this way.
"""

import datetime as dt
import decimal
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from awsglue.gluetypes import _create_dynamic_record, _revert_to_dict
from pyspark import RDD, StorageLevel
from pyspark.sql import DataFrame, Row, SparkSession, types

from embedded_glue.kinds import is_choice, merged, name_of
from embedded_glue.unavailable import refuse

Value = Any
"""What a field of a record or an option holds. Its type is known to the data, and to who wrote the option."""
Record = dict[str, Value]
"""The fields of a record."""
Options = dict[str, Value]
"""What a script says of a source, of a sink or of a format."""
_SCALARS = {
    bool: types.BooleanType(), float: types.DoubleType(), str: types.StringType(), bytes: types.BinaryType(),
    bytearray: types.BinaryType(), dt.datetime: types.TimestampType(), dt.date: types.DateType(),
}  # fmt: skip
_JSON_STEP = re.compile(r"\.[\w-]+|\[\*\]|\['[^']+'\]|\[\"[^\"]+\"\]")
_JSON_PATH = re.compile(rf"\$(?:{_JSON_STEP.pattern})*")
_INTEGERS = (types.ByteType, types.ShortType, types.IntegerType, types.LongType)


def value_of(value: Value, data_type: types.DataType) -> Value:
    """A value of a row as a record holds it: structs are dictionaries, a choice is the value that it has."""
    if value is None:
        return None
    if is_choice(data_type):
        held = ((item, field.dataType) for item, field in zip(value, data_type.fields, strict=True) if item is not None)
        return next((value_of(item, member) for item, member in held), None)
    if isinstance(data_type, types.StructType):
        return {field.name: value_of(item, field.dataType) for item, field in zip(value, data_type.fields, strict=True)}
    if isinstance(data_type, types.ArrayType):
        return [value_of(item, data_type.elementType) for item in value]
    if isinstance(data_type, types.MapType):
        return {key: value_of(item, data_type.valueType) for key, item in value.items()}
    return value


def type_of(value: Value, hint: types.DataType | None = None) -> types.DataType:
    """The type of a value; ``hint`` is what its field had before, and decides what Python does not tell apart."""
    if value is None:
        return types.NullType()
    if isinstance(value, dict):
        if isinstance(hint, types.MapType):
            return hint
        inner = {field.name: field.dataType for field in hint.fields} if isinstance(hint, types.StructType) else {}
        return types.StructType([types.StructField(str(key), type_of(item, inner.get(key))) for key, item in value.items()])
    if isinstance(value, list | tuple):
        element = hint.elementType if isinstance(hint, types.ArrayType) else None
        kind: types.DataType = types.NullType()
        for item in value:
            kind = merged(kind, type_of(item, element))
        return types.ArrayType(kind)
    return _scalar(value, hint)


def _scalar(value: Value, hint: types.DataType | None) -> types.DataType:
    members = [field.dataType for field in hint.fields] if hint is not None and is_choice(hint) else [hint]
    if isinstance(value, int) and not isinstance(value, bool):
        whole = [member for member in members if isinstance(member, _INTEGERS)]
        fits = types.IntegerType() if -(1 << 31) <= value < 1 << 31 else types.LongType()
        return fits if fits in whole or not whole else whole[-1]
    if isinstance(value, float):
        return next((member for member in members if isinstance(member, types.FloatType)), types.DoubleType())
    if isinstance(value, decimal.Decimal):
        declared = next((member for member in members if isinstance(member, types.DecimalType)), None)
        return declared or types.DecimalType(38, 18)
    for kind, data_type in _SCALARS.items():
        if isinstance(value, kind):
            return data_type
    raise TypeError(f"A record cannot hold a {type(value).__name__}: {value!r}")


def row_value(value: Value, data_type: types.DataType) -> Value:
    """A value of a record as a row of this type holds it."""
    if value is None:
        return None
    if is_choice(data_type):
        name = name_of(type_of(value, data_type))
        return tuple(row_value(value, field.dataType) if field.name == name else None for field in data_type.fields)
    if isinstance(data_type, types.StructType):
        return tuple(row_value(value.get(field.name), field.dataType) for field in data_type.fields)
    if isinstance(data_type, types.ArrayType):
        return [row_value(item, data_type.elementType) for item in value]
    if isinstance(data_type, types.MapType):
        return {key: row_value(item, data_type.valueType) for key, item in value.items()}
    return float(value) if isinstance(data_type, types.DoubleType | types.FloatType) else value


def of_frame(frame: DataFrame) -> "RDD[Record]":
    """The records of a DataFrame."""
    schema = frame.schema
    return frame.rdd.map(lambda row: value_of(row, schema))


def to_frame(records: "RDD[Record]", spark: SparkSession, hint: types.StructType | None = None) -> DataFrame:
    """A DataFrame of the records, with a type for each field that is inferred from all of them."""
    kept = records.persist(StorageLevel.MEMORY_AND_DISK)
    parts = kept.mapPartitions(lambda items: [_schema_of(items, hint)]).collect()
    schema: types.DataType = types.StructType([])
    for part in parts:
        schema = merged(schema, part) if schema.fields else part
    schema = _with_known_types(schema, hint)
    return spark.createDataFrame(kept.map(lambda record: row_value(record, schema)), schema, verifySchema=False)


def _schema_of(items: Iterable[Record], hint: types.StructType | None) -> types.StructType:
    schema = types.StructType([])
    for record in items:
        schema = merged(schema, type_of(record, hint)) if schema.fields else type_of(record, hint)
    return schema


def _with_known_types(schema: types.StructType, hint: types.StructType | None) -> types.StructType:
    """Fields that are null in every record keep the type that they had."""
    before = {field.name: field.dataType for field in hint.fields} if hint else {}
    fields = [
        (field.name, before.get(field.name, field.dataType) if isinstance(field.dataType, types.NullType) else field.dataType)
        for field in schema.fields
    ]
    return types.StructType([types.StructField(name, kind) for name, kind in fields])


def mapped(function: Callable[[Record], Record], record: Record) -> tuple[Record | None, str]:
    """What ``Map`` makes of a record, or why it failed."""
    try:
        result = _revert_to_dict(function(_create_dynamic_record(record)))
    except Exception as error:
        return None, str(error)
    return (result, "") if result else (None, "User-specified function returned None instead of DynamicRecord")


def passes(function: Callable[[Record], object], record: Record) -> tuple[bool, str]:
    """Whether ``Filter`` keeps a record, or why it failed; a field that is missing or of another type does not pass."""
    try:
        return bool(function(_create_dynamic_record(record))), ""
    except (KeyError, ValueError, TypeError):
        return False, ""
    except Exception as error:
        return False, str(error)


def json_steps(path: str) -> tuple[str, ...]:
    """The names in a JsonPath such as ``$.items[*].id``; ``*`` stands for the elements of an array."""
    if not _JSON_PATH.fullmatch(path):
        raise refuse(f"The format option jsonPath {path!r}", "Names and [*] are, as in $.items[*]; else read whole records.")
    return tuple(step.strip(".[]'\"") for step in _JSON_STEP.findall(path))


def _inside(value: Value, steps: tuple[str, ...]) -> Iterator[Value]:
    if not steps:
        yield from value if isinstance(value, list) else [value]
    elif steps[0] == "*":
        for item in value if isinstance(value, list) else []:
            yield from _inside(item, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _inside(value[steps[0]], steps[1:])


def parsed_json(text: str, steps: tuple[str, ...] = ()) -> Iterator[tuple[Record | None, str]]:
    """The objects in a text of JSON lines, objects one after another or arrays of them; for a malformed one what is wrong.

    With ``steps`` the objects there, inside those of the text.

    Reading goes on in the line after the place where it broke off, as Glue's reader does.
    """
    decoder, position = json.JSONDecoder(), 0
    while True:
        while position < len(text) and text[position] in " \t\r\n,\ufeff":
            position += 1
        if position >= len(text):
            return
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            offending = len(text) - len(text[error.pos :].lstrip(" \t\r\n,"))
            end = text.find("\n", offending)
            position = len(text) if end < 0 else end
            yield None, f"error in json reader: {error}"
            continue
        for item in _inside(value, steps):
            yield (item, "") if isinstance(item, dict) else (None, f"error in json reader: {item!r} is not an object")


def json_default(value: Value) -> Value:
    """What JSON has no type for, as ``show`` prints it."""
    return value.asDict(recursive=True) if isinstance(value, Row) else str(value)
