"""Give the execution its run id and open its record in the run table.

The id is derived from the execution alone (its start and its ARN), so the same execution always gets the same one: a retry
after a lost answer writes the same record again. The write is conditional, so no other execution's record is ever
overwritten. Ids sort by start, and are safe in S3 keys.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import boto3

PIPELINE = "fpac"

table = boto3.resource("dynamodb").Table(os.environ["RUN_TABLE"])


class RunIdTaken(Exception):  # the state machine and its readers know the error by this name
    """Another execution's record has this run id."""


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Open the record of a run.

    Args:
        event: ``execution_arn``, ``started_at`` (ISO 8601, UTC) and ``input`` (the execution's own, whatever it is).
        context: Not used.

    Returns:
        ``{"run_id": ...}``

    Raises:
        RunIdTaken: the id belongs to another execution.
    """
    execution, started = event["execution_arn"], event["started_at"]
    run_id = new_id(execution, datetime.fromisoformat(started))
    record = {
        "run_id": run_id,
        "pipeline": PIPELINE,
        "execution_arn": execution,
        "status": "RUNNING",
        "started_at": started,
        "input": json.dumps(event["input"]),
    }
    try:
        table.put_item(
            Item=record,
            ConditionExpression="attribute_not_exists(run_id) OR execution_arn = :execution",
            ExpressionAttributeValues={":execution": execution},
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException as error:
        raise RunIdTaken(f"run {run_id} in table {table.name} belongs to another execution than {execution}") from error
    return {"run_id": run_id}


def new_id(execution_arn: str, started: datetime) -> str:
    """For example ``20240115T093000Z-5f0c2d9e81ab``."""
    return f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{uuid5(NAMESPACE_URL, execution_arn).hex[:12]}"
