"""A fake AWS in process with what the handlers need, and the handlers loaded in it as Lambda would load them."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

PROJECT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"

Load = Callable[[str], ModuleType]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "MAX_MISFIT_PERCENT": "10",
        "RUN_TABLE": "runs",
        "FAILURE_TOPIC_ARN": f"arn:aws:sns:{REGION}:123456789012:failures",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="landing")
        boto3.client("sns").create_topic(Name="failures")
        boto3.client("dynamodb").create_table(
            TableName="runs",
            KeySchema=[{"AttributeName": "run_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "run_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


@pytest.fixture
def load(aws: None, monkeypatch: pytest.MonkeyPatch) -> Load:  # the handlers' clients must be made inside it
    """Load ``lambda/<name>/handler.py`` anew: its clients and settings are made when it is imported."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder is what will be packaged

    def loaded(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"{name}_handler", PROJECT / "lambda" / name / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded
