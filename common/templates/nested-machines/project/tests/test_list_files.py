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


@pytest.fixture
def list_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The handler's module, loaded as Lambda would load it: its client is made in the fake AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in {"AWS_DEFAULT_REGION": "us-east-1", "BUCKET": "landing", "PREFIX": "incoming/"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder is what will be packaged
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="landing")
        spec = importlib.util.spec_from_file_location("list_files", HERE.parent / "lambda" / "ListFiles" / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def test_csv_files_are_listed_in_order(list_files: ModuleType) -> None:
    assert list_files.handler({}, None) == {"files": []}
    for key in ("incoming/b.csv", "incoming/a.csv", "incoming/notes.txt", "other/c.csv"):
        boto3.client("s3").put_object(Bucket="landing", Key=key, Body=b"field\n")
    assert list_files.handler({}, None) == {"files": ["s3://landing/incoming/a.csv", "s3://landing/incoming/b.csv"]}
