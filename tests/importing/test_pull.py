"""`invoke pull`, as typed: console edits become configuration, and drift is quiet afterwards; against moto."""

import errno
import io
import json
import zipfile
from email.message import Message
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.error import HTTPError
from urllib.request import OpenerDirector

import boto3
import pytest

from tests.support.repository import Repository

PLACE = {"region_name": "eu-central-1"}
ALL = (
    'p.function("Validate", environment={"ZONE": "landing", "MODE": "fast"})',
    'p.job("load", arguments={"--zone": "landing"})',
    'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})',
    'p.schedule("daily", m, "rate(1 day)")',
    'p.table("runs", partition_key="id")',
)
MAIN = """{
  "$schema": "schema.json",
  "name": "dev",
  "account_id": "123456789012", "region": "eu-central-1",
  "name_prefix": "t-dev",
  "artifact_bucket": "t-dev-artifacts",
  "projects": {
    "acres": {"functions": {"Validate": {"memory_mb": 256}}}
  }
}
"""
OVERLAY = '{\r\n    "jobs": {\r\n        "load": {"workers": 3}\r\n    }\r\n}\r\n'
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}
FUNCTION = {"FunctionName": "t-dev-acres-Validate"}


def client(service: str) -> Any:
    return boto3.client(service, **PLACE)


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    repository.project("acres", *ALL)
    repository.write("config/dev.json", MAIN)
    repository.write("config/acres/dev.json", OVERLAY)
    first = repository.invoke("deploy", "--env", "dev")
    assert (first.code, first.err) == (0, ""), first
    return repository


def run(repository: Repository, *words: str, code: int = 0) -> dict[str, Any]:
    done = repository.invoke(*words, "--env", "dev", "--json")
    assert (done.code, done.err) == (code, ""), done
    result: dict[str, Any] = json.loads(done.out)
    return result


def text(repository: Repository, path: str) -> str:
    return (repository.root / path).read_bytes().decode()


def sources(repository: Repository) -> dict[str, bytes]:
    """Every file but what was built."""
    return {path: content for path, content in repository.files().items() if not path.startswith("build/")}


def edit_job(**fields: Any) -> None:
    glue = client("glue")
    job = glue.get_job(JobName="t-dev-acres-load")["Job"]
    kept = (
        "Role",
        "Command",
        "DefaultArguments",
        "MaxRetries",
        "Timeout",
        "GlueVersion",
        "WorkerType",
        "NumberOfWorkers",
        "ExecutionProperty",
        "ExecutionClass",
    )
    glue.update_job(JobName="t-dev-acres-load", JobUpdate={**{name: job[name] for name in kept if name in job}, **fields})


def test_settings_are_written_where_they_stand_and_drift_is_quiet(deployed: Repository) -> None:
    client("lambda").update_function_configuration(
        **FUNCTION, MemorySize=1024, Timeout=90, Environment={"Variables": {"ZONE": "attic", "MODE": "fast"}}
    )
    edit_job(NumberOfWorkers=7, MaxRetries=2)
    client("logs").put_retention_policy(logGroupName="/aws/lambda/t-dev-acres-Validate", retentionInDays=7)
    client("events").disable_rule(Name="t-dev-acres-daily")
    before = sources(deployed)
    shown = run(deployed, "pull", "--dry-run")
    assert not shown["written"]
    assert sources(deployed) == before
    result = run(deployed, "pull")
    assert result["left"] == []
    assert {(pulled["file"], ".".join(pulled["path"])): pulled["value"] for pulled in result["pulled"]} == {
        ("config/dev.json", "projects.acres.functions.Validate.memory_mb"): 1024,
        ("config/dev.json", "projects.acres.functions.Validate.timeout_seconds"): 90,
        ("config/dev.json", "projects.acres.functions.Validate.environment.ZONE"): "attic",
        ("config/dev.json", "projects.acres.functions.Validate.log_retention_days"): 7,
        ("config/acres/dev.json", "jobs.load.workers"): 7,
        ("config/acres/dev.json", "jobs.load.max_retries"): 2,
        ("config/acres/dev.json", "triggers.daily.enabled"): False,
    }
    assert text(deployed, "config/acres/dev.json") == OVERLAY.replace('"workers": 3', '"workers": 7, "max_retries": 2').replace(
        "    }\r\n}",
        '    },\r\n    "triggers": {\r\n        "daily": {\r\n            "enabled": false\r\n        }\r\n    }\r\n}',
    )
    function = '{"memory_mb": 1024, '
    assert function in text(deployed, "config/dev.json")
    assert text(deployed, "config/dev.json").partition('    "acres"')[0] == MAIN.partition('    "acres"')[0]
    assert run(deployed, "drift")["drifted"] == []
    assert {change["action"] for change in run(deployed, "plan")["changes"]} <= {"noop", "record"}
    assert run(deployed, "pull")["pulled"] == []


def edited() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context):\n    return 1\n")
    return stream.getvalue()


def test_what_is_no_setting_is_told_with_file_and_line(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenerDirector, "open", lambda *_, **__: io.BytesIO(edited()))
    client("lambda").update_function_code(**FUNCTION, ZipFile=edited())
    client("lambda").update_function_configuration(
        **FUNCTION, Handler="other.main", Environment={"Variables": {"ZONE": "landing"}}
    )
    machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:t-dev-acres-main"
    definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    client("stepfunctions").update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
    client("iam").put_role_policy(RoleName="t-dev-acres-Validate-lambda", PolicyName="more", PolicyDocument=json.dumps(POLICY))
    before = sources(deployed)
    result = run(deployed, "pull", code=2)
    assert sources(deployed) == before
    where = {(left["key"], left["field"].partition(".States")[0]): left["where"] for left in result["left"]}
    assert where["lambda/Validate", "CodeSha256"] == (
        "the code was edited (handler.py changed): bring the edit into projects/acres/lambda/Validate/"
    )
    assert where["lambda/Validate", "Handler"] == "no setting has it: change projects/acres/deploy.py:9"
    assert where["lambda/Validate", "Environment.Variables.MODE"].startswith(
        "it was removed: remove it from config/dev.json: $.projects.acres.functions.Validate.environment.MODE, or from "
    )
    assert where["state-machine/main", "definition"] == "the definition was edited: change projects/acres/deploy.py:11"
    assert run(deployed, "pull", "--only", "glue-job/*")["left"] == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("User=x;Password=Xk29vPq7mZt4Lw", "MODE looks like a secret"),
        ("${zone}", "MODE holds ${, which would be read as a token"),
    ],
)
def test_secrets_and_tokens_are_not_written(deployed: Repository, value: str, reason: str) -> None:
    variables = {"ZONE": "landing", "MODE": value}
    client("lambda").update_function_configuration(**FUNCTION, Environment={"Variables": variables}, MemorySize=512)
    done = deployed.invoke("pull", "--env", "dev", "--only", "lambda/*")
    assert "memory_mb is 512, as lambda/Validate in AWS" in done.out
    assert done.code == 2
    assert reason in done.out
    assert value not in text(deployed, "config/dev.json") + text(deployed, "config/acres/dev.json")


def test_a_value_that_no_setting_can_have_is_told_and_the_rest_written(deployed: Repository) -> None:
    edit_job(NumberOfWorkers=5, Timeout=20000)
    result = run(deployed, "pull", code=2)
    assert [pulled["value"] for pulled in result["pulled"]] == [5]
    assert "no setting can have this value" in result["left"][0]["where"]


def test_a_file_that_cannot_be_written_is_one_message(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere, so the file system refuses."""
    client("lambda").update_function_configuration(**FUNCTION, MemorySize=1024)
    replace = Path.replace

    def refused(path: Path, target: Path) -> Path:
        if Path(target).name == "dev.json":
            raise OSError(errno.EROFS, "Read-only file system")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refused)
    before = sources(deployed)
    done = deployed.invoke("pull", "--env", "dev")
    assert done.code == 1
    assert done.err.startswith("error: config/dev.json: it cannot be written")
    assert sources(deployed) == before


def test_code_that_cannot_be_downloaded_is_not_called_edited(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = HTTPError("https://x", 403, "Forbidden", Message(), None)
    monkeypatch.setattr(OpenerDirector, "open", Mock(side_effect=denied))
    client("lambda").update_function_code(**FUNCTION, ZipFile=edited())
    (left,) = run(deployed, "pull", code=2)["left"]
    assert left["where"] == (
        "whether its code was edited is not known (CodeDownload): compare what it runs with projects/acres/lambda/Validate/"
    )


def test_what_is_gone_is_left_to_deploy(deployed: Repository) -> None:
    client("glue").delete_job(JobName="t-dev-acres-load")
    result = run(deployed, "pull", "--only", "glue-job/*", code=2)
    assert result["left"][0]["where"].endswith("change its declaration in projects/acres/deploy.py:10")


def test_a_property_is_written_in_the_spelling_of_aws_and_a_setting_in_ours(deployed: Repository) -> None:
    settings = {"properties": {"LoggingConfig": {"SystemLogLevel": "WARN"}}, "log_format": "JSON", "tracing": True}
    deployed.write("config/acres/dev.json", {"functions": {"Validate": settings}})
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    changed = {"LoggingConfig": {"SystemLogLevel": "DEBUG"}, "TracingConfig": {"Mode": "PassThrough"}}
    client("lambda").update_function_configuration(**FUNCTION, **changed)
    result = run(deployed, "pull", "--only", "lambda/*")
    assert [pulled["value"] for pulled in result["pulled"]] == [{"SystemLogLevel": "DEBUG"}, False]
    overlay = json.loads(text(deployed, "config/acres/dev.json"))
    assert overlay["functions"]["Validate"]["properties"] == {"LoggingConfig": {"SystemLogLevel": "DEBUG"}}
    assert overlay["functions"]["Validate"]["tracing"] is False
    assert run(deployed, "drift")["drifted"] == []


def test_an_argument_of_a_job_is_pulled(deployed: Repository) -> None:
    edit_job(
        DefaultArguments={**client("glue").get_job(JobName="t-dev-acres-load")["Job"]["DefaultArguments"], "--zone": "attic"}
    )
    run(deployed, "pull", "--only", "glue-job/*")
    assert json.loads(text(deployed, "config/acres/dev.json"))["jobs"]["load"] == {"workers": 3, "arguments": {"--zone": "attic"}}


def test_a_setting_that_an_update_left_out_is_told_with_its_place(deployed: Repository) -> None:
    """UpdateJob resets what it is not given, so the next run of another deployer takes fields away.

    Follows https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateJob.html
    """
    deployed.write("config/acres/dev.json", {"jobs": {"load": {"description": "rows", "security_configuration": "sec"}}})
    run(deployed, "deploy")
    edit_job()
    left = {item["field"]: item["where"] for item in run(deployed, "pull", code=2)["left"]}
    for field, setting in (("Description", "description"), ("SecurityConfiguration", "security_configuration")):
        assert left[field].startswith(f"it was removed: remove it from config/acres/dev.json: $.jobs.load.{setting}, or from ")
