"""Count the files that there are, so that no job is paid for if there are none."""

import os
from typing import Any

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Count the files with readings.

    Returns:
        Their number: ``{"files": 2}``.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=os.environ["BUCKET"], Prefix=os.environ["PREFIX"])
    return {"files": sum(entry["Key"].endswith(".jsonl") for page in pages for entry in page.get("Contents", []))}
