"""The objects of all commands end alike, so that a program reads one of them as any other."""

import io
import json
from collections.abc import Callable

import pytest

from common.base.errors import FailedError
from common.model.events import Closed
from common.report.deploy_report import JsonDeployReport
from common.report.json_report import JsonReport
from common.report.run_report import JsonRunReport

CLOSED = Closed(1.25, {"s3:PutObject": 3, "lambda:GetFunction": 2}, 0, 1, 2, error=FailedError("1 failed."))


@pytest.mark.parametrize(
    "made",
    [
        lambda stream: JsonDeployReport("dev", [], stream),
        lambda stream: JsonRunReport("dev", stream),
        lambda stream: JsonReport("dev", stream),
    ],
    ids=["deploy", "run", "drift, status and others"],
)
def test_how_it_ended_what_was_called_and_how_long_it_took(made: Callable[[io.StringIO], Callable[[Closed], None]]) -> None:
    stream = io.StringIO()
    made(stream)(CLOSED)
    output = json.loads(stream.getvalue())
    assert output["environment"] == "dev"
    assert (output["outcome"], output["error"]) == ("failed", "1 failed.")
    assert output["api_calls"] == {"total": 5, "by_operation": {"lambda:GetFunction": 2, "s3:PutObject": 3}}
    assert output["seconds"] == 1.25
