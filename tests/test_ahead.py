"""The other process: its answers are AWS's own, each is taken once, and without it everything is as before."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from common import ahead, digest, local, stat_cache
from common.ahead import Ahead, Question, first_question
from common.asking import prepare
from common.aws import AwsSession
from common.errors import AwsError
from common.records import first_questions
from tests.local.fixtures import client, embedded, embedded_root
from tests.repository import Repository

__all__ = ["client", "embedded", "embedded_root"]
NO_CACHE = Path("no-such-file")
WHO = Question("sts", "GetCallerIdentity", {})
NOWHERE = Question("s3", "GetObjectTagging", {"Bucket": "t-nowhere", "Key": "k"})
ROLES = Question("iam", "ListRoles", {"PathPrefix": "/t-ahead/", "MaxItems": 1}, paged=True)


@pytest.fixture
def where(embedded: local.Embedded) -> dict[str, Any]:
    return {"region": embedded.region, "account_id": embedded.account_id, "endpoints": embedded.endpoints}


@pytest.fixture
def asking() -> Iterator[Ahead]:
    made = Ahead()
    yield made
    made.close()


def test_answers_are_those_that_this_process_would_get(where: dict[str, Any], asking: Ahead) -> None:
    direct, aws = AwsSession(**where), AwsSession(**where, ahead=asking)
    for number in range(3):
        given = {"RoleName": f"r{number}", "Path": "/t-ahead/", "AssumeRolePolicyDocument": "{}"}
        direct.find("iam", "CreateRole", "EntityAlreadyExists", **given)
    aws.ask_ahead([WHO, NOWHERE, ROLES], NO_CACHE)
    assert aws.guard() == direct.guard()
    pages = list(aws.pages("iam", "ListRoles", **ROLES.parameters))
    names = [[role["RoleName"] for role in page["Roles"]] for page in pages]
    assert names == [
        [role["RoleName"] for role in page["Roles"]] for page in direct.pages("iam", "ListRoles", **ROLES.parameters)
    ]
    with pytest.raises(AwsError) as caught:
        aws.call("s3", "GetObjectTagging", **NOWHERE.parameters)
    assert (caught.value.service, caught.value.operation, caught.value.code) == ("s3", "GetObjectTagging", "NoSuchBucket")
    assert aws.calls == {"sts:GetCallerIdentity": 1, "iam:ListRoles": len(pages), "s3:GetObjectTagging": 1}
    assert aws.clients.made == {}


def test_an_answer_is_taken_once_and_for_exactly_its_question(where: dict[str, Any], asking: Ahead) -> None:
    aws = AwsSession(**where, ahead=asking)
    aws.ask_ahead([WHO, NOWHERE], NO_CACHE)
    assert asking.answer(NOWHERE._replace(parameters={"Bucket": "t-nowhere", "Key": "other"})) is None
    assert asking.answer(Question("s3", "PutObject", {"Bucket": "t-nowhere", "Key": "k", "Body": b"bytes"})) is None
    assert asking.answer(WHO) is not None
    assert asking.answer(WHO) is None
    aws.prepare(())
    aws.guard()
    assert list(aws.clients.made) == ["sts"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_process_that_died_has_not_answered_is_asked_here(where: dict[str, Any], asking: Ahead, when: str) -> None:
    aws = AwsSession(**where, ahead=asking)
    if when == "before":
        asking.close()
    else:
        asking._child.kill()
    aws.ask_ahead([WHO], NO_CACHE)
    assert aws.guard().startswith("arn:")
    assert list(aws.clients.made) == ["sts"]


def test_an_answer_of_which_only_the_first_pages_came_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = '[0, {"Roles": []}]', "[1, {}]", "[1, null, true, null]", "[2, {}]", "[2, null, false, null]", '[0, {"Ro'
    monkeypatch.setattr(ahead, "PROGRAM", f"print(*{lines!r}, sep=chr(10))")
    asking = Ahead()
    try:
        asking.ask({}, [ROLES, WHO, NOWHERE], NO_CACHE)
        assert asking.answer(ROLES) is None
        assert asking.answer(WHO) == [{}]
        assert asking.answer(NOWHERE) is None
        assert asking.ask_now(WHO) is None
    finally:
        asking.close()


@pytest.fixture
def bucket(where: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Where an object is."""
    aws, place = AwsSession(**where), {"Bucket": "t-ahead-now", "Key": "k"}
    aws.call("s3", "CreateBucket", Bucket="t-ahead-now", CreateBucketConfiguration={"LocationConstraint": where["region"]})
    yield place
    aws.call("s3", "DeleteObject", **place)
    aws.call("s3", "DeleteBucket", Bucket="t-ahead-now")


def test_until_this_process_has_a_client_the_other_one_reads(
    where: dict[str, Any], asking: Ahead, bucket: dict[str, Any]
) -> None:
    direct, aws = AwsSession(**where), AwsSession(**where, ahead=asking)
    aws.ask_ahead([WHO], NO_CACHE)
    body = '{"$ahead.time": "ä"}\n'.encode() + bytes(range(256))
    direct.call("s3", "PutObject", **bucket, Body=body)
    found = aws.call("s3", "GetObject", **bucket)
    expected = direct.call("s3", "GetObject", **bucket)
    assert found["Body"].read() == expected["Body"].read() == body
    assert (found["ETag"], found["LastModified"]) == (expected["ETag"], expected["LastModified"])
    assert isinstance(found["LastModified"], datetime)
    assert aws.find("s3", "GetObject", "NoSuchKey", **bucket | {"Key": "none"}) is None
    assert (aws.clients.made, aws.calls) == ({}, {"s3:GetObject": 2})
    aws.call("s3", "PutObject", **bucket, Body=b"other")
    assert list(aws.clients.made) == ["s3"]
    assert aws.call("s3", "GetObject", **bucket)["Body"].read() == b"other"
    assert aws.calls == {"s3:GetObject": 3, "s3:PutObject": 1}


def test_a_process_that_is_to_ask_nothing_more_ends_with_its_last_answer(where: dict[str, Any], asking: Ahead) -> None:
    aws = AwsSession(**where, ahead=asking)
    aws.ask_ahead([WHO, NOWHERE], NO_CACHE)
    aws.prepare(())
    aws.guard()
    asking._child.wait(timeout=20)
    with pytest.raises(AwsError):
        asking.answer(NOWHERE)
    aws.call("s3", "ListBuckets")
    assert list(aws.clients.made) == ["s3"]


def test_a_process_that_dies_answers_none_of_what_it_was_asked(where: dict[str, Any], asking: Ahead) -> None:
    aws = AwsSession(**where, ahead=asking)
    aws.ask_ahead([WHO], NO_CACHE)
    aws.guard()
    asking._child.kill()
    assert aws.call("iam", "ListRoles", PathPrefix="/t-none/")["Roles"] == []
    assert list(aws.clients.made) == ["iam"]


def test_clients_are_made_for_what_was_edited(where: dict[str, Any], tmp_path: Path) -> None:
    paths = [tmp_path / name / "x.py" for name in ("lambda/F", "glue/landing", "sfn")]
    known = {}
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_text("before")
        known[str(path)] = [*digest.of_stat(path.stat()), "d"]
    text = json.dumps(known).encode()
    cache = tmp_path / "cache.json"
    cache.write_bytes(f"{stat_cache.SCHEMA} {digest.of_bytes(text)}\n".encode() + text)

    def made() -> list[str]:
        aws = AwsSession(**where)
        prepare(aws, cache)
        return list(aws.clients.made)

    assert made() == []
    paths[2].write_text("afterwards")
    assert made() == []
    paths[1].write_text("afterwards")
    assert made() == ["glue"]
    paths[0].unlink()  # is no file to read
    assert made() == ["glue"]
    cache.write_bytes(b"")
    assert made() == []


def test_without_credentials_it_is_silent_and_this_process_says_so(
    no_credentials: None, asking: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Ahead()  # started without credentials, as this process has none
    aws = AwsSession("eu-central-1", "123456789012", ahead=other)
    aws.ask_ahead([WHO], NO_CACHE)
    try:
        assert other.answer(WHO) is None
    finally:
        other.close()


def test_users_can_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_ASK_AHEAD", "0")
    assert ahead.started() is None
    ahead.closed(None)


def test_a_function_that_asks_nothing_has_no_first_question() -> None:
    with pytest.raises(ValueError, match="asks nothing"):
        first_question(lambda _: None)


def test_the_first_questions_are_those_of_a_plan(repository: Repository) -> None:
    found = first_questions(repository.environment(), ["shared", "acres"], [("lambda",), ("glue", "logs")])
    operations = [f"{one.service}:{one.operation}" for one in found]
    index, tags = ["resourcegroupstaggingapi:GetResources"] * 2, ["s3:GetObjectTagging"] * 2
    assert operations == [*index, *tags, "iam:ListRoles", "sts:GetCallerIdentity"]
    assert [one.parameters.get("ResourceTypeFilters") for one in found[:2]] == [["lambda"], ["glue", "logs"]]
    assert [one.parameters["Key"] for one in found[2:4]] == ["dev/shared/release.json", "dev/acres/release.json"]
    assert [one.paged for one in found] == [True, True, False, False, True, False]


def loaded(repository: Repository, *words: str) -> tuple[set[str], int]:
    """The top-level modules that a command has loaded when it ends, and its exit code."""
    program = "import sys, json, atexit; atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr)); "
    program += f"from invoke.main import program; program.run(['invoke', *{list(words)!r}])"
    done = repository.shell("python", "-c", program)
    return {name.partition(".")[0] for name in json.loads(done.err.splitlines()[-1])}, done.code


HEAVY = {"botocore", "boto3", "pydantic", "rich", "pyarrow"}
"""YAML is not among them: Invoke loads it."""


def test_a_list_of_tasks_loads_nothing(repository: Repository) -> None:
    assert loaded(repository, "--list")[0] & HEAVY == set()


def test_packaging_loads_no_aws(repository: Repository) -> None:
    repository.project()
    modules, code = loaded(repository, "package-lambdas")
    assert code == 0
    assert modules & HEAVY == {"pydantic"}


def test_an_unchanged_deploy_without_a_terminal_loads_what_it_needs(
    repository: Repository, embedded: local.Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", embedded.account_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", embedded.secret)
    monkeypatch.setenv("DEPLOY_ASK_AHEAD", "1")
    repository.configure(name_prefix="t-ahead", artifact_bucket="t-ahead-artifacts", endpoints={"default": embedded.endpoint})
    repository.project()
    first, code = loaded(repository, "deploy", "--env", "dev")
    assert (first & HEAVY, code) == ({"botocore", "pydantic"}, 0)
    time.sleep(stat_cache.YOUNG_NS / 1e9)  # until then files count as edited just now, and an upload is prepared for
    loaded(repository, "package-lambdas")
    again, code = loaded(repository, "deploy", "--env", "dev")
    assert (again & HEAVY, code) == ({"pydantic"}, 0)
    planned, code = loaded(repository, "plan", "--env", "dev", "--json")
    assert (planned & HEAVY, code) == ({"pydantic"}, 0)
