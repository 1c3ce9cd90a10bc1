"""`invoke status`: what was released, what is unfinished, who holds the lease, how the last execution went."""

import json
from typing import Any

import boto3
import pytest
from botocore import handlers

from common.engine.status import Execution, Status
from common.report.status_report import show
from tests.resources.scripted import answered
from tests.support.repository import Repository
from tests.support.terminal import on_screen

MACHINE = 'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})'
RUN = 'p.run_by(m, starting={"a": 1})'


@pytest.fixture
def declared(repository: Repository, moto_dates: None) -> Repository:
    repository.project("acres", MACHINE, RUN)
    repository.project("other")
    return repository


def told(repository: Repository, *words: str) -> dict[str, dict[str, Any]]:
    done = repository.invoke("status", "--env", "dev", "--json", *words)
    assert (done.code, done.err) == (0, "")
    return {project["project"]: project for project in json.loads(done.out)["projects"]}


def put(repository: Repository, name: str, body: dict[str, Any]) -> None:
    client = boto3.client("s3", region_name="eu-central-1")
    client.put_object(Bucket="t-dev-artifacts", Key=f"dev/acres/{name}", Body=json.dumps(body).encode())


def test_nothing_was_ever_deployed(declared: Repository) -> None:
    status = told(declared)
    assert list(status) == ["shared", "acres", "other"]
    assert {project["state"] for project in status.values()} == {"never deployed"}
    assert status["acres"]["last_execution"] is status["acres"]["lock"] is None
    text = declared.invoke("status", "--env", "dev").out
    assert "acres    never deployed" in text


def test_a_declaration_that_cannot_be_used_hides_no_status(declared: Repository) -> None:
    """Nor does one that all others need."""
    assert declared.invoke("deploy", "--env", "dev", "--project", "acres").code == 0
    declared.project("acres", "p.function(nothing)")
    status = told(declared)
    assert {name: bool(about["problem"]) for name, about in status.items()} == {"shared": False, "acres": True, "other": False}
    assert (status["acres"]["state"], status["acres"]["declared"]) == ("clean", True)
    assert status["acres"]["released"]["who"]
    assert "projects/acres/deploy.py:9: NameError: name 'nothing' is not defined." in status["acres"]["problem"]
    text = declared.invoke("status", "--env", "dev", "--project", "acres").out
    assert "acres: its declaration cannot be used, so its executions are not told: projects/acres/deploy.py:9:" in text
    declared.write("deploy.py", "1 / 0")
    assert [about["problem"][:24] for about in told(declared).values()] == [
        "deploy.py:1: ZeroDivisio",
        *["it needs what deploy.py "] * 2,
    ]


def test_tells_what_was_released_by_whom(declared: Repository) -> None:
    assert declared.invoke("deploy", "--env", "dev", "--project", "acres").code == 0
    status = told(declared)
    acres = status["acres"]
    records = {key for key in declared.resources() if not key.startswith("artifact/")}
    assert (acres["state"], acres["pending"], acres["lock"]) == ("clean", [], None)
    assert acres["resources"] == len(
        [resource for pipeline in declared.declared("acres")[1:] for resource in pipeline.rendered()]
    )
    assert len(records) >= acres["resources"]
    assert acres["released"]["who"].startswith("arn:aws:")
    assert acres["released"]["since"].startswith("20")
    assert status["other"]["state"] == "never deployed"
    assert status["shared"]["state"] == "clean"


def test_tells_the_last_execution(declared: Repository) -> None:
    assert declared.invoke("deploy", "--env", "dev", "--project", "acres").code == 0
    assert declared.invoke("run", "--env", "dev", "--project", "acres").code == 0
    last = told(declared, "--project", "acres")["acres"]["last_execution"]
    assert ":execution:t-dev-acres-main:run-" in last["arn"]
    assert last["status"] == "RUNNING"  # as moto leaves it
    assert last["ended"] is None


@pytest.mark.parametrize(
    ("code", "exit_code"), [("StateMachineTypeNotSupported", 0), ("StateMachineDoesNotExist", 0), ("AccessDeniedException", 1)]
)
def test_what_keeps_no_executions_has_no_last_one(
    declared: Repository, monkeypatch: pytest.MonkeyPatch, code: str, exit_code: int
) -> None:
    def refusing(request: Any, **_: Any) -> Any:
        return answered(request, code, "This operation is not supported by this type of state machine")

    assert declared.invoke("deploy", "--env", "dev", "--project", "acres").code == 0
    refused = ("before-send.sfn.ListExecutions", refusing)
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [refused, *handlers.BUILTIN_HANDLERS])
    done = declared.invoke("status", "--env", "dev", "--project", "acres", "--json")
    assert done.code == exit_code
    if exit_code == 0:
        assert [project["last_execution"] for project in json.loads(done.out)["projects"]] == [None, None]


def test_tells_who_is_deploying_and_what_is_unfinished(declared: Repository) -> None:
    assert declared.invoke("deploy", "--env", "dev", "--project", "acres").code == 0
    client = boto3.client("s3", region_name="eu-central-1")
    where = {"Bucket": "t-dev-artifacts", "Key": "dev/acres/release.json"}
    root = json.loads(client.get_object(**where)["Body"].read())
    body = json.dumps({**root, "pending": ["lambda/Validate"]}).encode()
    client.put_object(**where, Body=body, Tagging="state=deploying&root-sha256=0")
    put(declared, "lock.json", {"holder": "ann", "host": "mill", "since": "2026-01-15T09:30:00+00:00"})
    acres = told(declared)["acres"]
    assert (acres["state"], acres["pending"], acres["lock"]["holder"]) == ("deploying", ["lambda/Validate"], "ann")
    text = declared.invoke("status", "--env", "dev").out
    assert "acres: not finished: lambda/Validate" in text
    assert "acres: being deployed by ann on mill since 2026-01-15T09:30:00+00:00" in text


def test_a_root_that_cannot_be_read_is_not_taken_for_one(declared: Repository) -> None:
    assert declared.invoke("deploy", "--env", "dev", "--project", "acres").code == 0
    put(declared, "release.json", {"schema": 0})
    assert told(declared)["acres"]["state"] == "unreadable"  # it lost its tags, too


def test_bad_input_is_told(declared: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    declared.configure("cert")
    for words, message in (
        (("status",), "Which environment?"),
        (("status", "--env", "dve"), "Did you mean 'dev'?"),
        (("status", "--env", "dev", "--project", "acre"), "Did you mean 'acres'?"),
    ):
        done = declared.invoke(*words)
        assert (done.code, message in done.err) == (1, True)
    declared.configure(account_id="999999999999")
    assert "belong to account 123456789012" in declared.invoke("status", "--env", "dev").err


def test_status_is_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch, 200)
    about = {"since": "2026-01-15T09:30:00+00:00", "holder": "ann", "host": "mill", "commit": "0123456789abcdef", "clean": "no"}
    show([Status("acres", "clean", about, resources=7)], stream)
    text = stream.text()
    assert "─" in text
    assert "2026-01-15 09:30 " in text
    assert "ann@mill" in text
    assert "01234567 + changes" in text


def test_who_is_told_nothing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    show([Status("acres", "clean", unconfirmed=("ann@example.com (waits for it)",))])
    out = " ".join(capsys.readouterr().out.split())
    assert "acres: subscriptions that nobody has confirmed: ann@example.com (waits for it); `invoke deploy --verify` asks" in out


def test_no_word_is_broken_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    about = {"since": "2026-01-15T10:30:00+01:00", "holder": "ann", "host": "ip-10-0-12-34.internal", "commit": "0123456789"}
    ran = Execution("arn", "SUCCEEDED", "2026-01-16T11:45:00+00:00", None)
    stream = on_screen(monkeypatch, 80)
    statuses = [
        Status("fpac_pipeline", "clean", about, resources=37, last_execution=ran),
        Status("reference_data", "never deployed"),
    ]
    show(statuses, stream)
    lines = stream.text().splitlines()
    assert max(map(len, lines)) <= 80
    whole = {"fpac_pipeline", "reference_data", "deployed", "2026-01-15", "09:30", "01234567", "SUCCEEDED", "2026-01-16", "11:45"}
    assert whole <= {word for line in lines for word in line.split()}
