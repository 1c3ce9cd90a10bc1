"""How clients are made: where they send requests, how long these are valid, and what is sent with them."""

import io
from typing import Any

import pytest

from common import local
from common.aws import fence
from common.aws.session import AwsSession
from common.aws_common import SENT_AT_ONCE
from common.base.errors import AwsError
from tests.local.fixtures import client, embedded, embedded_root

__all__ = ["client", "embedded", "embedded_root"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell with a profile that is gone, and a proxy that nobody runs."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.setenv(name, "nobody")
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("elsewhere")
def test_neither_profile_nor_proxy_is_between_us_and_the_embedded_aws(embedded: local.Embedded) -> None:
    aws = AwsSession(embedded.region, embedded.account_id, endpoints=embedded.endpoints)
    assert aws.guard() == f"arn:aws:iam::{embedded.account_id}:root"
    assert aws.call("s3", "ListBuckets")["Buckets"] == []


def test_a_proxy_stays_between_us_and_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    aws = AwsSession("us-east-1", "123456789012", sleep=lambda _: None)
    proxies = aws.clients.of("sts")._endpoint.http_session._proxy_config._proxies
    assert proxies["https"] == "http://127.0.0.1:1"


def test_a_request_may_arrive_as_long_as_its_signature_is_valid_and_the_client_waits() -> None:
    """S3 accepts a signature for 15 minutes.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
    """
    config = AwsSession("us-east-1", "123456789012").clients.of("s3").meta.config
    assert 15 * 60 + config.connect_timeout + config.read_timeout == fence.REQUEST_SECONDS


@pytest.mark.parametrize(
    ("code", "detail", "message"),
    [
        (
            "ProxyConnectionError",
            'Failed to connect to proxy URL: "http://127.0.0.1:1"',
            'sts could not be reached: Failed to connect to proxy URL: "http://127.0.0.1:1". Check the network',
        ),
        (
            "ReadTimeoutError",
            "Read timeout on endpoint URL",
            "sts:Get was not answered: ReadTimeoutError: Read timeout on endpoint",
        ),
        ("AccessDenied", "no", "sts:Get was refused: AccessDenied: no. Allow this action"),
    ],
)
def test_a_call_that_was_not_answered_is_not_reported_as_refused(code: str, detail: str, message: str) -> None:
    assert str(AwsError("sts", "Get", code, detail)).startswith(message)


@pytest.mark.parametrize(("size", "expectation"), [(0, None), (SENT_AT_ONCE, None), (SENT_AT_ONCE + 1, b"100-continue")])
@pytest.mark.parametrize("is_file", [False, True])
def test_only_a_large_body_waits_until_s3_has_accepted_the_headers(
    moto: None, size: int, expectation: bytes | None, *, is_file: bool
) -> None:
    """The wait is a round trip more for each object, see the header Expect.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonRequestHeaders.html
    """
    aws = AwsSession("us-east-1", "123456789012")
    aws.call("s3", "CreateBucket", Bucket="some-bucket")
    sent: list[Any] = []
    aws.clients.of("s3").meta.events.register_first("before-send.s3.PutObject", lambda request, **_: sent.append(request))
    content = bytes(size)
    aws.call("s3", "PutObject", Bucket="some-bucket", Key="k", Body=io.BytesIO(content) if is_file else content)
    assert [request.headers.get("Expect") for request in sent] == [expectation]
    assert aws.call("s3", "GetObject", Bucket="some-bucket", Key="k")["Body"].read() == content


def test_the_user_agent_is_composed_once_for_each_client() -> None:
    """Botocore composes it twice for each call, unless it is given."""
    config = AwsSession("us-east-1", "123456789012").clients.of("sts").meta.config
    assert config._supplied_user_agent.startswith("Botocore/")
