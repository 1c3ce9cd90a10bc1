"""The handler on a fake AWS in this process."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

HERE = Path(__file__).resolve().parent
SAMPLE = (HERE / "data" / "sales.csv").read_text()
HEADER = "sale_id,sold_on,product,quantity,unit_price\n"


@pytest.fixture
def validate(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The handler's module, loaded as Lambda would load it: its client is made in the fake AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("MAX_WRONG_PERCENT", "20")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder is what will be packaged
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="landing")
        spec = importlib.util.spec_from_file_location("validate", HERE.parent / "lambda" / "Validate" / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def test_a_good_file_is_counted(validate: ModuleType) -> None:
    boto3.client("s3").put_object(Bucket="landing", Key="in/sales.csv", Body=SAMPLE.encode())
    result = validate.handler({"bucket": "landing", "key": "in/sales.csv"}, None)
    assert result == {"source": "s3://landing/in/sales.csv", "rows": 6}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the columns are None"),
        ("sale_id;sold_on\n", "the columns are"),
        (HEADER, "the file has no rows"),
        (f"{HEADER}S-1,2026-03-02,corn,0,1.50\n", "1 of 1 rows are wrong, more than 20 percent"),
        (f"{HEADER}S-1,02.03.2026,corn,1,1.50\n", "1 of 1 rows are wrong"),
        (f"{HEADER}S-1,2026-03-02,corn\n", "1 of 1 rows are wrong"),
    ],
)
def test_a_wrong_file_is_refused(validate: ModuleType, text: str, reason: str) -> None:
    with pytest.raises(validate.FileInvalid, match=reason):
        validate.validate(text, 20)
