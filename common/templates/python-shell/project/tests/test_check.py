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
def check(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The handler's module, loaded as Lambda would load it: its client is made in the fake AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in {"AWS_DEFAULT_REGION": "us-east-1", "BUCKET": "landing", "PREFIX": "readings/"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder is what will be packaged
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="landing")
        spec = importlib.util.spec_from_file_location("check", HERE.parent / "lambda" / "Check" / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def test_files_with_readings_are_counted(check: ModuleType) -> None:
    assert check.handler({}, None) == {"files": 0}
    for key in ("readings/a.jsonl", "readings/b.jsonl", "readings/notes.txt", "other/c.jsonl"):
        boto3.client("s3").put_object(Bucket="landing", Key=key, Body=b"{}")
    assert check.handler({}, None) == {"files": 2}
