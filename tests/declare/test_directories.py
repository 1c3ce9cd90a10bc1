"""A folder that a project declares: it is deployed, moved and deleted by commands."""

import re
from collections.abc import Callable

import boto3
import pytest

from tests.support.repository import ACCOUNT, SHARED, Repository
from tests.support.terminal import squeezed


def test_a_secret_is_not_put_there(repository: Repository) -> None:
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.bucket("landing")\n    return shared'))
    repository.project("acres", 'p.directory("configs", p.shared.bucket("landing") / "acres/configs")')
    repository.write("projects/acres/configs/.env", "TOKEN=x")
    ended = repository.invoke("plan", "--env", "dev")
    assert ended.code == 1
    assert "projects/acres/configs/.env holds secrets by its name" in ended.err


def test_a_project_declares_a_folder(repository: Repository, moto: None) -> None:
    shared = '    shared.bucket("landing")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    repository.project("acres", 'p.directory("configs", p.shared.bucket("landing") / "acres/configs")')
    repository.write("projects/acres/configs/sql/acres.sql", "select 1")
    repository.write("projects/acres/configs/notes.md", "x")
    repository.write("projects/acres/configs/.deployignore", "*.md")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    assert repository.invoke("plan", "--env", "dev").code == 0
    repository.write("projects/acres/configs/sql/acres.sql", "select 2")
    planned = repository.invoke("plan", "--env", "dev")
    assert planned.code == 2
    assert re.search(r"~ directory/configs +update\s+~ Files.sql/acres.sql \w+… → \w+…", planned.out)
    assert repository.invoke("upload-glue", "--env", "dev").code == 0
    repository.project("acres")
    assert ". directory/configs orphan no longer declared" in squeezed(repository.invoke("plan", "--env", "dev").out)
    pruned = repository.invoke("deploy", "--env", "dev", "--prune")
    assert pruned.code == 0, pruned.err
    assert "- directory/configs deleted" in squeezed(pruned.out)


@pytest.fixture
def moving(repository: Repository, moto: None) -> Callable[[str], Repository]:
    """A project whose folder is kept at a place that can be moved; deployed at ``old``."""
    shared = '    shared.bucket("landing")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    for name, text in (("acres.sql", "select 1"), ("sub/more.sql", "select 2")):
        repository.write(f"projects/acres/configs/{name}", text)

    def to(place: str) -> Repository:
        repository.project("acres", f'p.directory("configs", p.shared.bucket("landing") / "{place}")')
        return repository

    assert to("old").invoke("deploy", "--env", "dev").code == 0
    return to


def landed() -> list[str]:
    listed = boto3.client("s3", region_name="eu-central-1").list_objects_v2(Bucket=f"t-dev-landing-{ACCOUNT}")
    return [entry["Key"] for entry in listed.get("Contents", ())]


@pytest.mark.parametrize("place", ["new", "old/sub", "old/deep/er", "ol"])
def test_a_folder_that_is_moved_leaves_nothing_behind(moving: Callable[[str], Repository], place: str) -> None:
    repository = moving(place)
    planned = repository.invoke("plan", "--env", "dev")
    assert f"renamed to t-dev-landing-{ACCOUNT}/{place}/" in planned.out
    boto3.client("s3", region_name="eu-central-1").put_object(Bucket=f"t-dev-landing-{ACCOUNT}", Key="old/theirs", Body=b"x")
    deployed = repository.invoke("deploy", "--env", "dev")
    assert deployed.code == 0, deployed.err
    assert landed() == sorted(["old/theirs", f"{place}/acres.sql", f"{place}/sub/more.sql"])
    assert repository.invoke("plan", "--env", "dev").code == 0
    back = moving("old").invoke("deploy", "--env", "dev")
    assert back.code == 0, back.err
    assert landed() == ["old/acres.sql", "old/sub/more.sql", "old/theirs"]


def test_a_folder_that_is_no_longer_declared_spares_one_that_lies_in_its_place(moving: Callable[[str], Repository]) -> None:
    repository = moving("old")
    repository.project("acres", 'p.directory("more", p.shared.bucket("landing") / "old/sub")')
    repository.write("projects/acres/more/more.sql", "select 3")
    deployed = repository.invoke("deploy", "--env", "dev", "--prune")
    assert deployed.code == 0, deployed.err
    assert landed() == ["old/sub/more.sql"]


def test_an_object_of_somebody_else_is_named_and_not_written_over(moving: Callable[[str], Repository]) -> None:
    client, bucket = boto3.client("s3", region_name="eu-central-1"), f"t-dev-landing-{ACCOUNT}"
    client.put_object(Bucket=bucket, Key="new/sub/more.sql", Body=b"theirs")
    refused = moving("new").invoke("deploy", "--env", "dev")
    assert refused.code == 1
    assert f"arn:aws:s3:::{bucket}/new/sub/more.sql exists and does not carry this environment's tags" in refused.err
    assert client.get_object(Bucket=bucket, Key="new/sub/more.sql")["Body"].read() == b"theirs"
    assert landed() == ["new/sub/more.sql", "old/acres.sql", "old/sub/more.sql"]
    adopted = moving("new").invoke("deploy", "--env", "dev", "--adopt")
    assert adopted.code == 0, adopted.err
    assert landed() == ["new/acres.sql", "new/sub/more.sql"]


def test_an_unchanged_folder_costs_nothing_and_is_looked_at_when_asked_for(
    moving: Callable[[str], Repository], aws_calls: list[str]
) -> None:
    repository = moving("old")
    assert repository.invoke("plan", "--env", "dev").code == 0
    assert not {"s3:HeadBucket", "s3:ListObjectsV2"}.intersection(aws_calls)
    boto3.client("s3", region_name="eu-central-1").delete_object(Bucket=f"t-dev-landing-{ACCOUNT}", Key="old/acres.sql")
    assert repository.invoke("plan", "--env", "dev").code == 0
    assert repository.invoke("drift", "--env", "dev").code == 2
    assert "~ directory/configs update" in squeezed(repository.invoke("plan", "--env", "dev", "--verify").out)
    assert repository.invoke("deploy", "--env", "dev", "--verify").code == 0
    assert landed() == ["old/acres.sql", "old/sub/more.sql"]


def test_a_folder_is_put_again_when_its_bucket_is(moving: Callable[[str], Repository]) -> None:
    client, bucket = boto3.client("s3", region_name="eu-central-1"), f"t-dev-landing-{ACCOUNT}"
    for version in client.list_object_versions(Bucket=bucket)["Versions"]:
        client.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    client.delete_bucket(Bucket=bucket)
    done = moving("old").invoke("deploy", "--env", "dev")
    assert re.search(r"\+ acres: directory/configs created [\d.]+ s is gone from AWS", squeezed(done.out))
    assert landed() == ["old/acres.sql", "old/sub/more.sql"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['p.directory("nowhere", landing / "a")'], "directory/nowhere: the folder nowhere/ is empty or does not exist"),
        (
            ['p.directory("configs", landing / "a")', 'p.directory("configs/sql", landing / "a/b")'],
            "would be one within the other",
        ),
        (['p.directory("configs", landing / "a")', 'p.directory("configs", landing / "a")'], "declares directory/configs twice"),
        (
            ['p.directory("configs", p.shared.bucket("artifacts") / "dev/acres/records")'],
            "among the artifacts and records of dev",
        ),
        (['p.directory("configs", p.shared.bucket("artifacts") / "dev")'], "among the artifacts and records of dev"),
    ],
)
def test_what_cannot_be_is_told(repository: Repository, lines: list[str], message: str) -> None:
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.bucket("landing")\n    return shared'))
    repository.project("acres", 'landing = p.shared.bucket("landing")', *lines)
    repository.write("projects/acres/configs/sql/acres.sql", "select 1")
    ended = repository.invoke("plan", "--env", "dev")
    assert ended.code == 1
    assert message in ended.err
