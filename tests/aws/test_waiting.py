"""How long it takes until somebody looks again."""

from typing import Any

import pytest
from botocore.stub import Stubber

from common.aws.session import AwsSession
from common.aws_common import method_name

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
            [{"Configuration": {"LastUpdateStatus": status}} for status in (*["InProgress"] * 5, "Successful")],
            [0.5, 0.2, 0.3, 0.45, 0.675, 1.0],
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
