"""Paths of fields as Glue writes them (``a.b``, ``list[].price``, ```name.with.dots`.x``), and changes of the field at one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, types
from pyspark.sql import functions as F

from embedded_glue.kinds import is_choice

Path = tuple[str, ...]
Change = Callable[["Field"], Iterable["Field"]]


@dataclass(frozen=True)
class Field:
    """A field, the expression of its value, and its type."""

    name: str
    value: Column
    kind: types.DataType


def parse(text: str) -> Path:
    """The names in a path; a name in backticks may hold dots. An array's ``[]`` says nothing more than its type does."""
    names, current, quoted = [], "", False
    for character in text:
        if character == "`":
            quoted = not quoted
        elif character == "." and not quoted:
            names.append(current)
            current = ""
        else:
            current += character
    return tuple(name.removesuffix("[]") for name in (*names, current))


def quoted(path: Path) -> str:
    """A path as text, with backticks where a name holds dots."""
    return ".".join(f"`{name}`" if "." in name else name for name in path)


def column(name: str) -> Column:
    """The column of this very name, whatever is in the name."""
    return F.col("`" + name.replace("`", "``") + "`")


def fields_of(frame: DataFrame) -> list[Field]:
    """The top-level fields of a DataFrame."""
    return [Field(field.name, column(field.name), field.dataType) for field in frame.schema.fields]


def selected(frame: DataFrame, fields: Iterable[Field]) -> DataFrame:
    """A DataFrame of these fields."""
    return frame.select([field.value.alias(field.name) for field in fields])


def changed(fields: Iterable[Field], path: Path, change: Change) -> list[Field]:
    """The fields with the one at ``path`` replaced by those that ``change`` returns; the same where there is none."""
    result: list[Field] = []
    for field in fields:
        if field.name != path[0]:
            result.append(field)
        elif len(path) == 1:
            result.extend(change(field))
        else:
            result.append(_inside(field, path[1:], change))
    return result


def resolved(schema: types.DataType, path: Path, *, case_sensitive: bool = True) -> tuple[Path, types.DataType] | None:
    """The path as the schema spells it, and the type at it; None where there is no such field."""
    while isinstance(schema, types.ArrayType):
        schema = schema.elementType
    if not path:
        return (), schema
    if not isinstance(schema, types.StructType) or is_choice(schema):
        return None
    alike = [field for field in schema.fields if field.name.lower() == path[0].lower()]
    exact = [field for field in alike if field.name == path[0]] or ([] if case_sensitive else alike)
    for field in exact:
        if len(path) == 1:
            return (field.name,), field.dataType
        if rest := resolved(field.dataType, path[1:], case_sensitive=case_sensitive):
            return (field.name, *rest[0]), rest[1]
    return None


def value_at(path: Path) -> Column:
    """The expression of the value at a path of structs."""
    value = column(path[0])
    for name in path[1:]:
        value = value.getField(name)
    return value


def struct(fields: Iterable[Field], unless: Column | None = None) -> Column:
    """A struct of the fields; null where ``unless`` is null."""
    made = F.struct(*(field.value.alias(field.name) for field in fields))
    return made if unless is None else F.when(unless.isNotNull(), made)


def struct_fields(value: Column, kind: types.StructType) -> list[Field]:
    """The fields of a struct."""
    return [Field(field.name, value.getField(field.name), field.dataType) for field in kind.fields]


def _inside(field: Field, path: Path, change: Change) -> Field:
    kind = field.kind
    if isinstance(kind, types.StructType) and not is_choice(kind):
        inner = changed(struct_fields(field.value, kind), path, change)
        return Field(field.name, struct(inner, field.value), kind)
    if isinstance(kind, types.ArrayType) and isinstance(kind.elementType, types.StructType):
        element = kind.elementType

        def of_element(item: Column) -> Column:
            return struct(changed(struct_fields(item, element), path, change), item)

        return Field(field.name, F.transform(field.value, of_element), kind)
    return field
