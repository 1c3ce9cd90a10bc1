"""Make a table of what the API answered on a day. A day that comes again is replaced.

A Python shell of Glue has Python 3.9, boto3, pandas and pyarrow.

Arguments: ``source``, ``day``, ``target``.
"""

import io
import json
import sys
from typing import Any

COLUMNS = ["station", "name", "latitude", "longitude", "sensor", "value"]


def transform(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Flatten an answer: one row for each sensor of each station.

    Returns:
        Rows with the columns of ``COLUMNS``, in order of station and sensor. Sensors without a value are left out.
    """
    rows = [
        {
            "station": station["id"],
            "name": station["name"].strip(),
            "latitude": float(station["position"]["lat"]),
            "longitude": float(station["position"]["lon"]),
            "sensor": sensor,
            "value": float(value),
        }
        for station in answer["stations"]
        for sensor, value in station["sensors"].items()
        if value is not None
    ]
    return sorted(rows, key=lambda row: (row["station"], row["sensor"]))


def main() -> None:
    """Read one answer, write its part of the table."""
    import boto3
    import pandas  # which transform, and its tests, do without
    from awsglue.utils import getResolvedOptions  # only Glue has it

    args = getResolvedOptions(sys.argv, ["source", "day", "target"])
    s3 = boto3.client("s3")
    bucket, _, key = args["source"].removeprefix("s3://").partition("/")
    rows = transform(json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    file = io.BytesIO()
    pandas.DataFrame(rows, columns=COLUMNS).to_parquet(file, index=False)
    bucket, _, prefix = args["target"].removeprefix("s3://").partition("/")
    s3.put_object(Bucket=bucket, Key=f"{prefix.rstrip('/')}/day={args['day']}/stations.parquet", Body=file.getvalue())
    print(f"{len(rows)} rows were written to {args['target']}")


if __name__ == "__main__":
    main()
