"""Sum up meter readings by day and meter. Each run makes the table anew.

A Python shell of Glue has Python 3.9, boto3, pandas and pyarrow.

Arguments: ``source``, ``target``, ``highest_kwh``.
"""

import io
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

COLUMNS = ["day", "meter", "readings", "kwh"]


def transform(lines: Iterable[str], highest_kwh: float) -> list[dict[str, Any]]:
    """Sum up readings, one JSON object a line: ``{"meter": "m-1", "at": "2026-03-02T00:15:00", "kwh": 1.5}``.

    Returns:
        One row for each day and meter, in this order: ``day``, ``meter``, ``readings`` and ``kwh``. Readings below 0 or above
        the highest are left out.
    """
    totals: dict[tuple[str, str], list[float]] = {}
    for line in filter(str.strip, lines):
        reading = json.loads(line)
        if 0 <= reading["kwh"] <= highest_kwh:
            totals.setdefault((reading["at"][:10], reading["meter"]), []).append(reading["kwh"])
    return [
        {"day": day, "meter": meter, "readings": len(values), "kwh": round(sum(values), 3)}
        for (day, meter), values in sorted(totals.items())
    ]


def read(s3: Any, source: str) -> Iterator[str]:
    """Read the lines of all files below a place."""
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            yield from s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode().splitlines()


def write(s3: Any, rows: list[dict[str, Any]], target: str) -> None:
    """Write the table as one file."""
    import pandas  # which transform, and its tests, do without

    file = io.BytesIO()
    pandas.DataFrame(rows, columns=COLUMNS).to_parquet(file, index=False)
    bucket, _, prefix = target.removeprefix("s3://").partition("/")
    s3.put_object(Bucket=bucket, Key=f"{prefix.rstrip('/')}/days.parquet", Body=file.getvalue())


def main() -> None:
    """Read all readings, write all days."""
    import boto3
    from awsglue.utils import getResolvedOptions  # only Glue has it

    args = getResolvedOptions(sys.argv, ["source", "target", "highest_kwh"])
    s3 = boto3.client("s3")
    rows = transform(read(s3, args["source"]), float(args["highest_kwh"]))
    write(s3, rows, args["target"])
    print(f"{len(rows)} rows were written to {args['target']}")


if __name__ == "__main__":
    main()
