"""Starting an execution and following it: what is asked, how often, and what is told."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from common.base.errors import AwsError
from common.execution import follower
from common.execution.follower import Waiting, wait_for_update
from common.execution.history import Entered, History, Left
from tests.resources.scripted import ScriptedAws, refused
from tests.support import histories
from tests.support.deploying import ENV
from tests.support.histories import EXECUTION, Event

HISTORY = "stepfunctions:GetExecutionHistory"


class Growing(ScriptedAws):
    """An execution whose history grows: the n-th poll finds the first ``lengths[n]`` events; pages have `size` events."""

    def __init__(self, events: list[Event], lengths: list[int | AwsError], size: int = 100) -> None:
        super().__init__({})
        self._events, self._lengths, self._size = events, lengths, size
        self._there: list[Event] = []

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.calls.append((f"{service}:{operation}", parameters))
        assert operation == "GetExecutionHistory"
        assert parameters["reverseOrder"] is True
        if "nextToken" not in parameters:
            length = self._lengths.pop(0) if len(self._lengths) > 1 else self._lengths[0]
            if isinstance(length, AwsError):
                raise length
            self._there = self._events[:length][::-1]
        begin = int(parameters.get("nextToken", 0))
        page = self._there[begin : begin + self._size]
        more = {"nextToken": str(begin + self._size)} if begin + self._size < len(self._there) else {}
        return {"events": page, **more}


def follow(aws: ScriptedAws, longest_pause: float = 5.0) -> tuple[History, list[object]]:
    reported: list[object] = []
    return follower.follow(aws, EXECUTION, reported.append, longest_pause), reported


def test_starts_an_execution_with_a_readable_name_of_its_own() -> None:
    aws = ScriptedAws({"stepfunctions:StartExecution": {"executionArn": EXECUTION}})
    now = datetime(2026, 1, 15, 9, 30, 5, tzinfo=UTC)
    assert {follower.start(aws, "arn:machine", '{"a": 1}', now) for _ in range(20)} == {EXECUTION}
    sent = [parameters for _, parameters in aws.calls]
    assert all(re.fullmatch("run-20260115-093005-[0-9a-f]{4}", request["name"]) for request in sent)
    assert len({request["name"] for request in sent}) > 10
    assert (sent[0]["stateMachineArn"], sent[0]["input"]) == ("arn:machine", '{"a": 1}')


def test_follows_to_the_end_and_tells_everything_once() -> None:
    events = histories.succeeding().events
    aws = Growing(events, [1, 3, 3, 9, len(events)])
    history, reported = follow(aws)
    assert history.end == "SUCCEEDED"
    assert [event.visit.name for event in reported if isinstance(event, Entered)] == ["Validate", "Land"]
    assert [event.visit.name for event in reported if isinstance(event, Left)] == ["Validate", "Land"]
    assert len([event for event in reported if isinstance(event, Waiting)]) == 4
    assert [[visit.name for visit in event.running] for event in reported if isinstance(event, Waiting)] == [
        [],
        ["Validate"],
        ["Validate"],
        [],
    ]


def test_waits_longer_while_nothing_happens_and_up_to_a_limit() -> None:
    events = histories.succeeding().events
    aws = Growing(events, [3, *[3] * 20, 9, len(events)])
    follow(aws)
    assert aws.slept[:4] == [1.0, 1.25, 1.5625, 1.953125]
    assert max(aws.slept) == aws.slept[-2] == 5.0
    assert aws.slept[-1] == 1.0
    embedded = Growing(events, [3, *[3] * 20, len(events)])
    follow(embedded, longest_pause=1.0)
    assert set(embedded.slept) == {1.0}


def test_a_poll_reads_back_to_what_is_known_and_no_further() -> None:
    events = histories.side_by_side().events
    aws = Growing(events, [20, 21, len(events)], size=4)
    history, _ = follow(aws)
    assert history.last == len(events)
    tokens = [parameters.get("nextToken") for _, parameters in aws.calls]
    assert tokens == [None, "4", "8", "12", "16", None, None, "4", "8"]


def test_throttling_and_broken_connections_are_waited_out() -> None:
    events = histories.succeeding().events
    busy = [
        refused("GetExecutionHistory", code)
        for code in ("ThrottlingException", "EndpointConnectionError", "SlowDown", "InternalError")
    ]
    history, _ = follow(Growing(events, [3, *busy, len(events)]))
    assert history.end == "SUCCEEDED"


def test_gives_up_when_refusals_do_not_pass() -> None:
    aws = Growing([], [refused("GetExecutionHistory", "ThrottlingException")])
    with pytest.raises(AwsError):
        follow(aws)
    assert len(aws.calls) == follower.MAX_POLL_ERRORS + 1


def test_a_refusal_that_means_it_is_not_waited_out() -> None:
    aws = Growing([], [refused("GetExecutionHistory", "AccessDeniedException")])
    with pytest.raises(AwsError, match="AccessDenied"):
        follow(aws)
    assert aws.operations == [HISTORY]


@pytest.mark.parametrize(("age", "slept"), [(0, [5.0]), (3, [2.0]), (5, []), (60, [])])
def test_an_execution_waits_for_an_update_of_a_moment_ago(age: int, slept: list[float]) -> None:
    """See https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html ."""
    written = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    date = format_datetime(written + timedelta(seconds=age), usegmt=True)
    aws = ScriptedAws({"s3:HeadObject": {"LastModified": written, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}})
    wait_for_update(aws, ENV, "p")
    assert aws.slept == slept
    assert aws.sent("s3:HeadObject")["Key"] == "dev/p/release.json"


def test_what_was_never_deployed_is_not_waited_for() -> None:
    aws = ScriptedAws({"s3:HeadObject": refused("HeadObject", "404")})
    wait_for_update(aws, ENV, "p")
    assert aws.slept == []
