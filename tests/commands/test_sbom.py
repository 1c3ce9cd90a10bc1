"""Bills of materials from a command line: what is printed, what lies beside an artifact in the bucket, and what that costs."""

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from common.model.resource import Key
from common.state.records import Records
from tests.packaging.conftest import index
from tests.packaging.test_sbom import check
from tests.support.deploying import ENV, deploy, things
from tests.support.fake_aws import FakeAws, Killed, Text, World
from tests.support.repository import HANDLER, PROJECT, Ended, Repository

__all__ = ["index"]
BUCKET = "t-dev-artifacts"
FUNCTIONS = "projects/acres/lambda"


@pytest.fixture
def acres(repository: Repository, index: Path) -> Repository:
    """Functions with and without dependencies, and a job with some; locked."""
    repository.project("acres")
    repository.write(f"{FUNCTIONS}/Load/handler.py", HANDLER)
    repository.write(f"{FUNCTIONS}/Load/requirements.txt", "grain\n")
    repository.write("projects/acres/glue/landing/load.requirements.txt", "husk\n")
    repository.configure("prod", projects={"acres": {"functions": {"Load": {"architecture": "arm64"}}}})
    locked = repository.invoke("package-lambdas", "--lock")
    assert locked.code == 0, locked.err
    shutil.rmtree(repository.root / "build")
    return repository


def clone(repository: Repository, monkeypatch: pytest.MonkeyPatch, to: Path) -> Repository:
    """The same on another machine, which has built nothing."""
    shutil.copytree(repository.root, to, ignore=shutil.ignore_patterns("build", to.name))
    monkeypatch.chdir(to)
    return Repository(to)


def parsed(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    check(document)
    return document


def sbom(repository: Repository, *words: str) -> dict[str, Any]:
    return parsed(repository.invoke("package-lambdas", "--sbom", *words))


def stored() -> dict[str, dict[str, Any]]:
    """Everything in the artifact bucket."""
    s3 = boto3.client("s3", region_name="eu-central-1")
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())
    return {entry["Key"]: s3.get_object(Bucket=BUCKET, Key=entry["Key"]) for entry in listed}


def built(repository: Repository) -> list[str]:
    return sorted(path.name for path in repository.root.glob("build/artifacts/**/*.zip"))


def test_one_document_for_all_packages_of_all_environments(acres: Repository) -> None:
    document = sbom(acres)
    assert document["metadata"]["component"]["name"] == "acres"
    assert [(component["type"], component["name"]) for component in document["components"]] == [
        ("application", "Load"),
        ("application", "Load"),
        ("application", "Validate"),
        ("library", "load.wheels.husk"),
        ("library", "grain"),
        ("library", "husk"),
    ], "two of Load: prod has it on another architecture"
    assert len(document["dependencies"]) == 5


def test_of_one_package_its_own_bill_is_printed(acres: Repository, moto: None) -> None:
    printed = acres.invoke("package-lambdas", "--sbom", "--only", "lambda/Load", "--env", "prod")
    (beside,) = acres.root.glob("build/artifacts/acres/Load/*.zip.cdx.json")
    assert printed.out == beside.read_text(encoding="utf-8")
    assert parsed(printed)["metadata"]["component"]["name"] == "Load"
    only = sbom(acres, "--only", "lambda/Validate", "--env", "dev")
    assert (only["metadata"]["component"]["name"], only["components"]) == ("Validate", [])


def test_packaging_leaves_bills_beside_what_installs_something(acres: Repository) -> None:
    assert acres.invoke("package-lambdas").code == 0
    assert {path.parent.name for path in acres.root.glob("build/artifacts/**/*.cdx.json")} == {"Load"}


def test_nothing_but_the_document_is_on_standard_output(acres: Repository) -> None:
    assert sbom(acres, "--json").keys() >= {"bomFormat", "components"}
    refused = acres.invoke("package-lambdas", "--sbom", "--only", "lambda/Lod")
    assert (refused.code, refused.out) == (1, "")
    assert "error: --only 'lambda/Lod' names nothing that is packaged." in refused.err
    acres.write(f"{FUNCTIONS}/Load/requirements.txt", "grain\nstraw\n")
    stale = acres.invoke("package-lambdas", "--sbom")
    assert (stale.code, stale.out) == (1, "")
    assert "is stale" in stale.err
    both = acres.invoke("package-lambdas", "--sbom", "--lock")
    assert (both.code, both.out) == (1, "")
    assert "three commands" in both.err


def test_a_bill_is_uploaded_before_its_artifact_and_only_where_it_says_something(
    acres: Repository, moto: None, aws_calls: list[str]
) -> None:
    planned = acres.invoke("plan", "--env", "dev", "--json")
    ended = acres.invoke("deploy", "--env", "dev", "--json")
    assert ended.code == 0, ended.err
    objects = stored()
    bills = {key: content for key, content in objects.items() if key.endswith(".cdx.json")}
    artifacts = [key.removesuffix(".cdx.json") for key in bills]
    assert [key.split("/")[3] for key in artifacts] == ["Load", "load.wheels.husk"]
    for key, bill_object in bills.items():
        assert bill_object["ContentType"] == "application/vnd.cyclonedx+json; version=1.5"
        assert bill_object["LastModified"] <= objects[key.removesuffix(".cdx.json")]["LastModified"]
        document = json.loads(bill_object["Body"].read())
        check(document)
        tags = boto3.client("s3", region_name="eu-central-1").get_object_tagging(Bucket=BUCKET, Key=key.removesuffix(".cdx.json"))
        content = {tag["Key"]: tag["Value"] for tag in tags["TagSet"]}["content-sha256"]
        assert document["metadata"]["component"]["hashes"][0]["content"] == content
    uploads = json.loads(planned.out)["counts"]["upload"]
    assert sum("/artifacts/" in key for key in objects) == uploads + len(bills)
    before = len(aws_calls)
    assert acres.invoke("deploy", "--env", "dev").code == 0
    assert "s3:PutObject" not in aws_calls[before:]


def test_what_a_bill_costs(acres: Repository, moto: None) -> None:
    """One PutObject a package that installs something, foretold by the plan."""

    def cost(task: str) -> int:
        output = json.loads(acres.invoke(task, "--env", "dev", "--json").out)
        return int(output["api_calls"]["total"])

    cost("deploy")
    unchanged = cost("deploy")
    for name, calls in (("Validate", 11), ("Load", 12)):
        acres.write(f"{FUNCTIONS}/{name}/handler.py", f"{HANDLER}# edited\n")
        planned = json.loads(acres.invoke("plan", "--env", "dev", "--json").out)
        done = cost("deploy")
        assert done - unchanged <= calls
        assert done - planned["api_calls"]["total"] == planned["predicted"]["calls"]


def test_a_repository_that_packages_nothing_has_an_empty_bill(repository: Repository) -> None:
    repository.write("projects/acres/deploy.py", PROJECT.format(name="acres", body=""))
    assert sbom(repository)["components"] == []


def test_another_machine_reads_the_bill_of_what_was_deployed_and_builds_nothing(
    acres: Repository, moto: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws_calls: list[str]
) -> None:
    assert acres.invoke("deploy", "--env", "dev").code == 0
    here = sbom(acres, "--env", "dev")
    second = clone(acres, monkeypatch, tmp_path / "second")
    before = len(aws_calls)
    assert sbom(second, "--env", "dev") == here
    assert built(second) == []
    assert set(aws_calls[before:]) == {"sts:GetCallerIdentity", "s3:GetObject", "s3:GetObjectTagging"}
    before = len(aws_calls)
    assert sbom(second, "--project", "acres")["components"]
    assert aws_calls[before:] == [], "without an environment nothing is asked"


def test_an_artifact_that_was_uploaded_without_a_bill_is_looked_at_here(
    acres: Repository, moto: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert acres.invoke("deploy", "--env", "dev").code == 0
    here = sbom(acres, "--env", "dev")
    s3 = boto3.client("s3", region_name="eu-central-1")
    for key in [key for key in stored() if key.endswith(".cdx.json")]:
        s3.delete_object(Bucket=BUCKET, Key=key)
    second = clone(acres, monkeypatch, tmp_path / "second")
    assert sbom(second, "--env", "dev") == here
    assert built(second) == []


def test_the_account_is_checked_before_a_bill_is_read(acres: Repository, moto: None) -> None:
    acres.configure(account_id="999999999999")
    refused = acres.invoke("package-lambdas", "--sbom", "--env", "dev")
    assert (refused.code, refused.out) == (1, "")
    assert "999999999999" in refused.err


def test_killed_between_the_two_an_artifact_is_never_there_without_its_bill(tmp_path: Path) -> None:
    world, artifact = World(), Text(key=Key("p", "artifact", "a"), text="x")
    deploy(world, things({}), tmp_path)
    beside = tmp_path / "bill"
    beside.write_text("{}")

    def fault(call: int, moment: str, _operation: str) -> None:
        if (call, moment) == (0, "after"):
            raise Killed

    def uploaded() -> list[str]:
        return [key for key in world.buckets[ENV.artifact_bucket] if key.startswith(artifact.location)]

    with pytest.raises(Killed):
        Records(FakeAws(world, fault), ENV).upload(artifact, artifact.build(tmp_path), beside)
    assert uploaded() == [f"{artifact.location}.cdx.json"]
    Records(FakeAws(world), ENV).upload(artifact, artifact.build(tmp_path), beside)
    assert sorted(uploaded()) == [artifact.location, f"{artifact.location}.cdx.json"]
