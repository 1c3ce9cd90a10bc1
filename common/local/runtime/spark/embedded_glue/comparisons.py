"""Rows that are compared: ``SplitRows``, ``Join`` and ``mergeDynamicFrame``.

A value of a choice is compared as what it is: a number with numbers, a text with texts.
"""

import operator
from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame, types
from pyspark.sql import functions as F

from embedded_glue import paths
from embedded_glue.kinds import is_choice, name_of
from embedded_glue.paths import Field

_COMPARISONS = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_JOINED = ".{}"
"""What Glue calls a field of the second frame whose name the first frame has too."""
_LITERALS = {bool: types.BooleanType(), int: types.LongType(), float: types.DoubleType(), str: types.StringType()}


def matching(frame: DataFrame, comparisons: Mapping[str, Mapping[str, object]]) -> Column:
    """The condition of ``SplitRows``; false where a value is missing."""
    condition = F.lit(True)
    for name, limits in comparisons.items():
        place = paths.resolved(frame.schema, paths.parse(name))
        if place is None:
            raise ValueError(f"SplitRows compares {name!r}, which is not a field of this frame")
        field = Field(name, paths.value_at(place[0]), place[1])
        for sign, value in limits.items():
            if sign not in _COMPARISONS:
                raise ValueError(f"SplitRows cannot compare with {sign!r}; there are {', '.join(_COMPARISONS)}")
            limit = Field("", F.lit(value), _LITERALS.get(type(value), field.kind))
            condition &= _compared(field, sign, limit)
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
        kind = _key(right, other).kind
        first, *rest = paths.parse(other)
        theirs = Field(other, paths.value_at((places[first], *rest)), kind)
        condition &= _compared(_key(left, key), "=", theirs)
    both = left.join(marked, condition)
    own = [Field(name, paths.column(name), left.schema[name].dataType) for name in left.columns]
    others = [Field(new, paths.column(f"__right_{n}"), right.schema.fields[n].dataType) for n, new in enumerate(names)]
    return paths.selected(both, [*own, *others])


def without_matches(left: DataFrame, right: DataFrame, keys: list[str]) -> DataFrame:
    """The rows of ``left`` whose keys are in no row of ``right``."""
    theirs = [Field(f"__key_{n}", _key(right, key).value, _key(right, key).kind) for n, key in enumerate(keys)]
    condition = F.lit(True)
    for key, field in zip(keys, theirs, strict=True):
        condition &= _compared(_key(left, key), "=", Field("", F.col(field.name), field.kind))
    return left.join(paths.selected(right, theirs), condition, "left_anti")


def _key(frame: DataFrame, name: str) -> Field:
    place = paths.resolved(frame.schema, paths.parse(name))
    if place is None:
        raise ValueError(f"{name!r} is not a field of this frame, which has {', '.join(frame.columns)}")
    return Field(name, paths.value_at(place[0]), place[1])


def _compared(left: Field, sign: str, right: Field) -> Column:
    compare = _COMPARISONS[sign]
    if not is_choice(left.kind) and not is_choice(right.kind):
        return compare(left.value, right.value)
    pairs = [
        compare(own.value, other.value)
        for own in _members(left)
        for other in _members(right)
        if _family(own.kind) == _family(other.kind)
    ]
    return reduce(operator.or_, (F.coalesce(pair, F.lit(False)) for pair in pairs), F.lit(False))


def _members(field: Field) -> list[Field]:
    return paths.struct_fields(field.value, field.kind) if is_choice(field.kind) else [field]


def _family(kind: types.DataType) -> str:
    return "number" if isinstance(kind, types.NumericType) else name_of(kind)
