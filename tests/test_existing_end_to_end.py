"""The example pipelines in two environments of one embedded account: one owns its buckets, one uses what a company has made.

Configuration alone differs.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common import local
from tests.local.fixtures import client_of
from tests.support.repository import remove_projects
from tests.test_end_to_end import clone, environment, invoke, writes

ZONES = ("landing", "cleansed", "final")
EXISTING = {
    "buckets": {zone: {"name": f"company-{zone}"} for zone in ZONES},
    "databases": {"acreage": {"name": "company_acreage"}},
    "tables": {"runs": {"name": "CompanyRuns"}},
    "topics": {"alerts": {"name": "CompanyAlerts"}},
}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A clone with the environment `local`, which owns what it uses, and `company`, which uses what exists."""
    made = clone(tmp_path / "clone")
    remove_projects(made, "orders")
    config = json.loads((made / "config/local.json").read_text())
    config |= {"name": "company", "name_prefix": "acres-company", "existing": EXISTING}
    config |= {"artifact_bucket": {"name": "company-deploy", "prefix": "acres/"}}
    (made / "config/company.json").write_text(json.dumps(config))
    try:
        yield made
    finally:
        local.stop(made)


def deploy(root: Path, env: str) -> dict[str, Any]:
    output: dict[str, Any] = json.loads(invoke(root, "deploy", "--env", env, "--json"))
    return output


def created(result: dict[str, Any]) -> set[str]:
    return {change["key"] for change in result["changes"] if change["action"] == "create"}


def refused(root: Path, *words: str) -> str:
    """What a command that is refused says."""
    command = [sys.executable, "-m", "invoke", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=240, env=environment(), check=False)
    assert done.returncode == 1, done.stdout
    return done.stderr


def company(client: Callable[[str], Any]) -> None:
    """What the company has made in the account."""
    s3 = client("s3")
    for name in (*ZONES, "deploy"):
        s3.create_bucket(Bucket=f"company-{name}")
        s3.put_bucket_versioning(Bucket=f"company-{name}", VersioningConfiguration={"Status": "Enabled"})
    settings: dict[str, Any] = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket="company-landing", NotificationConfiguration=settings)
    s3.put_object(Bucket="company-deploy", Key="local/fpac_pipeline/release.json", Body=b"of an older deployer")
    client("glue").create_database(DatabaseInput={"Name": "company_acreage", "Description": "Made by hand"})
    client("dynamodb").create_table(
        TableName="CompanyRuns",
        KeySchema=[{"AttributeName": "run_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "run_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client("sns").create_topic(Name="CompanyAlerts")


def settings(client: Callable[[str], Any]) -> list[Any]:
    """All that the company's things say of themselves."""
    s3, buckets = client("s3"), [f"company-{name}" for name in (*ZONES, "deploy")]
    answers: list[Any] = [s3.get_bucket_versioning(Bucket=name).get("Status") for name in buckets]
    answers += ["EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=name) for name in buckets]
    table = client("dynamodb").describe_table(TableName="CompanyRuns")["Table"]
    topics = client("sns").list_topics()["Topics"]
    (topic,) = (item["TopicArn"] for item in topics if item["TopicArn"].endswith(":CompanyAlerts"))
    answers += [client("dynamodb").list_tags_of_resource(ResourceArn=table["TableArn"]).get("Tags", []), table["TableStatus"]]
    answers += [client("sns").list_tags_for_resource(ResourceArn=topic)["Tags"]]
    answers += [client("glue").get_database(Name="company_acreage")["Database"]["Description"]]
    return answers


def test_the_same_pipelines_with_buckets_of_their_own_and_with_a_companys(root: Path) -> None:
    owned = deploy(root, "local")
    running = local.running(root)
    assert running is not None

    def client(service: str) -> Any:
        return client_of(running, service)

    missing = refused(root, "deploy", "--env", "company")
    assert "$.existing.buckets.landing: there is no bucket company-landing" in missing
    assert "$.artifact_bucket: there is no bucket company-deploy" in missing
    company(client)
    before = settings(client)
    used = deploy(root, "company")
    buckets = {f"bucket/{name}" for name in (*ZONES, "artifacts")}
    assert created(owned) - created(used) == {*buckets, "database/acreage", "table/runs", "topic/alerts"}
    assert created(used) <= created(owned)
    assert settings(client) == before
    again, own_again = deploy(root, "company"), deploy(root, "local")
    assert writes(again) == writes(own_again) == {}
    assert again["api_calls"]["total"] <= own_again["api_calls"]["total"]
    assert json.loads(invoke(root, "drift", "--env", "company", "--json"))["drifted"] == []
    function = client("lambda").get_function_configuration(FunctionName="acres-company-fpac_pipeline-CreateNewId")
    assert function["Environment"]["Variables"] == {"RUN_TABLE": "CompanyRuns"}
    invoke(root, "run", "--env", "company", "--project", "fpac_pipeline")
    rows = client("s3").list_objects_v2(Bucket="company-final", Prefix="fpac/crop_acreage/")
    assert rows["KeyCount"] > 0
    invoke(root, "destroy", "--env", "company", "--data", "--yes", "company")
    assert settings(client) == before
    assert client("s3").list_objects_v2(Bucket="company-final", Prefix="fpac/crop_acreage/")["KeyCount"] == rows["KeyCount"]
    left = client("s3").list_objects_v2(Bucket="company-deploy")["Contents"]
    assert [item["Key"] for item in left] == ["local/fpac_pipeline/release.json"]
    assert writes(deploy(root, "local")) == {}
