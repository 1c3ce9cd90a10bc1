"""List the files that are to be cleaned."""

import os
from typing import Any

import boto3

s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> dict[str, list[str]]:
    """List the CSV files below the place of incoming ones.

    Returns:
        Their addresses, in order: ``{"files": ["s3://…"]}``.
    """
    bucket = os.environ["BUCKET"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=os.environ["PREFIX"])
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {"files": [f"s3://{bucket}/{key}" for key in sorted(keys) if key.endswith(".csv")]}
