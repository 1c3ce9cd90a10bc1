"""Owner tags with another beginning, as typed, against moto: everything is found by them, and changing it later loses nothing."""

import json
import shutil
from typing import Any

import boto3
import pytest

from tests.commands.test_operations import MACHINE, PLACE, command, keys, refused, written
from tests.support.repository import SHARED, Repository

BODY = (
    'runs = p.table("runs", partition_key="id")',
    'p.function("Validate", environment={"ZONE": "landing"})',
    MACHINE,
    'p.schedule("daily", m, "rate(1 day)")',
    'p.queue("jobs")',
    'p.directory("sql", p.shared.bucket("landing") / "sql")',
    'p.layer("tools")',
)
OURS = "acme:deployer:"


@pytest.fixture
def acres(repository: Repository, moto_dates: None) -> Repository:
    repository.write(
        "deploy.py", SHARED.replace('shared.bucket("artifacts")', 'shared.bucket("artifacts"); shared.bucket("landing")')
    )
    repository.project("acres", *BODY)
    repository.write("projects/acres/sql/acres.sql", "select 1")
    repository.write("projects/acres/layers/tools/tools.py", "x = 1\n")
    (repository.root / "projects/acres/glue/landing/load.py").unlink()
    return repository


def all_keys() -> dict[str, set[str]]:
    """The keys of our tags by kind of resource, roles included."""
    pages = boto3.client("resourcegroupstaggingapi", **PLACE).get_resources()["ResourceTagMappingList"]
    tags: dict[str, set[str]] = {}
    for mapping in pages:
        service = mapping["ResourceARN"].split(":")[2]
        tags.setdefault(service, set()).update(tag["Key"] for tag in mapping["Tags"])
    iam = boto3.client("iam")
    for role in iam.list_roles()["Roles"]:
        tags.setdefault("iam", set()).update(tag["Key"] for tag in iam.list_role_tags(RoleName=role["RoleName"])["Tags"])
    objects = boto3.client("s3", **PLACE).get_object_tagging(Bucket="t-dev-landing-123456789012", Key="sql/acres.sql")["TagSet"]
    return tags | {"object": {tag["Key"] for tag in objects}}


def deploy(repository: Repository, *words: str) -> None:
    ended = repository.invoke("deploy", "--env", "dev", *words)
    assert (ended.code, ended.err) == (0, ""), ended


def test_everything_carries_tags_with_the_prefix_and_is_found_by_them(acres: Repository, aws_calls: list[str]) -> None:
    acres.configure(tag_prefix=OURS)
    deploy(acres)
    for service, tagged in all_keys().items():
        assert f"{OURS}environment" in tagged, service
        assert not [key for key in tagged if key.startswith("deployer:")], service
    aws_calls.clear()
    deploy(acres)
    assert written(aws_calls) == []
    assert command(acres, "drift")["drifted"] == []
    ended = acres.invoke("destroy", "--env", "dev", "--data", "--yes", "dev")
    assert (ended.code, ended.err) == (0, ""), ended
    assert boto3.client("s3", **PLACE).list_buckets()["Buckets"] == []


@pytest.mark.parametrize(("before", "after"), [("deployer:", OURS), (OURS, "deployer:"), ("acme:", OURS)])
def test_another_prefix_is_a_change_of_tags_and_takes_the_former_ones_away(
    acres: Repository, before: str, after: str, aws_calls: list[str]
) -> None:
    acres.configure(tag_prefix=before)
    deploy(acres)
    acres.configure(tag_prefix=after)
    planned = command(acres, "plan", code=2)["changes"]
    changes = {change["key"]: change for change in planned if change["action"] not in {"noop", "record"}}
    assert {change["action"] for change in changes.values()} == {"update"}
    reason = changes["lambda/Validate"]["reason"]
    assert f"Tags.{after}environment none → t-dev/dev" in reason
    assert f"Tags.{before}environment no longer declared" in reason
    deploy(acres)
    for service, tagged in all_keys().items():
        assert f"{after}environment" in tagged, service
        assert not [key for key in tagged if key.startswith(before) and not key.startswith(after)], service
    aws_calls.clear()
    deploy(acres)
    assert written(aws_calls) == []


def test_what_is_no_longer_declared_is_still_known_as_ours(acres: Repository) -> None:
    acres.project("soil")
    (acres.root / "projects/soil/glue/landing/load.py").unlink()  # moto's index never forgets a job
    deploy(acres)
    acres.configure(tag_prefix=OURS)
    shutil.rmtree(acres.root / "projects/soil")
    acres.write("projects/acres/deploy.py", (acres.root / "projects/acres/deploy.py").read_text().replace('p.queue("jobs")', ""))
    output = " ".join(acres.invoke("plan", "--env", "dev").out.split())
    assert "soil is deployed, but there is no projects/soil/ any more: --prune deletes what it left" in output
    deploy(acres, "--prune", "--data")
    assert not keys("dev/soil/records/")
    assert boto3.client("sqs", **PLACE).list_queues().get("QueueUrls", []) == []
    functions = boto3.client("lambda", **PLACE).list_functions()["Functions"]
    assert [function["FunctionName"] for function in functions] == ["t-dev-acres-Validate"]


def test_what_another_environment_owns_by_another_prefix_is_not_taken(acres: Repository) -> None:
    deploy(acres)
    arn = boto3.client("lambda", **PLACE).get_function(FunctionName="t-dev-acres-Validate")["Configuration"]["FunctionArn"]
    client = boto3.client("lambda", **PLACE)
    client.untag_resource(Resource=arn, TagKeys=["deployer:environment", "deployer:project"])
    client.tag_resource(Resource=arn, Tags={"org:environment": "other/prod", "org:project": "acres"})
    message = refused(acres.invoke("plan", "--env", "dev", "--verify"))
    assert "exists and belongs to other/prod" in message
    client.tag_resource(Resource=arn, Tags={"org:environment": "production"})
    assert "exists and does not carry this environment's tags" in refused(acres.invoke("plan", "--env", "dev", "--verify"))


def test_the_printed_policy_has_the_prefix_in_its_conditions(acres: Repository) -> None:
    acres.configure(tag_prefix=OURS)
    document: dict[str, Any] = json.loads(acres.invoke("policy", "--env", "dev").out)
    conditions = json.dumps([statement.get("Condition") for statement in document["Statement"]])
    assert f"aws:ResourceTag/{OURS}environment" in conditions
    assert '"aws:ResourceTag/deployer:' not in conditions


@pytest.mark.parametrize("prefix", ["deployer:", OURS])
def test_unbinding_takes_our_tags_away_whatever_they_begin_with(acres: Repository, prefix: str) -> None:
    acres.configure(tag_prefix=prefix, tags={"team": "farm"})
    deploy(acres)
    ended = acres.invoke("unbind", "--env", "dev", "--project", "acres", "--only", "lambda/Validate", "--yes", "acres")
    assert ended.code == 0, ended.err
    tags = boto3.client("lambda", **PLACE).get_function(FunctionName="t-dev-acres-Validate")["Tags"]
    assert tags == {"team": "farm"}
