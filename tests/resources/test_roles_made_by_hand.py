"""A role that somebody has deleted and made again: it is noticed, and what runs with it is given it anew.

See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids .
"""

import json
import re
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest

from common.engine.renewed_roles import ids_after, replaced
from common.model.resource import Key
from tests.commands.test_operations import BUCKET, MACHINE, PLACE, command
from tests.resources.test_renewed_roles import changes, delete_role, works
from tests.support.repository import SHARED, Repository

HERE = {"Bucket": BUCKET, "Key": "dev/acres/release.json"}
FUNCTION, ROLE = "t-dev-acres-Validate", "t-dev-acres-Validate-lambda"
LINES = (
    'p.function("Validate", environment={"ZONE": "landing"})',
    'p.job("load")',
    'p.crawler("look", targets=[p.shared.bucket("final") / "t"], database=p.shared.database("acreage"))',
    MACHINE,
    'p.schedule("daily", m, "rate(1 day)")',
)
USERS = ("lambda/Validate", "glue-job/load", "crawler/look", "state-machine/main", "rule/daily")
AGAIN = "update: its role was deleted and made again"


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    """One of each kind that runs with a role."""
    shared = '    shared.bucket("final")\n    shared.database("acreage")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    repository.project("acres", *LINES)
    first = repository.invoke("deploy", "--env", "dev")
    assert (first.code, first.err) == (0, ""), first
    return repository


def make_again(name: str, *, whole: bool = True, tagged: bool = True) -> None:
    """Deletes a role and makes one of its name: as it was, or without its policy, or without its tags."""
    iam = boto3.client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    policies = {
        policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
    }
    delete_role(name)
    trust, tags = json.dumps(role["AssumeRolePolicyDocument"]), role["Tags"] if tagged else []
    made = iam.create_role(RoleName=name, Path=role["Path"], AssumeRolePolicyDocument=trust, Tags=tags)["Role"]
    assert made["RoleId"] != role["RoleId"]
    for policy, document in policies.items() if whole else ():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def calls(items: dict[str, Any]) -> dict[str, int]:
    return dict(items["api_calls"]["by_operation"])


def root() -> dict[str, Any]:
    return dict(json.loads(boto3.client("s3", **PLACE).get_object(**HERE)["Body"].read()))


def test_what_runs_with_a_role_that_was_made_again_by_hand_is_given_it_anew(deployed: Repository) -> None:
    unchanged = calls(command(deployed, "deploy"))
    assert set(root()["roles"]) == {f"role/{name}" for name in ("Validate-lambda", "load-glue-job", "look-crawler")} | {
        "role/main-state-machine",
        "role/daily-trigger",
    }
    for key in root()["roles"]:
        make_again(f"t-dev-acres-{key.removeprefix('role/')}")
    assert not works(FUNCTION)
    assert changes(command(deployed, "plan", code=2)) == dict.fromkeys(USERS, AGAIN)
    drifted = command(deployed, "drift", code=2)["drifted"]
    assert {item["key"]: item["how"] for item in drifted} == dict.fromkeys(root()["roles"], "replaced")
    assert drifted[0]["what"].endswith(" was deleted and made again; `deploy` updates what runs with it")
    assert command(deployed, "deploy")["failed"] == {}
    assert works(FUNCTION)
    assert calls(command(deployed, "deploy")) == unchanged
    assert not any(operation.startswith("s3:Put") or operation == "s3:GetObject" for operation in unchanged)
    assert command(deployed, "drift")["drifted"] == []


def test_only_what_runs_with_it_is_updated(deployed: Repository) -> None:
    make_again("t-dev-acres-load-glue-job")
    assert changes(command(deployed, "plan", code=2)) == {"glue-job/load": AGAIN}


def test_a_role_that_was_made_otherwise_is_brought_up_to_date_too(deployed: Repository) -> None:
    make_again(ROLE, whole=False)
    planned = changes(command(deployed, "plan", code=2))
    planned = {key: re.sub(r" since [0-9: -]{16}", "", reason) for key, reason in planned.items()}
    assert planned == {
        "role/Validate-lambda": "update: changed by somebody else: - logs:CreateLogStream, logs:PutLogEvents on "
        "log-group:/aws/lambda/t-dev-acres-Validate:*; this is put back",
        "lambda/Validate": AGAIN,
    }
    command(deployed, "deploy")
    assert works(FUNCTION)
    command(deployed, "plan")


def test_a_role_that_somebody_has_made_for_himself_is_not_touched(deployed: Repository) -> None:
    make_again(ROLE, tagged=False)
    refused = deployed.invoke("deploy", "--env", "dev")
    assert refused.code == 1
    assert ROLE in refused.err
    assert "adopt" in refused.err


def test_a_part_of_the_deploy_leaves_it_to_be_noticed(deployed: Repository) -> None:
    make_again(ROLE)
    command(deployed, "deploy", "--only", "role/*")
    command(deployed, "deploy", "--only", "glue-job/*")
    assert changes(command(deployed, "plan", code=2)) == {"lambda/Validate": AGAIN}


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_could_not_be_given_it_is_noticed_again(deployed: Repository, by_hand: bool) -> None:
    iam = boto3.client("iam")
    if by_hand:
        make_again(ROLE)
    else:
        delete_role(ROLE)
    iam.create_role(RoleName=f"{ROLE}-again", AssumeRolePolicyDocument="{}")  # so no role can stand in
    assert deployed.invoke("deploy", "--env", "dev").code == 1
    iam.delete_role(RoleName=f"{ROLE}-again")
    assert "made again" in changes(command(deployed, "plan", code=2))["lambda/Validate"]
    command(deployed, "deploy")
    assert works(FUNCTION)
    command(deployed, "plan")


def test_a_root_of_before_the_ids_is_taken_as_it_is_and_told_them_by_the_next_release(deployed: Repository) -> None:
    s3, unchanged = boto3.client("s3", **PLACE), calls(command(deployed, "deploy"))
    body = {name: value for name, value in root().items() if name != "roles"}
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(**HERE)["TagSet"] if tag["Key"] != "roles-sha256"}
    s3.put_object(**HERE, Body=json.dumps(body), Tagging=urlencode(tags))
    assert calls(command(deployed, "deploy")) == unchanged
    assert "roles" not in root()
    deployed.project("acres", *(line.replace('"ZONE": "landing"', '"ZONE": "final"') for line in LINES))
    command(deployed, "deploy")
    assert len(root()["roles"]) == 5
    make_again(ROLE)
    assert changes(command(deployed, "plan", code=2)) == {"lambda/Validate": AGAIN}


class User:
    """A resource as far as roles are concerned."""

    def __init__(self, key: Key, *needs: Key) -> None:
        self.key, self.needs = key, needs


def test_a_new_id_is_kept_only_once_all_that_runs_with_the_role_has_it() -> None:
    role, user = Key("p", "role", "r"), Key("p", "lambda", "f")
    declared: Any = [User(role), User(user, role)]

    def after(before: dict[str, str], now: str | None, *, made: bool = False, settled: bool = True) -> dict[str, str]:
        return ids_after(
            declared, before, {role: now} if now else {}, {role} if made else (), {role, user} if settled else {role}
        )

    assert after({}, "1", settled=False) == {"role/r": "1"}  # of before ids were known
    assert after({"role/r": "1"}, "1", settled=False) == {"role/r": "1"}
    assert after({"role/r": "1"}, "2", settled=False) == {"role/r": "1"}
    assert after({"role/r": "1"}, "2") == {"role/r": "2"}
    assert after({"role/r": "1"}, None, settled=False) == {"role/r": "1"}
    assert after({"role/r": "1"}, None) == {}
    assert after({}, "2", made=True, settled=False) == {"role/r": ""}
    assert after({}, None, made=True, settled=False) == {"role/r": ""}  # it is about to be made again
    assert replaced({role: "2"}, {"p": {"role/r": ""}}) == {role}
    assert replaced({role: "2"}, {"p": {}}) == set()
