"""`invoke doctor` says what is missing, what to do about it, and changes nothing."""

import json
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from common.aws.protocol import Aws
from common.base.terminal import Screen
from common.commands.environment_command import EnvironmentCommand
from common.engine.connection import Connection
from common.model.choices import Choices
from common.report import doctor_report
from common.setup import account_checks, machine_checks
from common.setup.finding import Finding
from tests.support.repository import Repository, fresh_imports
from tests.support.terminal import on_screen

PINS = '[project]\ndependencies = ["boto3>=1", "packaging>=20"]\n'


@pytest.fixture
def acres(repository: Repository) -> Repository:
    repository.project("acres")
    repository.write("pyproject.toml", PINS)
    return repository


def findings(repository: Repository, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = repository.invoke("doctor", "--json", *words)
    assert "Traceback" not in done.err
    return done.code, {finding["about"]: finding for finding in json.loads(done.out)["findings"]}


def test_a_machine_and_an_account_without_problems(acres: Repository, moto: None) -> None:
    assert acres.invoke("deploy", "--env", "dev").code == 0
    before = {path: content for path, content in acres.files().items() if not path.startswith("build/")}
    code, results = findings(acres, "--env", "dev")
    assert code == 0, results
    permissions = results.pop("permissions")
    assert (permissions["state"], "is neither" in permissions["text"]) == ("note", True), "moto's caller is no user and no role"
    assert {name: finding["state"] for name, finding in results.items() if name not in {"Java", "git"}} == dict.fromkeys(
        {
            *("Python", "uv", "libraries", "build/", "deployer", "config/dev.json", "credentials", "region", "clock"),
            *("records", "tagging index", "roles", "records of acres", "records of shared"),
        }
        - ({"clock"} if results["clock"]["state"] == "note" else set()),
        "fine",
    ) | ({"clock": "note"} if results["clock"]["state"] == "note" else {})
    assert {path: content for path, content in acres.files().items() if not path.startswith("build/")} == before
    text = acres.invoke("doctor", "--env", "dev").out
    assert "No problems" in text
    assert "Looked at this machine, this repository and dev." in text


def test_lines_that_have_no_room_are_folded_in_their_column(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = [
        Finding("uv", "fine", "0.9.1"),
        Finding("permissions", "note", "the role may do less than is printed", "Type `invoke policy --env dev`:\n{\n  1\n}"),
    ]
    assert [*doctor_report.lines(findings, "dev", Screen(on_screen(monkeypatch, 44)))] == [
        "  uv           0.9.1",
        "- permissions  the role may do less than is",
        "                 printed",
        "               Type",
        "                 `invoke policy --env dev`:",
        "               {",
        "                 1",
        "               }",
        "",
        "No problems, 1 note. Looked at this machine,",
        "  this repository and dev.",
    ]


def test_permissions_that_are_not_looked_at_are_no_good_news(repository: Repository) -> None:
    repository.configure("here", embedded={}, account_id="000000000000", region="us-east-1")
    _, results = findings(repository, "--env", "here")
    assert (results["permissions"]["state"], results["permissions"]["text"][:13]) == ("note", "not looked at")


def test_who_is_not_signed_in_is_told_so(acres: Repository, no_credentials: None) -> None:
    code, results = findings(acres, "--env", "dev")
    assert (code, results["credentials"]["state"]) == (1, "problem")
    assert "aws sso login" in results["credentials"]["text"]


def test_another_account_is_a_problem(acres: Repository, moto: None) -> None:
    acres.configure(account_id="999999999999")
    code, results = findings(acres, "--env", "dev")
    assert (code, "belong to account 123456789012" in results["credentials"]["text"]) == (1, True)


def test_a_record_of_a_later_version_is_a_problem(acres: Repository, moto: None) -> None:
    assert acres.invoke("deploy", "--env", "dev").code == 0
    body = json.dumps({"schema": 2, "deployer": "9.1.0"})
    boto3.client("s3", region_name="eu-central-1").put_object(
        Bucket="t-dev-artifacts", Key="dev/acres/release.json", Body=body, Tagging="state=clean"
    )
    code, results = findings(acres, "--env", "dev")
    assert (code, results["records of acres"]["state"]) == (1, "problem")
    assert "Upgrade this repository's deployer to version 9.1.0" in results["records of acres"]["text"]


def test_what_the_repository_lacks_is_told_for_each_environment(acres: Repository) -> None:
    acres.write("config/broken.json", "{")
    acres.write("pyproject.toml", PINS.replace("boto3>=1", "boto3==0.1").replace("packaging>=20", "no-such-library"))
    code, results = findings(acres)
    assert code == 1
    assert results["config/broken.json"]["state"] == "problem"
    assert results["config/dev.json"]["state"] == "fine"
    assert results["config/dev.json"]["text"] == "1 project can be declared"
    assert "boto3 is" in results["libraries"]["text"]
    assert "no-such-library is missing" in results["libraries"]["text"]
    assert results["libraries"]["advice"] == "Type `uv sync`, and start commands with `uv run`."


def test_programs_that_are_missing_are_told(acres: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", "")
    results = {finding.about: finding for finding in machine_checks.check_machine(acres.root)}
    assert (results["git"].state, results["Java"].state) == ("note", "note")
    assert "protected environments are refused" in results["git"].advice
    assert "the first run fetches it" in results["Java"].advice


class Answering:
    """AWS as a connection sees it, whose clock is `ahead` of ours."""

    def __init__(self, ahead: float) -> None:
        self.ahead = ahead

    def call(self, service: str, operation: str, /, **_: Any) -> dict[str, Any]:
        assert (service, operation) == ("sts", "GetCallerIdentity")
        date = formatdate(time.time() + self.ahead, usegmt=True)
        return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}


@pytest.mark.parametrize(("ahead", "state"), [(0, "fine"), (-90, "note"), (1000, "problem"), (-1000, "problem")])
def test_a_clock_that_is_wrong_is_told(ahead: float, state: str) -> None:
    finding = account_checks._clock(cast(Aws, Answering(ahead)))
    assert (finding.about, finding.state) == ("clock", state)


def test_a_permission_that_is_missing_is_named(acres: Repository, moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What IAM answers: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html."""
    from common.base.errors import AwsError

    command = EnvironmentCommand(acres.root, Choices(env="dev"), lambda _: None)
    connection = command.connection()
    call = connection.aws.call

    def denied(service: str, operation: str, /, **parameters: Any) -> Any:
        if service == "iam":
            raise AwsError(service, operation, "AccessDenied", "not authorized to perform: iam:ListRoles")
        return call(service, operation, **parameters)

    monkeypatch.setattr(connection.aws, "call", denied)
    with fresh_imports():
        findings: dict[str, Finding] = {
            finding.about: finding for finding in account_checks.check_account(lambda: connection, command.workspace)
        }
    command.close()
    assert findings["roles"].state == "problem"
    assert "Allow iam:ListRoles to whoever deploys: `invoke policy --env dev` prints all" in findings["roles"].advice
    assert findings["tagging index"].state == "fine"


def test_a_network_that_is_down_is_no_matter_of_credentials(acres: Repository) -> None:
    from common.base.errors import AwsError

    def connect() -> Connection:
        raise AwsError("sts", "GetCallerIdentity", "EndpointConnectionError", "Could not connect to the endpoint URL")

    command = EnvironmentCommand(acres.root, Choices(env="dev"), lambda _: None)
    with fresh_imports():
        (finding,) = account_checks.check_account(connect, command.workspace)
    command.close()
    assert (finding.about, finding.text) == ("network", "Could not connect to the endpoint URL")
    assert "HTTPS_PROXY" in finding.advice
