"""No setting of a shell or of the shared config files sends a call to where AWS is not.

The settings are those of https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html and
https://docs.aws.amazon.com/boto3/latest/guide/configuration.html
"""

from pathlib import Path
from typing import Any

import pytest

from common import local
from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.environment.endpoints import SERVICES
from tests.local.fixtures import client, embedded, embedded_root
from tests.support.elsewhere import DIVERSIONS, VARIABLE, Recorder, divert_by_variables, elsewhere, internet
from tests.support.repository import ACCOUNT, Repository

__all__ = ["client", "elsewhere", "embedded", "embedded_root", "internet"]
TASKS = (
    *("plan", "deploy", "deploy-sfn", "drift", "status", "history", "run --only lambda/Validate"),
    *("destroy --yes dev", "gc --yes", "unlock --project acres --yes"),
)


@pytest.mark.parametrize("divert", DIVERSIONS)
def test_no_setting_of_the_shell_diverts_a_call(
    divert: Any, monkeypatch: pytest.MonkeyPatch, elsewhere: Recorder, internet: Recorder, tmp_path: Path
) -> None:
    divert(monkeypatch, elsewhere.url, tmp_path)
    aws = AwsSession("eu-central-1", ACCOUNT, sleep=lambda _: None)
    hosts = {service: aws.clients.of(service).meta.endpoint_url for service in SERVICES}
    assert {host.startswith("https://") and host.endswith(".amazonaws.com") for host in hosts.values()} == {True}, hosts
    with pytest.raises(AwsError, match="could not be reached"):
        aws.guard()
    assert (elsewhere.asked, {*internet.asked}) == ([], {"CONNECT sts.eu-central-1.amazonaws.com:443"})


def test_no_setting_of_the_shell_diverts_the_calls_that_get_credentials(
    monkeypatch: pytest.MonkeyPatch, elsewhere: Recorder, internet: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(
        f"[profile work]\nendpoint_url = {elsewhere.url}\nrole_arn = arn:aws:iam::{ACCOUNT}:role/r\nsource_profile = base\n"
        "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", elsewhere.url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(AwsError):
        AwsSession("eu-central-1", ACCOUNT, sleep=lambda _: None).guard()
    assert elsewhere.asked == []
    assert {*internet.asked} == {"CONNECT sts.eu-central-1.amazonaws.com:443"}


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"},
        {"AWS_STS_REGIONAL_ENDPOINTS": "legacy", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy"},
        {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "required", "AWS_AUTH_SCHEME_PREFERENCE": "sigv4a", "AWS_MAX_ATTEMPTS": "9"},
        {"AWS_RETRY_MODE": "legacy", "AWS_DEFAULTS_MODE": "nonsense", "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"},
        {"BOTOCORE_EXPERIMENTAL__PLUGINS": "elsewhere=no_such_module"},
    ],
)
def test_region_and_behaviour_are_the_environments_own(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = AwsSession("eu-central-1", ACCOUNT)
    before = {service: settings_of(plain, service) for service in SERVICES}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    aws = AwsSession("eu-central-1", ACCOUNT)
    assert {service: settings_of(aws, service) for service in SERVICES} == before


def settings_of(aws: AwsSession, service: str) -> dict[str, Any]:
    meta = aws.clients.of(service).meta
    values = {name: value for name, value in vars(meta.config).items() if not name.startswith(("_user", "user_agent"))}
    return {"endpoint": meta.endpoint_url, "region": meta.region_name, **values}


def test_settings_of_s3_in_the_shared_config_file_are_not_heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = settings_of(AwsSession("eu-central-1", ACCOUNT), "s3")
    section = "s3 =\n  use_accelerate_endpoint = true\n  addressing_style = virtual\n  payload_signing_enabled = false\n"
    (tmp_path / "config").write_text(f"[default]\nregion = us-west-2\napi_versions =\n  s3 = 1999-01-01\n{section}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert settings_of(AwsSession("eu-central-1", ACCOUNT), "s3") == before


@pytest.mark.parametrize("task", TASKS)
def test_no_task_asks_elsewhere(
    task: str, repository: Repository, monkeypatch: pytest.MonkeyPatch, elsewhere: Recorder, internet: Recorder
) -> None:
    """`AWS_ENDPOINT_URL` alone once let an environment's account guard pass against an emulator."""
    repository.project("acres", 'p.function("Validate")')
    divert_by_variables(monkeypatch, elsewhere.url, repository.root)
    ended = repository.shell("invoke", *with_env(task))
    assert ended.code == 1, ended
    assert "sts could not be reached" in ended.err
    assert elsewhere.asked == []
    assert internet.asked
    assert {host.endswith(".amazonaws.com:443") for host in internet.asked} == {True}
    ignored = (
        f"Ignored: {', '.join(sorted(['AWS_ENDPOINT_URL', *VARIABLE.values()]))}. Only `endpoints` in config/dev.json changes"
    )
    assert ignored in ended.out + ended.err


def with_env(task: str) -> list[str]:
    name, *options = task.split()
    return [name, "--env", "dev", *options]


def test_the_embedded_aws_is_asked_and_nobody_else(
    embedded: local.Embedded, monkeypatch: pytest.MonkeyPatch, elsewhere: Recorder, tmp_path: Path
) -> None:
    divert_by_variables(monkeypatch, elsewhere.url, tmp_path)
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    AwsSession(embedded.region, embedded.account_id, endpoints=embedded.endpoints).guard()
    assert elsewhere.asked == []
