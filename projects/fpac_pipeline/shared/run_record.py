"""The record of a run in the pipeline's table: what all jobs write into it."""

import boto3


def record_counts(run_table: str, run_id: str, **counts: int) -> None:
    """Put row counts into the run's record, which must exist."""
    boto3.resource("dynamodb").Table(run_table).update_item(
        Key={"run_id": run_id},
        UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in counts),
        ConditionExpression="attribute_exists(run_id)",
        ExpressionAttributeValues={f":{name}": count for name, count in counts.items()},
    )
