"""Clean one CSV file of fields, and write it as Parquet. A file that is cleaned again is replaced.

A Python shell of Glue has Python 3.9, boto3, pandas and pyarrow.

Arguments: ``source``, ``target``.
"""

import csv
import io
import sys
from typing import Any

COLUMNS = ["field", "crop", "acres"]


def transform(text: str) -> list[dict[str, Any]]:
    """Clean the rows of a file.

    Returns:
        One row for each field: ``field``, ``crop`` in capital letters, and ``acres``. Rows without a field or with acres that
        are not a number are left out; of rows for the same field the last one counts.
    """
    fields: dict[str, dict[str, Any]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        field, crop, acres = ((row.get(column) or "").strip() for column in COLUMNS)
        try:
            number = float(acres.replace(",", ""))
        except ValueError:
            continue
        if field:
            fields[field] = {"field": field, "crop": crop.upper(), "acres": number}
    return [fields[field] for field in sorted(fields)]


def main() -> None:
    """Read one file, write it."""
    import boto3
    import pandas  # which transform, and its tests, do without
    from awsglue.utils import getResolvedOptions  # only Glue has it

    args = getResolvedOptions(sys.argv, ["source", "target"])
    s3 = boto3.client("s3")
    bucket, _, key = args["source"].removeprefix("s3://").partition("/")
    rows = transform(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8-sig"))
    file = io.BytesIO()
    pandas.DataFrame(rows, columns=COLUMNS).to_parquet(file, index=False)
    bucket, _, prefix = args["target"].removeprefix("s3://").partition("/")
    name = key.rpartition("/")[2].removesuffix(".csv")
    s3.put_object(Bucket=bucket, Key=f"{prefix.rstrip('/')}/{name}.parquet", Body=file.getvalue())
    print(f"{len(rows)} rows of {args['source']} were written")


if __name__ == "__main__":
    main()
