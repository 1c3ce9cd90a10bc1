"""`invoke unbind` and `invoke destroy` of what was adopted, as typed, against moto with real resource types."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore import handlers
from botocore.exceptions import ClientError

from common.aws.session import AwsSession
from common.engine.garbage import Collector
from common.environment.config_files import load
from common.state.records import Records
from tests.commands.test_operations import BUCKET, PLACE, command, deployed, keys, refused
from tests.support.deploying import pool_of
from tests.support.repository import ACCOUNT, Repository
from tests.support.terminal import squeezed

__all__ = ["deployed"]
FUNCTION = "t-dev-acres-Validate"
HERE = f"{PLACE['region_name']}:{ACCOUNT}"
ROLE = "t-dev-acres-Validate-lambda"


def function_tags() -> dict[str, str]:
    return dict(boto3.client("lambda", **PLACE).list_tags(Resource=f"arn:aws:lambda:{HERE}:function:{FUNCTION}")["Tags"])


def role_tags() -> set[str]:
    return {tag["Key"] for tag in boto3.client("iam").list_role_tags(RoleName=ROLE)["Tags"]}


def root(project: str) -> dict[str, Any]:
    """The release root of a project."""
    body = boto3.client("s3", **PLACE).get_object(Bucket=BUCKET, Key=f"dev/{project}/release.json")["Body"].read()
    return dict(json.loads(body))


def undeclare(repository: Repository) -> None:
    """Takes the function out of the project."""
    body = (repository.root / "projects/acres/deploy.py").read_text()
    repository.write("projects/acres/deploy.py", "\n".join(line for line in body.splitlines() if "Validate" not in line))
    shutil.rmtree(repository.root / "projects/acres/lambda/Validate")


def bound(environment: str = "t-dev/dev") -> set[str]:
    """The ARNs of what carries the tag of an environment, as the tagging index has them."""
    pages = boto3.client("resourcegroupstaggingapi", **PLACE).get_paginator("get_resources")
    filters = [{"Key": "deployer:environment", "Values": [environment]}]
    return {item["ResourceARN"] for page in pages.paginate(TagFilters=filters) for item in page["ResourceTagMappingList"]}


def test_a_function_is_unbound_with_its_role_and_its_logs_and_stays(deployed: Repository) -> None:
    unconfirmed = deployed.invoke("unbind", "--env", "dev", "--only", "lambda/Validate")
    assert "3 resources will be unbound from dev, and nobody can be asked here. Add --yes dev" in refused(unconfirmed)
    assert ". lambda/Validate unbind stays as it is, without our tags and our record" in squeezed(unconfirmed.out)
    shown = deployed.invoke("unbind", "--env", "dev", "--only", "lambda/Validate", "--dry-run")
    assert "This was only shown. Nothing was unbound." in shown.out
    assert function_tags()
    before = (root("shared"), root("acres")["digests"])
    done = command(deployed, "unbind", "--only", "lambda/Validate", "--yes", "dev")
    unbound = {"lambda/Validate", "role/Validate-lambda", "log-group/Validate"}
    assert root("acres")["digests"] == {key: text for key, text in before[1].items() if key not in unbound}
    assert root("shared") == before[0], "of what stays nothing is written"
    assert {change["key"]: change["action"] for change in done["changes"]} == {
        "lambda/Validate": "unbind",
        "role/Validate-lambda": "unbind",
        "log-group/Validate": "unbind",
    }
    assert (function_tags(), role_tags()) == ({}, set())
    records = {key.partition("/records/")[2] for key in keys("dev/acres/records/")}
    assert not {name for name in records if "Validate" in name}
    released = command(deployed, "history", "--project", "acres", "--last", "1")["releases"][0]
    assert {change["key"] for change in released["changes"] if change["action"] == "unbind"} == unbound
    assert "acres: unbound: lambda/Validate, " in squeezed(deployed.invoke("history", "--env", "dev", "--last", "1").out)
    refusal = refused(deployed.invoke("plan", "--env", "dev"))
    assert "lambda/Validate: " in refusal
    assert "was unbound at" in refusal
    undeclare(deployed)
    assert command(deployed, "plan", "--prune")["counts"] == command(deployed, "plan")["counts"]
    assert command(deployed, "plan", "--prune")["counts"]["delete"] == 0


def test_a_whole_project_is_unbound_and_nothing_of_it_is_ours(deployed: Repository) -> None:
    assert "Add --only PATTERN or --project NAME" in refused(deployed.invoke("unbind", "--env", "dev"))
    wrong = refused(deployed.invoke("unbind", "--env", "dev", "--only", "lambda/Validat"))
    assert "matches nothing that is deployed. Did you mean 'lambda/Validate'?" in wrong
    before = bound()
    done = deployed.invoke("unbind", "--env", "dev", "--project", "acres", "--yes", "acres")
    assert (done.code, done.err) == (0, "")
    assert "state-machine/main goes on using log-group/states, which is still ours." in done.out
    assert {arn for arn in bound() if "acres" in arn} == set()
    assert len(before - bound()) >= 5
    assert role_tags() == set()
    assert keys("dev/acres/records/") == set()
    assert "dev/acres/release.json" not in keys()
    assert "There is nothing to unbind." in deployed.invoke("unbind", "--env", "dev", "--project", "acres", "--yes", "acres").out
    assert boto3.client("glue", **PLACE).get_job(JobName="t-dev-acres-load")["Job"]["Command"]["ScriptLocation"]


def test_the_bucket_of_the_records_and_a_layer_stay_ours(deployed: Repository) -> None:
    done = deployed.invoke("unbind", "--env", "dev", "--only", "*", "--yes", "dev")
    assert ". bucket/artifacts keep it holds the records of this environment" in squeezed(done.out)
    assert bound() == {f"arn:aws:s3:::{BUCKET}"}


def test_one_that_fails_half_way_is_completed_by_the_next(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized to perform iam:UntagRole"}}, "UntagRole")

    with monkeypatch.context() as patched:
        patched.setattr(handlers, "BUILTIN_HANDLERS", [("before-call.iam.UntagRole", refuse), *handlers.BUILTIN_HANDLERS])
        failed = deployed.invoke("unbind", "--env", "dev", "--only", "lambda/Validate", "--yes", "dev")
    assert failed.code == 1
    assert "iam:UntagRole" in failed.out
    assert role_tags()
    done = command(deployed, "unbind", "--only", "role/Validate-lambda", "--yes", "dev")
    assert [change["key"] for change in done["changes"]] == ["role/Validate-lambda"]
    assert role_tags() == set()


def test_the_script_of_an_unbound_job_is_kept_for_as_long_as_the_job_exists(deployed: Repository) -> None:
    done = deployed.invoke("unbind", "--env", "dev", "--project", "acres", "--yes", "acres")
    assert "glue-job/load: the scripts stay in the artifact bucket, and gc keeps them for as long as these exist." in squeezed(
        done.out
    )
    env, aws = load(deployed.root, "dev"), AwsSession("eu-central-1", ACCOUNT)

    versions = boto3.client("s3", **PLACE).list_object_versions(Bucket=BUCKET, Prefix="dev/acres/release.json")
    for version in (*versions["Versions"], *versions["DeleteMarkers"]):  # no release of the last ten names the script
        boto3.client("s3", **PLACE).delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])

    def garbage() -> set[str]:
        with pool_of(1) as pool:
            collector = Collector(env, aws, Records(aws, env), pool, datetime.now(UTC) + timedelta(days=100))
            return {item.key.split("/")[3] for item in collector.find("acres")}

    assert garbage() == {"Validate"}, "Lambda has a copy of the package"
    refusal = deployed.invoke("destroy", "--env", "dev", "--data", "--yes", "dev")
    assert "The artifact bucket stays, because it holds the scripts of jobs that are not deleted: glue-job/load." in squeezed(
        refusal.out
    )
    assert boto3.client("s3", **PLACE).list_buckets()["Buckets"]
    boto3.client("glue", **PLACE).delete_job(JobName="t-dev-acres-load")
    assert garbage() == {"Validate", "load"}


def test_one_that_is_created_again_takes_its_role_with_it_when_it_is_deleted(deployed: Repository) -> None:
    assert deployed.invoke("unbind", "--env", "dev", "--only", "lambda/Validate", "--yes", "dev").code == 0
    boto3.client("lambda", **PLACE).delete_function(FunctionName=FUNCTION)
    boto3.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="deployer-permissions")
    boto3.client("iam").delete_role(RoleName=ROLE)
    assert deployed.invoke("deploy", "--env", "dev", "--adopt").code == 0
    done = command(deployed, "destroy", "--only", "lambda/Validate", "--yes", "dev")
    actions = {change["key"]: change["action"] for change in done["changes"]}
    assert actions == {"lambda/Validate": "delete", "role/Validate-lambda": "delete", "log-group/Validate": "orphan"}


@pytest.fixture
def adopted(deployed: Repository) -> Repository:
    """The function was made by hand, and taken over; its role was made for it."""
    client = boto3.client("lambda", **PLACE)
    client.untag_resource(
        Resource=f"arn:aws:lambda:{HERE}:function:{FUNCTION}", TagKeys=["deployer:environment", "deployer:project"]
    )
    assert deployed.invoke("deploy", "--env", "dev", "--verify", "--adopt").code == 0
    return deployed


def test_destroy_leaves_what_was_adopted_and_the_role_that_it_runs_with(adopted: Repository) -> None:
    done = adopted.invoke("destroy", "--env", "dev", "--data", "--yes", "dev")
    assert (done.code, done.err) == (0, ""), done
    output = squeezed(done.out)
    assert (
        ". lambda/Validate unbind it was adopted, so it stays, without our tags and our record; --only lambda/Validate" in output
    )
    assert ". role/Validate-lambda unbind lambda/Validate, which stays, uses it" in output
    assert ". acres: lambda/Validate unbound" in output
    assert [function["FunctionName"] for function in boto3.client("lambda", **PLACE).list_functions()["Functions"]] == [FUNCTION]
    assert (function_tags(), role_tags()) == ({}, set())
    assert [role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]] == [ROLE]
    assert {arn for arn in bound() if ":job/" not in arn} == set()  # the index of moto never forgets a job


def test_what_an_adopted_machine_starts_is_deleted_and_told(deployed: Repository) -> None:
    arn = f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-calls"
    state = {"Type": "Task", "Resource": "${function.Validate.arn}", "End": True}
    deployed.project("acres", f"p.state_machine('calls', {{'StartAt': 'A', 'States': {{'A': {state!r}}}}})")
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    boto3.client("stepfunctions", **PLACE).untag_resource(resourceArn=arn, tagKeys=["deployer:environment", "deployer:project"])
    assert deployed.invoke("deploy", "--env", "dev", "--verify", "--adopt").code == 0
    done = deployed.invoke("destroy", "--env", "dev", "--yes", "dev")
    assert "state-machine/calls stays and uses lambda/Validate, which is deleted." in squeezed(done.out)
    assert boto3.client("lambda", **PLACE).list_functions()["Functions"] == []
    assert boto3.client("stepfunctions", **PLACE).describe_state_machine(stateMachineArn=arn)["name"] == "t-dev-acres-calls"
    assert {role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]} == {"t-dev-acres-calls-state-machine"}


def test_destroy_deletes_what_was_adopted_if_it_is_named(adopted: Repository) -> None:
    planned = command(adopted, "destroy", "--only", "lambda/Val*", "--dry-run")
    assert {change["key"]: change["action"] for change in planned["changes"]}["lambda/Validate"] == "unbind"
    done = json.loads(adopted.invoke("destroy", "--env", "dev", "--only", "lambda/Validate", "--yes", "dev", "--json").out)
    actions = {change["key"]: change["action"] for change in done["changes"]}
    assert actions == {"lambda/Validate": "delete", "role/Validate-lambda": "delete", "log-group/Validate": "orphan"}
    assert boto3.client("lambda", **PLACE).list_functions()["Functions"] == []
    assert "t-dev-acres-load" in {job["Name"] for job in boto3.client("glue", **PLACE).get_jobs()["Jobs"]}


def test_a_role_stays_that_something_unbound_before_runs_with(adopted: Repository) -> None:
    undeclare(adopted)
    first = adopted.invoke("deploy", "--env", "dev", "--prune", "--only", "lambda/V*")
    assert ". lambda/Validate unbound" in squeezed(first.out)
    second = adopted.invoke("deploy", "--env", "dev", "--prune")
    assert ". role/Validate-lambda unbound" in squeezed(second.out)
    assert boto3.client("iam").get_role(RoleName=ROLE)
