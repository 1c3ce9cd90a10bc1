"""Applies the rows of an optimised integration to a task: the actions of each, on the targets that the parameters name.

A call by the AWS SDK needs what the optimised integration of the same operation needs, except for what waits for its end.
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import JsonObject
from common.declare.asl import special_permissions
from common.declare.asl.integration_permissions import INTEGRATIONS, Row
from common.declare.asl.needs import Need, joined, need
from common.declare.asl.special_permissions import Call
from common.declare.asl.targets import ALL, Problem, values_at


def optimised(call: Call, action: str) -> Iterator[Need]:
    """Yields what a call of an optimised integration needs; `action` is a key of `INTEGRATIONS`."""
    targets, problems_before = call.targets, len(call.targets.problems)
    rows = [row for row in INTEGRATIONS[action] if call.waits or not row.waits]
    needs = [needed for row in rows for needed in _row(call, row)]
    yield from joined([*needs, *special_permissions.needs(action, call)])
    optional = [on for row in rows for on in row.on if on.endswith("?")]
    if (
        len(optional) == sum(len(row.on) for row in rows if " if " not in row.on[0]) > 0
        and not needs
        and len(targets.problems) == problems_before
    ):
        targets.problems.append(Problem(f"{call.place} calls {action} without {optional[0].split()[-1].rstrip('?')}."))


def _row(call: Call, row: Row) -> Iterator[Need]:
    arns: set[str] = set()
    for on in row.on:
        target, _, parameter = on.partition(" if ")
        if parameter and not list(values_at(call.parameters, parameter)):
            continue
        if target == ALL:
            arns.add(ALL)
        elif ":" in target:
            arns.add(call.targets.filled(target, call.parameters, call.place))
        else:
            arns |= _named(call, row, target)
    if arns:
        yield need(row.actions, arns, _when(call, row))


def _when(call: Call, row: Row) -> JsonObject | None:
    """The conditions of a row. In China, some services have an ending of their own."""
    if row.when is None or call.targets.env.partition != "aws-cn":
        return row.when
    return {
        operator: {key: [*services, *(f"{service}.cn" for service in services)] for key, services in keys.items()}
        for operator, keys in row.when.items()
    }


def _named(call: Call, row: Row, on: str) -> set[str]:
    """The ARNs of the targets that a parameter names, or of the one that stands for an absent parameter."""
    targets, parameters, place, _ = call
    word, _, parameter = on.rpartition(" ")
    path, _, default = parameter.rstrip("?").partition("=")
    arns = targets.of_parameter(word, path, parameters, place, row.actions)
    if default and (arns is None or _is_left_out(call, path)):
        return (arns or set()) | targets.of_value(word, default, place, row.actions)
    if arns is None and not parameter.endswith("?"):
        targets.problems.append(Problem(f"{place} needs {row.actions[0]}, but has no {path}."))
    return arns or set()


def _is_left_out(call: Call, path: str) -> bool:
    """Whether a list has an item without the parameter."""
    items, many, name = path.partition("[].")
    listed = [item for _, item in values_at(call.parameters, f"{items}[]")] if many else []
    return any(isinstance(item, Mapping) and not {name, f"{name}.$"} & item.keys() for item in listed)
