"""Lines of a function's log by invocation, in both formats that Lambda writes.

The lines are those of https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html and
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.execution.function_logs import invocations, usage_of
from common.execution.log_sources import Source
from common.execution.logs import LogLine, LogReader
from tests.resources.scripted import ScriptedAws, refused

START = datetime(2026, 1, 1, tzinfo=UTC)
FILTER = "logs:FilterLogEvents"
REPORT = (
    "REPORT RequestId: {0}\tDuration: 12.50 ms\tBilled Duration: 213 ms\tMemory Size: 256 MB\tMax Memory Used: 71 MB\t"
    "Init Duration: 200.00 ms\t"
)


def lines(stream: str, *texts: str) -> list[LogLine]:
    return [LogLine(START + timedelta(seconds=at), text, "/g", stream) for at, text in enumerate(texts)]


def platform(kind: str, **record: Any) -> str:
    return json.dumps({"time": "2026-01-01T00:00:00Z", "type": f"platform.{kind}", "record": record})


def test_each_request_of_each_environment_has_its_own_lines() -> None:
    first = lines("a", "INIT_START Runtime", "START RequestId: 1 Version: $LATEST", "one", "END RequestId: 1", REPORT.format("1"))
    again = lines("a", "START RequestId: 3 Version: $LATEST", "three")
    other = lines("b", "START RequestId: 2 Version: $LATEST", "two", "END RequestId: 2", REPORT.format("2"))
    result = invocations([*other[:2], *first, *other[2:], *again])
    assert {item.request: [line.text for line in item.lines] for item in result} == {"2": ["two"], "1": ["one"], "3": ["three"]}
    assert [item.ended for item in result] == [True, True, False]


def test_a_report_tells_what_was_billed() -> None:
    used = {"seconds": 0.0125, "billed_seconds": 0.213, "memory_mb": 256.0, "used_mb": 71.0, "init_seconds": 0.2}
    assert usage_of(REPORT.format("1")) == used
    metrics = {"durationMs": 12.5, "billedDurationMs": 213, "memorySizeMB": 256, "maxMemoryUsedMB": 71, "initDurationMs": 200}
    assert usage_of(platform("report", requestId="1", metrics=metrics, status="success")) == used
    assert usage_of("REPORT of the day") == {}


@pytest.mark.parametrize(
    "texts",
    [
        ("START RequestId: 1 Version: 1", "[ERROR] ValueError: no rows\nTraceback (most recent call last):"),
        ("START RequestId: 1 Version: 1", "2026-01-01T00:00:00Z 1 Task timed out after 3.00 seconds"),
        ("START RequestId: 1 Version: 1", REPORT.format("1") + "Status: timeout"),
        (platform("start", requestId="1"), json.dumps({"level": "ERROR", "message": "no rows"})),
        (platform("start", requestId="1"), platform("report", requestId="1", status="timeout", metrics={"durationMs": 1})),
    ],
)
def test_a_failure_is_seen_in_the_lines(texts: tuple[str, ...]) -> None:
    assert [item.failed for item in invocations(lines("a", *texts))] == [True]


def test_a_success_is_no_failure() -> None:
    texts = ("START RequestId: 1 Version: 1", "no error at all", "END RequestId: 1", REPORT.format("1"))
    assert [item.failed for item in invocations(lines("a", *texts))] == [False]


def events(*lines: tuple[str, int, str]) -> dict[str, Any]:
    at = int(START.timestamp() * 1000)
    return {
        "events": [
            {"logStreamName": "s", "timestamp": at + late, "message": text, **({"eventId": id_} if id_ else {})}
            for id_, late, text in lines
        ]
    }


def test_a_line_is_returned_once_and_late_ones_are_not_missed() -> None:
    """Events of several streams arrive out of order, so a poll reads again what it has read before."""
    aws = ScriptedAws({FILTER: [events(("1", 0, "a"), ("2", 9000, "b")), events(("3", 1000, "late"), ("2", 9000, "b"))]})
    reader, source = LogReader(aws), Source("/g", between=(5, 0))
    assert [line.text for line in reader.new_lines(source)] == ["a", "b"]
    assert [line.text for line in reader.new_lines(source)] == ["late"]
    assert aws.calls[0][1] == {"logGroupName": "/g", "startTime": 5}
    assert aws.calls[1][1]["startTime"] < int(START.timestamp() * 1000) + 1000


def test_equal_lines_without_ids_are_told_apart() -> None:
    """The embedded AWS gives events no ids."""
    aws = ScriptedAws({FILTER: [events(("", 0, "a"), ("", 0, "a")), events(("", 0, "a"), ("", 0, "a"), ("", 0, "a"))]})
    reader = LogReader(aws)
    assert len(reader.new_lines(Source("/g"))) == 2
    assert len(reader.new_lines(Source("/g"))) == 1


def test_a_group_or_stream_that_does_not_exist_yet_has_no_lines() -> None:
    """As in https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html."""
    aws = ScriptedAws({FILTER: refused("FilterLogEvents", "ResourceNotFoundException")})
    assert LogReader(aws).new_lines(Source("/g", "s")) == []
    assert aws.sent(FILTER) == {"logGroupName": "/g", "logStreamNames": ["s"]}
