"""Credentials that cannot be used end a command with one message, which never shows them.

The settings are those of https://docs.aws.amazon.com/sdkref/latest/guide/creds-config-files.html.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from common.aws.session import AwsSession
from common.base.errors import AccountError, AwsError
from common.environment.endpoints import Endpoints
from tests.support.elsewhere import Recorder, elsewhere
from tests.support.repository import ACCOUNT

__all__ = ["elsewhere"]
EXPIRED = '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c", "Expiration": "2001-01-01T00:00:00Z"}'
SOURCES = [
    ("credential_process = echo hello", {}, "what supplies them gives no JSON"),
    ("credential_process = /no/such/program", {}, "No such file or directory: '/no/such/program'"),
    ("credential_process = echo 'open", {}, "No closing quotation"),
    (f"credential_process = echo '{EXPIRED}'", {}, "the refreshed credentials are still expired"),
    (f"credential_process = echo '{EXPIRED.replace('2001-01-01T00:00:00Z', 'soon')}'", {}, "soon"),
    ("", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://elsewhere.example/x"}, "Unsupported host 'elsewhere.example'"),
    ("", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such/token", "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/r"}, "/no/such/token"),
    ("", {"AWS_METADATA_SERVICE_TIMEOUT": "soon"}, "invalid literal for int"),
]


@pytest.mark.parametrize(("setting", "variables", "reason"), SOURCES)
def test_what_supplies_credentials_and_fails_is_told(
    setting: str, variables: Mapping[str, str], reason: str, no_credentials: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(f"[default]\n{setting}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AccountError) as caught:
        AwsSession("eu-central-1", ACCOUNT).guard()
    begin = "What this shell or the AWS profile says of credentials cannot be used: "
    assert str(caught.value).startswith(begin)
    assert reason in str(caught.value)
    assert str(caught.value).endswith(f". Correct it, or set AWS_PROFILE to a profile of account {ACCOUNT}.")


@pytest.mark.parametrize("name", ["AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"])
def test_a_token_with_a_line_end_is_neither_shown_nor_tried_for_a_minute(
    name: str, monkeypatch: pytest.MonkeyPatch, elsewhere: Recorder
) -> None:
    monkeypatch.setenv(name, "verysecret\n")
    before = time.monotonic()
    with pytest.raises(AccountError, match="has a line end, or another character that no request can have") as caught:
        AwsSession("eu-central-1", ACCOUNT, endpoints=Endpoints({"default": elsewhere.url})).guard()
    assert "verysecret" not in str(caught.value)
    assert time.monotonic() - before < 10


def test_the_page_of_a_proxy_is_no_answer_of_aws(elsewhere: Recorder) -> None:
    with pytest.raises(AwsError, match=r"UnreadableAnswer: the answer is none of AWS; a proxy may have answered\. Check the net"):
        AwsSession("eu-central-1", ACCOUNT, endpoints=Endpoints({"default": elsewhere.url})).guard()


def test_a_proxy_that_is_no_address_is_not_tried_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:port")
    before = time.monotonic()
    with pytest.raises(AwsError, match="'proxy:port' is not a valid host or port"):
        AwsSession("eu-central-1", ACCOUNT).guard()
    assert time.monotonic() - before < 10
