"""Refuse a file that is not a sales file before a job is paid for. Single rows that are wrong are left to the job."""

import csv
import os
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import boto3

COLUMNS = ["sale_id", "sold_on", "product", "quantity", "unit_price"]

s3 = boto3.client("s3")


class FileInvalid(Exception):
    """The file is not what the pipeline reads; the state machine and its readers know the error by this name."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Validate the file ``{"bucket", "key"}``.

    Returns:
        Where it is, and how many rows it has: ``{"source": "s3://…", "rows": 3}``.
    """
    body = s3.get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read()
    rows = validate(body.decode("utf-8-sig"), float(os.environ["MAX_WRONG_PERCENT"]))
    return {"source": f"s3://{event['bucket']}/{event['key']}", "rows": rows}


def validate(text: str, max_wrong_percent: float) -> int:
    """Count the rows of a file.

    Raises:
        FileInvalid: it has other columns, no rows, or too many rows that are wrong.
    """
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames != COLUMNS:
        raise FileInvalid(f"the columns are {reader.fieldnames}, not {COLUMNS}")
    rows = list(reader)
    if not rows:
        raise FileInvalid("the file has no rows")
    wrong = sum(not _is_sale(row) for row in rows)
    if wrong > len(rows) * max_wrong_percent / 100:
        raise FileInvalid(f"{wrong} of {len(rows)} rows are wrong, more than {max_wrong_percent:g} percent")
    return len(rows)


def _is_sale(row: dict[str, str]) -> bool:
    try:
        date.fromisoformat(row["sold_on"])
        return bool(row["sale_id"].strip()) and int(row["quantity"]) > 0 and Decimal(row["unit_price"]) >= 0
    except (ValueError, TypeError, AttributeError, InvalidOperation):
        return False
