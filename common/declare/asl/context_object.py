"""The fields of the context object, `$$` in JSONPath and `$states.context` in JSONata.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from common.base.suggestions import did_you_mean, known_names

Fields: TypeAlias = Mapping[str, "Fields | None"]
FIELDS: Fields = {
    "Execution": dict.fromkeys(("Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime")),
    "State": dict.fromkeys(("EnteredTime", "Name", "RetryCount")),
    "StateMachine": dict.fromkeys(("Id", "Name")),
    "Task": dict.fromkeys(("Token",)),
    "Map": {"Item": dict.fromkeys(("Index", "Key", "Value", "Source"))},
}
"""The fields on each level; None stands for a value."""


def context_problem(root: str, names: Sequence[str], *, in_map: bool) -> tuple[str, str] | None:
    """Returns what is wrong with a field of the context object: a sentence and a suggestion to append.

    Args:
        root: how the context object is written.
        names: the names that lead to the field, as far as they are written out.
        in_map: whether the state is a Map, or within one.
    """
    level: Fields | None = FIELDS
    for number, name in enumerate(names):
        if level is None:
            return None
        if name not in level:
            at = ".".join((root, *names[:number]))
            return f"{at} has no field {name!r}.", did_you_mean(name, level, otherwise=known_names([*level]))
        level = level[name]
    if names and names[0] == "Map" and not in_map:
        return f"{root}.Map exists only in a Map and in the states within it.", ""
    return None
