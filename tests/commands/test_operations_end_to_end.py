"""Drift, prune, history and destroy as typed, on two of the example pipelines and the embedded AWS."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common import local
from tests.local.fixtures import client_of
from tests.support.repository import remove_projects
from tests.test_end_to_end import changes, clone, deploy, invoke

ENV = ("--env", "local")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A clone in which everything is deployed; the third example is destroyed in a test of its own."""
    made = clone(tmp_path / "clone")
    remove_projects(made, "orders")
    try:
        assert deploy(made)["failed"] == {}
        yield made
    finally:
        local.stop(made)


def client(root: Path, service: str) -> Any:
    running = local.running(root)
    assert running is not None
    return client_of(running, service)


def drift(root: Path, code: int) -> dict[str, str]:
    output = json.loads(invoke(root, "drift", *ENV, "--json", code=code))
    return {resource["key"]: resource["how"] for resource in output["drifted"]}


def test_changes_by_hand_are_found_and_repaired_on_the_embedded_aws(root: Path) -> None:
    assert drift(root, 0) == {}

    function = {"FunctionName": "acres-local-fpac_pipeline-Validate"}
    client(root, "lambda").update_function_configuration(**function, MemorySize=1024)
    client(root, "glue").delete_job(JobName="acres-local-fpac_pipeline-final_job")
    assert drift(root, 2) == {"lambda/Validate": "changed", "glue-job/final_job": "deleted"}
    assert changes(deploy(root)).keys() == {"glue-job/final_job"}  # what is gone is noticed; what was edited needs a look at it
    assert changes(deploy(root, "--verify")).keys() == {"lambda/Validate"}
    assert drift(root, 0) == {}

    (root / "projects/fpac_pipeline/deploy.py").write_text(
        (root / "projects/fpac_pipeline/deploy.py")
        .read_text()
        .replace('    p.on_object("new_file"', '    0 and p.on_object("new_file"')
    )
    assert {change["action"] for change in json.loads(invoke(root, "plan", *ENV, "--json"))["changes"]} >= {"orphan"}
    shutil.rmtree(root / "projects/reference_data")
    assert "there is no projects/reference_data/ any more" in invoke(root, "plan", *ENV)
    pruned = deploy(root, "--prune")
    assert {change["action"] for change in pruned["changes"] if change["project"] == "reference_data"} == {
        "delete",
        "orphan",
    }  # table, logs
    assert client(root, "dynamodb").list_tables()["TableNames"].count("acres-local-reference_data-county_codes") == 1
    assert changes(deploy(root, "--prune")).keys() == {"table/county_codes", "log-group/NormalizeCodes"}
    assert drift(root, 0) == {}

    history = json.loads(invoke(root, "history", *ENV, "--project", "fpac_pipeline", "--json"))["releases"]
    assert [release["outcome"] for release in history] == ["succeeded"] * 4
    assert [change["action"] for change in history[0]["changes"]] == ["delete", "delete"]  # the rule, then its role

    invoke(root, "destroy", *ENV, code=1)
    invoke(root, "destroy", *ENV, "--yes", "local")
    assert client(root, "lambda").list_functions()["Functions"] == []
    assert len(client(root, "s3").list_buckets()["Buckets"]) == 4
    assert deploy(root)["failed"] == {}
    assert drift(root, 0) == {}
    invoke(root, "destroy", *ENV, "--data", "--yes", "local")
    assert client(root, "s3").list_buckets()["Buckets"] == []
    assert client(root, "dynamodb").list_tables()["TableNames"] == []
    assert client(root, "iam").list_roles()["Roles"] == []
