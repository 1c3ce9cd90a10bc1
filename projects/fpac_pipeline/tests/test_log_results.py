"""How runs are closed and failures published, on a fake DynamoDB and SNS."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

RUN = "20240115T093000Z-0123456789ab"
ARN = "arn:aws:states:us-east-1:123456789012:execution:fpac:first"
CAUSE = json.dumps({"errorMessage": "s3://landing/a.csv is empty", "errorType": "InputInvalid", "stackTrace": []})


def event(failure: dict[str, str] | None = None, run_id: str | None = RUN, seconds: int = 90) -> dict[str, Any]:
    state: dict[str, Any] = {"run": {"run_id": run_id}} if run_id else {}
    return {
        "execution_arn": ARN,
        "started_at": (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(),
        "input": {"bucket": "landing", "key": "a.csv"},
        "state": state | ({"failure": failure} if failure else {}),
    }


def open_record(**counts: int) -> Any:
    table = boto3.resource("dynamodb").Table("runs")
    table.put_item(Item={"run_id": RUN, "status": "RUNNING", "pipeline": "fpac", **counts})
    return table


def published() -> list[tuple[str, dict[str, Any]]]:
    topic = next(iter(sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].topics.values()))
    return [(str(note[2]), json.loads(note[1])) for note in topic.sent_notifications]


def test_closes_a_finished_run_with_counts_and_duration(load: Any) -> None:
    table = open_record(landing_rows=10, cleansed_rows=8, rejected_rows=2, final_rows=3)
    result = load("LogResults").handler(event(), None)
    record = table.get_item(Key={"run_id": RUN})["Item"]
    assert result["status"] == record["status"] == "SUCCEEDED"
    assert result["counts"] == {"landing_rows": 10, "cleansed_rows": 8, "rejected_rows": 2, "final_rows": 3}
    assert 90 <= result["duration_seconds"] < 120
    assert float(record["duration_seconds"]) == result["duration_seconds"]
    assert record["ended_at"] == result["ended_at"]
    assert record["pipeline"] == "fpac"
    assert published() == []


def test_closes_and_publishes_a_failed_run_with_the_counts_so_far(load: Any) -> None:
    table = open_record(landing_rows=10)
    result = load("LogResults").handler(event({"Error": "InputInvalid", "Cause": CAUSE}), None)
    record = table.get_item(Key={"run_id": RUN})["Item"]
    assert record["status"] == "FAILED"
    assert (record["error"], record["cause"]) == ("InputInvalid", "s3://landing/a.csv is empty")
    assert result["counts"] == {"landing_rows": 10}
    [(subject, message)] = published()
    assert subject == "fpac run failed: InputInvalid"
    assert message["execution_arn"] == ARN
    assert message["input"] == {"bucket": "landing", "key": "a.csv"}
    assert (message["run_id"], message["cause"]) == (RUN, "s3://landing/a.csv is empty")


def test_publishes_a_failure_without_run_id(load: Any) -> None:
    result = load("LogResults").handler(event({"Error": "RunIdTaken", "Cause": "x"}, run_id=None), None)
    assert (result["run_id"], result["counts"]) == (None, {})
    assert [message["error"] for _, message in published()] == ["RunIdTaken"]
    assert boto3.resource("dynamodb").Table("runs").scan()["Items"] == []


def test_publishes_a_failure_even_when_there_is_no_record_to_close(load: Any) -> None:
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        load("LogResults").handler(event({"Error": "States.TaskFailed", "Cause": "x"}), None)
    assert len(published()) == 1


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        (CAUSE, "s3://landing/a.csv is empty"),
        ('{"JobRunState": "FAILED", "ErrorMessage": "ValueError: 21 of 100 rows"}', "ValueError: 21 of 100 rows"),
        ('{"other": 1}', '{"other": 1}'),
        ("[1]", "[1]"),
        ("plain words", "plain words"),
        ("", ""),
        ("x" * 5000, "x" * 2000),
    ],
)
def test_reads_the_message_in_a_cause(load: Any, cause: str, message: str) -> None:
    assert load("LogResults").readable(cause) == message


def test_keeps_the_subject_within_the_limit_of_sns(load: Any) -> None:
    open_record()
    load("LogResults").handler(event({"Error": "E" * 200, "Cause": ""}), None)
    assert len(published()[0][0]) == 100
