"""The example of resources that have no method of their own, `projects/orders`, on the embedded AWS.

It is deployed, run, changed, edited by hand, replaced and taken away. Beside it stands a queue of any type: what holds data
is replaced in another way.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common import local
from tests.local.fixtures import client_of
from tests.support.repository import PROJECT, remove_projects
from tests.test_end_to_end import bare_clone, changes, clone, deploy, invoke, writes

ENV = ("--env", "local")
DECLARATION = "projects/orders/deploy.py"
ALARM, ATHENA = "projects/orders/infra/alarm.yaml", "projects/orders/infra/athena.yaml"
LOST = """lost = p.resource("lost", "AWS::SQS::Queue", {"KmsMasterKeyId": key.attribute("KeyId")})
    take = p.function("""
RESOURCES = {"key", "lost", "orders", "encrypted", "analysts", "daily_totals_table", "best_sellers", "rejections"}
FORMER = "resource/lost/formerly/acres-local-orders-lost"
MADE_FOR_METHODS = {"morning.schedule", "TakeOrders.errors"}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A clone with this example alone, and one more queue, whose URL the function knows."""
    made = clone(tmp_path / "clone")
    remove_projects(made, "fpac_pipeline", "reference_data")
    edit(made, DECLARATION, "take = p.function(", LOST)
    edit(made, DECLARATION, 'environment={"BUCKET"', 'environment={"LOST": "${lost.QueueUrl}", "BUCKET"')
    try:
        yield made
    finally:
        local.stop(made)


def edit(root: Path, path: str, before: str, after: str) -> None:
    text = (root / path).read_text()
    assert before in text
    (root / path).write_text(text.replace(before, after))


def client(root: Path, service: str) -> Any:
    started = local.running(root)
    assert started is not None
    return client_of(started, service)


def lost_queue(root: Path) -> str:
    """The URL of the queue, as the function knows it."""
    function = client(root, "lambda").get_function_configuration(FunctionName="acres-local-orders-TakeOrders")
    return str(function["Environment"]["Variables"]["LOST"])


def test_the_example_lives_as_every_other_pipeline_does(root: Path) -> None:
    first = deploy(root)
    assert first["failed"] == {}
    made = {key.removeprefix("resource/") for key in changes(first) if key.startswith("resource/")}
    assert made >= RESOURCES | MADE_FOR_METHODS
    key = client(root, "kms").list_keys()["Keys"][0]["KeyArn"]
    queue = {"QueueUrl": "http://any/acres-local-orders-incoming", "AttributeNames": ["KmsMasterKeyId"]}
    assert client(root, "sqs").get_queue_attributes(**queue)["Attributes"] == {"KmsMasterKeyId": key}
    job = client(root, "glue").get_job(JobName="acres-local-orders-daily_totals")["Job"]
    assert job["SecurityConfiguration"] == "acres-local-orders-encrypted"
    assert lost_queue(root) == client(root, "sqs").get_queue_url(QueueName="acres-local-orders-lost")["QueueUrl"]

    second = deploy(root)
    assert (changes(second), writes(second)) == ({}, {})
    assert second["api_calls"]["total"] <= 6

    (run,) = json.loads(invoke(root, "run", *ENV, "--project", "orders", "--json"))["runs"]
    assert run["messages"] == [{"queue": "acres-local-orders-incoming", "sent": 6, "dead_letters": [json.loads(bad_order(root))]}]
    assert [(row["product"], row["orders"], row["quantity"]) for row in run["preview"]["rows"]] == [
        ("CORN SEED", 2, 15),
        ("SOYBEAN SEED", 1, 40),
        ("WINTER WHEAT", 1, 25),
    ]
    s3 = client(root, "s3").head_object(Bucket="acres-local-landing-000000000000", Key="orders/A-1001.json")
    assert (s3["ServerSideEncryption"], s3["SSEKMSKeyId"]) == ("aws:kms", key)

    edit(root, ALARM, "EvaluationPeriods: 1", "EvaluationPeriods: 3")
    edit(root, ATHENA, "EnforceWorkGroupConfiguration: true", "EnforceWorkGroupConfiguration: false")
    edit(root, DECLARATION, '"KmsMasterKeyId": key.attribute("KeyId")', '"QueueName": "acres-lost"')
    assert "renamed from acres-local-orders-lost" in invoke(root, "plan", *ENV, code=2)
    changed = changes(deploy(root))
    assert changed["resource/rejections"] == "EvaluationPeriods 1 → 3"
    assert changed["resource/analysts"] == "WorkGroupConfiguration.EnforceWorkGroupConfiguration true → false"
    assert lost_queue(root).endswith("/acres-lost")

    patch = json.dumps([{"op": "replace", "path": "/Description", "value": "mine"}])
    update = {"TypeName": "AWS::Athena::WorkGroup", "Identifier": "acres-local-orders-analysts", "PatchDocument": patch}
    client(root, "cloudcontrol").update_resource(**update)
    (drifted,) = json.loads(invoke(root, "drift", *ENV, "--json", code=2))["drifted"]
    assert (drifted["key"], drifted["fields"][0]["name"]) == ("resource/analysts", "Description")
    repaired = changes(deploy(root, "--verify"))
    assert repaired.keys() == {"resource/analysts", FORMER}
    assert repaired["resource/analysts"].startswith("changed by somebody else since")
    assert "this is put back" in repaired["resource/analysts"]
    third = deploy(root)
    assert (set(changes(third)), writes(third)) == ({FORMER}, {})  # it holds data, and stays

    invoke(root, "destroy", *ENV, "--project", "orders", "--data", "--yes", "orders")
    assert client(root, "sqs").list_queues().get("QueueUrls", []) == []
    assert client(root, "scheduler").list_schedules()["Schedules"] == []


def bad_order(root: Path) -> str:
    (line,) = [line for line in (root / "projects/orders/tests/data/orders.jsonl").read_text().splitlines() if "-5" in line]
    return line


def test_fifty_of_them_cost_an_unchanged_deploy_nothing(tmp_path: Path) -> None:
    root = bare_clone(tmp_path / "clone")
    (root / "projects/orders").mkdir()
    declaration = root / "projects/orders/deploy.py"
    name = '{"DisplayName": "changed" if number == edited else "x"}'
    lines = ["for number in range(50):", f'        p.resource(f"topic{{number}}", "AWS::SNS::Topic", {name})']
    text = PROJECT.format(name="orders", body="\n    ".join(["edited = -1", *lines]))
    declaration.write_text(text)
    try:
        first = deploy(root)
        second = deploy(root)
        declaration.write_text(text.replace("edited = -1", "edited = 7"))
        third = deploy(root)
    finally:
        local.stop(root)
    assert first["failed"] == {}
    made = {name: calls for name, calls in first["api_calls"]["by_operation"].items() if name.startswith("cloudcontrol:")}
    each = dict.fromkeys(("CreateResource", "GetResourceRequestStatus", "GetResource"), 50)
    assert made == {f"cloudcontrol:{name}": calls for name, calls in {**each, "ListResources": 1}.items()}
    assert changes(second) == {}
    assert second["api_calls"]["total"] <= 6
    assert [*changes(third)] == ["resource/topic7"]
    assert third["api_calls"]["total"] <= second["api_calls"]["total"] + 12
