"""A whole project under another prefix, as typed, against moto: what was deployed is replaced, or kept and never forgotten."""

import contextlib
import json
import shutil
from typing import Any

import boto3
import pytest
from moto.logs.models import LogsBackend

from tests.support.repository import ACCOUNT, SHARED, Repository

PLACE: dict[str, Any] = {"region_name": "eu-central-1"}
LINES = (
    'landing, lake = p.shared.bucket("landing"), p.shared.database("lake")',
    'p.directory("configs", landing / "configs")',
    'p.function("Validate", reads=[landing])',
    'p.crawler("crawl", targets=[landing / "acres"], database=lake)',
    'p.table("runs", partition_key="id")',
    'step = {"Type": "Task", "Resource": "${Validate.arn}", "End": True}',
    'm = p.state_machine("main", {"StartAt": "A", "States": {"A": step}})',
    'p.schedule("nightly", m, "cron(0 3 * * ? *)")',
)


@pytest.fixture
def acres(repository: Repository, moto_dates: None) -> Repository:
    shared = '    shared.bucket("landing")\n    shared.database("lake")\n    shared.topic("alerts")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    repository.project("acres", *LINES)
    repository.write("projects/acres/configs/acres.sql", "select 1")
    assert ran(repository, "deploy").code == 0
    return repository


def ran(repository: Repository, *words: str) -> Any:
    return repository.invoke(*words[:1], "--env", "dev", *words[1:])


def changes(repository: Repository, *words: str) -> dict[str, tuple[str, str]]:
    done = ran(repository, *words, "--json")
    assert done.err == ""
    reported = json.loads(done.out)["changes"]
    return {item["key"]: (item["action"], item["reason"]) for item in reported if item["action"] != "noop"}


def names() -> dict[str, set[str]]:
    """Everything that is there, by kind."""
    events, functions, glue = boto3.client("events", **PLACE), boto3.client("lambda", **PLACE), boto3.client("glue", **PLACE)
    machines, topics = boto3.client("stepfunctions", **PLACE), boto3.client("sns", **PLACE)
    return {
        "rule": {rule["Name"] for rule in events.list_rules()["Rules"]},
        "function": {function["FunctionName"] for function in functions.list_functions()["Functions"]},
        "layer": {layer["LayerName"] for layer in functions.list_layers()["Layers"]},
        "job": {job["Name"] for job in glue.get_jobs()["Jobs"]},
        "crawler": {crawler["Name"] for crawler in glue.get_crawlers()["Crawlers"]},
        "database": {database["Name"] for database in glue.get_databases()["DatabaseList"]},
        "machine": {machine["name"] for machine in machines.list_state_machines()["stateMachines"]},
        "role": {role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]},
        "topic": {topic["TopicArn"].rpartition(":")[2] for topic in topics.list_topics()["Topics"]},
        "table": {*boto3.client("dynamodb", **PLACE).list_tables()["TableNames"]},
        "bucket": {bucket["Name"] for bucket in boto3.client("s3", **PLACE).list_buckets()["Buckets"]},
        "group": {group["logGroupName"] for group in boto3.client("logs", **PLACE).describe_log_groups()["logGroups"]},
    }


def test_another_prefix_replaces_what_holds_no_data_and_keeps_the_rest_in_sight(acres: Repository) -> None:
    before = names()
    acres.configure(name_prefix="t-new")
    drift = ran(acres, "drift")
    assert (drift.code, "0 drifted" in drift.out) == (0, True), "what is still to be renamed has not drifted"
    planned = changes(acres, "plan")
    assert planned["rule/nightly"] == ("create", "renamed from t-dev-acres-nightly")
    assert planned["rule/nightly/formerly/t-dev-acres-nightly"] == ("delete", "renamed to t-new-acres-nightly")
    kept = "renamed to t-new-acres-runs; it holds data and stays, unless you say --prune --data"
    assert planned["table/runs/formerly/t-dev-acres-runs"] == ("record", kept)
    assert planned["bucket/artifacts"] == ("update", "Tags.deployer:environment t-dev/dev → t-new/dev")
    assert {action for action, _ in planned.values()} == {"create", "delete", "record", "update"}
    done = ran(acres, "deploy")
    assert done.code == 0, done.err

    after, data = names(), {"table", "bucket", "group", "topic", "database"}
    for kind, item in after.items():
        new = {name.replace("t-dev", "t-new").replace("t_dev", "t_new") for name in before[kind]}
        expected = new | before[kind] if kind in data else new
        assert item == expected - {"t-new-artifacts"}, kind
    left = changes(acres, "plan")
    assert {action for action, _ in left.values()} == {"orphan"}
    assert {key.partition("/")[0] for key in left} == {"table", "bucket", "log-group", "topic", "database"}
    assert "acres: kept under earlier names: log-group/Validate/formerly/" in ran(acres, "status").out
    drift = ran(acres, "drift")
    assert (drift.code, "not by this name: acres:log-group/Validate/formerly/" in drift.out) == (0, True)

    gone = ran(acres, "deploy", "--prune", "--data")
    assert gone.code == 0, gone.err
    assert {name for names_of_kind in names().values() for name in names_of_kind if "dev" in name} == {"t-dev-artifacts"}
    assert changes(acres, "plan") == {}


def test_destroy_sees_what_has_another_prefix_now(acres: Repository) -> None:
    acres.configure(name_prefix="t-new")
    assert ran(acres, "deploy").code == 0
    done = ran(acres, "destroy", "--data", "--yes", "dev")
    assert done.code == 0, done.err
    assert {kind: items for kind, items in names().items() if items} == {}


def test_destroy_before_the_first_deploy_under_another_prefix_deletes_the_old(acres: Repository) -> None:
    acres.configure(name_prefix="t-new")
    done = ran(acres, "destroy", "--data", "--yes", "dev")
    assert done.code == 0, done.err
    assert {kind: items for kind, items in names().items() if items} == {}


def test_a_prefix_that_is_set_back_takes_up_what_was_kept(acres: Repository) -> None:
    before = names()
    acres.configure(name_prefix="t-new")
    assert ran(acres, "deploy").code == 0
    acres.configure()
    back = ran(acres, "deploy")
    assert back.code == 0, back.err
    kinds = {"rule", "function", "job", "crawler", "machine", "role"}
    assert {kind: items for kind, items in names().items() if kind in kinds} == {kind: before[kind] for kind in kinds}
    assert "t-new-acres-runs" in names()["table"]
    assert ran(acres, "deploy", "--prune", "--data").code == 0
    assert names() == before
    assert changes(acres, "plan") == {}


def test_one_project_at_a_time_leaves_what_others_may_still_use(acres: Repository) -> None:
    acres.write("layers/geo/geo.py", "X = 1\n")
    text = (acres.root / "deploy.py").read_text()
    layer = '    shared.layer("geo", Path(__file__).parent / "layers/geo")\n    return shared'
    acres.write("deploy.py", f"from pathlib import Path\n{text.replace('    return shared', layer)}")
    acres.project("bees")
    assert ran(acres, "deploy").code == 0
    acres.configure(name_prefix="t-new")
    done = ran(acres, "deploy", "--project", "acres")
    assert done.code == 0, done.err
    assert names()["layer"] == {"t-dev-geo", "t-new-geo"}
    assert names()["rule"] == {"t-new-acres-nightly"}
    assert "t-dev-bees-Validate" in names()["function"]
    done = ran(acres, "deploy")
    assert done.code == 0, done.err
    assert names()["layer"] == {"t-new-geo"}
    assert names()["function"] == {"t-new-acres-Validate", "t-new-bees-Validate"}


def test_a_project_whose_folder_has_another_name_is_told_and_pruned(acres: Repository) -> None:
    shutil.move(acres.root / "projects/acres", acres.root / "projects/fields")
    acres.project("fields", LINES[0], *LINES[2:])
    done = ran(acres, "deploy")
    assert "acres is deployed, but there is no projects/acres/ any more: --prune deletes what it left, triggers too, " in done.out
    assert names()["rule"] == {"t-dev-acres-nightly", "t-dev-fields-nightly"}
    assert "acres" in ran(acres, "status").out
    pruned = ran(acres, "deploy", "--prune")
    assert pruned.code == 0, pruned.err
    assert names()["rule"] == {"t-dev-fields-nightly"}
    assert names()["table"] == {"t-dev-acres-runs", "t-dev-fields-runs"}


def test_another_key_is_another_resource_and_the_old_one_is_told(acres: Repository) -> None:
    acres.project("acres", *LINES[:-1], 'p.schedule("weekly", m, "cron(0 3 * * ? *)")')
    planned = changes(acres, "plan")
    assert planned["rule/weekly"] == ("create", "does not exist")
    reported = "no longer declared; it goes on starting executions, unless you say --prune"
    assert planned["rule/nightly"] == ("orphan", reported)
    assert ran(acres, "deploy", "--prune").code == 0
    assert names()["rule"] == {"t-dev-acres-weekly"}


def test_what_was_to_be_renamed_and_is_gone_has_drifted(acres: Repository) -> None:
    events = boto3.client("events", **PLACE)
    events.remove_targets(Rule="t-dev-acres-nightly", Ids=["target"])
    events.delete_rule(Name="t-dev-acres-nightly")
    acres.configure(name_prefix="t-new")
    drift = ran(acres, "drift")
    assert drift.code == 2
    assert "rule/nightly deleted: arn:aws:events:eu-central-1:123456789012:rule/t-dev-acres-nightly is gone" in drift.out


def test_another_region_is_refused(acres: Repository) -> None:
    acres.configure(region="eu-west-1")
    for words in (["plan"], ["deploy", "--adopt"]):
        refused = ran(acres, *words)
        assert refused.code == 1
        assert "config/dev.json: $.region is eu-west-1, but " in refused.err
        assert " in eu-central-1, such as " in refused.err
    assert "it is in eu-central-1: set region back in config/dev.json" in ran(acres, "destroy", "--yes", "dev").out
    assert names()["rule"] == {"t-dev-acres-nightly"}


def test_another_artifact_bucket_is_refused_until_somebody_takes_over_what_is_there(acres: Repository) -> None:
    acres.configure(artifact_bucket="t-dev-elsewhere")
    refused = ran(acres, "deploy")
    assert refused.code == 1
    assert "There is no artifact bucket t-dev-elsewhere, but " in refused.err
    assert f"t-dev-landing-{ACCOUNT}" in names()["bucket"]
    assert "t-dev-elsewhere" not in names()["bucket"]
    assert ran(acres, "deploy", "--adopt").code == 0


def test_a_log_group_that_was_only_half_made_under_its_new_name_gets_its_retention(acres: Repository) -> None:
    """Killed between its creation and its retention: the record still tells what was applied to the old one."""
    acres.configure(name_prefix="t-new")

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(LogsBackend, "put_retention_policy", dies)
        with contextlib.suppress(KeyboardInterrupt):
            ran(acres, "deploy", "--wait")
    assert ran(acres, "deploy", "--wait").code == 0
    groups = boto3.client("logs", **PLACE).describe_log_groups()["logGroups"]
    assert {group.get("retentionInDays") for group in groups if "t-new" in group["logGroupName"]} == {30}
