"""Checks everything in a definition that is evaluated when it runs: expressions, paths, intrinsic functions and variables.

Each is parsed where it stands, for what it may use depends on its place; variables are followed along the transitions afterwards.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
and https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from collections.abc import Iterator

from common.base.json_types import JsonMapping
from common.declare.asl.expression_uses import Findings
from common.declare.asl.jsonata_fields import read_jsonata_state
from common.declare.asl.path_fields import read_path_state
from common.declare.asl.problem import Problem
from common.declare.asl.variables import variable_problems
from common.declare.asl.walk import every_state


def expression_problems(definition: JsonMapping) -> Iterator[Problem]:
    """Yields the problems of a definition whose states and transitions were found right."""
    states = [*every_state(definition)]
    maps = [placed.place.keys for placed in states if placed.state["Type"] == "Map"]
    uses = {}
    for placed in states:
        findings = Findings(in_map=any(placed.place.keys[: len(keys)] == keys for keys in maps))
        read = read_jsonata_state if placed.language == "JSONata" else read_path_state
        read(placed.state, placed.place, findings)
        yield from findings.problems
        uses[placed.place] = findings.uses
    yield from variable_problems(definition, uses)
