"""One execution, one id, one record, on a fake DynamoDB."""

from typing import Any

import boto3
import pytest

ARN = "arn:aws:states:us-east-1:123456789012:execution:fpac:first"


def event(arn: str = ARN, started: str = "2024-01-15T09:30:00.250Z") -> dict[str, Any]:
    return {"execution_arn": arn, "started_at": started, "input": {"bucket": "landing", "key": "fpac/a.csv"}}


def records() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = boto3.resource("dynamodb").Table("runs").scan()["Items"]
    return items


def test_opens_the_record(load: Any) -> None:
    run_id = load("CreateNewId").handler(event(), None)["run_id"]
    assert records() == [
        {
            "run_id": run_id,
            "pipeline": "fpac",
            "execution_arn": ARN,
            "status": "RUNNING",
            "started_at": "2024-01-15T09:30:00.250Z",
            "input": '{"bucket": "landing", "key": "fpac/a.csv"}',
        }
    ]


def test_the_same_execution_gets_the_same_id_and_one_record(load: Any) -> None:
    first = load("CreateNewId").handler(event(), None)
    assert load("CreateNewId").handler(event(), None) == first
    assert len(records()) == 1


def test_another_execution_gets_another_id(load: Any) -> None:
    handler = load("CreateNewId").handler
    assert handler(event(), None) != handler(event(f"{ARN}-2"), None)
    assert len(records()) == 2


def test_ids_sort_by_start_in_utc(load: Any) -> None:
    handler = load("CreateNewId").handler
    early = handler(event(started="2024-01-15T11:00:00+02:00"), None)["run_id"]
    late = handler(event(started="2024-01-15T09:30:00Z"), None)["run_id"]
    assert early.startswith("20240115T090000Z-")
    assert early < late


def test_never_takes_the_record_of_another_execution(load: Any) -> None:
    module = load("CreateNewId")
    run_id = module.handler(event(), None)["run_id"]
    table = boto3.resource("dynamodb").Table("runs")
    table.put_item(Item={"run_id": run_id, "execution_arn": "somebody else's"})
    with pytest.raises(module.RunIdTaken, match=f"run {run_id} in table runs belongs to another execution"):
        module.handler(event(), None)
    assert records() == [{"run_id": run_id, "execution_arn": "somebody else's"}]
