"""`invoke destroy` as typed, against moto: what is listed goes, what holds data stays, and nothing goes unasked."""

import json
import re
import shutil
from typing import Any

import boto3
import pytest
from botocore import handlers
from botocore.exceptions import ClientError

from tests.commands.test_operations import BUCKET, PLACE, command, deployed, keys, refused
from tests.support.repository import Repository
from tests.support.terminal import squeezed

__all__ = ["deployed"]


def test_destroy_keeps_data_and_a_deploy_takes_it_up_again(deployed: Repository) -> None:
    unconfirmed = deployed.invoke("destroy", "--env", "dev")
    assert re.search(
        r"\d+ resources will be deleted from dev, and nobody can be asked here\. Add --yes dev if", refused(unconfirmed)
    )
    assert "- lambda/Validate delete is destroyed" in squeezed(unconfirmed.out)
    assert ". table/runs keep it holds data and stays, unless you say --data" in squeezed(unconfirmed.out)
    assert "no longer declared" not in unconfirmed.out
    unnamed = deployed.invoke("destroy", "--env", "dev", "--yes")
    assert "--yes takes the name of the environment or project: --yes dev." in refused(unnamed)
    assert "--yes is 'prod', but this is about 'dev'" in refused(deployed.invoke("destroy", "--env", "dev", "--yes", "prod"))
    assert len(boto3.client("lambda", **PLACE).list_functions()["Functions"]) == 1
    done = deployed.invoke("destroy", "--env", "dev", "--yes", "dev")
    assert (done.code, done.err) == (0, "")
    listed, _, carried_out = done.out.partition("destroy ")
    assert re.search(r"(\d+) deleted, 6 kept", carried_out), carried_out
    assert int(re.findall(r"(\d+) deleted", carried_out)[0]) == listed.count("\n  - ") == carried_out.count("\n  - ")
    assert boto3.client("lambda", **PLACE).list_functions()["Functions"] == []
    assert boto3.client("dynamodb", **PLACE).list_tables()["TableNames"] == ["t-dev-acres-runs"]
    groups = {f"log-group/{name}.json" for name in ("Validate", "states", "glue/output", "glue/error")}
    data = {"bucket/artifacts.json", "table/runs.json", *groups}
    assert {key.partition("/records/")[2] for key in keys() if "/records/" in key} == data
    logged = boto3.client("logs", **PLACE).describe_log_groups()["logGroups"]
    assert "/aws/lambda/t-dev-acres-Validate" in {group["logGroupName"] for group in logged}
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    assert command(deployed, "drift")["drifted"] == []


@pytest.mark.parametrize("words", [("--yes",), ("--yes", "prod"), ("--project", "acres", "--yes", "dev")])
def test_a_wrong_name_is_refused_before_anything_is_read(deployed: Repository, words: tuple[str, ...]) -> None:
    for command_name, more in (("destroy", ()), ("unbind", ("--only", "*"))):
        ended = deployed.invoke(command_name, "--env", "dev", *more, *words, "--json")
        output = json.loads(ended.out)
        assert (ended.code, output["outcome"], output["api_calls"]["total"]) == (1, "failed", 0)
        assert "--yes" in output["error"]


def test_destroying_one_project_leaves_the_others_alone(deployed: Repository) -> None:
    deployed.project("other")
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    assert "there is acres, other, shared" in refused(deployed.invoke("destroy", "--env", "dev", "--project", "nothing"))
    assert deployed.invoke("destroy", "--env", "dev", "--project", "acres", "--data", "--yes", "acres").code == 0
    assert {function["FunctionName"] for function in boto3.client("lambda", **PLACE).list_functions()["Functions"]} == {
        "t-dev-other-Validate"
    }
    assert keys("dev/acres/records/") == set()
    assert "dev/acres/release.json" not in keys()
    assert command(deployed, "plan", "--project", "other")["counts"]["create"] == 0
    assert "There is nothing to delete" in deployed.invoke("destroy", "--env", "dev", "--project", "acres").out


def test_destroy_with_data_leaves_nothing_at_all(deployed: Repository) -> None:
    boto3.client("s3", **PLACE).put_object(Bucket=BUCKET, Key="other-team/x", Body=b"")
    refusal = refused(deployed.invoke("destroy", "--env", "dev", "--data", "--yes", "dev"))
    assert "it holds other-team, too" in refusal
    for version in boto3.client("s3", **PLACE).list_object_versions(Bucket=BUCKET, Prefix="other-team/")["Versions"]:
        boto3.client("s3", **PLACE).delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    unasked = deployed.invoke("destroy", "--env", "dev", "--data", "--json")
    output = json.loads(unasked.out)
    assert (output["outcome"], refused(unasked)) == ("failed", f"error: {output['error']}\n")
    assert output["in_aws"]["acres:lambda/Validate"]["name"] == "t-dev-acres-Validate"
    assert output["not_tried"] == sorted(f"{change['project']}:{change['key']}" for change in output["changes"])
    output = command(deployed, "destroy", "--data", "--yes", "dev")
    assert (output["outcome"], output["error"], output["failed"], output["not_tried"]) == ("succeeded", None, {}, [])
    assert output["projects"] == ["acres", "shared"]
    gone = output["changes"]
    assert {change["action"] for change in gone} == {"delete"}
    assert [change["reason"] for change in gone if change["key"] == "bucket/artifacts"] == [
        "is deleted last, with all records and artifacts"
    ]
    assert gone[-1].keys() == {"project", "key", "action", "reason", "changed"}
    assert boto3.client("s3", **PLACE).list_buckets()["Buckets"] == []
    assert boto3.client("iam").list_roles()["Roles"] == []
    assert boto3.client("logs", **PLACE).describe_log_groups()["logGroups"] == []
    assert boto3.client("dynamodb", **PLACE).list_tables()["TableNames"] == []
    assert "There is nothing to delete" in deployed.invoke("destroy", "--env", "dev", "--data").out


def test_a_deletion_that_fails_leaves_the_artifact_bucket_and_what_was_not_deleted_in_its_records(
    deployed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody would know any more what is left."""

    def refuse(**_: Any) -> None:
        refusal = {"Code": "AccessDeniedException", "Message": "not authorized to perform dynamodb:DeleteTable"}
        raise ClientError({"Error": refusal}, "DeleteTable")

    with monkeypatch.context() as patched:
        refusal = ("before-call.dynamodb.DeleteTable", refuse)
        patched.setattr(handlers, "BUILTIN_HANDLERS", [refusal, *handlers.BUILTIN_HANDLERS])
        done = deployed.invoke("destroy", "--env", "dev", "--data", "--yes", "dev", "--json")
        again = deployed.invoke("destroy", "--env", "dev", "--data", "--yes", "dev")
    assert "The artifact bucket" not in refused(again) + again.out, "whether it can go is not asked any more"
    output = json.loads(done.out)
    assert (done.code, output["outcome"], list(output["failed"])) == (1, "failed", ["acres:table/runs"])
    assert "dynamodb:DeleteTable" in output["failed"]["acres:table/runs"]
    assert "dev/acres/records/table/runs.json" in keys()
    assert command(deployed, "destroy", "--data", "--yes", "dev")["outcome"] == "succeeded"
    assert boto3.client("s3", **PLACE).list_buckets()["Buckets"] == []


def test_logs_stay_when_their_function_goes(deployed: Repository) -> None:
    """What was logged cannot be made again; who no longer wants it says so."""
    deployed.project("acres")
    shutil.rmtree(deployed.root / "projects/acres/lambda/Validate")
    pruned = deployed.invoke("deploy", "--env", "dev", "--prune")
    assert pruned.code == 0, pruned.err
    assert "- lambda/Validate deleted" in squeezed(pruned.out)
    assert "log-group/Validate" not in pruned.out
    planned = deployed.invoke("plan", "--env", "dev", "--prune")
    assert ". log-group/Validate orphan no longer declared; it holds data and stays, unless you say --data" in squeezed(
        planned.out
    )
    assert "- log-group/Validate deleted" in squeezed(deployed.invoke("deploy", "--env", "dev", "--prune", "--data").out)
