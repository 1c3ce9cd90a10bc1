"""One folder deployed for two customers, with tags of a team's own, on the embedded AWS: deployed, run, changed, taken away."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common import local
from tests.local.fixtures import client_of
from tests.support.repository import PROJECT
from tests.test_end_to_end import bare_clone, changes, deploy, invoke, writes

ENV = ("--env", "local")
HANDLER = """
import os


def handler(event, context):
    return {"customer": os.environ["CUSTOMER"], "rows": event["rows"]}
"""
CHECK = {
    "StartAt": "Check",
    "States": {
        "Check": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${Validate.arn}", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "End": True,
        }
    },
}
BODY = (
    'p.function("Validate", environment={"CUSTOMER": "${customer}"})',
    f'p.run_by(p.state_machine("check", {CHECK!r}), starting={{"rows": 3}})',
)
INSTANCES: dict[str, Any] = {
    "acme": {"parameters": {"customer": "ACME"}},
    "globex": {"parameters": {"customer": "Globex"}, "region": "eu-west-1"},
}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A clone with one project that has two instances."""
    made = bare_clone(tmp_path / "clone")
    project = made / "projects/orders"
    (project / "lambda/Validate").mkdir(parents=True)
    (project / "lambda/Validate/handler.py").write_text(HANDLER)
    (project / "deploy.py").write_text(PROJECT.format(name="orders", body="\n    ".join(BODY)))
    configure(made, INSTANCES)
    try:
        yield made
    finally:
        local.stop(made)


def configure(root: Path, instances: dict[str, Any]) -> None:
    path = root / "config/local.json"
    content = json.loads(path.read_text())
    projects = {"orders": {"instances": instances}}
    path.write_text(json.dumps({**content, "tag_prefix": "acme:deployer:", "projects": projects}))


def test_each_customer_has_a_deployment_of_its_own(root: Path) -> None:
    assert deploy(root)["failed"] == {}
    started = local.running(root)
    assert started is not None
    functions, away = client_of(started, "lambda"), client_of(started, "lambda", region="eu-west-1")
    for project, customer, client in (("orders-acme", "ACME", functions), ("orders-globex", "Globex", away)):
        live = client.get_function(FunctionName=f"acres-local-{project}-Validate")
        assert live["Tags"]["acme:deployer:project"] == project
        assert live["Configuration"]["Environment"]["Variables"]["CUSTOMER"] == customer
        ran = json.loads(invoke(root, "run", *ENV, "--project", project, "--json"))
        assert f'"customer": "{customer}"' in json.dumps(ran) or f'\\"customer\\": \\"{customer}\\"' in json.dumps(ran)
    assert writes(deploy(root)) == {}
    assert json.loads(invoke(root, "drift", *ENV, "--json"))["drifted"] == []

    configure(root, {**INSTANCES, "acme": {**INSTANCES["acme"], "functions": {"Validate": {"memory_mb": 512}}}})
    assert changes(deploy(root, "--project", "orders-globex")) == {}
    assert changes(deploy(root)).keys() == {"lambda/Validate"}

    configure(root, {"acme": INSTANCES["acme"]})
    assert "orders-globex is deployed, but there is no projects/orders-globex/" in invoke(root, "plan", *ENV, code=2)
    deploy(root, "--prune", "--data")
    assert away.list_functions()["Functions"] == []
    assert [function["FunctionName"] for function in functions.list_functions()["Functions"]] == [
        "acres-local-orders-acme-Validate"
    ]
    invoke(root, "destroy", *ENV, "--project", "orders", "--data", "--yes", "orders")
    assert functions.list_functions()["Functions"] == []
