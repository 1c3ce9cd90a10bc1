"""What state machines call, against the jobs and functions of the repository."""

import json
from typing import Any

import pytest

from tests.declare.asl.test_definition import machine
from tests.support.repository import Repository

SCRIPT = """
import sys
from awsglue.utils import getResolvedOptions
args = getResolvedOptions(sys.argv, ["JOB_NAME", "TempDir", "day", "bucket", "limit"])
"""
UNGIVEN = "A.Parameters.Arguments: the script of glue-job/load reads --day, which neither this task nor the job gives."
UNREAD = "A.Parameters.Arguments.--{}: the script of glue-job/load does not read it."
EVENT = "Event, the event of lambda/Validate,"
TOO_SHORT = "A.TimeoutSeconds: the task ends after 60 seconds, but lambda/Validate may run for 300, and goes on."
HANDLER = """
from typing import TypedDict
class Event(TypedDict):
    day: str
class LandingError(Exception): pass
def handler(event: Event, context):
    raise LandingError
"""


def run_job(arguments: Any = None, **parameters: Any) -> dict[str, Any]:
    passed = {} if arguments is None else {"Arguments": arguments}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": "${load.name}", **passed, **parameters},
        "End": True,
    }


def call(payload: Any = None, **fields: Any) -> dict[str, Any]:
    passed = {} if payload is None else {"Payload": payload}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${Validate.arn}", **passed},
        **fields,
        "End": True,
    }


def caught(*errors: str) -> dict[str, Any]:
    return machine(A=call({"day": "x"}, Catch=[{"ErrorEquals": [*errors], "Next": "Z"}]), Z={"Type": "Fail"})


@pytest.fixture
def checked(repository: Repository) -> Any:
    function = 'p.function("Validate", settings={"timeout_seconds": 300})'
    job = 'p.job("load", arguments={"--bucket": "b"}, settings={"non_overridable_arguments": {"--limit": "5"}})'
    main = 'p.state_machine("main", "main.asl.json")'
    repository.project("acres", function, job, main)
    repository.write("projects/acres/glue/landing/load.py", SCRIPT)
    repository.write("projects/acres/lambda/Validate/handler.py", HANDLER)

    def check(definition: dict[str, Any]) -> list[str]:
        """What `invoke check` reports, twice the same: the second time it is remembered."""
        repository.write("projects/acres/main.asl.json", json.dumps(definition))
        first, second = (repository.invoke("check", "--json") for _ in range(2))
        problems = json.loads(first.out)["problems"]
        assert problems == json.loads(second.out)["problems"]
        assert json.loads(first.out)["errors"] == []
        assert first.code == int(any(problem["severity"] == "error" for problem in problems))
        shown = "{severity} {code} {place}: {message} {suggestion}"
        return [shown.format(**problem).strip() for problem in problems]

    return check


@pytest.mark.parametrize(
    "right",
    [
        machine(A=run_job({"--day.$": "$.day"})),
        machine(A=run_job({"--day": "x", "--job-bookmark-option": "job-bookmark-disable", "--TempDir": "s3://x"})),
        machine(A=run_job({"--day": "x", "--version": "1", "--debug": "true", "--custom-logGroup-prefix": "x"})),
        machine(A=run_job({"--day": "x", "--extra-py-files": "s3://x/more.py", "--read-by-more": "y"})),
        machine(A=run_job({"--scriptLocation": "s3://x/other.py", "--other": "y"})),
        machine(A=run_job(**{"Arguments.$": "$.arguments"})),
        machine(A=run_job({"--other": "x"}, JobName="somebody-elses")),
        machine(A=call({"day.$": "$.day"}, TimeoutSeconds=300)),
        machine(A=call("$.all")),
        caught("LandingError", "ValueError", "Odd", "Lambda.ServiceException", "States.TaskFailed"),
    ],
)
def test_what_fits_is_right(checked: Any, right: dict[str, Any]) -> None:
    assert checked(right) == []


@pytest.mark.parametrize(
    ("wrong", "messages"),
    [
        (machine(A=run_job()), [f"error JOB_ARGUMENT {UNGIVEN}"]),
        (
            machine(A=run_job({"--dy": "x"})),
            [
                f"error JOB_ARGUMENT {UNGIVEN} Is it what '--dy' means?",
                f"warning UNUSED_JOB_ARGUMENT {UNREAD.format('dy')} Did you mean '--day'?",
            ],
        ),
        (
            machine(A=run_job({"--day": "x"}, JobName="t-dev-acres-laod")),
            ["warning UNKNOWN_TARGET A: this project has no job 't-dev-acres-laod'. Did you mean 't-dev-acres-load'?"],
        ),
        (machine(A=run_job({"--day": "x", "--more": "y"})), [f"warning UNUSED_JOB_ARGUMENT {UNREAD.format('more')}"]),
        (
            machine(A=call({"dy": "x"})),
            [
                f"warning PAYLOAD_KEY A.Parameters.Payload.dy: {EVENT} has no such key. Did you mean 'day'?",
                f"warning PAYLOAD_KEY A.Parameters.Payload: {EVENT} needs 'day'.",
            ],
        ),
        (machine(A=call(TimeoutSeconds=60)), [f"warning FUNCTION_TIMEOUT {TOO_SHORT}"]),
        (
            caught("LandingEror"),
            ["error UNKNOWN_ERROR A.Catch[0].ErrorEquals[0]: Validate raises no 'LandingEror'. Did you mean 'LandingError'?"],
        ),
    ],
)
def test_what_does_not_fit_is_reported(checked: Any, wrong: dict[str, Any], messages: list[str]) -> None:
    assert checked(wrong) == messages


def test_an_edited_script_is_read_again(checked: Any, repository: Repository) -> None:
    assert checked(machine(A=run_job({"--day": "x"}))) == []
    repository.write("projects/acres/glue/landing/load.py", SCRIPT.replace('"day"', '"day", "county"'))
    (message,) = checked(machine(A=run_job({"--day": "x"})))
    assert "reads --county" in message


def test_shared_code_that_the_script_imports_may_read_the_argument(checked: Any, repository: Repository) -> None:
    repository.write("projects/acres/glue/landing/load.py", f"{SCRIPT}import shared.more\n")
    repository.write("projects/acres/shared/more.py", "print(1)\n")
    calling = machine(A=run_job({"--day": "x", "--more": "y"}))
    assert checked(calling) == [f"warning UNUSED_JOB_ARGUMENT {UNREAD.format('more')}"]
    repository.write("projects/acres/shared/more.py", SCRIPT.replace('"day"', '"more"'))
    assert checked(calling) == []
