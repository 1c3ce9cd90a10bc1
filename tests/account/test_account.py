"""The proof for real accounts, on the embedded AWS and on moto: all as expected there, nothing left, nothing told of anybody."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest

from common.engine.policy_size import INLINE_POLICY
from common.environment import config_files
from tests.account import __main__ as proof
from tests.account import commands, leftovers, rights, services
from tests.account.checks import CHECKS
from tests.account.findings import Check, Finding, Verdict, judged, not_asked, publishable
from tests.account.place import KEYS, Place
from tests.account.runner import Run
from tests.support.repository import ACCOUNT, Repository

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "acctest-11252157"


def started(to: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.account", "--env", "local", "--yes", "--to", str(to)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ})


@pytest.mark.timeout(900)
def test_all_is_as_expected_on_the_embedded_aws(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        output, _ = running.communicate()
    [path] = tmp_path.glob("*.json")
    kept = json.loads(path.read_text())
    verdicts = {check["name"]: check["verdict"] for check in kept["checks"]}
    assert set(verdicts.values()) == {Verdict.EXPECTED}, output
    assert [*verdicts] == [check.name for check in CHECKS if check.name != "code asked once"]
    assert running.returncode == 0
    assert all(check["raw"] for check in kept["checks"])
    assert "The first deploy succeeded with what `invoke policy` prints." in output
    assert output.rstrip().endswith("Nothing is left.")


@pytest.mark.timeout(600)
def test_ctrl_c_deletes_what_was_made(tmp_path: Path) -> None:
    with started(tmp_path) as running:
        assert running.stdout is not None
        output = ""
        for line in running.stdout:
            output += line
            if "first deploy:" in line:
                running.send_signal(signal.SIGINT)
        running.wait()
    assert running.returncode == 130, output
    assert "Traceback" not in output
    assert f"role {PREFIX[:8]}" in output
    deleted = output.partition("Looking for what is left.")[2]
    assert "20 deleted." in deleted  # a directory is in its bucket
    [path] = tmp_path.glob("*.json")
    assert [check["name"] for check in json.loads(path.read_text())["checks"]] == ["first deploy"]


def test_what_a_command_does_otherwise_is_called_different(tmp_path: Path) -> None:
    (tmp_path / "proof").mkdir()
    with proof.closing(Place(tmp_path / "proof", config_files.load(ROOT, "local"), PREFIX, 1.0)) as place:
        assert commands.first_deploy(place).verdict is Verdict.EXPECTED
        script = place.repository.root / "projects/proof/glue/landing/load.py"
        script.write_text(script.read_text() + "# edited\n")
        second = commands.second_deploy(place)
        place.peek("lambda", "UpdateFunctionConfiguration", FunctionName=place.declared()["lambda/Echo"].name, MemorySize=512)
        drift = commands.drift(place)
        script.write_text("an error\n")
        refused = commands.first_deploy(place)
        script.write_text("raise ValueError\n")
        commands.first_deploy(place)
        ran = commands.run(place)
        place.peek("logs", "CreateLogGroup", logGroupName=f"/{PREFIX}/of-somebody")
        left = commands.nothing_left(place)
    assert [finding.verdict for finding in (second, drift, refused, ran, left)] == [Verdict.DIFFERENT] * 5
    assert "glue:UpdateJob" in second.what
    assert "lambda/Echo changed" in drift.what
    assert "load.py" in refused.what
    assert ran.what.startswith("The run ended with 1: ")
    assert left.what == f"`destroy --data` left log group /{PREFIX}/of-somebody."


def test_an_index_that_lags_is_measured(tmp_path: Path) -> None:
    (tmp_path / "proof").mkdir()
    with proof.closing(Place(tmp_path / "proof", config_files.load(ROOT, "local"), PREFIX, 60.0)) as place:
        lag = place.repository.root / "build/local/index-lag"
        lag.write_text("3600")
        assert commands.first_deploy(place).verdict is Verdict.EXPECTED
        second = commands.second_deploy(place)
        assert second.verdict is Verdict.EXPECTED, second.what
        assert sum(second.measured["calls"].values()) > 6
        lag.write_text("5")
        delay = services.index_delay(place)
        assert delay.verdict is Verdict.EXPECTED, delay.what
        deleted = commands.deleted_by_hand(place)
    assert deleted.verdict is Verdict.EXPECTED, deleted.what
    assert min(deleted.measured["seconds"].values()) >= 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--env", "nope"], "error: There is no environment 'nope': config/ has dev, local, prod."),
        (["--env", "dev"], "error: No AWS credentials were found."),
    ],
)
def test_nothing_is_begun_without_an_environment_and_credentials(
    words: list[str], message: str, no_credentials: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert proof.main([*words, "--yes"]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(message)
    assert printed.out == ""


@pytest.fixture
def place(moto: None, repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Nothing is deployed there."""
    made = Place(tmp_path_factory.mktemp("proof"), repository.environment(), PREFIX, 0.0, sleep=lambda _: None)
    yield made
    made.close()


def bucket(place: Place, *, versioned: bool) -> str:
    name = place.declared()["bucket/data"].name
    place.peek("s3", "CreateBucket", Bucket=name, CreateBucketConfiguration={"LocationConstraint": place.env.region})
    if versioned:
        place.peek("s3", "PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def test_another_answer_is_called_different(place: Place) -> None:
    bucket(place, versioned=False)  # such a bucket has no markers: 404 for the tags, too
    finding = services.delete_marker(place)
    assert finding.verdict is Verdict.DIFFERENT
    assert "GetObjectTagging 404" in finding.what
    assert [answer["call"] for answer in place.raw][-1] == "s3:HeadObject"


def test_the_answers_of_aws_are_as_expected_on_moto(place: Place) -> None:
    bucket(place, versioned=True)
    assert services.delete_marker(place).verdict is Verdict.EXPECTED
    assert services.name_of_a_deleted_bucket(place).verdict is Verdict.EXPECTED


def test_commands_run_with_a_role_that_has_the_printed_policy_alone(place: Place) -> None:
    assert rights.narrow(place) == ""
    keys = place.keys()
    assert {*keys} == {*KEYS}
    role = f"{PREFIX}-deployer"
    policy = place.peek("iam", "GetRolePolicy", RoleName=role, PolicyName="printed").body["PolicyDocument"]
    assert policy == place.run("policy", "--env", "dev").told
    assert len(json.dumps(policy, separators=(",", ":"))) < INLINE_POLICY
    trusted = place.peek("iam", "GetRole", RoleName=role).body["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert [statement["Principal"] for statement in trusted] == [{"AWS": place.aws.guard()}]
    assert not any(value in json.dumps(place.raw) for value in keys.values())


def test_without_such_a_role_it_says_why(place: Place) -> None:
    place.peek(
        "iam", "CreateRole", RoleName=f"{PREFIX}-deployer", AssumeRolePolicyDocument=policy("sts:AssumeRole", Principal="*")
    )
    assert rights.narrow(place) == "A role with the printed policy could not be made: EntityAlreadyExists."
    assert place.keys() == {}


def test_a_role_that_configuration_names_is_left_alone(moto: None, repository: Repository, tmp_path: Path) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/pipelines"
    repository.configure(roles={"arns": {"lambda": role, "lambda/Other": role}})
    (tmp_path / "proof").mkdir()
    place = Place(tmp_path / "proof", repository.environment(), PREFIX, 0.0, sleep=lambda _: None)
    assert commands.role_made_again(place).verdict is Verdict.NOT_ASKED
    assert place.raw == []


def test_what_the_index_never_shows_is_named_by_its_kind(place: Place) -> None:
    finding = services.index_delay(place)
    assert finding.verdict is Verdict.DIFFERENT
    assert set(finding.measured["never"]) >= {"lambda", "glue-job", "crawler", "state-machine", "table", "bucket"}


def test_what_is_left_is_found_by_its_name_and_deleted_and_nothing_else(place: Place) -> None:
    named = [PREFIX, "acctest-others"]
    for prefix in named:
        fill(prefix)
    left = leftovers.found(place.peek)
    assert {entry.kind for entry in left} == {*leftovers.LISTINGS}
    assert all(leftovers.NAME.search(entry.name) for entry in left)
    assert leftovers.found(place.peek, "acctest-01010101") == []

    assert proof.clean_up(place, left, ask=False) == 0
    assert leftovers.found(place.peek) == []
    assert boto3.client("lambda", "eu-central-1").list_functions()["Functions"][0]["FunctionName"] == "acctest-others-f"
    assert [entry["Name"] for entry in boto3.client("s3").list_buckets()["Buckets"]] == ["acctest-others-b"]


def test_nothing_is_deleted_unless_somebody_says_so(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    fill(PREFIX)
    left = leftovers.found(place.peek)
    assert proof.clean_up(place, left, ask=True) == 1  # nobody is at the terminal
    assert "Nothing was deleted." in capsys.readouterr().out
    assert leftovers.found(place.peek) == left


def policy(action: str, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]})


def fill(prefix: str) -> None:
    """One of each kind, with what keeps it from being deleted: versions, policies, targets."""
    region = "eu-central-1"
    trust = policy("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
    iam, s3, events = boto3.client("iam"), boto3.client("s3", region), boto3.client("events", region)
    role = iam.create_role(RoleName=f"{prefix}-r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=f"{prefix}-r", PolicyName="p", PolicyDocument=policy("s3:GetObject", Resource="*"))
    s3.create_bucket(Bucket=f"{prefix}-b", CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=f"{prefix}-b", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=f"{prefix}-b", Key="k", Body=body)
    s3.delete_object(Bucket=f"{prefix}-b", Key="k")
    events.put_rule(Name=f"{prefix}-e", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule=f"{prefix}-e", Targets=[{"Id": "t", "Arn": f"arn:aws:sns:{region}:{ACCOUNT}:t"}])
    packed = BytesIO()
    zipfile.ZipFile(packed, "w").close()
    code = {"ZipFile": packed.getvalue()}
    boto3.client("lambda", region).create_function(
        FunctionName=f"{prefix}-f", Role=role, Code=code, Runtime="python3.11", Handler="h.h"
    )
    boto3.client("lambda", region).publish_layer_version(LayerName=f"{prefix}-l", Content=code)
    glue = boto3.client("glue", region)
    glue.create_database(DatabaseInput={"Name": f"{prefix}_d".replace("-", "_")})
    glue.create_job(Name=f"{prefix}-j", Role=role, Command={"Name": "glueetl"})
    glue.create_crawler(Name=f"{prefix}-c", Role=role, Targets={"S3Targets": [{"Path": "s3://b/"}]})
    boto3.client("sns", region).create_topic(Name=f"{prefix}-t")
    boto3.client("logs", region).create_log_group(logGroupName=f"/{prefix}/g")
    boto3.client("stepfunctions", region).create_state_machine(
        name=f"{prefix}-m", roleArn=role, definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    )
    boto3.client("dynamodb", region).create_table(
        TableName=f"{prefix}-x",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        DeletionProtectionEnabled=True,
    )


def test_what_cannot_be_asked_is_said_and_the_rest_goes_on(place: Place, tmp_path: Path) -> None:
    def broken(_: Place) -> Finding:
        raise LookupError("Crawler")

    checks = [
        Check("base", "Is it there?", lambda _: judged(False, "It is not.")),
        Check("upon", "Does it stand?", lambda _: judged(True, "It does."), "base"),
        Check("broken", "Does it break?", broken),
        Check("kept back", "Is it asked?", lambda _: not_asked("Nobody may.")),
        Check("upon that", "Is this asked?", lambda _: judged(True, "It is."), "kept back"),
    ]
    run = Run(place, tmp_path / "to" / "result.json", "2026-11-25T21:57:07Z")
    run.ask(checks, lambda _, __: None)
    verdicts = {name: finding.verdict for name, finding in run.findings.items()}
    assert [*verdicts.values()] == ["different", "not asked", "different", "not asked", "as expected"]
    assert run.findings["broken"].what == "The check could not go on: LookupError: Crawler"
    kept = json.loads((tmp_path / "to" / "result.json").read_text())
    assert [check["verdict"] for check in kept["checks"]] == [*verdicts.values()]
    assert "| upon | not asked |" not in proof.summary(run)  # the summary is of the checks of the table


def test_no_secret_and_no_person_is_kept() -> None:
    answer: dict[str, Any] = {
        "Credentials": {"SecretAccessKey": "abc"},
        "Code": {"Location": "https://x.s3.amazonaws.com/a?X-Amz-Security-Token=abc&X-Amz-Signature=abc"},
        "Error": {"Message": "User: arn:aws:sts::111122223333:assumed-role/Admin/ann@example.com is not authorized"},
        "ResponseMetadata": {"RequestId": "abc", "HTTPStatusCode": 403},
        "who": "ann",
        "FunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:f",
        "Payload": b"{}",
    }
    assert publishable(answer, "111122223333") == {
        "Code": {"Location": "https://x.s3.amazonaws.com/a?…"},
        "Error": {"Message": "User: arn:aws:sts::000000000000:assumed-role/… is not authorized"},
        "ResponseMetadata": {"HTTPStatusCode": 403},
        "FunctionArn": "arn:aws:lambda:eu-central-1:000000000000:function:f",
        "Payload": "b'{}'",
    }
