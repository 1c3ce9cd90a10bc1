"""A record that is lost or damaged while its release root names it: every command says so, and a deploy puts it right."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.repository import Repository

BUCKET = "t-dev-artifacts"
RECORD = "dev/acres/records/glue-job/load.json"
ROOT = "dev/acres/release.json"


def s3() -> Any:
    return boto3.client("s3", region_name="eu-central-1")


def put(key: str, body: bytes) -> None:
    tags = s3().get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
    s3().put_object(Bucket=BUCKET, Key=key, Body=body, Tagging="&".join(f"{one['Key']}={one['Value']}" for one in tags))


def body() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(s3().get_object(Bucket=BUCKET, Key=RECORD)["Body"].read())
    return found


DAMAGES: dict[str, Callable[[], object]] = {
    "missing": lambda: s3().delete_object(Bucket=BUCKET, Key=RECORD),
    "empty": lambda: put(RECORD, b""),
    "cut off": lambda: put(RECORD, b'{"schema": 1, "key": "glue-j'),
    "of another key": lambda: put(RECORD, json.dumps({**body(), "key": "glue-job/other"}).encode()),
    "without what was applied": lambda: put(RECORD, json.dumps({**body(), "desired": 7}).encode()),
}


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    repository.project("acres")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    return repository


@pytest.mark.parametrize("damage", DAMAGES)
def test_drift_says_that_a_record_is_damaged_and_verify_writes_it_anew(deployed: Repository, damage: str) -> None:
    DAMAGES[damage]()
    drift = deployed.invoke("drift", "--env", "dev")
    assert drift.code == 2
    assert "acres: glue-job/load not recorded: s3://t-dev-artifacts/dev/acres/records/glue-job/load.json is missing" in drift.out
    assert "not deployed yet" not in drift.out
    told = json.loads(deployed.invoke("drift", "--env", "dev", "--json").out)
    assert [(one["key"], one["how"]) for one in told["drifted"]] == [("glue-job/load", "not recorded")]
    verified = deployed.invoke("deploy", "--env", "dev", "--verify")
    assert verified.code == 0, verified.err
    assert "record glue-job/load: is as declared; its record cannot be read" in verified.out
    assert deployed.invoke("drift", "--env", "dev").code == 0
    assert deployed.invoke("plan", "--env", "dev").code == 0


def test_what_was_never_deployed_is_told_apart(deployed: Repository) -> None:
    deployed.write("projects/acres/glue/landing/more.py", "print('more')\n")
    drift = deployed.invoke("drift", "--env", "dev")
    assert drift.code == 0
    assert "not deployed yet: acres:" in drift.out
    assert "acres:glue-job/more" in drift.out


@pytest.mark.parametrize("damage", [lambda: put(ROOT, b"{}"), lambda: s3().delete_object(Bucket=BUCKET, Key=ROOT)])
def test_a_root_that_cannot_be_read_is_said_by_drift_and_status_and_written_by_a_deploy(
    deployed: Repository, damage: Callable[[], object]
) -> None:
    damage()
    drift = deployed.invoke("drift", "--env", "dev")
    assert drift.code == 2
    assert "acres: release.json not recorded: s3://t-dev-artifacts/dev/acres/release.json is lost, or cannot be read" in drift.out
    status = deployed.invoke("status", "--env", "dev")
    assert "its release.json is lost, or cannot be read" in status.out
    assert deployed.invoke("deploy", "--env", "dev", "--verify").code == 0
    assert deployed.invoke("drift", "--env", "dev").code == 0
    assert "cannot be read" not in deployed.invoke("status", "--env", "dev").out


def test_a_damaged_record_of_what_changes_does_not_stop_a_deploy(deployed: Repository) -> None:
    DAMAGES["cut off"]()
    deployed.write("projects/acres/glue/landing/load.py", "print('two')\n")
    done = deployed.invoke("deploy", "--env", "dev")
    assert done.code == 0, done.err
    assert deployed.invoke("drift", "--env", "dev").code == 0


def test_what_is_left_over_is_seen_by_drift(deployed: Repository) -> None:
    (deployed.root / "projects/acres/glue/landing/load.py").unlink()
    drift = deployed.invoke("drift", "--env", "dev")
    assert "deployed and not declared, or not by this name: acres:glue-job/load" in drift.out
