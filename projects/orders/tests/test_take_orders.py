"""The handler on a fake AWS in process."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

HERE = Path(__file__).resolve().parent
SAMPLE = (HERE / "data" / "orders.jsonl").read_text().splitlines()
GOOD = {"order_id": "A-1", "ordered_on": "2026-03-02", "product": "corn seed", "quantity": 12, "unit_price": 289.5}


@pytest.fixture
def take_orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The handler's module, loaded as Lambda would load it: its client is made in the fake AWS."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    with mock_aws():
        for name, value in credentials.items():
            monkeypatch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket="landing")
        key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
        for name, value in {"BUCKET": "landing", "PREFIX": "orders/", "KEY_ARN": key}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder is what will be packaged
        spec = importlib.util.spec_from_file_location("take_orders", HERE.parent / "lambda" / "TakeOrders" / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def batch(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


def taken() -> dict[str, Any]:
    s3 = boto3.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="landing").get("Contents", [])]
    return {key: json.loads(s3.get_object(Bucket="landing", Key=key)["Body"].read()) for key in keys}


def test_of_the_sample_one_order_is_refused_and_one_comes_twice(take_orders: ModuleType) -> None:
    assert take_orders.handler(batch(*SAMPLE), None) == {"batchItemFailures": [{"itemIdentifier": "3"}]}
    assert list(taken()) == [f"orders/A-{number}.json" for number in (1001, 1002, 1003, 1005)]
    assert taken()["orders/A-1002.json"] == {
        "order_id": "A-1002",
        "ordered_on": "2026-03-02",
        "product": "SOYBEAN SEED",
        "quantity": 40,
        "unit_price": "61.25",
    }


def test_orders_are_encrypted_with_the_key(take_orders: ModuleType) -> None:
    take_orders.handler(batch(json.dumps(GOOD)), None)
    head = boto3.client("s3").head_object(Bucket="landing", Key="orders/A-1.json")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert ":key/" in head["SSEKMSKeyId"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"order_id": "../A-1"}, "order_id is '../A-1'"),
        ({"order_id": 7}, "order_id is 7"),
        ({"ordered_on": "02.03.2026"}, "ordered_on is '02.03.2026'"),
        ({"product": " "}, "product is ' '"),
        ({"quantity": 0}, "quantity is 0"),
        ({"quantity": 2.5}, "quantity is Decimal('2.5')"),
        ({"quantity": True, "unit_price": None}, "quantity is True, unit_price is None"),
        ({"unit_price": "many"}, "unit_price is 'many'"),
        ({"unit_price": -1}, "unit_price is -1"),
    ],
)
def test_every_wrong_field_is_named(take_orders: ModuleType, changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(take_orders.OrderInvalid) as refused:
        take_orders.read(json.dumps({**GOOD, **changed}))
    assert str(refused.value) == reason


@pytest.mark.parametrize(("body", "reason"), [("{", "it is not JSON"), ("[1]", "it is not a JSON object")])
def test_what_is_no_order_is_refused(take_orders: ModuleType, body: str, reason: str) -> None:
    with pytest.raises(take_orders.OrderInvalid, match=reason):
        take_orders.read(body)


def test_an_error_of_aws_fails_the_batch_so_that_all_of_it_comes_again(
    take_orders: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUCKET", "gone")
    with pytest.raises(take_orders.s3.exceptions.NoSuchBucket):
        take_orders.handler(batch(json.dumps(GOOD)), None)
