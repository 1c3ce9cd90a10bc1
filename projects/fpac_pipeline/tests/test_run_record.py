"""What the jobs write into the run's record, on a fake DynamoDB."""

import boto3
import pytest

from projects.fpac_pipeline.shared.run_record import record_counts


def test_counts_join_what_the_record_holds(aws: None) -> None:
    table = boto3.resource("dynamodb").Table("runs")
    table.put_item(Item={"run_id": "r1", "status": "RUNNING", "landing_rows": 1})
    record_counts("runs", "r1", cleansed_rows=507, rejected_rows=3)
    expected = {"run_id": "r1", "status": "RUNNING", "landing_rows": 1, "cleansed_rows": 507, "rejected_rows": 3}
    assert table.scan()["Items"] == [expected]


def test_no_record_is_made_by_counting(aws: None) -> None:
    table = boto3.resource("dynamodb").Table("runs")
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException):
        record_counts("runs", "unknown", landing_rows=1)
    assert table.scan()["Items"] == []
