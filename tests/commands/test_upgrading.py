"""Every command meets what a later version of the deployer wrote with one message, and changes nothing."""

import json
from collections.abc import Iterable
from typing import Any

import boto3
import pytest

from common.base.version import VERSION
from tests.support.repository import Repository

BUCKET = "t-dev-artifacts"
ROOT, RECORD, LOCK = "dev/acres/release.json", "dev/acres/records/glue-job/load.json", "dev/acres/lock.json"
READING = ("plan", "drift", "status", "history")
WRITING = (
    "deploy",
    "deploy --verify",
    "deploy --force",
    "deploy --rebuild",
    "deploy --adopt",
    "deploy --prune",
    "deploy-jobs",
    "gc",
    "destroy --yes dev",
    "destroy --project acres --yes acres",
    "destroy --data --yes dev",
)
REFUSING = {
    ROOT: (*READING, *WRITING),
    RECORD: ("plan", "drift", *(words for words in WRITING if words != "gc")),  # which has nothing to delete here
    LOCK: ("status", "unlock --project acres --yes", *(words for words in WRITING if words != "gc")),
}
"""Which commands meet which object, where a job is to be changed."""


def s3() -> Any:
    return boto3.client("s3", region_name="eu-central-1")


def stored(project: str = "acres") -> dict[str, bytes]:
    """What is in the bucket of a project, but for the lease that a command may have held meanwhile."""
    listed: Iterable[dict[str, Any]] = s3().list_objects_v2(Bucket=BUCKET, Prefix=f"dev/{project}/")["Contents"]
    return {entry["Key"]: s3().get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    repository.project("acres")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    return repository


@pytest.mark.parametrize("path", REFUSING)
def test_every_command_refuses_what_a_later_version_wrote(deployed: Repository, path: str) -> None:
    deployed.write("projects/acres/glue/landing/load.py", "print('changed')\n")
    s3().put_object(Bucket=BUCKET, Key=path, Body=json.dumps({"schema": 2, "deployer": "9.1.0"}), Tagging="state=clean")
    before = stored()
    for words in REFUSING[path]:
        command, *options = words.split()
        done = deployed.invoke(command, "--env", "dev", *options)
        assert done.code == 1, (words, done)
        assert f"error: s3://{BUCKET}/{path} was written by version 9.1.0 of the deployer" in done.err, (words, done)
        assert f"this version, {VERSION}, does not know. Upgrade this repository's deployer to version 9.1.0" in done.err, words
        assert "Traceback" not in done.err
        assert stored() == before, words


def test_a_program_reads_why_it_was_refused(deployed: Repository) -> None:
    s3().put_object(Bucket=BUCKET, Key=ROOT, Body=json.dumps({"schema": 2, "deployer": "9.1.0"}))
    done = deployed.invoke("deploy", "--env", "dev", "--json")
    output = json.loads(done.out)
    assert (done.code, output["outcome"]) == (1, "failed")
    assert "was written by version 9.1.0 of the deployer" in output["error"]


def test_history_and_status_say_which_version_deployed(deployed: Repository) -> None:
    released = json.loads(deployed.invoke("history", "--env", "dev", "--json").out)["releases"]
    assert {release["about"]["deployer"] for release in released} == {VERSION}
    projects = json.loads(deployed.invoke("status", "--env", "dev", "--json").out)["projects"]
    assert {project["released"]["deployer"] for project in projects} == {VERSION}
