"""Runs a state machine from one of its states on, by a temporary machine.

AWS starts an execution at the first state alone. So a machine is made with the states that can be reached from the chosen one,
with the role and the settings of the deployed machine. It is deleted when the execution has ended or the command is stopped. If
the command is killed, `gc` finds the machine by its name and tags.

Follows https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from common.aws.protocol import Aws
from common.base.errors import AwsError, UsageError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass
from common.base.suggestions import did_you_mean, known_names
from common.declare.asl.expressions import expression_problems
from common.declare.asl.variables import CODE
from common.declare.asl.walk import every_state, is_distributed
from common.model.tags import tag_list

LONGEST_NAME = 80
"""How many characters the name of a state machine may have."""
COPIED = ("roleArn", "type", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")
"""What a temporary machine has like the deployed one, as in DescribeStateMachine."""


@dataclass(frozen=True)
class Temporary:
    """A temporary machine to make.

    Args:
        parameters: those of CreateStateMachine.
        left_out: how many states cannot be reached.
        reads_input: whether a state reads the input of the execution, which is now that of the chosen state.
    """

    parameters: JsonObject
    left_out: int
    reads_input: bool


def prepare(machine: JsonMapping, key: str, state: str, tags: Mapping[str, str]) -> Temporary:
    """Returns the temporary machine for a deployed one.

    Args:
        machine: the deployed machine, as in DescribeStateMachine.
        key: its key, for messages.
        state: the state to begin with.
        tags: the tags of the temporary machine.

    Raises:
        UsageError: an execution cannot begin with this state.
    """
    definition = json.loads(machine["definition"])
    _check_state(definition, key, state)
    states = {name: definition["States"][name] for name in _reachable(definition["States"], state)}
    reduced = {**definition, "StartAt": state, "States": states}
    for placed in every_state(reduced):
        if is_distributed(placed.state):
            raise UsageError(
                f"{placed.name} is a distributed Map, which starts executions of its own machine, and the role allows that for "
                f"{machine['name']} alone. So {key} cannot be run from {state}: start it from the beginning."
            )
    before = {str(problem) for problem in expression_problems(definition)}
    for problem in expression_problems(reduced):
        if problem.code == CODE and str(problem) not in before:
            raise UsageError(f"{key} cannot be run from {state}, because states before it assign a variable: {problem}")
    name = f"{str(machine['name'])[: LONGEST_NAME - 14]}-from-{secrets.token_hex(4)}"
    text = json.dumps(reduced)
    copied = {field: machine[field] for field in COPIED if machine.get(field)}
    parameters = {"name": name, "definition": text, **copied, "tags": tag_list(tags, "key", "value")}
    reads_input = "$$.Execution.Input" in text or "$states.context.Execution.Input" in text
    return Temporary(parameters, len(definition["States"]) - len(states), reads_input)


@contextmanager
def created(aws: Aws, temporary: Temporary) -> Iterator[str]:
    """Makes a temporary machine, and deletes it at the end of the block, whatever happens in it.

    Yields:
        Its ARN.
    """
    arn = str(aws.call("stepfunctions", "CreateStateMachine", **temporary.parameters)["stateMachineArn"])
    try:
        yield arn
    finally:
        delete(aws, arn)


def stop(aws: Aws, execution: str) -> None:
    """Stops an execution whose machine is going to be deleted, so that the jobs that it waits for are stopped, too."""
    with suppress(AwsError):  # it may have ended
        aws.call("stepfunctions", "StopExecution", executionArn=execution, cause="`run --from` was stopped.")


def delete(aws: Aws, arn: str) -> None:
    """Deletes a temporary machine."""
    aws.call("stepfunctions", "DeleteStateMachine", stateMachineArn=arn)


def _check_state(definition: JsonMapping, key: str, state: str) -> None:
    names = definition["States"]
    if state in names:
        return
    for placed in every_state(definition):
        if placed.name == state:
            outer = str(placed.place.keys[1])
            raise UsageError(f"{state} of {key} is inside {outer}, and gets its input there. Add --from {outer!r} instead.")
    raise UsageError(f"{key} has no state {state!r}.{did_you_mean(state, names, otherwise=known_names(list(names)))}")


def _reachable(states: Mapping[str, JsonMapping], start: str) -> list[str]:
    """The states that can follow a state, itself among them, in the order of the definition."""
    reached, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name in states and name not in reached:
            reached.add(name)
            state = states[name]
            rules = (state, *state.get("Choices", ()), *state.get("Catch", ()))
            waiting += [rule[field] for rule in rules for field in ("Next", "Default") if field in rule]
    return [name for name in states if name in reached]
