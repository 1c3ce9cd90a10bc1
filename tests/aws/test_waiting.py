"""How long it takes until somebody looks again."""

from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from common.aws.polling import Waits, poll_pauses
from common.aws.session import AwsSession
from common.aws_common import method_name
from common.base import turns
from common.base.errors import AwsError

FUNCTION = {"FunctionName": "f"}
TABLE = {"TableName": "t"}


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def aws(slept: list[float], monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    return AwsSession("eu-central-1", "123456789012", sleep=slept.append)


@pytest.mark.parametrize(
    ("operation", "waiter", "which", "responses", "pauses"),
    [
        (
            "lambda:GetFunction",
            "function_updated_v2",
            FUNCTION,
            [{"Configuration": {"LastUpdateStatus": status}} for status in (*["InProgress"] * 14, "Successful")],
            [0.3, *[0.2] * 9, 0.3, 0.45, 0.675, 1.0, 1.0],
        ),
        (
            "lambda:GetFunction",
            "function_active_v2",
            FUNCTION,
            [{"Configuration": {"State": state}} for state in ("Pending", "Active")],
            [0.5, 0.2],
        ),
        (
            "dynamodb:DescribeTable",
            "table_exists",
            TABLE,
            [{"Table": {"TableStatus": state}} for state in ("CREATING", "ACTIVE")],
            [0.0, 0.2],
        ),
    ],
)
def test_pauses_grow_up_to_the_waiters_own(
    aws: AwsSession,
    slept: list[float],
    operation: str,
    waiter: str,
    which: dict[str, str],
    responses: list[dict[str, Any]],
    pauses: list[float],
) -> None:
    """What AWS has just said to be under way is not asked about at once; what may be there already is."""
    service, _, name = operation.partition(":")
    with Stubber(aws.clients.of(service)) as stubber:
        for response in responses:
            stubber.add_response(method_name(name), response, which)
        aws.wait(service, waiter, **which)
        stubber.assert_no_pending_responses()
    assert slept == pytest.approx(pauses)
    assert aws.calls == {operation: len(responses)}


def test_a_delay_of_our_own_takes_the_place_of_the_waiters(aws: AwsSession, slept: list[float]) -> None:
    """Botocore polls a table every 20 seconds."""
    limits = {"Delay": 2, "MaxAttempts": 9}
    with Stubber(aws.clients.of("dynamodb")) as stubber:
        for _ in range(9):
            stubber.add_response("describe_table", {"Table": {"TableStatus": "CREATING"}}, TABLE)
        with pytest.raises(AwsError, match="Max attempts exceeded"):
            aws.wait("dynamodb", "table_exists", **TABLE, WaiterConfig=limits)
    assert slept == pytest.approx([0.0, 0.2, 0.3, 0.45, 0.675, 1.0125, 1.51875, 2.0, 2.0])


def test_what_was_just_stored_is_waited_for_from_another_region_as_well(aws: AwsSession, slept: list[float]) -> None:
    """A function there gets its code from the artifact bucket, which may be new.

    See https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html.
    """
    there, target = aws.in_region("eu-west-1"), {"Bucket": "artifacts", "Key": "code.zip"}
    with Stubber(aws.clients.of("s3")) as storing, Stubber(there.clients.of("s3")) as reading:
        storing.add_response("put_object", {}, {**target, "Body": b"zip"})
        aws.call("s3", "PutObject", **target, Body=b"zip")
        reading.add_client_error("get_object", "NoSuchKey", http_status_code=404)
        reading.add_response("get_object", {"Body": StreamingBody(BytesIO(b"zip"), 3)}, target)
        assert there.call("s3", "GetObject", **target)["Body"].read() == b"zip"
    assert len(slept) == 1


def polls(latency: float, waits: int = 1) -> Iterator[float]:
    """When Lambda gets each poll, in seconds after the answer that the update has begun."""
    now, others = 0.0, Waits()
    others.number = waits - 1
    for pause in poll_pauses("function_updated_v2", 1.0, others):
        now += pause
        yield now + latency / 2
        now += latency


@pytest.mark.parametrize("latency", [0.03, 0.05, 0.1])
def test_the_end_of_an_update_is_noticed_soon_and_with_few_polls(latency: float) -> None:
    """Lambda updates the code of most functions within 2 seconds, and some take much longer."""
    asked = [moment for moment, _ in zip(polls(latency), range(40), strict=False)]
    assert max(later - earlier for earlier, later in pairwise(asked) if earlier < 2.0) <= 0.2 + latency + 1e-9
    assert asked[0] <= 0.3 + latency
    assert sum(moment < 1.0 for moment in asked) <= 4
    assert sum(moment < 2.0 for moment in asked) <= 8
    assert sum(moment < 10.0 for moment in asked) <= 20


@pytest.mark.parametrize(("waits", "most"), [(11, 50), (32, 50), (60, 60)])
def test_many_waits_together_poll_far_more_rarely_than_lambda_allows(waits: int, most: int) -> None:
    """Each of them polls at least every second, as botocore would."""
    asked = [moment for moment, _ in zip(polls(0.0, waits), range(12), strict=False)]
    assert all(waits / (later - earlier) <= most + 0.001 for earlier, later in pairwise(asked))


def test_a_wait_knows_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve functions, each of which begins to wait while the one before waits for its second poll; the first is not counted."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) in range(2, 24, 2):
            session.wait("lambda", "function_updated_v2", **FUNCTION)

    session = AwsSession("eu-central-1", "123456789012", sleep=sleep)
    with Stubber(session.clients.of("lambda")) as stubber:
        for status in (*["InProgress"] * 12, *["Successful"] * 12, "InProgress", "Successful"):
            stubber.add_response("get_function", {"Configuration": {"LastUpdateStatus": status}}, FUNCTION)
        session.wait("lambda", "function_updated_v2", **FUNCTION)
        assert pauses[::2] == pytest.approx([0.3] * 12)
        assert pauses[1::2] == pytest.approx([*[0.2] * 10, 0.22, 0.24])
        session.wait("lambda", "function_updated_v2", **FUNCTION)
    assert pauses[24:] == pytest.approx([0.3, 0.2])


def test_who_waits_for_a_function_leaves_its_turn_between_polls(aws: AwsSession) -> None:
    counts: list[int] = []
    with Stubber(aws.clients.of("lambda")) as stubber, turns.counted(counts.append):
        for state in ("Pending", "Active"):
            stubber.add_response("get_function", {"Configuration": {"State": state}}, FUNCTION)
        aws.wait("lambda", "function_active_v2", **FUNCTION)
    assert counts == [-1, 1, -1, 1]
