"""AWS is asked where the environment's configuration says; and what was done there is not taken for done elsewhere."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.aws import profile
from common.aws.session import AwsSession
from common.base.errors import ConfigError
from common.environment import endpoints
from common.environment.endpoints import DEFAULT, SERVICES, Endpoints
from tests.faults.commands import RUNTIME, ministack
from tests.faults.emulator import Emulator, started
from tests.support.elsewhere import Recorder, divert_by_services, divert_by_variables, elsewhere, internet
from tests.support.repository import ACCOUNT, Ended, Repository
from tests.test_architecture import COMMON

__all__ = ["elsewhere", "internet"]
MACHINE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An AWS that takes any signature."""
    with started(tmp_path_factory.mktemp("aws"), ministack(), RUNTIME) as made:
        yield made


def machine_of(repository: Repository) -> None:
    """A project of one state machine."""
    repository.project("acres", 'p.state_machine("acres", "acres.asl.json")')
    machine(repository, MACHINE)


def machine(repository: Repository, text: str) -> None:
    repository.write("projects/acres/acres.asl.json", text)


def invoke(repository: Repository, *words: str) -> Ended:
    """A command of somebody who is in the account."""
    keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "any"}
    return repository.shell("invoke", *words, **keys)


def todo(ended: Ended) -> dict[str, str]:
    return {change["key"]: change["action"] for change in json.loads(ended.out)["changes"] if change["action"] != "noop"}


def test_a_service_that_is_diverted_is_not_recorded_as_deployed(
    repository: Repository, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, elsewhere: Recorder, internet: Recorder
) -> None:
    """All services but one are where configuration says; of that one the shell says where it is."""
    with emulator.copied() as here:
        machine_of(repository)
        named = {service: here.endpoint for service in SERVICES if service != "stepfunctions"}
        repository.configure(endpoints=named)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SFN", elsewhere.url)
        ended = invoke(repository, "deploy", "--env", "dev")
        assert ended.code == 1
        assert "stepfunctions could not be reached" in ended.err
        monkeypatch.delenv("AWS_ENDPOINT_URL_SFN")
        repository.configure(endpoints={DEFAULT: here.endpoint})
        assert todo(invoke(repository, "plan", "--env", "dev", "--json"))["state-machine/acres"] == "create"
    assert elsewhere.asked == []
    assert {*internet.asked} == {"CONNECT states.eu-central-1.amazonaws.com:443"}


@pytest.mark.parametrize("divert", [divert_by_variables, divert_by_services])
def test_every_task_asks_where_configuration_says(
    divert: Any,
    repository: Repository,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: Recorder,
    internet: Recorder,
) -> None:
    with emulator.copied() as here:
        machine_of(repository)
        repository.configure(endpoints={DEFAULT: here.endpoint})
        divert(monkeypatch, elsewhere.url, repository.root)
        for task in ("deploy", "plan --verify", "drift", "status", "history", "gc --yes", "run", "unlock --project acres --yes"):
            name, *options = task.split()
            ended = invoke(repository, name, "--env", "dev", *options)
            assert (ended.code, "could not be reached" in ended.err) in {(0, False), (int(name in {"run", "unlock"}), False)}, (
                ended
            )
        assert invoke(repository, "destroy", "--env", "dev", "--yes", "dev").code == 0
    assert (elsewhere.asked, internet.asked) == ([], [])


def test_what_was_deployed_at_other_endpoints_is_not_believed(repository: Repository, emulator: Emulator) -> None:
    """Two environments share a bucket, and one of them has its state machines at another address."""
    with emulator.copied() as here, emulator.copied() as there:
        machine_of(repository)
        repository.configure(endpoints={DEFAULT: here.endpoint})
        assert invoke(repository, "deploy", "--env", "dev").code == 0
        assert invoke(repository, "plan", "--env", "dev").code == 0

        machine(repository, MACHINE.replace('"A"', '"B"'))
        repository.configure(endpoints={DEFAULT: here.endpoint, "stepfunctions": there.endpoint})
        diverted = invoke(repository, "deploy", "--env", "dev")
        assert diverted.code == 0, diverted
        message = f"Endpoints of config/dev.json: stepfunctions at {there.endpoint}, all other services at {here.endpoint}."
        assert message in diverted.out
        again = invoke(repository, "plan", "--env", "dev", "--json")
        assert (again.code, todo(again)) == (0, {})
        history = json.loads(invoke(repository, "history", "--env", "dev", "--json").out)
        assert there.endpoint in json.dumps(history)

        repository.configure(endpoints={DEFAULT: here.endpoint})
        plan = invoke(repository, "plan", "--env", "dev", "--json")
        assert (plan.code, todo(plan)["state-machine/acres"]) == (2, "update")
        assert {*todo(plan).values()} == {"update", "record"}
        assert invoke(repository, "deploy", "--env", "dev").code == 0
        for words in ([], ["--verify"]):
            settled = invoke(repository, "plan", "--env", "dev", "--json", *words)
            assert (settled.code, todo(settled)) == (0, {})


def test_the_account_guard_asks_the_configured_sts(repository: Repository, elsewhere: Recorder, internet: Recorder) -> None:
    repository.project()
    repository.configure(endpoints={"sts": elsewhere.url})
    ended = repository.shell("invoke", "plan", "--env", "dev")
    assert ended.code == 1
    assert {*elsewhere.asked} == {"POST /"}
    assert not any("sts" in url for url in internet.asked)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"organizations": "https://x.example"},
            "'organizations' is not a service that the deployer calls. There are default, athena, cloudcontrol, cloudwatch,",
        ),
        ({"sfn": "https://x.example"}, "Did you mean 'stepfunctions'?"),
        ({"resource_groups_tagging_api": "https://x.example"}, "Did you mean 'resourcegroupstaggingapi'?"),
        ({"stepfunction": "https://x.example"}, "Did you mean 'stepfunctions'?"),
        ({"S3": "https://x.example"}, "Did you mean 's3'?"),
        ({"sts": "http://x.example"}, "http is not encrypted and is for this machine alone"),
        ({"sts": "http://127.0.0.1.x.example"}, "http is not encrypted and is for this machine alone"),
        ({"sts": "http://localhost@x.example"}, "a URL without a user name"),
        ({"sts": "https://a:b@x.example"}, "a URL without a user name"),
        ({"sts": "https://x.example/?a=b"}, "a URL without a user name, a query"),
        ({"sts": "https://x.example#"}, "a URL without a user name, a query"),
        ({"sts": "x.example"}, "a URL such as https://"),
        ({"sts": "file:///etc/passwd"}, "a URL such as https://"),
        ({"sts": ""}, "a URL such as https://"),
        ({"sts": "https://"}, "a URL such as https://"),
        ({"sts": "https://x.example\n"}, "a URL such as https://"),
        ({"sts": "https://b\u00fccher.example"}, "a URL such as https://"),
        ({"sts": "https://x.example:99999"}, "this is not a URL"),
        ({"sts": "https://[::1"}, "this is not a URL"),
        ({"sts": 5}, "input should be a valid string"),
    ],
)
def test_an_endpoint_that_is_none_is_refused(repository: Repository, settings: dict[str, Any], message: str) -> None:
    repository.configure(endpoints=settings)
    with pytest.raises(ConfigError) as caught:
        repository.environment()
    heading, *lines = str(caught.value).splitlines()
    assert heading == "config/dev.json is not valid:"
    assert message in "\n".join(lines)


@pytest.mark.parametrize("url", ["http://localhost:4566", "http://127.0.0.1:1", "http://[::1]:1", "https://x.example/path/"])
def test_an_endpoint_is_taken_as_it_is(repository: Repository, url: str) -> None:
    repository.configure(endpoints={"s3": url})
    aws = AwsSession("eu-central-1", ACCOUNT, endpoints=Endpoints(repository.environment().endpoints))
    assert aws.clients.of("s3").meta.endpoint_url == url.rstrip("/")
    assert aws.clients.of("sts").meta.endpoint_url == "https://sts.eu-central-1.amazonaws.com"


def test_the_embedded_aws_has_no_other_endpoints(repository: Repository) -> None:
    repository.configure(embedded={}, endpoints={"s3": "https://x.example"})
    with pytest.raises(ConfigError, match="endpoints cannot be combined with embedded"):
        repository.environment()


def test_nothing_is_said_where_all_is_as_usual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("[profile other]\nendpoint_url = https://x.example\n[default]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    assert (
        list(endpoints.endpoint_notes("dev", {}, endpoints.diverting_variables({"AWS_ENDPOINT_URL": "", "AWS_REGION": "x"})))
        == []
    )
    assert profile.diverting_settings() == []
    monkeypatch.setenv("AWS_PROFILE", "other")
    assert list(endpoints.endpoint_notes("dev", {}, profile.diverting_settings())) == [
        "Ignored: endpoint_url of profile other. Only `endpoints` in config/dev.json changes where AWS is called."
    ]
    path.write_text("[profile other]\nservices = s\n[services s]\nsfn =\n  endpoint_url = https://x.example\n")
    assert profile.diverting_settings() == ["services of profile other"]
    path.write_bytes(b"[default\nendpoint_url\xff")
    assert profile.diverting_settings() == []


def test_every_service_that_is_called_can_be_named() -> None:
    """By the first argument of every call in the deployer's own code."""
    call = re.compile(r"\.(?:call|find|pages|wait)\(\s*\"([a-z0-9-]+)\"")
    called = {name for path in COMMON for name in call.findall(path.read_text())}
    assert called <= {*SERVICES}
    assert {"s3", "glue"} <= called
