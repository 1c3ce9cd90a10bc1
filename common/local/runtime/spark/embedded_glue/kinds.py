"""Spark's types as DynamicFrames see them: with choices, for fields that hold values of several types.

A choice is kept as a struct with one field for each type, whose metadata mark it. So it survives everything that Spark does
to a column, and ``toDF`` yields the struct that Glue's ``toDF`` yields.
"""

import re
from collections.abc import Iterator

from awsglue import gluetypes
from pyspark.sql import types

_LENGTH = re.compile(r"\b(?:var)?char\(\d+\)")
"""A text with a length, which Spark knows in tables alone."""
MARK = "glue.choice"
"""The key in the metadata of a choice's fields."""

_NAMES = {
    "bigint": "long", "integer": "int", "smallint": "short", "tinyint": "byte", "void": "null", "timestamp_ntz": "timestamp",
}  # fmt: skip
_SPARK_NAMES = {
    "long": "bigint", "short": "smallint", "byte": "tinyint", "null": "void", "integer": "int", "char": "string",
    "varchar": "string",
}  # fmt: skip
_UNTYPED = frozenset({"array", "choice", "map", "set", "struct"})
"""The names of types that say nothing of what is inside; the scripts of Glue Studio have them in mappings."""


def choice(members: list[types.DataType]) -> types.DataType:
    """The type of a field whose values have these types, each once; the one type where there is only one."""
    by_name = {name_of(member): member for member in members}
    if len(by_name) == 1:
        return members[0]
    fields = [types.StructField(name, by_name[name], metadata={MARK: True}) for name in sorted(by_name)]
    return types.StructType(fields)


def is_choice(data_type: types.DataType) -> bool:
    """Whether the values of this field have several types."""
    return isinstance(data_type, types.StructType) and any(MARK in field.metadata for field in data_type.fields)


def name_of(data_type: types.DataType) -> str:
    """Glue's name of a type, as ``make_cols`` appends it."""
    if isinstance(data_type, types.StructType):
        return "choice" if is_choice(data_type) else "struct"
    if isinstance(data_type, types.DecimalType):
        return "decimal"
    text = data_type.typeName()
    return _NAMES.get(text, text)


def named_type(name: str) -> types.DataType | None:
    """The type that a mapping or a choice's resolution names; None for ``array``, ``struct`` and such, which keep what there is.

    A decimal without digits has those of ``awsglue.gluetypes.DecimalType``.
    """
    text = name.strip().lower()
    return None if text in _UNTYPED else spark_type("decimal(10,2)" if text == "decimal" else name)


def spark_type(name: str) -> types.DataType:
    """Spark's type for what Glue or Hive calls ``name``.

    Raises:
        ValueError: no type has this name.
    """
    text = name.strip().lower() if "<" not in name else name.strip()
    text = _LENGTH.sub("string", text)
    try:
        return types._parse_datatype_string(_SPARK_NAMES.get(text, text))
    except Exception as error:
        raise ValueError(f"{name!r} is not a type that Glue and Spark know") from error


def merged(left: types.DataType, right: types.DataType) -> types.DataType:
    """The type of a field that has both types in different records."""
    if isinstance(left, types.NullType) or left == right:
        return right
    if isinstance(right, types.NullType):
        return left
    if not is_choice(left) and not is_choice(right) and name_of(left) == name_of(right):
        return _same_kind(left, right)
    members = {name_of(member): member for member in _members(left)}
    for member in _members(right):
        name = name_of(member)
        members[name] = merged(members[name], member) if name in members else member
    return choice(list(members.values()))


def without_choices(data_type: types.DataType) -> types.DataType:
    """The same type without marks: choices are structs."""
    if isinstance(data_type, types.StructType):
        return types.StructType([types.StructField(field.name, without_choices(field.dataType)) for field in data_type.fields])
    if isinstance(data_type, types.ArrayType):
        return types.ArrayType(without_choices(data_type.elementType))
    if isinstance(data_type, types.MapType):
        return types.MapType(without_choices(data_type.keyType), without_choices(data_type.valueType))
    return data_type


def has_choice(data_type: types.DataType) -> bool:
    """Whether a choice is somewhere in the type."""
    return bool(is_choice(data_type) or any(has_choice(child) for child in _children(data_type)))


def glue_type(data_type: types.DataType) -> gluetypes.DataType:
    """The type in the classes of ``awsglue.gluetypes``, as ``DynamicFrame.schema()`` returns it."""
    if is_choice(data_type):
        return gluetypes.ChoiceType([glue_type(member) for member in _members(data_type)])
    if isinstance(data_type, types.StructType):
        return gluetypes.StructType([gluetypes.Field(field.name, glue_type(field.dataType)) for field in data_type.fields])
    if isinstance(data_type, types.ArrayType):
        return gluetypes.ArrayType(glue_type(data_type.elementType))
    if isinstance(data_type, types.MapType):
        return gluetypes.MapType(glue_type(data_type.valueType))
    if isinstance(data_type, types.DecimalType):
        return gluetypes.DecimalType(data_type.precision, data_type.scale)
    return gluetypes._all_type_map[name_of(data_type)]()


def tree(data_type: types.StructType) -> str:
    """What ``printSchema`` prints."""
    return "\n".join(["root", *(line for field in data_type.fields for line in _lines(field.name, field.dataType, "|"))]) + "\n"


def _lines(name: str, data_type: types.DataType, indent: str) -> Iterator[str]:
    label = f"{name}: " if name else ""
    text = data_type.simpleString() if isinstance(data_type, types.DecimalType) else name_of(data_type)
    yield f"{indent}-- {label}{text}"
    inner = f"{indent}    |"
    if is_choice(data_type):
        for member in _members(data_type):
            yield from _lines("", member, inner)
    elif isinstance(data_type, types.StructType):
        for field in data_type.fields:
            yield from _lines(field.name, field.dataType, inner)
    elif isinstance(data_type, types.ArrayType):
        yield from _lines("element", data_type.elementType, inner)
    elif isinstance(data_type, types.MapType):
        yield from _lines("keyType", data_type.keyType, inner)
        yield from _lines("valueType", data_type.valueType, inner)


def _members(data_type: types.DataType) -> list[types.DataType]:
    return [field.dataType for field in data_type.fields] if is_choice(data_type) else [data_type]


def _children(data_type: types.DataType) -> list[types.DataType]:
    if isinstance(data_type, types.StructType):
        return [field.dataType for field in data_type.fields]
    if isinstance(data_type, types.ArrayType):
        return [data_type.elementType]
    return [data_type.valueType] if isinstance(data_type, types.MapType) else []


def _same_kind(left: types.DataType, right: types.DataType) -> types.DataType:
    """Merge two types that have the same name."""
    if isinstance(left, types.StructType):
        others = {field.name: field.dataType for field in right.fields}
        fields = [(field.name, merged(field.dataType, others.pop(field.name, types.NullType()))) for field in left.fields]
        return types.StructType([types.StructField(name, kind) for name, kind in (*fields, *others.items())])
    if isinstance(left, types.ArrayType):
        return types.ArrayType(merged(left.elementType, right.elementType))
    if isinstance(left, types.MapType):
        return types.MapType(left.keyType, merged(left.valueType, right.valueType))
    if isinstance(left, types.DecimalType):
        scale = max(left.scale, right.scale)
        digits = max(left.precision - left.scale, right.precision - right.scale)
        return types.DecimalType(min(38, digits + scale), scale)
    return left
