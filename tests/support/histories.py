"""Histories of executions as Step Functions tells them: each event names the one before it in its branch."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:t-p-main:run-1"
CHILD = "arn:aws:states:eu-central-1:123456789012:execution:t-p-child:c-1"
RUN = {"Id": "jr_1", "JobName": "t-p-landing", "JobRunState": "FAILED", "ErrorMessage": "ValueError: no rows"}

Event = dict[str, Any]


class Script:
    """Writes a history, one event a second unless told otherwise."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now = START
        self.add("ExecutionStarted", input="{}")

    def add(self, kind: str, before: int | None = None, seconds: float = 1, **details: Any) -> int:
        """An event after the event `before` (the last one); its id."""
        number = len(self.events) + 1
        event: Event = {
            "id": number,
            "type": kind,
            "timestamp": self.now,
            "previousEventId": number - 1 if before is None else before,
        }
        self.now += timedelta(seconds=seconds)
        if details:
            event[f"{_detail(kind)}EventDetails"] = details
        self.events.append(event)
        return number

    def enter(self, name: str, kind: str = "Task", before: int | None = None) -> int:
        return self.add(f"{kind}StateEntered", before, name=name, input="{}")

    def leave(self, name: str, kind: str = "Task", before: int | None = None) -> int:
        return self.add(f"{kind}StateExited", before, name=name, output="{}")

    def schedule(self, resource: str = "lambda:invoke", before: int | None = None, **parameters: Any) -> int:
        service, operation = resource.split(":")
        task: dict[str, Any] = {
            "resourceType": service,
            "resource": operation,
            "region": "eu-central-1",
            "parameters": json.dumps(parameters),
        }
        self.add("TaskScheduled", before, **task)
        return self.add("TaskStarted", resourceType=service, resource=operation)

    def fail(self, error: str, cause: Any = "", kind: str = "TaskFailed", before: int | None = None) -> int:
        return self.add(kind, before, error=error, cause=cause if isinstance(cause, str) else json.dumps(cause))

    def end(self, kind: str = "ExecutionSucceeded", **details: Any) -> "Script":
        self.add(kind, **details)
        return self


def _detail(kind: str) -> str:
    for end in ("StateEntered", "StateExited"):
        if kind.endswith(end):
            return f"s{end[1:]}"
    return kind[0].lower() + kind[1:]


def succeeding() -> Script:
    """Two tasks, the first of which was tried twice."""
    script = Script()
    script.enter("Validate")
    script.schedule(FunctionName="t-p-Validate")
    script.fail("Lambda.TooManyRequestsException", "Rate exceeded")
    script.schedule(FunctionName="t-p-Validate")
    script.add("TaskSucceeded", resourceType="lambda", resource="invoke", output="{}")
    script.leave("Validate")
    script.enter("Land")
    script.schedule("glue:startJobRun.sync", JobName="t-p-landing")
    script.add("TaskSubmitted", resourceType="glue", resource="startJobRun.sync", output=json.dumps({"JobRunId": "jr_1"}))
    script.add("TaskSucceeded", resourceType="glue", resource="startJobRun.sync", output="{}")
    script.leave("Land")
    return script.end(output='{"rows": 3}')


def failing_function() -> Script:
    """A function that fails, a Catch, a task that logs it, and a Fail state that tells the same error on."""
    cause = {"errorMessage": "s3://b/k is empty", "errorType": "InputInvalid", "requestId": "1", "stackTrace": []}
    script = Script()
    script.enter("Validate")
    script.schedule(FunctionName="arn:aws:lambda:eu-central-1:123456789012:function:t-p-Validate:live")
    script.fail("InputInvalid", cause)
    script.leave("Validate")
    script.enter("LogFailure")
    script.schedule(FunctionName="t-p-LogResults")
    script.add("TaskSucceeded", resourceType="lambda", resource="invoke", output="{}")
    script.leave("LogFailure")
    script.enter("Failed", "Fail")
    return script.end("ExecutionFailed", error="InputInvalid", cause=json.dumps(cause))


def failing_job() -> Script:
    """A job run that fails and that nothing catches."""
    script = Script()
    script.enter("Land")
    script.schedule("glue:startJobRun.sync", JobName="t-p-landing")
    script.add("TaskSubmitted", resourceType="glue", resource="startJobRun.sync", output=json.dumps({"JobRunId": "jr_1"}))
    script.fail("States.TaskFailed", RUN)
    return script.end("ExecutionFailed", error="States.TaskFailed", cause=json.dumps(RUN))


def failing_child() -> Script:
    """An execution of another machine, started and waited for, that fails."""
    output = {"ExecutionArn": CHILD, "Status": "FAILED", "Error": "States.TaskFailed", "Cause": json.dumps(RUN)}
    script = Script()
    script.enter("Nested")
    script.schedule("states:startExecution.sync", StateMachineArn="arn")
    script.add(
        "TaskSubmitted", resourceType="states", resource="startExecution.sync:2", output=json.dumps({"ExecutionArn": CHILD})
    )
    script.fail("States.TaskFailed", output)
    return script.end("ExecutionFailed", error="States.TaskFailed", cause=json.dumps(output))


def side_by_side() -> Script:
    """Two iterations of a Map whose events alternate; the second one's task fails once and is tried again."""
    script = Script()
    script.enter("Each", "Map")
    started = script.add("MapStateStarted", length=2)
    first = script.add("MapIterationStarted", started, name="Each", index=0)
    second = script.add("MapIterationStarted", started, name="Each", index=1)
    first = script.enter("Load", before=first)
    second = script.enter("Load", before=second)
    first = script.schedule(before=first, FunctionName="a")
    second = script.schedule(before=second, FunctionName="b")
    second = script.fail("Busy", before=second)
    first = script.add("TaskSucceeded", first, resourceType="lambda", resource="invoke", output="{}")
    second = script.schedule(before=second, FunctionName="b")
    first = script.leave("Load", before=first)
    first = script.enter("Store", "Pass", before=first)
    second = script.add("TaskSucceeded", second, resourceType="lambda", resource="invoke", output="{}")
    second = script.leave("Load", before=second)
    first = script.leave("Store", "Pass", before=first)
    script.add("MapIterationSucceeded", first, name="Each", index=0)
    second = script.enter("Store", "Pass", before=second)
    second = script.leave("Store", "Pass", before=second)
    script.add("MapIterationSucceeded", second, name="Each", index=1)
    script.add("MapStateSucceeded")
    script.leave("Each", "Map")
    script.enter("Done", "Succeed")
    script.leave("Done", "Succeed")
    return script.end(output="{}")
