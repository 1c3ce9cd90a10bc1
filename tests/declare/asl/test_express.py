"""What an express workflow cannot run is refused before a standard machine of that name is taken away for it."""

from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.declare.asl.express import express_problems
from tests.support.repository import Repository

END = {"Type": "Pass", "End": True}
INVOKE = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def task(resource: str) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "End": True}


def mapped(inner: dict[str, Any], **how: str) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": {"ProcessorConfig": how, **machine(Each=inner)}, "End": True}


SYNC = task("arn:aws:states:::glue:startJobRun.sync")
EXPRESS_CHILDREN = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        (machine(A=SYNC), "A.Resource: an express workflow cannot call what waits for the end of a job."),
        (
            machine(A=task("arn:aws:states:::states:startExecution.sync:2")),
            "A.Resource: an express workflow cannot",
        ),
        (machine(A=task("arn:aws:states:::sqs:sendMessage.waitForTaskToken")), "waits for a task token."),
        (machine(A=task("arn:aws:states:eu-central-1:123456789012:activity:sign")), "is an activity."),
        (machine(A=mapped(END, Mode="DISTRIBUTED", ExecutionType="STANDARD")), "A: express workflows have no distributed Map."),
        (machine(A={"Type": "Parallel", "Branches": [machine(B=SYNC)], "End": True}), "A > B.Resource: "),
        (machine(A=mapped(SYNC, Mode="INLINE")), "A > Each.Resource: "),
    ],
)
def test_what_an_express_workflow_cannot_do_is_told_with_its_state(definition: dict[str, Any], message: str) -> None:
    assert [*express_problems(definition, "STANDARD")] == []
    (problem,) = map(str, express_problems(definition, "EXPRESS"))
    assert message in problem
    assert 'Make it "STANDARD"' in problem


def test_children_of_a_distributed_map_may_be_express_workflows_in_a_standard_machine() -> None:
    assert [*express_problems(machine(A=mapped(INVOKE, **EXPRESS_CHILDREN)), "STANDARD")] == []
    (problem,) = map(str, express_problems(machine(A=mapped(SYNC, **EXPRESS_CHILDREN)), "STANDARD"))
    assert problem.startswith("A > Each.Resource: an express workflow cannot call what waits for the end of a job.")


def test_what_it_can_do_is_let_through() -> None:
    started = task("arn:aws:states:::glue:startJobRun")
    assert [*express_problems(machine(A=INVOKE, B=started), "EXPRESS")] == []
    assert [*express_problems(machine(A=mapped(INVOKE, Mode="INLINE")), "EXPRESS")] == []


def test_what_a_parameter_makes_of_an_integration_is_looked_at(repository: Repository) -> None:
    """Express workflows know Request Response alone: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html."""
    machines = {"main": {"type": "EXPRESS", "role": "arn:aws:iam::123456789012:role/x"}}
    repository.configure(projects={"acres": {"parameters": {"pattern": ".sync"}, "state_machines": machines}})
    state = {**task("arn:aws:states:::glue:startJobRun${pattern}"), "Parameters": {"JobName": "${load.name}"}}
    repository.project("acres", f'p.state_machine("main", {machine(A=state)!r})')
    with pytest.raises(DeclarationError, match=r"A\.Resource: an express workflow cannot call what waits for the end of a job"):
        repository.declared()


def test_a_standard_machine_that_cannot_become_an_express_one_is_left_as_it_is(repository: Repository, moto: None) -> None:
    waits = '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", '
    body = f'{waits}"Parameters": {{"JobName": "${{load.name}}"}}, "End": true}}}}}}'
    repository.write("projects/acres/main.asl.json", body)
    repository.write("projects/acres/glue/landing/load.py", "print('rows')\n")
    repository.project("acres", 'p.state_machine("main", "main.asl.json")')
    assert repository.invoke("deploy", "--env", "dev").code == 0
    settings = '__import__("common").StateMachineSettings(type="EXPRESS")'
    repository.project("acres", f'p.state_machine("main", "main.asl.json", settings={settings})')
    for task_name in ("plan", "deploy"):
        ended = repository.invoke(task_name, "--env", "dev")
        assert ended.code == 1
        assert "projects/acres: state-machine/main has 1 problem:" in ended.err
        where = "projects/acres/main.asl.json:1: A.Resource: an express workflow cannot call what waits for the end of a job."
        assert where in ended.err
