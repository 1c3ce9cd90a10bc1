"""A project in another region than its environment, as typed, against moto: where it is, what it uses, and what cannot work."""

import json
import os
import shutil
from typing import Any

import boto3
import pytest

from tests.commands.test_operations import MACHINE, PLACE, command, keys, refused, written
from tests.support.repository import Repository

AWAY = {"region_name": "us-west-2"}
BODY = (
    'runs = p.table("runs", partition_key="id")',
    'p.function("Validate", environment={"ZONE": "landing"}, reads=[p.shared.bucket("artifacts") / "in"])',
    MACHINE,
    'p.schedule("daily", m, "rate(1 day)")',
    'p.queue("jobs")',
    'p.run_by(m, starting={"a": 1})',
)


@pytest.fixture
def away(repository: Repository, moto_dates: None) -> Repository:
    """`orders` in another region, and `acres` in that of the environment."""
    for name in ("orders", "acres"):
        repository.project(name, *BODY)
        (repository.root / f"projects/{name}/glue/landing/load.py").unlink()
    repository.configure(projects={"orders": {"region": "us-west-2"}})
    return repository


def deploy(repository: Repository, *words: str) -> None:
    ended = repository.invoke("deploy", "--env", "dev", *words)
    assert (ended.code, ended.err) == (0, ""), ended


def functions(place: dict[str, str]) -> set[str]:
    return {function["FunctionName"] for function in boto3.client("lambda", **place).list_functions()["Functions"]}


def test_the_project_is_deployed_to_its_region_and_its_records_are_with_the_others(
    away: Repository, aws_calls: list[str]
) -> None:
    deploy(away)
    assert functions(AWAY) == {"t-dev-orders-Validate"}
    assert functions(PLACE) == {"t-dev-acres-Validate"}
    assert boto3.client("dynamodb", **AWAY).list_tables()["TableNames"] == ["t-dev-orders-runs"]
    (machine,) = boto3.client("stepfunctions", **AWAY).list_state_machines()["stateMachines"]
    assert machine["stateMachineArn"].split(":")[3] == "us-west-2"
    groups = boto3.client("logs", **AWAY).describe_log_groups()["logGroups"]
    assert {group["logGroupName"]: group.get("retentionInDays") for group in groups} == {
        "/aws/lambda/t-dev-orders-Validate": 30,
        "/aws/vendedlogs/states/t-dev-orders": 30,
    }
    assert {key.split("/")[1] for key in keys() if key.endswith("release.json")} == {"acres", "orders", "shared"}
    aws_calls.clear()
    deploy(away)
    assert written(aws_calls) == []
    assert aws_calls.count("resourcegroupstaggingapi:GetResources") == 2, "one for each region"
    aws_calls.clear()
    deploy(away, "--project", "acres")
    assert aws_calls.count("resourcegroupstaggingapi:GetResources") == 1


def test_code_is_sent_where_lambda_cannot_load_it_from_the_bucket(away: Repository) -> None:
    deploy(away)
    client = boto3.client("lambda", **AWAY)
    before = client.get_function(FunctionName="t-dev-orders-Validate")["Configuration"]["CodeSha256"]
    away.write("projects/orders/lambda/Validate/handler.py", "def handler(event, context):\n    return 2\n")
    deploy(away)
    assert client.get_function(FunctionName="t-dev-orders-Validate")["Configuration"]["CodeSha256"] != before
    assert command(away, "plan")["counts"]["update"] == 0


def test_drift_status_and_run_ask_in_the_projects_region(away: Repository) -> None:
    deploy(away)
    assert command(away, "drift")["drifted"] == []
    boto3.client("lambda", **AWAY).update_function_configuration(FunctionName="t-dev-orders-Validate", MemorySize=512)
    drifted = command(away, "drift", code=2)["drifted"]
    assert [(resource["project"], resource["key"]) for resource in drifted] == [("orders", "lambda/Validate")]
    assert command(away, "status", "--project", "orders")["projects"][-1]["state"] == "clean"
    boto3.client("lambda", **AWAY).delete_function(FunctionName="t-dev-orders-Validate")
    assert command(away, "deploy")["counts"]["create"] == 1
    assert functions(AWAY) == {"t-dev-orders-Validate"}


def test_what_is_no_longer_declared_is_deleted_where_it_is(away: Repository) -> None:
    deploy(away)
    text = (away.root / "projects/orders/deploy.py").read_text()
    away.write("projects/orders/deploy.py", text.replace('p.queue("jobs")', ""))
    deploy(away, "--prune", "--data")
    assert boto3.client("sqs", **AWAY).list_queues().get("QueueUrls", []) == []
    assert len(boto3.client("sqs", **PLACE).list_queues()["QueueUrls"]) == 1
    ended = away.invoke("destroy", "--env", "dev", "--project", "orders", "--data", "--yes", "orders")
    assert (ended.code, ended.err) == (0, "")
    assert functions(AWAY) == set()
    assert functions(PLACE) == {"t-dev-acres-Validate"}


def test_a_project_that_gets_a_region_moves(away: Repository) -> None:
    away.configure()
    deploy(away)
    away.configure(projects={"orders": {"region": "us-west-2"}})
    changes = {change["key"]: change for change in command(away, "plan", code=2)["changes"] if change["project"] == "orders"}
    assert changes["lambda/Validate"]["reason"].startswith("renamed from t-dev-orders-Validate in eu-central-1")
    deploy(away)
    assert functions(AWAY) == {"t-dev-orders-Validate"}
    assert functions(PLACE) == {"t-dev-acres-Validate"}
    away.configure()
    deploy(away)
    assert functions(AWAY) == set()
    assert functions(PLACE) == {"t-dev-orders-Validate", "t-dev-acres-Validate"}


def test_a_project_that_is_taken_away_is_deleted_where_it_is(away: Repository) -> None:
    deploy(away)
    away.configure()
    shutil.rmtree(away.root / "projects/orders")
    deploy(away, "--prune", "--data")
    assert functions(AWAY) == set()
    assert boto3.client("dynamodb", **AWAY).list_tables()["TableNames"] == []
    assert not keys("dev/orders/records/")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ('p.job("load", script="x.py")',),
            "glue-job/load: the project is in us-west-2, and Glue reads the scripts of jobs from",
        ),
        (('p.layer("tools")',), "layer/tools: the project is in us-west-2, and Lambda reads layers from the artifact bucket"),
        (
            ('p.function("Validate", environment={"T": p.shared.topic("a").arn})',),
            "topic/a is in eu-central-1, the project in us-west-2",
        ),
        (
            (MACHINE, 'p.on_object("new", m, p.shared.bucket("artifacts") / "in")'),
            "S3 sends the events of bucket/artifacts in the bucket's region, eu-central-1",
        ),
        (('p.function("Validate", settings={"vpc": True})',), "the network of the environment is in eu-central-1"),
    ],
)
def test_what_cannot_work_from_another_region_is_refused(
    repository: Repository, moto_dates: None, lines: tuple[str, ...], message: str
) -> None:
    repository.project("orders", *lines)
    (repository.root / "projects/orders/glue/landing/load.py").unlink()
    repository.write("projects/orders/x.py", "print()\n")
    repository.configure(
        projects={"orders": {"region": "us-west-2"}},
        network={"subnet_ids": ["subnet-0a"], "security_group_ids": ["sg-0a"]},
    )
    assert message in refused(repository.invoke("plan", "--env", "dev"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"projects": {"orders": {"region": "us-west-9x"}}}, "$.projects.orders.region: string should match pattern"),
        (
            {"projects": {"orders": {"region": "mars-west-1"}}},
            "$.projects.orders.region: value error, AWS has no region mars-west-1",
        ),
        ({"projects": {"orders": {"region": "cn-north-1"}}}, "cn-north-1 is in another partition than eu-central-1"),
        (
            {"projects": {"orders": {"instances": {"acme": {"region": "cn-north-1"}}}}},
            "cn-north-1 is in another partition than eu-central-1",
        ),
        (
            {"projects": {"orders": {"region": "us-west-2"}}, "endpoints": {"default": "https://vpce.example.com"}},
            "endpoints are of eu-central-1: a project cannot be in another region, as us-west-2, beside them",
        ),
    ],
)
def test_a_region_that_cannot_be_is_refused(repository: Repository, settings: dict[str, Any], message: str) -> None:
    repository.project("orders")
    repository.configure(**settings)
    assert message in refused(repository.invoke("policy", "--env", "dev"))


def test_the_printed_policy_names_the_resources_of_both_regions(away: Repository) -> None:
    document = json.loads(away.invoke("policy", "--env", "dev").out)
    arns = {arn for statement in document["Statement"] for arn in statement["Resource"]}
    assert "arn:aws:lambda:us-west-2:123456789012:function:t-dev-orders-*" in arns
    assert "arn:aws:lambda:eu-central-1:123456789012:function:t-dev-acres-*" in arns
    assert "arn:aws:lambda:eu-central-1:123456789012:function:t-dev-orders-*" not in arns


def test_a_package_that_no_call_can_carry_is_refused_before_anything_is_written(away: Repository, aws_calls: list[str]) -> None:
    """The limit: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
    away.write("projects/orders/lambda/Validate/model.bin", os.urandom(51 * 2**20))
    message = refused(away.invoke("deploy", "--env", "dev", "--project", "orders"))
    assert "orders: lambda/Validate: the package has 51 MB." in message
    assert "a call to Lambda carries at most 50 MB" in message
    assert written(aws_calls) == []
