"""The lines of everything that an execution has called, each with its state; and of the feeds that `logs` reads."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.base.errors import UsageError
from common.execution.execution_logs import ExecutionLogs
from common.execution.history import History
from common.execution.log_feeds import FunctionFeed, JobFeed, MachineFeed
from common.execution.logs import LogLine
from common.execution.moments import moment
from tests.execution.test_function_logs import REPORT
from tests.resources.scripted import Answer, ScriptedAws, refused
from tests.support.histories import EXECUTION, START, Script

FILTER = "logs:FilterLogEvents"
HISTORY = "stepfunctions:GetExecutionHistory"
CHILD = "arn:aws:states:eu-central-1:123456789012:execution:t-p-child:c-1"
NO_FUNCTION: dict[str, Answer] = {"lambda:GetFunction": refused("GetFunction", "ResourceNotFoundException")}
JOB = {"Job": {"Name": "t-load", "Command": {"Name": "glueetl"}, "GlueVersion": "5.0"}}
RUN = {"JobRun": {"Id": "jr_1", "JobRunState": "SUCCEEDED", "LogGroupName": "/aws-glue/jobs", "GlueVersion": "5.0"}}


def event(seconds: float, text: str, stream: str = "a") -> dict[str, Any]:
    at = int((START.timestamp() + seconds) * 1000)
    return {"eventId": f"{stream}{seconds}{text}", "logStreamName": stream, "timestamp": at, "message": text}


class Logs(ScriptedAws):
    """CloudWatch Logs with groups and streams."""

    def __init__(self, script: dict[str, Any], events: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(script)
        self.events = events

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation != "FilterLogEvents":
            return super().call(service, operation, **parameters)
        stream = (parameters.get("logStreamNames") or [""])[0]
        return {"events": self.events.get(f"{parameters['logGroupName']} {stream}".strip(), [])}


def invoked(script: Script, state: str, request: str | None, function: str = "t-Validate") -> None:
    """A task that has called a function; Step Functions tells the request id of a call that succeeded."""
    script.enter(state)
    script.schedule(FunctionName=function)
    output = {"SdkResponseMetadata": {"RequestId": request}} if request else {}
    script.add("TaskSucceeded", output=json.dumps(output))
    script.leave(state)


def read(script: Script) -> History:
    history = History()
    list(history.read(script.events))
    return history


def shown(lines: list[LogLine]) -> list[tuple[str, str]]:
    return [(line.state, line.text) for line in lines]


def test_each_line_has_the_state_that_called_the_function() -> None:
    """Two states call one function, and somebody else calls it at the same time."""
    script = Script()
    invoked(script, "First", "r1")
    invoked(script, "Second", "r2")
    script.end()
    calls = [("r2", 7, "second"), ("r1", 2, "first"), ("r9", 3, "theirs")]
    events = [
        part
        for request, at, text in calls
        for part in (
            event(at, f"START RequestId: {request} Version: 1", request),
            event(at + 0.1, text, request),
            event(at + 0.2, REPORT.format(request), request),
        )
    ]
    aws = Logs(dict(NO_FUNCTION), {"/aws/lambda/t-Validate": events})
    assert shown(ExecutionLogs(aws).lines(EXECUTION, read(script))) == [("First", "first"), ("Second", "second")]


def test_a_call_without_a_request_id_is_found_by_its_time() -> None:
    script = Script()
    script.enter("Validate")
    script.schedule(FunctionName="t-Validate")
    script.fail("ValueError", {"errorMessage": "no rows"})
    script.add("ExecutionFailed", error="ValueError")
    own = [event(2, "START RequestId: r1 V", "a"), event(2.5, "[ERROR] ValueError: no rows", "a")]
    later = [event(4000, "START RequestId: r2 V", "b"), event(4001, "another day", "b")]
    aws = Logs(dict(NO_FUNCTION), {"/aws/lambda/t-Validate": [*own, *later]})
    for failed in (False, True):
        assert shown(ExecutionLogs(aws, failed).lines(EXECUTION, read(script))) == [("Validate", "[ERROR] ValueError: no rows")]


def test_jobs_and_nested_executions_are_read_too_in_order_of_time() -> None:
    child = Script()
    invoked(child, "Inner", "r1")
    child.end()
    script = Script()
    script.enter("Load")
    script.schedule("glue:startJobRun.sync", JobName="t-load")
    script.add("TaskSubmitted", output=json.dumps({"JobRunId": "jr_1"}))
    script.add("TaskSucceeded", output=json.dumps({"JobRunId": "jr_1", "JobName": "t-load"}))
    script.leave("Load")
    script.enter("Nested")
    script.schedule("states:startExecution.sync", StateMachineArn="x")
    script.add("TaskSubmitted", output=json.dumps({"ExecutionArn": CHILD}))
    script.add("TaskSucceeded", output=json.dumps({"ExecutionArn": CHILD}))
    script.leave("Nested")
    script.end()
    events = {
        "/aws-glue/jobs/output jr_1-driver": [event(9, "3 rows"), event(1, "starting")],
        "/aws/lambda/t-Validate": [event(3, "START RequestId: r1 V"), event(3, "inner")],
    }
    answers = {**NO_FUNCTION, HISTORY: {"events": child.events}, "glue:GetJob": JOB, "glue:GetJobRun": RUN}
    lines = ExecutionLogs(Logs(answers, events)).lines(EXECUTION, read(script))
    assert shown(lines) == [("Load", "starting"), ("Nested > Inner", "inner"), ("Load", "3 rows")]
    assert shown(ExecutionLogs(Logs(answers, events), failed=True).lines(EXECUTION, read(script))) == []


def test_a_crawler_s_lines_are_those_of_the_crawl_that_the_state_started() -> None:
    """Each line begins with the id of its crawl: https://docs.aws.amazon.com/glue/latest/dg/monitor-crawler.html."""
    script = Script()
    script.enter("Crawl")
    script.schedule("aws-sdk:glue.startCrawler", Name="t-look")
    script.leave("Crawl")
    script.enter("Wait", "Wait")
    script.now += timedelta(seconds=100)
    script.end()
    events = [event(3, "[a] BENCHMARK : start"), event(50, "[a] BENCHMARK : end"), event(60, "[b] BENCHMARK : start")]
    aws = Logs({}, {"/aws-glue/crawlers t-look": events})
    assert [line.text for line in ExecutionLogs(aws).lines(EXECUTION, read(script))] == [part["message"] for part in events[:2]]


def test_a_function_s_feed_follows_and_may_show_only_failed_calls() -> None:
    good = [event(0, "START RequestId: 1 V", "a"), event(1, "fine", "a"), event(2, REPORT.format("1"), "a")]
    bad = [event(3, "START RequestId: 2 V", "b"), event(4, "about to fail", "b"), event(5, "[ERROR] ValueError", "b")]
    aws = Logs(dict(NO_FUNCTION), {"/aws/lambda/t-f": [*good]})
    feed, failed = (FunctionFeed(aws, "t-f", START, failed) for failed in (False, True))
    assert [line.text[:6] for line in feed.poll()] == ["fine", "REPORT"]
    assert failed.poll() == []
    aws.events["/aws/lambda/t-f"] += bad
    assert [line.text for line in feed.poll()] == ["about to fail", "[ERROR] ValueError"]
    assert [line.text for line in failed.poll()] == ["about to fail", "[ERROR] ValueError"]
    assert failed.poll() == []


def run(number: int, state: str = "SUCCEEDED") -> dict[str, Any]:
    started = START + timedelta(hours=number)
    return {**RUN["JobRun"], "Id": f"jr_{number}_abcdefghij", "JobRunState": state, "StartedOn": started}


@pytest.mark.parametrize(
    ("since", "failed", "texts"),
    [(None, False, ["3"]), (None, True, ["2"]), (START + timedelta(hours=2), False, ["2", "3"]), (START, True, ["2"])],
)
def test_a_job_s_feed_has_its_last_run_or_those_since_a_moment(since: datetime | None, failed: bool, texts: list[str]) -> None:
    runs = [run(3), run(2, "FAILED"), run(1)]
    events = {f"/aws-glue/jobs/output jr_{n}_abcdefghij-driver": [event(n, str(n))] for n in (1, 2, 3)}
    aws = Logs({"glue:GetJob": JOB, "glue:GetJobRuns": {"JobRuns": runs}}, events)
    assert [line.text for line in JobFeed(aws, "t-load", since, failed).poll()] == texts


def test_a_run_that_starts_later_is_followed() -> None:
    events = {f"/aws-glue/jobs/output jr_{n}_abcdefghij-driver": [event(n, str(n))] for n in (1, 2)}
    listed = [{"JobRuns": [run(1)]}, {"JobRuns": [run(2), run(1)]}]
    feed = JobFeed(Logs({"glue:GetJob": JOB, "glue:GetJobRuns": listed}, events), "t-load", None, failed=False)
    assert shown(feed.poll()) == [("", "1")]
    assert shown(feed.poll()) == [("jr_2_abcdef", "2")]


def test_a_machine_s_feed_has_its_last_execution_and_those_that_start_later() -> None:
    script = Script()
    invoked(script, "First", "r1")
    script.end()
    first = {"executionArn": EXECUTION, "status": "SUCCEEDED", "startDate": START, "stopDate": START}
    listed = "stepfunctions:ListExecutions"
    log = [event(2, "START RequestId: r1 V"), event(2, "first")]
    aws = Logs(
        {**NO_FUNCTION, listed: {"executions": [first]}, HISTORY: {"events": script.events}}, {"/aws/lambda/t-Validate": log}
    )
    feed = MachineFeed(aws, "arn", None, failed=False)
    assert shown(feed.poll()) == [("First", "first")]
    assert feed.poll() == []
    assert aws.operations.count(HISTORY) == 1, "an execution that has ended is read once"
    failed = Logs({listed: {"executions": []}}, {})
    assert MachineFeed(failed, "arn", None, failed=True).poll() == []
    assert [sent["statusFilter"] for _, sent in failed.calls] == ["FAILED", "TIMED_OUT", "ABORTED"]


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_moment_is_so_long_ago_or_a_time() -> None:
    assert moment("2h", NOW) == NOW - timedelta(hours=2)
    assert moment("90s", NOW) == NOW - timedelta(seconds=90)
    assert moment("2026-02-28T10:00", NOW) == datetime(2026, 2, 28, 10, tzinfo=UTC)
    assert moment("2026-02-28", NOW) == datetime(2026, 2, 28, tzinfo=UTC)
    for text in ("5x", "", "yesterday", "-2h", "999999w", "2026-13-01"):
        with pytest.raises(UsageError, match="--since is"):
            moment(text, NOW)
    with pytest.raises(UsageError, match="in the future"):
        moment("2026-03-02", NOW)
