"""`invoke status --unmanaged`, as typed: what runs in the account and carries nobody's tag, also while the index is late."""

import io
import json
import zipfile
from typing import Any

import boto3
import pytest

from tests.commands.test_operations import PLACE, command, deployed
from tests.support.lagging_index import index
from tests.support.repository import Repository
from tests.support.terminal import squeezed

__all__ = ["deployed"]
CRAWLER = {"Role": "r", "DatabaseName": "d", "Targets": {"S3Targets": [{"Path": "s3://x/y"}]}}
STATES = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


@pytest.fixture
def by_hand(deployed: Repository) -> Repository:
    """What nobody owns, beside what this repository has deployed, and what another environment owns."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): ...")
    role = boto3.client("iam").create_role(RoleName="theirs", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    lambda_, glue, states = (boto3.client(name, **PLACE) for name in ("lambda", "glue", "stepfunctions"))
    common = {"Runtime": "python3.11", "Role": role, "Handler": "handler.handler", "Code": {"ZipFile": code.getvalue()}}
    lambda_.create_function(FunctionName="FSA-Validate", **common)
    lambda_.create_function(FunctionName="others-validate", **common, Tags={"deployer:environment": "other/prod"})
    glue.create_job(Name="FSA Load", Role=role, Command={"Name": "glueetl"})
    glue.create_crawler(Name="FSA-Found", **CRAWLER)
    states.create_state_machine(name="FSA-Main", definition=json.dumps(STATES), roleArn=role)
    return deployed


def listed(repository: Repository, *words: str) -> list[dict[str, Any]]:
    resources = command(repository, "status", "--unmanaged", *words)["unmanaged"]
    assert all(resource["arn"].startswith("arn:aws:") for resource in resources)
    return list(resources)


THEIRS = [("lambda", "FSA-Validate"), ("glue-job", "FSA Load"), ("crawler", "FSA-Found"), ("state-machine", "FSA-Main")]


def test_what_nobody_owns_is_listed_with_its_name_and_when_it_was_changed(by_hand: Repository) -> None:
    resources = listed(by_hand)
    assert [(resource["kind"], resource["name"]) for resource in resources] == THEIRS
    assert all(resource["changed"].startswith("20") and not resource["declared"] for resource in resources)
    output = squeezed(by_hand.invoke("status", "--env", "dev", "--unmanaged").out)
    assert "glue-job FSA Load" in output
    assert "invoke import --project NAME --match PATTERN` writes a project from what the pattern matches." in output
    assert "others-validate" not in output


def test_the_tags_themselves_are_asked_where_the_index_is_late(by_hand: Repository) -> None:
    with index(lambda _: []):
        assert [(resource["kind"], resource["name"]) for resource in listed(by_hand)] == THEIRS


def test_what_is_declared_and_not_ours_yet_is_said_to_be_declared(by_hand: Repository) -> None:
    assert by_hand.invoke("unbind", "--env", "dev", "--only", "glue-job/load", "--yes", "dev").code == 0
    declared = {resource["name"]: resource["declared"] for resource in listed(by_hand)}
    assert declared["t-dev-acres-load"] == "acres: glue-job/load"
    output = squeezed(by_hand.invoke("status", "--env", "dev", "--unmanaged").out)
    assert "invoke plan --adopt` shows what taking over those that are declared here would change." in output


def test_where_everything_is_owned_a_line_says_so(deployed: Repository) -> None:
    assert listed(deployed) == []
    output = deployed.invoke("status", "--env", "dev", "--unmanaged").out
    assert "Every function, job, crawler and state machine of the account and region carries an owner's tag." in squeezed(output)
