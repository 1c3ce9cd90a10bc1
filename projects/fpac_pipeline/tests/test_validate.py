"""What Validate lets through and what it refuses, on a fake S3."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

DATA = Path(__file__).parent / "data"
KEY = "fpac/incoming/acreage.csv"


def put(content: bytes, key: str = KEY) -> dict[str, Any]:
    boto3.client("s3").put_object(Bucket="landing", Key=key, Body=content)
    return {"input": {"bucket": "landing", "key": key}}


def sample(lines: int | None = None) -> list[str]:
    return (DATA / "sample.csv").read_text(encoding="utf-8").splitlines()[:lines]


def test_accepts_the_sample(load: Any) -> None:
    content = (DATA / "sample.csv").read_bytes()
    result = load("Validate").handler(put(content), None)
    assert result == {
        "location": f"s3://landing/{KEY}",
        "bytes": len(content),
        "sampled_rows": content.count(b"\n") - 1,
    }


def test_reads_only_the_first_mebibyte_and_no_cut_line(load: Any) -> None:
    header, *rows = sample()
    rows = ["x" * 700 + row for row in rows for _ in range(4)]  # program years that are none
    content = "\n".join([header, *sample()[1:], *rows]).encode()
    handler = load("Validate")
    with pytest.raises(handler.InputInvalid, match="have no valid Program Year"):
        handler.handler(put(content), None)
    good = "\n".join([header, *sample()[1:] * 8]).encode()
    result = handler.handler(put(good), None)
    assert len(good) > handler.SAMPLE_BYTES
    assert result["sampled_rows"] == good[: handler.SAMPLE_BYTES].count(b"\n") - 1


def test_accepts_another_case_spaces_and_a_byte_order_mark_in_the_header(load: Any) -> None:
    header, *rows = sample(10)
    content = "\ufeff" + "\n".join([header.upper().replace(",", " , ").replace("CODE", " CODE"), *rows])
    assert load("Validate").handler(put(content.encode()), None)["sampled_rows"] == 9


@pytest.mark.parametrize("event", [{}, {"input": None}, {"input": ["landing"]}, {"input": {"bucket": "landing"}}])
def test_refuses_an_input_without_bucket_and_key(load: Any, event: object) -> None:
    handler = load("Validate")
    with pytest.raises(handler.InputInvalid, match="input must be"):
        handler.handler(event, None)


@pytest.mark.parametrize("key", ["fpac/a.txt", "fpac/a*.csv", "fpac/{a}.csv", "fpac/a b.csv", "fpac/é.csv", ".csv\n"])
def test_refuses_a_key_that_spark_would_misread(load: Any, key: str) -> None:
    handler = load("Validate")
    with pytest.raises(handler.InputInvalid, match="a key must end in"):
        handler.handler({"input": {"bucket": "landing", "key": key}}, None)


@pytest.mark.parametrize("bucket", ["landing", "no-such-bucket"])
def test_says_that_the_file_is_missing(load: Any, bucket: str) -> None:
    handler = load("Validate")
    with pytest.raises(handler.InputMissing, match=f"s3://{bucket}/{KEY} does not exist"):
        handler.handler({"input": {"bucket": bucket, "key": KEY}}, None)


def test_other_errors_of_s3_are_not_taken_for_a_missing_file(load: Any) -> None:
    handler = load("Validate")
    stub = Stubber(handler.s3)
    stub.add_client_error("get_object", "AccessDenied", http_status_code=403)
    with stub, pytest.raises(ClientError, match="AccessDenied"):
        handler.handler({"input": {"bucket": "landing", "key": KEY}}, None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("empty.csv", "is empty"),
        ("header_only.csv", "has a header but no rows"),
        ("missing_columns.csv", "lacks the columns County Code, Prevented Acres$"),
        ("shifted_columns.csv", "100% of the rows read have no valid Program Year, for example '245.00'"),
    ],
)
def test_refuses_the_bad_sample_files(load: Any, name: str, message: str) -> None:
    handler = load("Validate")
    with pytest.raises(handler.InputInvalid, match=message):
        handler.handler(put((DATA / name).read_bytes()), None)


def test_refuses_a_column_given_twice(load: Any) -> None:
    handler = load("Validate")
    with pytest.raises(handler.InputInvalid, match=r"more than one column Crop$"):
        handler.handler(put("\n".join(f"{line},{line.split(',')[7]}" for line in sample(5)).encode()), None)


def test_refuses_what_is_not_utf_8(load: Any) -> None:
    handler = load("Validate")
    with pytest.raises(handler.InputInvalid, match="not UTF-8"):
        handler.handler(put("\n".join(sample()).encode("latin-1")), None)


@pytest.mark.parametrize(("misfits", "accepted"), [(10, True), (11, False)])
def test_a_column_fits_up_to_the_allowed_share_of_misfits(load: Any, misfits: int, accepted: bool) -> None:
    header, good = sample(2)
    bad = good.replace("240.72", "many")
    assert bad != good
    event = put("\n".join([header, *[bad] * misfits, *[good] * (100 - misfits)]).encode())
    handler = load("Validate")
    if accepted:
        assert handler.handler(event, None)["sampled_rows"] == 100
    else:
        with pytest.raises(handler.InputInvalid, match="11% of the rows read have no valid Planted Acres, for example 'many'"):
            handler.handler(event, None)
