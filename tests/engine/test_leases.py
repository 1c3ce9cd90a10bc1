"""Leases are taken after the plan, only where something will change, and never left behind."""

import json

import boto3
import pytest

from tests.support.repository import Repository

PLACE = {"region_name": "eu-central-1"}
LOCK = {"Bucket": "t-dev-artifacts", "Key": "dev/acres/lock.json"}
PUT, READ = "s3:PutObject", "glue:GetJob"


@pytest.fixture
def edited(repository: Repository, moto_dates: None) -> Repository:
    """A project that was deployed, and its job edited since."""
    repository.project("acres", 'p.function("Validate")', 'p.job("load")')
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.write("projects/acres/glue/landing/load.py", "print('other rows')\n")
    return repository


def locked() -> bool:
    return "Contents" in boto3.client("s3", **PLACE).list_objects_v2(Bucket=LOCK["Bucket"], Prefix=LOCK["Key"])


def test_a_deploy_reads_before_it_takes_its_lease(edited: Repository, aws_calls: list[str]) -> None:
    assert edited.invoke("deploy", "--env", "dev").code == 0
    assert aws_calls.index(READ) < aws_calls.index(PUT)
    assert not locked()


def test_a_plan_takes_none(edited: Repository, aws_calls: list[str]) -> None:
    assert edited.invoke("plan", "--env", "dev").code == 2
    assert PUT not in aws_calls


def test_nor_does_a_deploy_of_what_has_not_changed(edited: Repository, aws_calls: list[str]) -> None:
    assert edited.invoke("deploy", "--env", "dev").code == 0
    aws_calls.clear()
    assert edited.invoke("deploy", "--env", "dev").code == 0
    assert edited.invoke("deploy-lambdas", "--env", "dev", "--only", "lambda/*").code == 0
    assert PUT not in aws_calls


def test_nor_one_that_must_be_confirmed(edited: Repository, aws_calls: list[str]) -> None:
    edited.configure(protected=True)
    ended = edited.invoke("deploy", "--env", "dev")
    assert (ended.code, "nobody can be asked here" in ended.err) == (1, True), ended
    assert PUT not in aws_calls


def test_a_plan_that_fails_leaves_neither_lease_nor_mark(edited: Repository) -> None:
    glue = boto3.client("glue", **PLACE)
    role = glue.get_job(JobName="t-dev-acres-load")["Job"]["Role"]
    glue.create_job(Name="t-dev-acres-other", Role=role, Command={"Name": "glueetl", "ScriptLocation": "s3://b/k"})
    edited.write("projects/acres/glue/landing/other.py", "print('rows')\n")
    ended = edited.invoke("deploy", "--env", "dev")
    assert (ended.code, "Rename yours, or take it over" in ended.err) == (1, True), ended
    assert not locked()
    tags = boto3.client("s3", **PLACE).get_object_tagging(Bucket=LOCK["Bucket"], Key="dev/acres/release.json")["TagSet"]
    assert {"Key": "state", "Value": "clean"} in tags


def test_who_else_deploys_is_told_after_the_plan(edited: Repository) -> None:
    boto3.client("s3", **PLACE).put_object(**LOCK, Body=json.dumps({"holder": "ann"}))
    ended = edited.invoke("deploy", "--env", "dev")
    assert (ended.code, "is being deployed by ann" in ended.err) == (1, True), ended
    assert "upload-glue      1 to upload" in ended.out
