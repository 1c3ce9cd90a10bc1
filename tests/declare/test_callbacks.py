"""Who answers the task token of a state machine may send its answer, and need not wait for the machine to exist."""

import pytest

from common.base.errors import DeclarationError
from common.model.resource import Key
from tests.support.rendered import allowed
from tests.support.repository import Repository

WAITING = """
{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
 "Parameters": {"FunctionName": "${Validate.arn}", "Payload": {"token.$": "$$.Task.Token"}}, "End": true}}}
"""
FLOW = "arn:aws:states:eu-central-1:123456789012:stateMachine:t-dev-acres-flow"
ANSWERS = {(f"states:SendTask{end}", FLOW) for end in ("Failure", "Heartbeat", "Success")}


def test_a_function_and_a_job_that_write_a_machine_may_answer_it(repository: Repository) -> None:
    repository.project(
        "acres",
        'flow = p.state_machine("flow", "flow.asl.json")',
        'p.function("Validate", writes=[flow])',
        'p.job("load", writes=[flow])',
    )
    repository.write("projects/acres/flow.asl.json", WAITING)
    resources = repository.resources()
    assert {*allowed(resources, "Validate-lambda")} >= ANSWERS
    assert {*allowed(resources, "load-glue-job")} >= ANSWERS
    flow = Key("acres", "state-machine", "flow")
    assert flow not in {*resources["lambda/Validate"].needs, *resources["role/Validate-lambda"].needs}
    assert Key("acres", "lambda", "Validate") in resources["state-machine/flow"].needs


def test_a_machine_cannot_be_read(repository: Repository) -> None:
    repository.project("acres", 'flow = p.state_machine("flow", "flow.asl.json")', 'p.function("Validate", reads=[flow])')
    repository.write("projects/acres/flow.asl.json", WAITING)
    with pytest.raises(DeclarationError, match="state-machine/flow cannot be read"):
        repository.resources()
