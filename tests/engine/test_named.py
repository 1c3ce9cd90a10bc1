"""Names of the team's own, as typed, against moto: deployed, renamed, shown, destroyed, and no other environment's touched."""

import json
from typing import Any

import boto3
import pytest

from tests.engine.test_renaming import PLACE, changes, names, ran
from tests.support.repository import SHARED, Repository

LINES = (
    'landing, lake = p.shared.bucket("landing"), p.shared.database("lake")',
    'p.directory("configs", landing / "configs")',
    'p.function("Validate", reads=[landing], layers=[p.layer("deps")], name="fsa-${stage}-validate-v2", role_name="/team/fsa-v")',
    'p.crawler("crawl", targets=[landing / "acres"], database=lake, name="FSA Crawl")',
    'p.table("runs", partition_key="id", name="FSA_RUNS")',
    'step = {"Type": "Task", "Resource": "${Validate.arn}", "End": True}',
    'm = p.state_machine("main", {"StartAt": "A", "States": {"A": step}})',
    'p.schedule("nightly", m, "cron(0 3 * * ? *)", name="FSA.nightly")',
)
BELOW = "/fsa/{env}/{name}"
TEMPLATES = {
    "default": "FSA-{env}-{name}",
    "glue-job": "{name}_{ENV}",
    "database": "fsa_{name}",
    "role": BELOW,
    "log-group": BELOW,
}
NAMES = {**TEMPLATES, "bucket/landing": "company-landing"}
OURS = {
    "rule": {"FSA.nightly"},
    "function": {"fsa-prod-validate-v2"},
    "layer": {"FSA-dev-deps"},
    "job": {"load_DEV"},
    "crawler": {"FSA Crawl"},
    "database": {"fsa_lake"},
    "machine": {"FSA-dev-main"},
    "role": {"fsa-v", "load-glue-job", "crawl-crawler", "main-state-machine", "nightly-trigger"},
    "topic": {"FSA-dev-alerts"},
    "table": {"FSA_RUNS"},
    "bucket": {"company-landing", "t-dev-artifacts"},
    "group": {"/fsa/dev/Validate", "/fsa/dev/glue/output", "/fsa/dev/glue/error", "/aws/vendedlogs/states/t-dev"},
}


def configure(repository: Repository, stage: str = "prod", **settings: Any) -> None:
    project = {"parameters": {"stage": stage}, **settings.pop("project", {})}
    repository.configure(names=NAMES, projects={"acres": project}, **settings)


@pytest.fixture
def acres(repository: Repository, moto_dates: None) -> Repository:
    shared = '    shared.bucket("landing")\n    shared.database("lake")\n    shared.topic("alerts")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    repository.write("projects/acres/layers/deps/deps.py", "x = 1\n")
    repository.write("projects/acres/configs/acres.sql", "select 1")
    repository.project("acres", *LINES)
    configure(repository)
    done = ran(repository, "deploy")
    assert done.code == 0, done.err
    return repository


def test_every_kind_is_deployed_under_its_name_and_then_there_is_nothing_to_do(acres: Repository) -> None:
    assert names() == OURS
    assert changes(acres, "plan") == {}
    assert changes(acres, "plan", "--verify") == {}
    done = ran(acres, "deploy")
    assert "Deployed to dev: 0 created, 0 updated, " in done.out
    role = boto3.client("iam").get_role(RoleName="fsa-v")["Role"]["Arn"]
    assert role == "arn:aws:iam::123456789012:role/team/fsa-v"


def test_an_unchanged_deploy_asks_once_more_for_each_path_of_roles(acres: Repository) -> None:
    """All are below `/fsa/dev/` and `/team/`, so they are listed there, and none is read by itself."""
    output = json.loads(ran(acres, "plan", "--json").out)
    assert {name: count for name, count in output["api_calls"]["by_operation"].items() if name.startswith("iam:")} == {
        "iam:ListRoles": 3
    }


def test_screens_show_names_that_do_not_follow_from_the_prefix(acres: Repository) -> None:
    acres.write("projects/acres/lambda/Validate/handler.py", "def handler(event, context):\n    return 1\n")
    planned = ran(acres, "plan")
    assert "lambda/Validate (fsa-prod-validate-v2)" in planned.out
    changed = {change["key"]: change.get("name") for change in json.loads(ran(acres, "plan", "--json").out)["changes"]}
    assert changed["lambda/Validate"] == "fsa-prod-validate-v2"
    assert changed["directory/configs"] is None
    assert "acres: names in AWS, as declared: " in ran(acres, "status").out
    projects = {project["project"]: project["names"] for project in json.loads(ran(acres, "status", "--json").out)["projects"]}
    assert projects["acres"]["rule/nightly"] == "FSA.nightly"
    assert projects["shared"]["bucket/landing"] == "company-landing"
    shown = ran(acres, "destroy", "--project", "acres", "--dry-run")
    assert "rule/nightly (FSA.nightly)" in shown.out
    assert "role/Validate-lambda (/team/fsa-v)" in shown.out


def test_another_exact_name_is_a_renaming(acres: Repository) -> None:
    configure(acres, stage="test", project={"triggers": {"nightly": {"name": "FSA.weekly"}}})
    planned = changes(acres, "plan")
    assert planned["lambda/Validate"] == ("create", "renamed from fsa-prod-validate-v2")
    assert planned["lambda/Validate/formerly/fsa-prod-validate-v2"] == ("delete", "renamed to fsa-test-validate-v2")
    assert planned["rule/nightly"] == ("create", "renamed from FSA.nightly")
    done = ran(acres, "deploy")
    assert done.code == 0, done.err
    assert names() == {**OURS, "function": {"fsa-test-validate-v2"}, "rule": {"FSA.weekly"}}
    machine = boto3.client("stepfunctions", **PLACE).list_state_machines()["stateMachines"][0]["stateMachineArn"]
    assert (
        "fsa-test-validate-v2"
        in boto3.client("stepfunctions", **PLACE).describe_state_machine(stateMachineArn=machine)["definition"]
    )
    assert changes(acres, "plan") == {}


def test_another_exact_name_of_a_role_is_a_renaming(acres: Repository) -> None:
    acres.project("acres", *(line.replace("/team/fsa-v", "/team/fsa-w") for line in LINES))
    assert changes(acres, "plan")["role/Validate-lambda"] == ("create", "renamed from fsa-v")
    assert ran(acres, "deploy").code == 0
    assert "fsa-w" in names()["role"]
    assert "fsa-v" not in names()["role"]
    assert changes(acres, "plan") == {}


def test_what_holds_data_stays_under_its_old_name_without_data(acres: Repository) -> None:
    configure(acres, project={"names": {"table/runs": "FSA_RUNS_2"}})
    planned = changes(acres, "plan")
    assert planned["table/runs"] == ("create", "renamed from FSA_RUNS; what that holds stays there")
    assert planned["table/runs/formerly/FSA_RUNS"][0] == "record"
    assert ran(acres, "deploy").code == 0
    assert names()["table"] == {"FSA_RUNS", "FSA_RUNS_2"}
    assert ran(acres, "deploy", "--prune", "--data").code == 0
    assert names()["table"] == {"FSA_RUNS_2"}


def test_without_names_in_configuration_all_is_renamed_to_what_follows_from_the_prefix(acres: Repository) -> None:
    acres.configure(projects={"acres": {"parameters": {"stage": "prod"}}})
    done = ran(acres, "deploy", "--prune", "--data")
    assert done.code == 0, done.err
    assert names()["machine"] == {"t-dev-acres-main"}
    assert names()["role"] > {"t-dev-acres-load-glue-job", "t-dev-acres-main-state-machine"}
    assert changes(acres, "plan") == {}


def test_destroy_deletes_what_has_names_of_its_own(acres: Repository) -> None:
    done = ran(acres, "destroy", "--data", "--yes", "dev")
    assert done.code == 0, done.err
    assert {kind: left for kind, left in names().items() if left} == {}


def test_a_name_of_another_environment_is_refused_and_stays(acres: Repository) -> None:
    """Names need not tell environments apart, so tags do."""
    acres.configure(
        "next", name_prefix="t-next", artifact_bucket="t-next-artifacts", names={"bucket/landing": "next-landing"},
        projects={"acres": {"parameters": {"stage": "prod"}}},
    )  # fmt: skip
    refused = acres.invoke("deploy", "--env", "next")
    assert refused.code == 1
    assert "function:fsa-prod-validate-v2 exists and belongs to t-dev/dev. " in refused.err
    assert names() == OURS
    assert changes(acres, "plan") == {}


def test_another_project_s_name_is_refused_when_it_is_deployed_alone(acres: Repository) -> None:
    acres.project(
        "bees", 'p.function("Validate", name="fsa-prod-validate-v2", log_group_name="/fsa/bees", role_name="/team/bees")'
    )
    acres.write("projects/bees/glue/landing/load.py", "")
    (acres.root / "projects/bees/glue/landing/load.py").unlink()
    refused = ran(acres, "deploy", "--project", "bees")
    assert refused.code == 1
    assert "fsa-prod-validate-v2 exists and belongs to t-dev/dev:acres" in refused.err


def test_a_role_of_the_same_name_at_another_path_is_replaced(acres: Repository) -> None:
    """IAM tells no two roles of one name apart by their paths."""
    acres.project("acres", *(line.replace("/team/fsa-v", "/crew/fsa-v") for line in LINES))
    assert changes(acres, "plan")["role/Validate-lambda"][0] == "replace"
    assert ran(acres, "deploy").code == 0
    assert boto3.client("iam").get_role(RoleName="fsa-v")["Role"]["Path"] == "/crew/"
    assert changes(acres, "plan") == {}
