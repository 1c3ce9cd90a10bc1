"""What the transforms of a DynamicFrame do, on DataFrames.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from awsglue.transforms import GlueTransform
from pyspark.sql import Column, DataFrame, types
from pyspark.sql import functions as F

from embedded_glue import paths
from embedded_glue.kinds import has_choice, is_choice, name_of, named_type, without_choices
from embedded_glue.paths import Field, Path
from embedded_glue.unavailable import refuse

if TYPE_CHECKING:
    from embedded_glue.frame import DynamicFrame

_MOVED = "__moved"
"""The column in which a field waits while it is taken from one struct into another."""
Tree: TypeAlias = "dict[str, Field | Tree]"
"""The fields of a target by name; a struct is a tree of its own."""


def mapped(frame: DataFrame, mappings: Iterable[tuple[str, ...]], *, case_sensitive: bool) -> DataFrame:
    """``ApplyMapping``: (source, source type, target, target type), or with types or target left out."""
    tree: Tree = {}
    for mapping in mappings:
        source, target, kind = _mapping(mapping)
        place = paths.resolved(frame.schema, paths.parse(source), case_sensitive=case_sensitive)
        if place is None:
            continue  # as in Glue: a record without the field has no target either
        if "[]" in target or (_crosses_array(frame.schema, place[0])):
            raise refuse(f"ApplyMapping of {source!r}, which is inside an array,", "Use toDF() and Spark's transform().")
        value = paths.value_at(place[0])
        field = Field("", value, place[1]) if kind is None else Field("", _cast(value, place[1], kind), kind)
        node = tree
        *parents, last = paths.parse(target)
        for name in parents:
            node = node.setdefault(name, {})
        node[last] = field
    return paths.selected(frame, _nested(tree))


def _mapping(mapping: tuple[str, ...]) -> tuple[str, str, types.DataType | None]:
    if not isinstance(mapping, tuple):
        raise TypeError(f"Mapping must be specified as a tuple. Got {mapping}")
    if len(mapping) == 2:
        return mapping[0], mapping[1], None
    if len(mapping) == 3:
        return mapping[0], mapping[0], named_type(mapping[2])
    if len(mapping) == 4:
        return mapping[0], mapping[2], named_type(mapping[3])
    raise ValueError(f"Mapping tuple must be of length 2, 3, or 4. Got tuple of length {len(mapping)}")


def _crosses_array(schema: types.DataType, path: Path) -> bool:
    for name in path[:-1]:
        if not isinstance(schema, types.StructType) or name not in schema.fieldNames():
            return False
        schema = schema[name].dataType
        if isinstance(schema, types.ArrayType):
            return True
    return False


def _nested(tree: Tree) -> list[Field]:
    made = []
    for name, node in tree.items():
        value = paths.struct(_nested(node)) if isinstance(node, dict) else node.value
        made.append(Field(name, value, node.kind if isinstance(node, Field) else types.StructType()))
    return made


def _cast(value: Column, kind: types.DataType, target: types.DataType) -> Column:
    """The value as ``target``; null where it is not such a value. Of a choice, whichever value there is."""
    if is_choice(kind):
        members = [Field(field.name, value.getField(field.name), field.dataType) for field in kind.fields]
        ordered = sorted(members, key=lambda member: name_of(member.kind) != name_of(target))
        return F.coalesce(*(_cast(member.value, member.kind, target) for member in ordered))
    if isinstance(kind, types.StructType | types.ArrayType | types.MapType) and isinstance(target, types.StringType):
        return F.to_json(value)
    if isinstance(kind, types.StringType) and isinstance(target, types.ByteType | types.ShortType | types.IntegerType):
        value = value.cast("bigint")  # out of range is null, not another number
        return F.when(value.cast(target) == value, value.cast(target))
    return value.cast(target)


def resolved_choices(frame: DataFrame, specs: Iterable[tuple[str, str]]) -> DataFrame:
    """``ResolveChoice`` with (path, action)."""
    for path, action in specs:
        change = _resolution(action)
        frame = paths.selected(frame, paths.changed(paths.fields_of(frame), paths.parse(path), change))
    return frame


def choices_in(data_type: types.DataType, above: Path = ()) -> Iterator[Path]:
    """The paths of all choices, outermost first."""
    if isinstance(data_type, types.ArrayType):
        yield from choices_in(data_type.elementType, above)
    elif is_choice(data_type):
        yield above
    elif isinstance(data_type, types.StructType):
        for field in data_type.fields:
            yield from choices_in(field.dataType, (*above, field.name))


def _resolution(action: str) -> paths.Change:
    verb, _, name = action.partition(":")
    if verb in ("cast", "project"):
        if not name:
            raise ValueError(f"The action {action!r} names no type; write {verb}:TYPE, as in {verb}:long")
        target = named_type(name)
        return lambda field: [_member(field, name) if target is None else _resolved(field, target)]
    if verb == "make_cols":
        return _columns
    if verb == "make_struct":
        return lambda field: [Field(field.name, field.value.cast(without_choices(field.kind)), without_choices(field.kind))]
    raise ValueError(
        f"{action!r} is not an action of ResolveChoice; there are cast:TYPE, project:TYPE, make_cols and make_struct"
    )


def _member(field: Field, name: str) -> Field:
    """Of a choice the values of the type ``name``, such as ``struct``; any other field as it is."""
    members = paths.struct_fields(field.value, field.kind) if is_choice(field.kind) else []
    chosen = [
        Field(field.name, F.coalesce(member.value), member.kind) for member in members if member.name == name.strip().lower()
    ]
    return chosen[0] if chosen else field


def _resolved(field: Field, target: types.DataType) -> Field:
    """A field as ``target``; of an array, each of its elements."""
    kind = field.kind
    if isinstance(kind, types.ArrayType) and not isinstance(target, types.ArrayType):
        element = kind.elementType
        return Field(field.name, F.transform(field.value, lambda item: _cast(item, element, target)), types.ArrayType(target))
    return Field(field.name, _cast(field.value, kind, target), target)


def _columns(field: Field) -> list[Field]:
    if not is_choice(field.kind):
        return [field]
    parts = paths.struct_fields(field.value, field.kind)
    # Alone in coalesce(), a value does not take along the metadata that mark it as one of a choice.
    return [Field(f"{field.name}_{part.name}", F.coalesce(part.value), part.kind) for part in parts]


def selected(frame: DataFrame, names: Iterable[str]) -> DataFrame:
    """``SelectFields``: top-level fields, and nested ones with what is around them."""
    chosen = [path for name in names if (path := paths.resolved(frame.schema, paths.parse(name)))]
    kept = {path for path, _ in chosen}

    def keep(fields: Iterable[Field], above: Path) -> list[Field]:
        result = []
        for field in fields:
            here = (*above, field.name)
            if here in kept:
                result.append(field)
            elif any(path[: len(here)] == here for path in kept):
                result.append(_only(field, here))
        return result

    def _only(field: Field, here: Path) -> Field:
        if isinstance(field.kind, types.ArrayType):
            element = field.kind.elementType
            return Field(
                field.name,
                F.transform(field.value, lambda item: paths.struct(keep(paths.struct_fields(item, element), here), item)),
                field.kind,
            )
        return Field(field.name, paths.struct(keep(paths.struct_fields(field.value, field.kind), here), field.value), field.kind)

    return paths.selected(frame, keep(paths.fields_of(frame), ()))


def dropped(frame: DataFrame, names: Iterable[str]) -> DataFrame:
    """``DropFields``; a struct that loses its last field goes too."""
    for name in names:
        place = paths.resolved(frame.schema, paths.parse(name))
        while place and place[0]:
            path = place[0]
            parent = paths.resolved(frame.schema, path[:-1])
            if len(path) == 1 or parent is None or len(_inner(parent[1]).fields) > 1:
                frame = paths.selected(frame, paths.changed(paths.fields_of(frame), path, lambda _: []))
                break
            place = (path[:-1], parent[1])
    return frame


def _inner(kind: types.DataType) -> types.DataType:
    return _inner(kind.elementType) if isinstance(kind, types.ArrayType) else kind


def renamed(frame: DataFrame, old: str, new: str) -> DataFrame:
    """``RenameField``: under the same parent where it stands, else moved to the new path."""
    place = paths.resolved(frame.schema, paths.parse(old))
    target = paths.parse(new)
    if place is None:
        return frame
    if place[0][:-1] == target[:-1] or len(target) == 1 == len(place[0]):
        fields = paths.changed(paths.fields_of(frame), place[0], lambda field: [Field(target[-1], field.value, field.kind)])
        return paths.selected(frame, fields)
    if _crosses_array(frame.schema, place[0]) or _crosses_array(frame.schema, target):
        raise refuse(
            f"rename_field({old!r}, {new!r}), which moves a field out of or into an array,", "Use toDF() and Spark's transform()."
        )
    held = frame.withColumn(_MOVED, paths.value_at(place[0]))
    left = dropped(held, [paths.quoted(place[0])])
    fields = [field for field in paths.fields_of(left) if field.name != _MOVED]
    return paths.selected(left, _placed(fields, target, Field(target[-1], paths.column(_MOVED), place[1])))


def _placed(fields: list[Field], target: Path, moved: Field) -> list[Field]:
    """The fields with one more at the path ``target``, in structs that there are or else are made for it."""
    above = target[0]
    if len(target) == 1:
        return [*(field for field in fields if field.name != above), moved]
    inner: list[Field] = []
    for field in fields:
        if field.name == above and isinstance(field.kind, types.StructType):
            inner = paths.struct_fields(field.value, field.kind)
    made = Field(above, paths.struct(_placed(inner, target[1:], moved)), types.StructType())
    if not inner:
        return [*(field for field in fields if field.name != above), made]
    return [made if field.name == above else field for field in fields]


def null_fields(data_type: types.DataType, above: Path = ()) -> Iterator[str]:
    """The paths of fields that are null in every record, also inside structs and arrays of them."""
    if isinstance(data_type, types.ArrayType) and isinstance(data_type.elementType, types.StructType):
        yield from null_fields(data_type.elementType, above)
    elif isinstance(data_type, types.StructType):
        for field in data_type.fields:
            yield from null_fields(field.dataType, (*above, field.name))
    elif isinstance(data_type, types.NullType):
        yield paths.quoted(above)


def settled(frame: DataFrame) -> DataFrame:
    """The DataFrame with choices as plain structs."""
    if not has_choice(frame.schema):
        return frame
    plain = without_choices(frame.schema)
    return paths.selected(frame, [Field(f.name, f.value.cast(plain[f.name].dataType), f.kind) for f in paths.fields_of(frame)])


class DropNullFields(GlueTransform):
    """Glue's transform, without its call into Java."""

    def __call__(
        self,
        frame: "DynamicFrame",
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> "DynamicFrame":
        """Drop the fields whose type is null."""
        empty = list(null_fields(frame.toDF().schema))
        print("null_fields", empty)
        return frame.drop_fields(empty, transformation_ctx, info, stageThreshold, totalThreshold)
