"""Checks sizes: that of the definition, and those of literal values that states hand on.

References are not replaced yet, so a definition is looked at again, as it is sent, when it is planned.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.nested_size import SIZE_LIMIT
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place, PlacedState

DATA_LIMIT = 262_144
"""How many bytes a task, state or execution may take or give, and a variable may have."""
DATA = ("Arguments", "ItemSelector", "Items", "Output", "Parameters", "Result", "ResultSelector")
"""The fields of a state that hold data."""


def size_problems(definition: JsonMapping, states: Iterable[PlacedState]) -> Iterator[Problem]:
    """Yields what is larger than AWS allows."""
    if len(json.dumps(definition)) <= DATA_LIMIT:
        return  # with escapes and spaces, this is longer than what is sent
    size = _size(definition)
    if size > SIZE_LIMIT:
        text = f"the definition has {size} bytes; AWS allows {SIZE_LIMIT}."
        yield Problem("SIZE", Place(), text, " Move a part of it into a state machine of its own.")
    for placed in states:
        values = [(placed.place / field, placed.state[field]) for field in DATA if field in placed.state]
        assigned = placed.state.get("Assign")
        if isinstance(assigned, Mapping):
            values += [(placed.place / "Assign" / name, value) for name, value in assigned.items()]
        for here, value in values:
            if (size := _size(value)) > DATA_LIMIT:
                text = f"it has {size} bytes; AWS allows {DATA_LIMIT} between states."
                yield Problem("SIZE", here, text, " Keep it in S3, and hand on where it is.")


def _size(value: Json) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
