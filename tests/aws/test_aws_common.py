"""The embedded AWS is asked on this machine alone, whatever the shell says of accounts and networks."""

import pytest

from common import local
from common.aws import fence
from common.aws.session import AwsSession
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
