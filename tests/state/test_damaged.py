"""A record that is lost or damaged while its release root names it: every command says so, and a deploy puts it right."""

import json
import re
import shutil
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.support.repository import Repository
from tests.support.terminal import squeezed

BUCKET = "t-dev-artifacts"
RECORD = "dev/acres/records/glue-job/load.json"
ROOT = "dev/acres/release.json"


def s3() -> Any:
    return boto3.client("s3", region_name="eu-central-1")


def put(key: str, body: bytes) -> None:
    tags = s3().get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
    s3().put_object(Bucket=BUCKET, Key=key, Body=body, Tagging="&".join(f"{tag['Key']}={tag['Value']}" for tag in tags))


def body() -> dict[str, Any]:
    result: dict[str, Any] = json.loads(s3().get_object(Bucket=BUCKET, Key=RECORD)["Body"].read())
    return result


def records() -> list[str]:
    return [item["Key"] for item in s3().list_objects_v2(Bucket=BUCKET)["Contents"] if "/records/" in item["Key"]]


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
    reported = json.loads(deployed.invoke("drift", "--env", "dev", "--json").out)
    assert [(drifted["key"], drifted["how"]) for drifted in reported["drifted"]] == [("glue-job/load", "not recorded")]
    verified = deployed.invoke("deploy", "--env", "dev", "--verify")
    assert verified.code == 0, verified.err
    line = r"= glue-job/load recorded [\d.]+ s is as declared; its record cannot be read"
    assert re.search(line, squeezed(verified.out))
    assert deployed.invoke("drift", "--env", "dev").code == 0
    assert deployed.invoke("plan", "--env", "dev").code == 0


def test_what_was_never_deployed_is_told_apart(deployed: Repository) -> None:
    deployed.write("projects/acres/glue/landing/more.py", "print('more')\n")
    drift = deployed.invoke("drift", "--env", "dev")
    assert drift.code == 0
    assert "not deployed yet: acres:" in drift.out
    assert "acres:glue-job/more" in drift.out


def untag(key: str) -> None:
    s3().delete_object_tagging(Bucket=BUCKET, Key=key)


def retag(key: str, **tags: str) -> None:
    tag_set = [{"Key": name.replace("_", "-"), "Value": value} for name, value in tags.items()]
    s3().put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": tag_set})


@pytest.mark.parametrize(
    "damage", [lambda: untag(RECORD), lambda: retag(RECORD, desired_sha256="0" * 64), lambda: retag(RECORD, other="yes")]
)
def test_a_record_that_has_lost_its_tag_is_said_and_written_anew(deployed: Repository, damage: Callable[[], object]) -> None:
    damage()
    drift = deployed.invoke("drift", "--env", "dev")
    assert drift.code == 2
    assert "acres: glue-job/load not recorded: s3://t-dev-artifacts/dev/acres/records/glue-job/load.json is missing" in drift.out
    assert "or has lost its tag" in drift.out
    plan = deployed.invoke("plan", "--env", "dev", "--verify")
    assert "= glue-job/load record is as declared; its record has lost its tag" in squeezed(plan.out)
    status = deployed.invoke("status", "--env", "dev", "--verify").out
    lost = "acres: records that are missing or have lost their tag: glue-job/load; `invoke deploy --verify` writes them again"
    assert lost in squeezed(status)
    assert deployed.invoke("deploy", "--env", "dev", "--verify").code == 0
    assert deployed.invoke("drift", "--env", "dev").code == 0
    assert "has lost its tag" not in deployed.invoke("plan", "--env", "dev", "--verify").out
    assert "have lost their tag" not in deployed.invoke("status", "--env", "dev", "--verify").out


def test_status_reads_the_tags_of_records_only_with_verify(deployed: Repository, aws_calls: list[str]) -> None:
    """Otherwise only the tags of the two release roots, so that its calls do not grow with the number of resources."""
    for words, calls in (((), 2), (("--verify",), 2 + len(records()))):
        aws_calls.clear()
        assert deployed.invoke("status", "--env", "dev", *words).code == 0
        assert aws_calls.count("s3:GetObjectTagging") == calls


def test_an_artifact_that_has_lost_its_tags_is_said_and_gets_them_back(deployed: Repository) -> None:
    result = s3().list_objects_v2(Bucket=BUCKET, Prefix="dev/acres/artifacts/Validate/")["Contents"][0]["Key"]
    before = s3().get_object_tagging(Bucket=BUCKET, Key=result)["TagSet"]
    untag(result)
    drift = deployed.invoke("drift", "--env", "dev")
    assert drift.code == 2
    assert f"s3://t-dev-artifacts/{result} is gone, or has lost its tags" in drift.out
    assert "↑ artifact/Validate upload" in squeezed(deployed.invoke("plan", "--env", "dev", "--verify").out)
    verified = deployed.invoke("deploy", "--env", "dev", "--verify")
    assert verified.code == 0, verified.out
    assert s3().get_object_tagging(Bucket=BUCKET, Key=result)["TagSet"] == before
    assert deployed.invoke("drift", "--env", "dev").code == 0
    assert deployed.invoke("plan", "--env", "dev", "--verify").code == 0


@pytest.mark.parametrize(
    "damage", [lambda: put(ROOT, b"{}"), lambda: s3().delete_object(Bucket=BUCKET, Key=ROOT), lambda: untag(ROOT)]
)
def test_a_root_that_cannot_be_read_is_said_by_drift_and_status_and_written_by_a_deploy(
    deployed: Repository, damage: Callable[[], object]
) -> None:
    damage()
    drift = deployed.invoke("drift", "--env", "dev")
    assert drift.code == 2
    assert "acres: release.json not recorded: s3://t-dev-artifacts/dev/acres/release.json is lost, cannot be read" in drift.out
    status = deployed.invoke("status", "--env", "dev")
    lost = "acres: its release.json is lost, cannot be read, or is of another project"
    assert lost in status.out
    assert lost in deployed.invoke("plan", "--env", "dev", "--verify").out
    assert deployed.invoke("deploy", "--env", "dev", "--verify").code == 0
    for command in ("drift", "status", "plan"):
        reported = deployed.invoke(command, "--env", "dev")
        assert (reported.code, "cannot be read" in reported.out) == (0, False)


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


def copied(source: str, target: str, *parts: str) -> None:
    """Copies objects between two prefixes with their tags, as people do it by hand."""
    for part in parts:
        for entry in s3().list_objects_v2(Bucket=BUCKET, Prefix=f"{source}{part}").get("Contents", ()):
            place = {"Bucket": BUCKET, "Key": f"{target}{entry['Key'].removeprefix(source)}"}
            s3().copy_object(**place, CopySource={"Bucket": BUCKET, "Key": entry["Key"]})


def shown(repository: Repository) -> list[list[str]]:
    """Projects, states and numbers of resources, as `status` shows them."""
    return [line.split()[:3] for line in repository.invoke("status", "--env", "dev").out.splitlines()[:-1]]


@pytest.mark.parametrize("parts", [("release.json", "records/"), ("release.json",), ("records/",)], ids="+".join)
@pytest.mark.parametrize("source", ["dev/shared/", "dev/orders/", "old/acres/"])
def test_what_is_recorded_of_another_project_or_environment_is_not_believed(
    deployed: Repository, source: str, parts: tuple[str, ...]
) -> None:
    deployed.project("orders")
    deployed.write("projects/orders/glue/landing/more.py", "print('more')\n")
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    if source.startswith("old/"):  # an environment that had its records in the same bucket
        copied("dev/orders/", source, "")
        for entry in s3().list_objects_v2(Bucket=BUCKET, Prefix=source)["Contents"]:
            text = s3().get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read().replace(b"dev/orders", b"old/acres")
            put(entry["Key"], text)
    before = shown(deployed)
    copied(source, "dev/acres/", *parts)
    drift = deployed.invoke("drift", "--env", "dev")
    if "release.json" in parts:
        assert "dev/acres/release.json is lost, cannot be read, or is of another project" in drift.out
        assert "release.json is lost, cannot be read, or is of another project" in deployed.invoke("status", "--env", "dev").out
    plan = deployed.invoke("plan", "--env", "dev", "--verify")
    assert plan.code in {0, 2}, plan.err
    assert "no longer declared" not in plan.out
    if "release.json" in parts and "records/" in parts:
        assert f"its record belongs to {source.rstrip('/')} and was copied here" in plan.out
    verified = deployed.invoke("deploy", "--env", "dev", "--verify")
    assert verified.code == 0, verified.err
    assert "delete" not in verified.out
    for command in ("plan", "drift"):
        healed = deployed.invoke(command, "--env", "dev")
        assert (healed.code, "no longer declared" in healed.out) == (0, False), healed.out
    assert shown(deployed) == before


@pytest.mark.parametrize("of", [None, 7, "other"])
def test_a_record_that_was_copied_is_forgotten_whatever_it_says_of_whose_it_is(deployed: Repository, of: object) -> None:
    put_new = {"Bucket": BUCKET, "Key": RECORD.replace("load", "more"), "Tagging": f"desired-sha256={'0' * 64}"}
    s3().put_object(**put_new, Body=json.dumps({**body(), "key": "glue-job/more", "of": of}).encode())
    s3().delete_object(Bucket=BUCKET, Key=ROOT)
    planned = squeezed(deployed.invoke("plan", "--env", "dev").out)
    assert f"= glue-job/more (t-dev-acres-load) forget its record belongs to {of} and was copied here" in planned
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    assert "glue-job/more" not in deployed.invoke("plan", "--env", "dev").out


def test_nothing_is_promised_of_a_project_that_has_left_artifacts_alone(deployed: Repository) -> None:
    deployed.project("orders")
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    shutil.rmtree(deployed.root / "projects/orders")
    assert "orders: there is no projects/orders/ any more: --prune deletes" in deployed.invoke("status", "--env", "dev").out
    assert deployed.invoke("deploy", "--env", "dev", "--prune", "--data").code == 0
    reported = deployed.invoke("status", "--env", "dev").out
    assert "orders: there is no projects/orders/ any more: nothing of it is deployed any more, and gc deletes its" in reported
