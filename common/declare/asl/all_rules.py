"""All rules that look at a definition alone. Unchanged definitions do without: see `Remembered`."""

from common.base.json_types import JsonMapping
from common.declare.asl.apis import api_problems
from common.declare.asl.codes import BASIC
from common.declare.asl.expressions import expression_problems
from common.declare.asl.problem import Problem
from common.declare.asl.service_errors import service_error_problems
from common.declare.asl.sizes import size_problems
from common.declare.asl.states import state_problems
from common.declare.asl.structure import structure_problems
from common.declare.asl.walk import every_state


def find_problems(definition: JsonMapping) -> list[Problem]:
    """Returns what is wrong with a definition, as far as it can be told from it alone.

    Args:
        definition: references are not replaced yet.
    """
    states = [*every_state(definition)]
    problems = structure_problems(definition)
    problems += state_problems(states, definition.get("QueryLanguage", "JSONPath"))
    problems += size_problems(definition, states)
    problems += [*api_problems(states), *service_error_problems(states)]
    if not any(problem.code in BASIC for problem in problems):
        problems += expression_problems(definition)
    return problems
