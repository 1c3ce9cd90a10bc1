"""`invoke logs`, and the options of `run` about one execution: what they show, and what is refused."""

import json
import time
from typing import Any

import boto3
import pytest

from tests.support.repository import Repository

LINES = (
    'p.function("Validate")',
    'done = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}',
    'm = p.state_machine("main", done)',
    'p.state_machine("quick", done, settings={"type": "EXPRESS"})',
    'item = {**done, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}',
    'each = {"Type": "Map", "ItemProcessor": item, "End": True}',
    'p.state_machine("many", {"StartAt": "EachFile", "States": {"EachFile": each}})',
    "p.run_by(m, starting={})",
)
GROUP = "/aws/lambda/t-dev-acres-Validate"


@pytest.fixture
def acres(repository: Repository, moto: None) -> Repository:
    """A project that is deployed."""
    repository.project("acres", *LINES)
    done = repository.invoke("deploy", "--env", "dev")
    assert done.code == 0, done.err
    return repository


def client(service: str) -> Any:
    return boto3.client(service, region_name="eu-central-1")


def logged(*texts: str) -> None:
    """Lines of the function, written now."""
    logs = client("logs")
    where = {"logGroupName": GROUP, "logStreamName": "2026/01/01/[$LATEST]0f"}
    logs.create_log_stream(**where)
    now = int(time.time() * 1000)
    logs.put_log_events(**where, logEvents=[{"timestamp": now + at, "message": text} for at, text in enumerate(texts)])


BAD = (
    (("logs", "--key", "lambda/Validat"), "No chosen project declares 'lambda/Validat'. Did you mean 'lambda/Validate'?"),
    (("logs", "--key", "bucket/artifacts"), "bucket/artifacts cannot be read."),
    (("logs", "--key", "Validate", "--since", "5x"), "--since is '5x'; it must be as in 30m, 2h"),
    (("logs", "--key", "Validate", "--since", "2999-01-01"), "which is in the future"),
    (("logs", "--key", "Validate", "--follow", "--json"), "--follow shows lines as they come, and --json prints one object"),
    (("run", "--execution", "x", "--from", "Done"), "--execution and --from exclude each other."),
    (("run", "--redrive", "--input", "{}"), "--redrive and --input exclude each other."),
    (("run", "--from", "Done", "--preview"), "--from and --preview exclude each other."),
    (("run", "--from", "Done"), "--from Done needs the input of that state"),
    (("run", "--from", "Doen", "--input", "{}"), "state-machine/main has no state 'Doen'. Did you mean 'Done'?"),
    (("run", "--only", "Validate", "--redrive"), "--redrive is about a state machine; lambda/Validate is none."),
    (("run", "--only", "quick", "--from", "Done", "--input", "{}"), "state-machine/quick is an EXPRESS state machine."),
    (("run", "--redrive"), "state-machine/main has no execution yet, so there is nothing to redrive."),
    (("run", "--execution", "run-1"), "--execution is 'run-1'; it must be the ARN of an execution"),
)


def test_bad_input_is_told_and_starts_nothing(acres: Repository) -> None:
    for (task, *words), message in BAD:
        done = acres.invoke(task, *words, "--env", "dev")
        assert (done.code, message in done.err) == (1, True), done.err
        assert "Traceback" not in done.err
    assert len(client("stepfunctions").list_state_machines()["stateMachines"]) == 3


def test_a_declaration_that_cannot_be_used_hides_only_its_own_logs(acres: Repository) -> None:
    acres.project("codes", "p.function(nothing)")
    done = acres.invoke("logs", "--key", "lambda/Validate", "--env", "dev")
    assert (done.code, "lambda/Validate has no lines." in done.out) == (0, True), done.err
    missing = acres.invoke("logs", "--key", "lambda/Other", "--env", "dev")
    assert (missing.code, missing.out.count("NameError")) == (1, 0)
    assert "No chosen project declares 'lambda/Other'." in missing.err
    assert "projects/codes/deploy.py:9: NameError: name 'nothing' is not defined." in missing.err


def test_a_log_is_shown_with_the_files_of_the_repository(acres: Repository) -> None:
    none = acres.invoke("logs", "--key", "lambda/Validate", "--env", "dev")
    assert (none.code, "lambda/Validate has no lines. Older ones, if there are any: --since" in none.out) == (0, True)
    report = "REPORT RequestId: 1\tDuration: 2 ms"
    logged("START RequestId: 1 V", 'File "/var/task/handler.py", line 1', "END RequestId: 1", report)
    done = acres.invoke("logs", "--key", "lambda/Validate", "--env", "dev")
    shown = [line.partition("  ")[2] for line in done.out.splitlines()]
    assert shown[1] == 'File "projects/acres/lambda/Validate/handler.py", line 1'
    assert "START" not in done.out
    assert "REPORT RequestId: 1  Duration: 2 ms" in done.out, "tabs would tear it apart"
    some = json.loads(acres.invoke("logs", "--key", "Validate", "--env", "dev", "--grep", "handler.py", "--json").out)
    assert [line["text"] for line in some["lines"]] == ['File "projects/acres/lambda/Validate/handler.py", line 1']
    assert (
        acres.invoke("logs", "--key", "Validate", "--env", "dev", "--grep", "nothing").out.count("has no lines with 'nothing'")
        == 1
    )


def test_what_of_a_machine_is_not_shown_is_named(acres: Repository) -> None:
    """Items of a distributed Map: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html."""
    result = acres.invoke("logs", "--env", "dev", "--key", "state-machine/many")
    assert "The items of EachFile are not shown: each has an execution of its own." in result.out + result.err
    result = acres.invoke("logs", "--env", "dev", "--key", "state-machine/main")
    assert "not shown" not in result.out + result.err


def test_help_is_help_and_no_key(acres: Repository) -> None:
    done = acres.invoke("logs", "--help")
    assert (done.code, "--follow" in done.out) == (0, True)
    assert "error: Which log? Name a function, job, crawler or state machine" in acres.invoke("logs", "--env", "dev").err


def test_an_execution_of_somebody_else_is_explained(acres: Repository) -> None:
    machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:t-dev-acres-main"
    arn = client("stepfunctions").start_execution(stateMachineArn=machine, name="theirs", input="{}")["executionArn"]
    acres.configure(protected=True)
    done = acres.invoke("run", "--env", "dev", "--execution", arn)
    assert (done.code, "acres succeeded in" in done.out) == (0, True), done.err
    assert len(client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]) == 1
    refused = acres.invoke("run", "--env", "dev", "--execution", arn, "--redrive")
    assert "dev is protected, and nobody can be asked here." in refused.err


def test_a_run_from_a_state_leaves_no_machine(acres: Repository) -> None:
    acres.invoke("run", "--env", "dev", "--from", "Done", "--input", "{}")
    names = [machine["name"] for machine in client("stepfunctions").list_state_machines()["stateMachines"]]
    assert sorted(names) == ["t-dev-acres-main", "t-dev-acres-many", "t-dev-acres-quick"]
