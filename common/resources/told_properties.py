"""How a property of a resource of any type compares with what is declared of it.

The order of a list counts only if it was declared otherwise before: AWS may tell any order, but one that has just been declared
is sent. So is a number that was a text. In the same way `false` is what AWS leaves out only where it was applied.
"""

from functools import partial

from common.aws.resource_schemas import Schema
from common.base.json_types import Json, JsonMapping, are_equal
from common.model import hidden_fields
from common.model.projection import Projection


def as_declared(schema: Schema, properties: JsonMapping, name: str, live: Json, applied: Json) -> Json:
    """A live property, reduced to what is declared, and spelled as it is declared where both mean the same.

    Args:
        schema: the schema of its type.
        properties: the declared properties.
        name: the name of the property.
        live: its live value.
        applied: its value that was applied last; None if there is none.
    """
    declared = properties[name]
    as_applied = Projection(is_ordered=True, is_exact=True).projected(applied, declared)
    is_known = hidden_fields.is_stored(applied) or are_equal(as_applied, declared)
    is_new = applied is not None and not is_known
    projection = Projection(
        is_ordered=is_new,
        is_exact=is_new,
        off_if_absent=applied is not None and is_known,
        is_told_as=partial(schema.is_told_as, properties),
    )
    return projection.projected(live, declared, (name,), properties)
