"""What the transforms of a DynamicFrame do, on DataFrames.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame.html
"""

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from awsglue.transforms import GlueTransform
from pyspark.sql import Column, DataFrame, types
from pyspark.sql import functions as F

from embedded_glue import paths
from embedded_glue.kinds import has_choice, is_choice, name_of, spark_type, without_choices
from embedded_glue.paths import Field, Path
from embedded_glue.unavailable import refuse

if TYPE_CHECKING:
    from embedded_glue.frame import DynamicFrame

Tree: TypeAlias = "dict[str, Field | Tree]"
"""The fields of a target by name; a struct is a tree of its own."""

_COMPARISONS = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_JOINED = ".{}"
"""What Glue calls a field of the second frame whose name the first frame has too."""


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
        return mapping[0], mapping[0], spark_type(mapping[2])
    if len(mapping) == 4:
        return mapping[0], mapping[2], spark_type(mapping[3])
    raise ValueError(f"Mapping tuple must be of length 2, 3, or 4. Got tuple of length {len(mapping)}")


def _crosses_array(schema: types.DataType, path: Path) -> bool:
    for name in path[:-1]:
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
        target = spark_type(name)
        return lambda field: [_resolved(field, target)]
    if verb == "make_cols":
        return _columns
    if verb == "make_struct":
        return lambda field: [Field(field.name, field.value.cast(without_choices(field.kind)), without_choices(field.kind))]
    raise ValueError(
        f"{action!r} is not an action of ResolveChoice; there are cast:TYPE, project:TYPE, make_cols and make_struct"
    )


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
    if _crosses_array(frame.schema, place[0]) or len(target) > 1:
        raise refuse(f"rename_field({old!r}, {new!r}), which moves a field to another struct,", "Use apply_mapping.")
    moved = Field(target[0], paths.value_at(place[0]), place[1])
    rest = paths.changed(paths.fields_of(frame), place[0], lambda _: [])
    return paths.selected(frame, [*rest, moved])


def matching(frame: DataFrame, comparisons: Mapping[str, Mapping[str, object]]) -> Column:
    """The condition of ``SplitRows``; false where a value is missing."""
    condition = F.lit(True)
    for name, limits in comparisons.items():
        place = paths.resolved(frame.schema, paths.parse(name))
        if place is None:
            raise ValueError(f"SplitRows compares {name!r}, which is not a field of this frame")
        for sign, value in limits.items():
            if sign not in _COMPARISONS:
                raise ValueError(f"SplitRows cannot compare with {sign!r}; there are {', '.join(_COMPARISONS)}")
            condition &= _COMPARISONS[sign](paths.value_at(place[0]), F.lit(value))
    return F.coalesce(condition, F.lit(False))


def joined(left: DataFrame, keys: list[str], right: DataFrame, other_keys: list[str]) -> DataFrame:
    """``Join``: rows whose keys are equal, with all fields of both; a name that both have gets a dot on the right."""
    if len(keys) != len(other_keys):
        raise ValueError(f"A join needs as many keys on the left ({len(keys)}) as on the right ({len(other_keys)})")
    names, taken = [], set(left.columns)
    for name in right.columns:
        new = name
        while new in taken:
            new = _JOINED.format(new)
        taken.add(new)
        names.append(new)
    marked = paths.selected(right, [Field(f"__right_{n}", f.value, f.kind) for n, f in enumerate(paths.fields_of(right))])
    places = {name: f"__right_{n}" for n, name in enumerate(right.columns)}
    condition = F.lit(True)
    for key, other in zip(keys, other_keys, strict=True):
        first, *rest = paths.parse(other)
        condition &= paths.value_at(paths.parse(key)) == paths.value_at((places[first], *rest))
    both = left.join(marked, condition)
    own = [Field(name, paths.column(name), left.schema[name].dataType) for name in left.columns]
    theirs = [Field(new, paths.column(f"__right_{n}"), right.schema.fields[n].dataType) for n, new in enumerate(names)]
    return paths.selected(both, [*own, *theirs])


def without_matches(left: DataFrame, right: DataFrame, keys: list[str]) -> DataFrame:
    """The rows of ``left`` whose keys are in no row of ``right``."""
    values = [(f"__key_{n}", paths.value_at(paths.parse(key))) for n, key in enumerate(keys)]
    others = right.select([value.alias(name) for name, value in values])
    condition = F.lit(True)
    for name, value in values:
        condition &= value == F.col(name)
    return left.join(others, condition, "left_anti")


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
