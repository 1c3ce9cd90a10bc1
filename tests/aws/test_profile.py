"""Profiles that ask a person or run a program: one code and one run for all clients; and credentials that end."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from common.aws import profile
from common.aws.session import AwsSession
from common.base.errors import AccountError, AwsError
from common.model.events import Blocked, Failed
from tests.support.deploying import deploy, things
from tests.support.fake_aws import World

SERIAL = "arn:aws:iam::123456789012:mfa/ann"
CONFIG = f"""
[profile work]
role_arn = arn:aws:iam::123456789012:role/deployer
source_profile = base
mfa_serial = {SERIAL}
region = eu-central-1

[profile program]
credential_process = sh -c 'echo ran >> "$RUNS"; cat "$SAID"'
"""
CREDENTIALS = "[base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n"


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Chooses one of the profiles; the home folder is empty, and no keys are in the environment."""
    for name, text in (("config", CONFIG), ("credentials", CREDENTIALS)):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    return lambda name: monkeypatch.setenv("AWS_PROFILE", name)


def session() -> AwsSession:
    return AwsSession("eu-central-1", "123456789012", sleep=lambda _: None)


def test_a_code_is_asked_for_once_and_kept_where_the_aws_cli_keeps_it(
    moto: None, profiles: Callable[[str], None], tmp_path: Path
) -> None:
    profiles("work")
    prompts: list[str] = []

    def ask(question: str) -> str:
        prompts.append(question)
        return "123456"

    assert profile.needs_code()
    first = session()
    first.clients.sign_in(ask)
    assert first.call("sts", "GetCallerIdentity")["Arn"].startswith("arn:aws:sts::123456789012:assumed-role/deployer/")
    assert prompts == [f"Enter MFA code for {SERIAL}: "]
    (kept,) = (tmp_path / ".aws" / "cli" / "cache").iterdir()
    assert json.loads(kept.read_text())["Credentials"]["SessionToken"]
    assert session().call("sts", "GetCallerIdentity")["Account"] == "123456789012"  # another process: nobody is asked
    session().clients.sign_in(ask)
    assert len(prompts) == 1


def test_where_nobody_can_be_asked_it_is_said(moto: None, profiles: Callable[[str], None]) -> None:
    profiles("work")
    with pytest.raises(
        AccountError, match=rf"requires a code \(Enter MFA code for {SERIAL}\), but there is no terminal to ask for it"
    ):
        session().clients.sign_in(None)
    with pytest.raises(AccountError, match="there is no terminal to ask for it"):
        session().guard()


def test_a_program_is_run_once_for_all_clients(
    moto: None, profiles: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = {"Version": 1, "AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "secret", "SessionToken": "token"}
    (tmp_path / "said").write_text(json.dumps(credentials))
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    profiles("program")
    aws = session()
    for service in ("sts", "s3", "iam"):
        aws.clients.of(service)
    aws.guard()
    assert (tmp_path / "runs").read_text() == "ran\n"


def test_keys_in_the_environment_need_no_profile(profiles: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    profiles("work")
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    assert not profile.needs_code()


@pytest.mark.parametrize("text", ["", "[profile work\n", "[profile work]\nsource_profile = work\n", "nonsense\0"])
def test_a_file_that_cannot_be_read_is_left_to_botocore(profiles: Callable[[str], None], tmp_path: Path, text: str) -> None:
    profiles("work")
    (tmp_path / "config").write_text(text)
    assert not profile.needs_code()


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RefreshWithMFAUnsupportedError"])
def test_a_deploy_whose_credentials_end_stops_and_says_so_once(tmp_path: Path, code: str) -> None:
    world = World()
    fields = {"a": {"x": 1}, **{f"n{number}": {"x": 1} for number in range(20)}}
    independent = [*things({"a": {"x": 1}}), *(things({name: {"x": 1}})[-1] for name in fields if name != "a")]
    ended = False

    def fault(_number: int, when: str, operation: str) -> None:
        nonlocal ended
        ended = ended or (when == "after" and operation == "Put" and "arn:aws:fake:eu-central-1:123456789012:p/n3" in world.live)
        if ended and when == "before":
            raise AwsError("s3", operation, code, "The security token included in the request is expired")

    events: list[object] = []
    with pytest.raises(AwsError, match=r"is expired\. Sign in again, then deploy again"):
        deploy(world, independent, tmp_path, fault=fault, events=events)
    assert len([event for event in events if isinstance(event, Failed)]) == 1
    assert [event for event in events if isinstance(event, Blocked)]
    world.seconds += 3600
    rest = deploy(world, independent, tmp_path)
    assert rest.failed == set()
    assert deploy(world, independent, tmp_path).actions() == {}
