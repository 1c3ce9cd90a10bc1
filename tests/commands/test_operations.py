"""The tasks of a bad day, as typed: drift, prune, destroy, unlock, gc, history; against moto, with real resource types."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import boto3
import pytest

from tests.support.repository import Ended, Repository

MACHINE = 'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})'
ALL = (
    'runs = p.table("runs", partition_key="id")',
    'p.function("Validate", environment={"ZONE": "landing"})',
    'p.job("load", arguments={"--zone": "landing"})',
    MACHINE,
    'p.schedule("daily", m, "rate(1 day)")',
)
LESS = ('runs = p.table("runs", partition_key="id")',)
PLACE = {"region_name": "eu-central-1"}
BUCKET = "t-dev-artifacts"


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    """A project with a resource of most types, deployed."""
    repository.project("acres", *ALL)
    first = repository.invoke("deploy", "--env", "dev")
    assert (first.code, first.err) == (0, ""), first
    return repository


def command(repository: Repository, *words: str, code: int = 0) -> dict[str, Any]:
    done = repository.invoke(*words, "--env", "dev", "--json")
    assert (done.code, done.err) == (code, ""), done
    output: dict[str, Any] = json.loads(done.out)
    return output


def refused(done: Ended) -> str:
    """One message, and no traceback."""
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.out + done.err
    return done.err


def keys(prefix: str = "dev/") -> set[str]:
    listed = boto3.client("s3", **PLACE).list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return {entry["Key"] for entry in listed}


def written(calls: Iterable[str]) -> list[str]:
    """The calls that change something."""
    return [call for call in calls if not call.partition(":")[2].startswith(("Get", "List", "Describe", "Head"))]


def names(report: dict[str, Any]) -> dict[str, str]:
    return {resource["key"]: resource["how"] for resource in report["drifted"]}


# Drift ------------------------------------------------------------------------------------------------------------------------


def test_right_after_a_deploy_nothing_has_drifted(deployed: Repository) -> None:
    report = command(deployed, "drift")
    assert (report["drifted"], report["not_deployed"]) == ([], [])
    assert report["checked"] >= 12
    assert written(report["api_calls"]["by_operation"]) == []


def change_function() -> None:
    boto3.client("lambda", **PLACE).update_function_configuration(
        FunctionName="t-dev-acres-Validate",
        MemorySize=512,
        Environment={"Variables": {"ZONE": "PLANTED-SECRET", "NEW": "PLANTED"}},
    )


def replace_function() -> None:
    client = boto3.client("lambda", **PLACE)
    arn = client.get_function(FunctionName="t-dev-acres-Validate")["Configuration"]["FunctionArn"]
    client.untag_resource(Resource=arn, TagKeys=["deployer:environment", "deployer:project"])


CONSOLE: dict[str, tuple[Callable[[], object], dict[str, str], tuple[str, ...]]] = {
    "a changed function": (change_function, {"lambda/Validate": "changed"}, ("--verify",)),
    "a deleted job": (
        lambda: boto3.client("glue", **PLACE).delete_job(JobName="t-dev-acres-load"),
        {"glue-job/load": "deleted"},
        ("--verify",),
    ),
    "a foreign function": (replace_function, {"lambda/Validate": "replaced"}, ("--verify", "--adopt")),
    "a disabled rule": (
        lambda: boto3.client("events", **PLACE).disable_rule(Name="t-dev-acres-daily"),
        {"rule/daily": "changed"},
        ("--verify",),
    ),
}


@pytest.mark.parametrize("what", CONSOLE)
def test_what_was_done_by_hand_is_shown_and_put_back(deployed: Repository, what: str) -> None:
    change, expected, repair = CONSOLE[what]
    change()
    assert names(command(deployed, "drift", code=2)) == expected
    if "--adopt" in repair:
        assert "--adopt" in refused(deployed.invoke("deploy", "--env", "dev", "--verify"))
    assert deployed.invoke("deploy", "--env", "dev", *repair).code == 0
    assert command(deployed, "drift")["drifted"] == []


def test_what_nobody_declares_is_named_and_kept(deployed: Repository) -> None:
    """Of a role as of any other resource."""
    iam, allow = boto3.client("iam"), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    role = "t-dev-acres-load-glue-job"
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=document)
    report = command(deployed, "drift")
    assert (report["drifted"], report["kept"]) == (
        [],
        [{"project": "acres", "key": "role/load-glue-job", "fields": ["Policies.more"]}],
    )
    assert "acres: role/load-glue-job kept, not declared: Policies.more" in deployed.invoke("drift", "--env", "dev").out
    assert deployed.invoke("deploy", "--env", "dev", "--verify", "--force").code == 0
    assert "more" in iam.list_role_policies(RoleName=role)["PolicyNames"]


def test_drift_lays_three_states_side_by_side_and_hides_what_may_be_secret(deployed: Repository) -> None:
    change_function()
    report = command(deployed, "drift", code=2)
    fields = {field["name"]: (field["applied"], field["declared"], field["live"]) for field in report["drifted"][0]["fields"]}
    assert fields["MemorySize"] == (256, 256, 512)
    applied, declared, live = fields["Environment.Variables.ZONE"]
    assert applied == declared != live
    assert declared == "landing"
    text = deployed.invoke("drift", "--env", "dev")
    assert text.code == 2
    assert "MemorySize" in text.out
    assert "PLANTED" not in text.out + json.dumps(report)
    planned = deployed.invoke("plan", "--env", "dev", "--verify")
    assert "PLANTED" not in planned.out
    assert "Environment.Variables.ZONE changed" in planned.out


def test_what_is_declared_and_not_deployed_is_no_drift(deployed: Repository) -> None:
    deployed.write("projects/acres/lambda/Validate/handler.py", "def handler(event, context):\n    return 1\n")
    deployed.project("acres", *[line.replace("rate(1 day)", "rate(2 days)") for line in ALL])
    assert command(deployed, "drift")["drifted"] == []


def test_a_lost_artifact_is_drift_and_comes_back(deployed: Repository) -> None:
    (script,) = keys("dev/acres/artifacts/load/")
    boto3.client("s3", **PLACE).delete_object(Bucket=BUCKET, Key=script)
    assert names(command(deployed, "drift", code=2)) == {"artifact/load": "deleted"}
    assert deployed.invoke("deploy", "--env", "dev", "--verify").code == 0
    assert command(deployed, "drift")["drifted"] == []


# Prune ------------------------------------------------------------------------------------------------------------------------


def test_what_is_gone_from_the_declaration_goes_when_asked(deployed: Repository) -> None:
    deployed.project("acres", *LESS)
    plain = command(deployed, "deploy")
    assert {change["action"] for change in plain["changes"] if change["key"].startswith(("rule", "state-machine"))} == {"orphan"}
    planned = command(deployed, "plan", "--prune", code=2)
    gone = [change["key"] for change in planned["changes"] if change["action"] == "delete"]
    assert gone.index("rule/daily") < gone.index("state-machine/main") < gone.index("role/main-state-machine")
    assert keys("dev/acres/records/rule/") == {"dev/acres/records/rule/daily.json"}
    assert deployed.invoke("deploy", "--env", "dev", "--prune").code == 0
    assert boto3.client("stepfunctions", **PLACE).list_state_machines()["stateMachines"] == []
    assert boto3.client("events", **PLACE).list_rules()["Rules"] == []
    assert keys("dev/acres/records/rule/") == set()
    assert command(deployed, "plan", "--prune")["changes"] != []


def test_a_project_whose_folder_is_gone_is_noticed_and_pruned_but_for_its_data(deployed: Repository) -> None:
    (deployed.root / "projects/acres/deploy.py").unlink()
    noticed = deployed.invoke("plan", "--env", "dev")
    assert "acres is deployed, but there is no projects/acres/ any more" in noticed.out
    assert deployed.invoke("deploy", "--env", "dev", "--prune").code == 0
    assert boto3.client("lambda", **PLACE).list_functions()["Functions"] == []
    assert boto3.client("dynamodb", **PLACE).list_tables()["TableNames"] == ["t-dev-acres-runs"]
    assert deployed.invoke("deploy", "--env", "dev", "--prune", "--data").code == 0
    assert boto3.client("dynamodb", **PLACE).list_tables()["TableNames"] == []
    assert "dev/acres/release.json" not in keys()


# Protected environments -------------------------------------------------------------------------------------------------------


def test_a_protected_environment_takes_what_is_committed_and_is_not_destroyed(repository: Repository, moto_dates: None) -> None:
    repository.project()
    repository.configure(protected=True)
    repository.write("projects/acres/lambda/Validate/extra.py", "x = 1\n")
    message = refused(repository.invoke("deploy", "--env", "dev", "--yes"))
    assert "takes only what a commit says, but these files differ" in message
    assert "projects/acres/lambda/Validate/extra.py" in message
    assert boto3.client("s3", **PLACE).list_buckets()["Buckets"] == []
    repository.commit()
    assert "Add --yes" in refused(repository.invoke("deploy", "--env", "dev"))
    assert repository.invoke("deploy", "--env", "dev", "--yes").code == 0
    repository.write("README", "changed\n")
    assert repository.invoke("deploy", "--env", "dev").code == 0  # there is nothing to do
    message = refused(repository.invoke("destroy", "--env", "dev", "--data", "--yes", "dev"))
    assert "dev is protected: it is not destroyed" in message


# Leases -----------------------------------------------------------------------------------------------------------------------


def test_nobody_holds_a_lease_before_the_first_deploy(repository: Repository, moto: None) -> None:
    repository.project("acres")
    done = repository.invoke("unlock", "--env", "dev", "--project", "acres")
    assert (done.code, "dev/acres: nobody holds the lease." in done.out) == (0, True)


def test_unlock_shows_the_holder_and_removes_the_lease(deployed: Repository) -> None:
    held = {"holder": "ann", "host": "mill\x1b[2J", "since": "2026-01-15T09:30:00+00:00", "commit": "0123456789abcdef"}
    boto3.client("s3", **PLACE).put_object(Bucket=BUCKET, Key="dev/acres/lock.json", Body=json.dumps(held))
    message = refused(deployed.invoke("unlock", "--env", "dev", "--project", "acres"))
    assert "held by ann on mill" in message
    assert "(commit 0123456789ab)" in message
    assert "\x1b" not in message
    assert "dev/acres/lock.json" in keys()
    output = deployed.invoke("unlock", "--env", "dev", "--project", "acres", "--yes").out
    assert "the lease is removed. A holder that is alive notices within 15 seconds, and changes nothing more" in output
    assert "dev/acres/lock.json" not in keys()
    assert "nobody holds the lease" in deployed.invoke("unlock", "--env", "dev", "--project", "shared").out
    assert "Whose lease? Add --project" in refused(deployed.invoke("unlock", "--env", "dev"))
    assert "There is no project 'acre'" in refused(deployed.invoke("unlock", "--env", "dev", "--project", "acre"))


def test_what_a_lease_kept_from_being_tried_is_told_to_programs(deployed: Repository) -> None:
    boto3.client("s3", **PLACE).put_object(Bucket=BUCKET, Key="dev/acres/lock.json", Body=json.dumps({"holder": "ann"}))
    deployed.write("projects/acres/glue/landing/load.py", "print('other rows')\n")
    ended = deployed.invoke("deploy", "--env", "dev", "--json")
    output = json.loads(ended.out)
    assert (output["outcome"], output["failed"], output["not_tried"]) == (
        "failed",
        {},
        ["acres:artifact/load", "acres:glue-job/load"],
    )
    assert refused(ended) == f"error: {output['error']}\n"
    assert "ann" in output["error"]
    planned = command(deployed, "plan", code=2)
    assert (planned["outcome"], planned["error"], planned["not_tried"]) == ("succeeded", None, [])


# History ----------------------------------------------------------------------------------------------------------------------


def test_every_deploy_that_changes_something_leaves_an_entry(deployed: Repository) -> None:
    deployed.write("projects/acres/glue/landing/load.py", "print('other rows')\n")
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    assert deployed.invoke("deploy", "--env", "dev").code == 0  # changes nothing, leaves nothing
    releases = command(deployed, "history", "--project", "acres")["releases"]
    assert [release["outcome"] for release in releases] == ["succeeded", "succeeded"]
    last = {change["key"]: change for change in releases[0]["changes"]}
    assert last.keys() == {"artifact/load", "glue-job/load"}
    assert last["glue-job/load"] == {
        "key": "glue-job/load", "action": "update", "reason": "load.py changed", "outcome": "done"
    }  # fmt: skip
    assert {"who", "holder", "host", "since", "commit", "clean", "id"} <= releases[0]["about"].keys()
    outputs = {change["key"]: change.get("outputs") for change in releases[1]["changes"]}
    assert outputs["lambda/Validate"].keys() >= {"CodeSha256"}
    text = deployed.invoke("history", "--env", "dev").out
    assert "1 updated, 1 uploaded" in text
    assert "shared" in text
    assert len(command(deployed, "history", "--last", "1")["releases"]) == 2  # one of each project
    assert "--last is 'x'" in refused(deployed.invoke("history", "--env", "dev", "--last", "x"))


def test_history_outlives_what_it_is_about(deployed: Repository) -> None:
    assert deployed.invoke("destroy", "--env", "dev", "--project", "acres", "--data", "--yes", "acres").code == 0
    releases = command(deployed, "history", "--project", "acres")["releases"]
    assert [release["outcome"] for release in releases] == ["succeeded", "succeeded"]
    assert {change["action"] for change in releases[0]["changes"]} == {"delete"}


# Garbage ----------------------------------------------------------------------------------------------------------------------


def test_young_artifacts_stay_whoever_names_them(deployed: Repository) -> None:
    deployed.write("projects/acres/glue/landing/load.py", "print('other rows')\n")
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    assert len(keys("dev/acres/artifacts/load/")) == 2
    assert command(deployed, "gc")["artifacts"] == []
    assert len(keys("dev/acres/artifacts/load/")) == 2
    assert "--days is '7'" in refused(deployed.invoke("gc", "--env", "dev", "--days", "7"))
