"""Refuse a file that is not an FSA crop acreage file before any job is paid for.

Dirt in single values is the cleaning job's business: it sets the row aside and the run goes on. Refused here is what makes
the file as a whole useless: it is absent or empty, lacks a column, or its columns hold something else than their names say
(shifted columns, another delimiter). So types are judged by share: a column fits while no more than MAX_MISFIT_PERCENT of
the sampled rows hold something else. Only the first mebibyte is read, whatever the size of the file.

Needs ``s3:GetObject`` on the file and ``s3:ListBucket`` on its bucket: without the latter S3 answers 403 for an absent key.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

import csv
import os
import re
from contextlib import closing
from typing import Any

import boto3

SAMPLE_BYTES = 1024 * 1024
MAX_MISFIT_PERCENT = float(os.environ["MAX_MISFIT_PERCENT"])

KEY = re.compile(r"[\w./=-]+\.csv", re.ASCII | re.IGNORECASE)  # Spark would read * ? [ ] { } in a key as a pattern
CODE = re.compile(r"\d+(\.0+)?", re.ASCII)
YEAR = re.compile(r"\d{4}(\.0+)?", re.ASCII)
ACRES = re.compile(r"|[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?", re.ASCII)  # an empty field is accepted
TEXT = re.compile(r".*", re.DOTALL)
COLUMNS = {
    "program year": YEAR,
    "state code": CODE,
    "county code": CODE,
    "crop code": TEXT,
    "state county code": TEXT,
    "state": TEXT,
    "county": TEXT,
    "crop": TEXT,
    "crop type": TEXT,
    "intended use": TEXT,
    "irrigation practice": TEXT,
    "planted acres": ACRES,
    "volunteer acres": ACRES,
    "failed acres": ACRES,
    "prevented acres": ACRES,
    "not planted acres": ACRES,
    "planted and failed acres": ACRES,
}

s3 = boto3.client("s3")


class InputMissing(Exception):  # the state machine and its readers know the error by this name
    """There is no such file."""


class InputInvalid(Exception):  # the state machine and its readers know the error by this name
    """The file, or the execution's input, is not what the pipeline reads."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Check the file that the execution's input names.

    Args:
        event: ``{"input": <the execution's input>}``, which should be ``{"bucket": ..., "key": ...}``.
        context: Not used.

    Returns:
        ``location`` (s3://...), ``bytes`` and ``sampled_rows``.

    Raises:
        InputMissing: no such bucket or key.
        InputInvalid: everything else that is wrong with the file or the input.
    """
    bucket, key = _named(event.get("input"))
    location = f"s3://{bucket}/{key}"
    sample, size = _read(bucket, key)
    header, *rows = _parse(location, sample, whole=len(sample) == size)
    _check_header(location, header)
    _check_types(location, header, rows)
    return {"location": location, "bytes": size, "sampled_rows": len(rows)}


def _named(event: object) -> tuple[str, str]:
    if not isinstance(event, dict) or not all(isinstance(event.get(name), str) for name in ("bucket", "key")):
        raise InputInvalid('the execution\'s input must be {"bucket": "<name>", "key": "<path>.csv"}')
    if not KEY.fullmatch(event["key"]):
        raise InputInvalid(f"{event['key']}: a key must end in .csv and have only letters, digits, _ . / = -")
    return event["bucket"], event["key"]


def _read(bucket: str, key: str) -> tuple[bytes, int]:
    try:
        response = s3.get_object(Bucket=bucket, Key=key)
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket) as error:
        raise InputMissing(f"s3://{bucket}/{key} does not exist") from error
    with closing(response["Body"]) as body:
        return body.read(SAMPLE_BYTES), response["ContentLength"]


def _parse(location: str, sample: bytes, *, whole: bool) -> list[list[str]]:
    """The header and at least one row."""
    if not sample.strip():
        raise InputInvalid(f"{location} is empty")
    complete = sample if whole else sample[: sample.rfind(b"\n") + 1]  # the last line may be cut in the middle
    try:
        lines = complete.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputInvalid(f"{location} is not UTF-8 text: byte {error.start}") from error
    rows = [row for row in csv.reader(lines) if row]
    if len(rows) < 2:
        raise InputInvalid(f"{location} has a header but no rows")
    return rows


def _check_header(location: str, header: list[str]) -> None:
    names = [_name(column) for column in header]
    missing = [name.title() for name in COLUMNS if name not in names]
    if missing:
        raise InputInvalid(f"{location} lacks the columns {', '.join(missing)}")
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        raise InputInvalid(f"{location} has more than one column {', '.join(twice).title()}")


def _check_types(location: str, header: list[str], rows: list[list[str]]) -> None:
    names = [_name(column) for column in header]
    records = [dict(zip(names, row, strict=False)) for row in rows]
    for name, pattern in COLUMNS.items():
        misfits = [value for record in records if not pattern.fullmatch(value := record.get(name, "").strip())]
        share = 100 * len(misfits) / len(rows)
        if share > MAX_MISFIT_PERCENT:
            raise InputInvalid(
                f"{location}: {share:.0f}% of the rows read have no valid {name.title()}, for example {misfits[0]!r}"
            )


def _name(column: str) -> str:
    return " ".join(column.split()).lower()
