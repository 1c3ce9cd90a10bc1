"""Why executions fail: the state, the message within the cause, and the lines of the function or job."""

import json
from typing import Any

import pytest

from common.execution import failure
from common.execution.failure import explain, innermost_message
from common.execution.history import History
from tests.resources.scripted import ScriptedAws, refused
from tests.support import histories
from tests.support.histories import CHILD, EXECUTION, RUN, Script

FILTER, GET, FUNCTION = "logs:FilterLogEvents", "logs:GetLogEvents", "lambda:GetFunction"
NO_FUNCTION = {FUNCTION: refused("GetFunction", "ResourceNotFoundException")}
JOB = {"Job": {"Name": "t-p-landing", "DefaultArguments": {"--custom-logGroup-prefix": "/t/glue"}}}
ABSENT = refused("GetLogEvents", "ResourceNotFoundException")


def read(script: Script) -> History:
    history = History()
    list(history.read(script.events))
    return history


def lines(*messages: str) -> dict[str, Any]:
    return {"events": [{"timestamp": at, "message": message} for at, message in enumerate(messages)]}


def test_a_function_that_fails_is_told_with_its_message_and_its_lines() -> None:
    logged = lines(
        "START RequestId: 1\n", "[ERROR] InputInvalid: s3://b/k is empty\nTraceback:\n\n  here\n", "END RequestId: 1\n"
    )
    aws = ScriptedAws({**NO_FUNCTION, FILTER: logged})
    explained = explain(aws, EXECUTION, read(histories.failing_function()))
    assert (explained.states, explained.error, explained.message) == (("Validate",), "InputInvalid", "s3://b/k is empty")
    assert explained.log == "/aws/lambda/t-p-Validate"
    assert explained.lines == ("[ERROR] InputInvalid: s3://b/k is empty", "Traceback:", "  here")
    entered, failed = histories.START.timestamp() + 1, histories.START.timestamp() + 4
    window = aws.sent(FILTER)
    assert window["startTime"] < entered * 1000
    assert window["endTime"] > failed * 1000
    assert aws.slept == []


def test_a_function_s_lines_are_read_where_it_logs() -> None:
    """As in https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html: a function may log to any group."""
    configured = {"Configuration": {"LoggingConfig": {"LogGroup": "/fsa/validate"}}}
    aws = ScriptedAws({FUNCTION: configured, FILTER: lines("x")})
    assert explain(aws, EXECUTION, read(histories.failing_function())).log == "/fsa/validate"
    aws = ScriptedAws({FUNCTION: configured, FILTER: [lines(), lines("x")]})
    assert explain(aws, EXECUTION, read(histories.failing_function())).log == "/aws/lambda/t-p-Validate"
    aws = ScriptedAws({FUNCTION: refused("GetFunction", "AccessDeniedException"), FILTER: lines("x")})
    assert explain(aws, EXECUTION, read(histories.failing_function())).log == "/aws/lambda/t-p-Validate"


def test_only_the_last_lines_are_told() -> None:
    aws = ScriptedAws({**NO_FUNCTION, FILTER: lines(*[f"line {number}" for number in range(100)])})
    explained = explain(aws, EXECUTION, read(histories.failing_function()))
    assert explained.lines == tuple(f"line {number}" for number in range(100 - failure.LOG_LINES, 100))


def test_late_lines_are_waited_for_and_missing_ones_are_not_missed() -> None:
    late = ScriptedAws({**NO_FUNCTION, FILTER: [lines(), lines(), lines("late")]})
    assert explain(late, EXECUTION, read(histories.failing_function())).lines == ("late",)
    assert len(late.slept) == 2
    never = ScriptedAws({**NO_FUNCTION, FILTER: refused("FilterLogEvents", "AccessDeniedException")})
    explained = explain(never, EXECUTION, read(histories.failing_function()))
    assert (explained.error, explained.log, explained.lines) == ("InputInvalid", "", ())
    assert len(never.slept) == failure.LOG_ATTEMPTS - 1


def test_a_job_run_that_fails_is_told_with_its_error_message_and_its_error_stream() -> None:
    aws = ScriptedAws({"glue:GetJob": JOB, GET: [ABSENT, ABSENT, lines("Traceback", "ValueError: no rows")]})
    explained = explain(aws, EXECUTION, read(histories.failing_job()))
    assert (explained.states, explained.error, explained.message) == (("Land",), "States.TaskFailed", "ValueError: no rows")
    assert (explained.log, explained.lines) == ("/t/glue/error jr_1", ("Traceback", "ValueError: no rows"))
    assert streams(aws) == ["/t/glue/output jr_1-driver", "/t/glue/error jr_1-driver", "/t/glue/error jr_1"]
    assert aws.calls[-1][1]["limit"] == failure.LOG_LINES


def streams(aws: ScriptedAws) -> list[str]:
    return [f"{call['logGroupName']} {call['logStreamName']}" for name, call in aws.calls if name == GET]


def test_since_glue_5_a_run_writes_to_a_stream_of_its_driver() -> None:
    """See https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html ."""
    aws = ScriptedAws({"glue:GetJob": JOB, GET: lines("ValueError: no rows")})
    assert explain(aws, EXECUTION, read(histories.failing_job())).log == "/t/glue/output jr_1-driver"
    named = {"Job": {"DefaultArguments": {"--custom-logStream-prefix": "nightly"}}}
    aws = ScriptedAws({"glue:GetJob": named, GET: [ABSENT, lines("ValueError: no rows")]})
    assert explain(aws, EXECUTION, read(histories.failing_job())).log == "/aws-glue/jobs/error nightly-driver"
    assert streams(aws) == ["/aws-glue/jobs/output nightly-driver", "/aws-glue/jobs/error nightly-driver"]


def test_a_jobs_lines_are_looked_for_in_glues_own_groups_too() -> None:
    aws = ScriptedAws({"glue:GetJob": {"Job": {}}, GET: [ABSENT, ABSENT, ABSENT, lines("printed")]})
    assert explain(aws, EXECUTION, read(histories.failing_job())).log == "/aws-glue/jobs/output jr_1"
    other = ScriptedAws({"glue:GetJob": JOB, GET: [*[ABSENT] * 6, lines("printed")]})
    assert explain(other, EXECUTION, read(histories.failing_job())).log == "/aws-glue/jobs/error jr_1"


def test_the_arguments_of_a_run_win_over_those_of_its_job() -> None:
    run = {**RUN, "Arguments": {"--custom-logGroup-prefix": "/other"}}
    script = Script()
    script.enter("Land")
    script.schedule("glue:startJobRun.sync", JobName="t-p-landing")
    script.fail("States.TaskFailed", run)
    script.end("ExecutionFailed", error="States.TaskFailed", cause=json.dumps(run))
    aws = ScriptedAws({"glue:GetJob": JOB, GET: lines("x")})
    assert explain(aws, EXECUTION, read(script)).log == "/other/output jr_1-driver"


def test_a_nested_failure_is_told_from_where_it_began() -> None:
    inner = {"events": histories.failing_job().events}
    aws = ScriptedAws({"stepfunctions:GetExecutionHistory": inner, "glue:GetJob": JOB, GET: lines("ValueError: no rows")})
    explained = explain(aws, EXECUTION, read(histories.failing_child()))
    assert explained.states == ("Nested", "Land")
    assert (explained.message, explained.log) == ("ValueError: no rows", "/t/glue/output jr_1-driver")
    assert aws.sent("stepfunctions:GetExecutionHistory")["executionArn"] == CHILD


def test_an_execution_that_nests_itself_is_not_followed_for_ever() -> None:
    aws = ScriptedAws({"stepfunctions:GetExecutionHistory": {"events": histories.failing_child().events}})
    explained = explain(aws, EXECUTION, read(histories.failing_child()))
    assert explained.states == ("Nested",) * 6
    assert explained.message == "ValueError: no rows"


def test_without_parameters_in_the_history_the_definition_tells_the_function() -> None:
    script = Script()
    script.enter("Inner")
    script.add("TaskScheduled", resourceType="lambda", resource="invoke")
    script.fail("Broken", "x")
    script.end("ExecutionFailed", error="Broken", cause="x")
    task = {"Type": "Task", "Parameters": {"FunctionName": "t-p-Inner"}, "End": True}
    branch = {"StartAt": "Inner", "States": {"Inner": task}}
    outer = {"Type": "Map", "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [branch]}}}}
    definition = json.dumps({"StartAt": "Outer", "States": {"Outer": outer}})
    described = {"definition": definition}
    aws = ScriptedAws({"stepfunctions:DescribeStateMachineForExecution": described, FILTER: lines("x"), **NO_FUNCTION})
    assert explain(aws, EXECUTION, read(script)).log == "/aws/lambda/t-p-Inner"


def test_a_timeout_names_the_state_that_lasted() -> None:
    script = Script()
    script.enter("Wait", "Wait")
    script.end("ExecutionTimedOut", error="States.Timeout", cause="")
    described = {"definition": json.dumps({"States": {"Wait": {"Type": "Wait"}}})}
    explained = explain(ScriptedAws({"stepfunctions:DescribeStateMachineForExecution": described}), EXECUTION, read(script))
    assert (explained.states, explained.error, explained.lines) == (("Wait",), "States.Timeout", ())
    assert explained.message == "The execution took longer than the TimeoutSeconds of its state machine."


def test_a_timeout_is_not_a_failure_that_was_caught_before() -> None:
    """AWS has the same error for a task and for a whole machine that took too long."""
    script = Script()
    script.enter("Slow", "Task")
    script.fail("States.Timeout", "")
    script.leave("Slow", "Task")
    script.enter("Wait", "Wait")
    script.end("ExecutionTimedOut", error="States.Timeout", cause="")
    described = {"definition": json.dumps({"States": {"Wait": {"Type": "Wait"}}})}
    explained = explain(ScriptedAws({"stepfunctions:DescribeStateMachineForExecution": described}), EXECUTION, read(script))
    assert explained.states == ("Wait",)


def test_a_failure_within_an_iteration_is_told_with_what_is_around_it() -> None:
    script = Script()
    script.enter("Each", "Map")
    script.add("MapStateStarted")
    script.add("MapIterationStarted", name="Each", index=1)
    script.enter("Load", "Task")
    script.schedule(FunctionName="t-p-Load")
    script.fail("Broken", "x")
    script.end("ExecutionFailed", error="Broken", cause="x")
    explained = explain(ScriptedAws({FILTER: lines("x"), **NO_FUNCTION}), EXECUTION, read(script))
    assert explained.states == ("Each", "Load[1]")


def test_a_map_that_fails_as_a_whole_has_the_error_of_the_execution() -> None:
    """The event of a state's failure has no error: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html."""
    script = Script()
    script.enter("Each", "Map")
    script.add("MapStateStarted")
    script.add("MapStateFailed")
    script.end("ExecutionFailed", error="States.ExceedToleratedFailureThreshold", cause="too many")
    described = {"definition": json.dumps({"States": {"Each": {"Type": "Map"}}})}
    explained = explain(ScriptedAws({"stepfunctions:DescribeStateMachineForExecution": described}), EXECUTION, read(script))
    assert (explained.states, explained.error) == (("Each",), "States.ExceedToleratedFailureThreshold")


def test_a_container_fails_with_the_error_within_it() -> None:
    script = Script()
    script.enter("Each", "Map")
    started = script.add("MapStateStarted")
    script.add("MapIterationStarted", name="Each", index=0)
    script.enter("Load", "Task")
    script.fail("Broken", "x")
    script.add("MapIterationFailed", name="Each", index=0)
    script.add("MapStateFailed", started)
    script.leave("Each", "Map")
    script.end(output="{}")
    caught = read(script).visits[0]
    assert (caught.name, caught.status, caught.error) == ("Each", "caught", "Broken")


def test_an_execution_that_failed_before_any_state_has_none() -> None:
    script = Script().end("ExecutionFailed", error="States.Runtime", cause="no input")
    explained = explain(ScriptedAws({}), EXECUTION, read(script))
    assert explained == failure.Failure((), "States.Runtime", "no input")


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ("", ""),
        ("plain words\n", "plain words"),
        (json.dumps(RUN), "ValueError: no rows"),
        (json.dumps({"errorMessage": "m", "errorType": "T"}), "m"),
        (json.dumps({"Cause": json.dumps(RUN), "Error": "E"}), "ValueError: no rows"),
        ('{"other": 1}', '{"other": 1}'),
        ("[1]", "[1]"),
        ("{broken", "{broken"),
    ],
)
def test_unpacks_a_cause(cause: str, message: str) -> None:
    assert innermost_message(cause) == message
