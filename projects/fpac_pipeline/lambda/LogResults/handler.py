"""Close the record of a run, and tell the failure topic when the run failed.

It runs on both ways out of the state machine and reads from the state what happened: ``failure`` is there when something
was caught, ``run`` is absent when not even the run id could be made. The row counts were put into the record by the jobs
as each finished, so a failed run keeps the counts of the jobs that did finish. A failure is published before the record is
closed: when DynamoDB is the trouble, the message still gets out.
"""

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3

COUNTS = ("landing_rows", "cleansed_rows", "rejected_rows", "final_rows")
CAUSE_LIMIT = 2000  # characters; an SNS message holds 256 KB, a reader less

table = boto3.resource("dynamodb").Table(os.environ["RUN_TABLE"])
sns = boto3.client("sns")
topic = os.environ["FAILURE_TOPIC_ARN"]


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Close the run.

    Args:
        event: ``execution_arn``, ``started_at`` (ISO 8601, UTC), ``input`` (the execution's own) and ``state``, the state
            machine's state: ``run.run_id`` if there is one, ``failure.Error`` and ``failure.Cause`` if it failed.
        context: Not used.

    Returns:
        ``run_id`` (or None), ``status``, ``duration_seconds`` and ``counts`` (rows by name).
    """
    state = event["state"]
    failure, run_id = state.get("failure"), state.get("run", {}).get("run_id")
    ended = datetime.now(UTC)
    result = {
        "run_id": run_id,
        "status": "FAILED" if failure else "SUCCEEDED",
        "duration_seconds": round((ended - datetime.fromisoformat(event["started_at"])).total_seconds(), 3),
        "ended_at": ended.isoformat(timespec="milliseconds"),
    }
    if failure:
        result |= {"error": failure["Error"], "cause": readable(failure.get("Cause", ""))}
        _publish(result | {"execution_arn": event["execution_arn"], "input": event["input"]})
    return result | {"counts": _close(result) if run_id else {}}


def readable(cause: str) -> str:
    """The message inside the JSON that Lambda and Glue give as a cause, or the cause itself."""
    try:
        details = json.loads(cause)
    except ValueError:
        details = None
    content = details if isinstance(details, dict) else {}
    return str(content.get("errorMessage") or content.get("ErrorMessage") or cause)[:CAUSE_LIMIT]


def _publish(message: dict[str, Any]) -> None:
    subject = f"fpac run failed: {message['error']}"[:100]  # SNS's limit
    sns.publish(TopicArn=topic, Subject=subject, Message=json.dumps(message, indent=2))


def _close(result: dict[str, Any]) -> dict[str, int]:
    """Write how the run ended; the row counts found in its record."""
    ending = {name: value for name, value in result.items() if name != "run_id"}
    ending["duration_seconds"] = Decimal(str(ending["duration_seconds"]))
    response = table.update_item(
        Key={"run_id": result["run_id"]},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in ending),
        ConditionExpression="attribute_exists(run_id)",
        ExpressionAttributeNames={f"#{name}": name for name in ending},
        ExpressionAttributeValues={f":{name}": value for name, value in ending.items()},
        ReturnValues="ALL_NEW",
    )
    return {name: int(response["Attributes"][name]) for name in COUNTS if name in response["Attributes"]}
