"""The handler on a fake AWS in this process. No request leaves the machine."""

import importlib.util
import io
import json
import sys
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError, URLError

import boto3
import pytest
from moto import mock_aws

HERE = Path(__file__).resolve().parent
URL = "https://api.example.com/stations"
ANSWER = (HERE / "data" / "answer.json").read_bytes()


@pytest.fixture
def fetch(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The handler's module, loaded as Lambda would load it: its client is made in the fake AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in {"AWS_DEFAULT_REGION": "us-east-1", "BUCKET": "landing", "PREFIX": "answers/"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder is what will be packaged
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="landing")
        spec = importlib.util.spec_from_file_location("fetch", HERE.parent / "lambda" / "Fetch" / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def answering(monkeypatch: pytest.MonkeyPatch, module: ModuleType, answer: bytes | Exception) -> None:
    """Let the API answer this."""

    def urlopen(request: Any, timeout: float) -> io.BytesIO:
        assert request.full_url == URL
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer)

    monkeypatch.setattr(module, "urlopen", urlopen)


def test_the_answer_is_kept_as_it_came(fetch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, fetch, ANSWER)
    result = fetch.handler({"url": URL, "day": "2026-03-02"}, None)
    assert result == {"day": "2026-03-02", "answer": "s3://landing/answers/2026-03-02.json", "records": 2}
    assert boto3.client("s3").get_object(Bucket="landing", Key="answers/2026-03-02.json")["Body"].read() == ANSWER


def test_an_answer_may_be_read_from_s3(fetch: ModuleType) -> None:
    boto3.client("s3").put_object(Bucket="landing", Key="sample/answer.json", Body=ANSWER)
    assert json.loads(fetch.fetch("s3://landing/sample/answer.json")) == json.loads(ANSWER)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (HTTPError(URL, 503, "Service Unavailable", Message(), None), "ApiUnavailable"),
        (HTTPError(URL, 429, "Too Many Requests", Message(), None), "ApiUnavailable"),
        (URLError("timed out"), "ApiUnavailable"),
        (HTTPError(URL, 404, "Not Found", Message(), None), "AnswerInvalid"),
        (b"<html>", "AnswerInvalid"),
        (b'{"error": "no such thing"}', "AnswerInvalid"),
    ],
)
def test_only_what_may_pass_is_tried_again(
    fetch: ModuleType, monkeypatch: pytest.MonkeyPatch, answer: bytes | Exception, error: str
) -> None:
    answering(monkeypatch, fetch, answer)
    with pytest.raises(getattr(fetch, error)):
        fetch.handler({"url": URL, "day": "2026-03-02"}, None)


def test_other_addresses_are_refused(fetch: ModuleType) -> None:
    with pytest.raises(fetch.AnswerInvalid, match="file:///etc/passwd is not an address"):
        fetch.fetch("file:///etc/passwd")
