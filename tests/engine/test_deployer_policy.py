"""The printed policy allows every call that the deployer makes, and nothing that is not held to the environment's names."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.declare import project_names, projects
from common.engine import deployer_policy as policy
from common.environment import config, config_files
from common.environment.project import Project
from common.resources.role import Role
from tests.resources.builders import Place, final, live_state, prepare, updated
from tests.resources.cases import ALLOW
from tests.support.repository import CONFIG, SHARED, Repository, fresh_imports

ROOT = Path(__file__).resolve().parents[2]
WIDE = {
    *("cloudformation:CreateResource", "cloudformation:DeleteResource", "cloudformation:UpdateResource"),
    *("glue:CreateSecurityConfiguration", "glue:DeleteSecurityConfiguration", "kms:CreateKey"),
    *("lakeformation:CreateTable", "lambda:CreateEventSourceMapping"),
}
"""The Service Authorization Reference has no resource for what these create of types without a kind of their own."""
READING = ("Get", "List", "Describe", "Validate")


MINE = "arn:aws:iam::123456789012:role/given"
THEIRS = "arn:aws:lambda:eu-central-1:111111111111:layer:theirs:3"
SETTINGS = {
    "function": "FunctionSettings",
    "job": "JobSettings",
    "crawler": "CrawlerSettings",
    "state_machine": "StateMachineSettings",
}
RUNNING = [
    ("function", "lambda", "Validate"),
    ("job", "glue-job", "load"),
    ("crawler", "crawler", "look"),
    ("state_machine", "state-machine", "main"),
    ("trigger", "trigger", "nightly"),
]
"""What runs with a role: its section of configuration without the s, its kind, and the one that is declared."""
PLACES = ("the resource", "the defaults", "roles by kind", "roles by name")
DECLARED = [(*item, "the declaration") for item in RUNNING if item[0] in SETTINGS]
"""Triggers have no settings there."""


def document(name: str) -> dict[str, Any]:
    """The policy for an environment of this repository."""
    env = config_files.load(ROOT, name)
    with fresh_imports():
        declared = projects.load(ROOT, env, project_names.list_projects(ROOT))
    return policy.deployer(env, [resource for pipeline in declared for resource in pipeline.rendered()])


@pytest.fixture
def actions() -> set[str]:
    return {action for statement in document("dev")["Statement"] for action in statement["Action"]}


def printed(repository: Repository) -> list[dict[str, Any]]:
    """The statements of the policy that the task prints."""
    done = repository.invoke("policy", "--env", "dev")
    assert (done.code, done.err[:6]) in {(0, ""), (0, "note: ")}, done.err
    statements: list[dict[str, Any]] = json.loads(done.out)["Statement"]
    return statements


def passing(statements: list[dict[str, Any]]) -> dict[str, Any]:
    (statement,) = [item for item in statements if item["Action"] == ["iam:PassRole"]]
    return statement


def declaring(repository: Repository, **overrides: str) -> None:
    """A project with one of each kind that runs with a role, settings by kind as the declaration says them."""
    options = {kind: f", settings={model}({overrides[kind]})" if kind in overrides else "" for kind, model in SETTINGS.items()}
    shared = '    shared.bucket("final")\n    shared.database("acreage")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    repository.project(
        "acres",
        f"from common import {', '.join(SETTINGS.values())}",
        f'p.function("Validate"{options["function"]})',
        f'p.job("load"{options["job"]})',
        f'p.crawler("look", targets=[p.shared.bucket("final")/"t"], database=p.shared.database("acreage"){options["crawler"]})',
        f'm = p.state_machine("main", {{"StartAt": "A", "States": {{"A": {{"Type": "Succeed"}}}}}}{options["state_machine"]})',
        'p.schedule("nightly", m, "rate(1 day)")',
    )


def test_what_is_not_held_to_names_only_reads_or_delivers_logs() -> None:
    wide = [item for item in document("dev")["Statement"] if item["Resource"] == ["*"] and "Condition" not in item]
    actions = {action for statement in wide for action in statement["Action"]}
    assert actions >= WIDE
    operations = [action.partition(":")[2] for action in actions - WIDE]
    assert all(
        operation.startswith(READING) or "LogDelivery" in operation or operation == "PutResourcePolicy"
        for operation in operations
    )


def test_crawlers_are_created_with_the_tag_of_the_environment_alone(repository: Repository) -> None:
    """AWS holds glue:CreateCrawler to no resource: see its line of the Service Authorization Reference."""
    declaring(repository)
    statements = [item for item in printed(repository) if "glue:CreateCrawler" in item["Action"]]
    condition = {"StringEquals": {"aws:RequestTag/deployer:environment": "t-dev/dev"}}
    assert statements == [{"Effect": "Allow", "Action": ["glue:CreateCrawler"], "Resource": ["*"], "Condition": condition}]
    repository.project("acres")
    assert "glue:CreateCrawler" not in json.dumps(printed(repository))


def test_what_is_not_used_is_not_allowed(repository: Repository) -> None:
    def allowed() -> set[str]:
        return {action for statement in printed(repository) for action in statement["Action"]}

    asked_by_lambda = {"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"}
    declaring(repository)
    assert not asked_by_lambda & allowed()
    assert {"iam:CreateRole", "iam:PutRolePolicy", "iam:PassRole", "logs:CreateLogDelivery"} < allowed()
    network = {"subnet_ids": ["subnet-0123abcd"], "security_group_ids": ["sg-0123abcd"]}
    parameters = {"arns": dict.fromkeys(("lambda", "glue-job", "crawler", "state-machine", "trigger"), MINE)}
    repository.configure(network=network, defaults={"function": {"vpc": True}}, roles=parameters)
    removing = {"DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "GetRole", "ListAttachedRolePolicies", "ListRolePolicies"}
    removing |= {"UntagRole"}
    assert {action for action in allowed() if action.startswith("iam:")} == {
        *(f"iam:{item}" for item in (*removing, "GetRolePolicy", "GetPolicy", "GetPolicyVersion")),
        *("iam:ListRoles", "iam:PassRole"),
    }  # fmt: skip
    assert passing(printed(repository))["Resource"] == [MINE]
    assert asked_by_lambda < allowed()
    repository.write("projects/acres/glue/landing/load.py", "print(1)")
    repository.project("acres")
    assert passing(printed(repository))["Condition"] == {
        "StringEquals": {"iam:PassedToService": ["glue.amazonaws.com", "lambda.amazonaws.com"]}
    }
    assert "logs:CreateLogDelivery" not in allowed()


def test_no_action_is_a_pattern(actions: set[str]) -> None:
    assert not [action for action in actions if "*" in action]


def test_two_environments_of_one_account_cannot_touch_each_others() -> None:
    text = json.dumps(document("prod"))
    assert "acres-prod" in text
    assert "acres-dev" not in text


@pytest.mark.parametrize("place", ["the resource", "the declaration", "the defaults"])
def test_layers_of_others_may_be_used_wherever_they_are_named_and_nothing_else(repository: Repository, place: str) -> None:
    declaring(repository)
    assert THEIRS not in json.dumps(printed(repository))
    if place == "the resource":
        repository.configure(projects={"acres": {"functions": {"Validate": {"layers": [THEIRS]}}}})
    elif place == "the defaults":
        repository.configure(defaults={"function": {"layers": [THEIRS]}})
    else:
        declaring(repository, function=f"layers=({THEIRS!r},)")
    (statement,) = [item for item in printed(repository) if THEIRS in item["Resource"]]
    assert (statement["Action"], statement["Resource"]) == (["lambda:GetLayerVersion"], [THEIRS])


@pytest.mark.parametrize(
    ("section", "kind", "name", "place"), [(*item, place) for item in RUNNING for place in PLACES] + DECLARED
)
def test_existing_roles_may_be_passed_wherever_they_are_named(
    repository: Repository, section: str, kind: str, name: str, place: str
) -> None:
    fields: dict[str, Any] = {
        "the resource": {"projects": {"acres": {f"{section}s": {name: {"role": MINE}}}}},
        "the defaults": {"defaults": {section: {"role": MINE}}},
        "roles by kind": {"roles": {"arns": {kind: MINE}}},
        "roles by name": {"roles": {"arns": {f"{kind}/{name}": MINE}}},
    }
    declaring(repository, **({} if place in fields else {section: f"role={MINE!r}"}))
    repository.configure(**fields.get(place, {}))
    assert passing(printed(repository))["Resource"] == [MINE, "arn:aws:iam::123456789012:role/t-dev/dev/*/*"]


def test_roles_may_be_passed_only_if_used_and_only_to_services_that_run_pipelines(repository: Repository) -> None:
    declaring(repository)
    nearer = f"{MINE}-nearer"
    repository.configure(roles={"arns": {"lambda": MINE, "lambda/Validate": nearer}})
    statement = passing(printed(repository))
    assert statement["Resource"] == [nearer, "arn:aws:iam::123456789012:role/t-dev/dev/*/*"]
    services = [f"{service}.amazonaws.com" for service in ("events", "glue", "lambda", "states")]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": services}}


def test_printing_the_policy_needs_no_credentials(repository: Repository, no_credentials: None) -> None:
    declaring(repository)
    repository.configure(projects={"acres": {"parameters": {"most": "ssm:/acres/most"}}})
    repository.project("acres", 'p.function("Validate", environment={"MOST": "${most}"})')
    assert "parameter/acres/most" in json.dumps(printed(repository))


@pytest.mark.parametrize("selector", ["", ":3", ":stable"])
def test_a_parameter_is_allowed_by_its_name_whatever_its_version(selector: str) -> None:
    project = Project(parameters={"most": f"ssm:/acres/most{selector}"})
    env = config_files.load(ROOT, "dev").model_copy(update={"projects": {"acres": project}})
    (statement,) = [item for item in policy.deployer(env, [])["Statement"] if item["Action"] == ["ssm:GetParameters"]]
    assert statement["Resource"] == ["arn:aws:ssm:us-east-1:111111111111:parameter/acres/most"]


def test_a_database_is_deleted_with_its_tables_and_functions() -> None:
    (statement,) = [item for item in document("dev")["Statement"] if "glue:DeleteDatabase" in item["Action"]]
    arn = "arn:aws:glue:us-east-1:111111111111:"
    parts = {f"{arn}{part}" for part in ("database/acres_dev_acreage", "table/acres_dev_acreage/*")}
    assert {f"{arn}catalog", f"{arn}userDefinedFunction/acres_dev_acreage/*", *parts} < {*statement["Resource"]}


class Deployer(AwsSession):
    """Someone with the printed policy, but for what is left over by its tag: what it says of roles is held against each call."""

    def __init__(self, boundary: str | None) -> None:
        super().__init__(Place().region, Place().account_id, sleep=lambda _: None)
        env = config.Environment.model_validate({**CONFIG, "roles": {"permissions_boundary": boundary}})
        statements = policy.deployer(env, [Place().role()])["Statement"]
        self._statements = [
            statement for statement in statements if "aws:ResourceTag" not in json.dumps(statement.get("Condition"))
        ]

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        allowing = [statement for statement in self._statements if f"{service}:{operation}" in statement["Action"]]
        if not any(self._holds(item.get("Condition"), parameters) for item in allowing):
            raise AwsError(service, operation, "AccessDenied", "no identity-based policy allows it")
        return super().call(service, operation, **parameters)

    def _holds(self, condition: dict[str, Any] | None, parameters: dict[str, Any]) -> bool:
        if condition is None:
            return True
        bound = parameters.get("PermissionsBoundary")
        if bound is None and (response := self.find("iam", "GetRole", "NoSuchEntity", RoleName=parameters["RoleName"])):
            bound = response["Role"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return condition == {"StringEquals": {"iam:PermissionsBoundary": bound}}


@pytest.mark.parametrize("before", ["nothing", "no boundary", "another boundary", "the boundary", "a role in the making"])
@pytest.mark.parametrize("bounded", [True, False])
def test_with_and_without_a_boundary_roles_can_be_managed(moto: None, before: str, bounded: bool) -> None:
    place = Place()
    boundary = place.policy_arn("reader") if bounded else None
    boundaries = {"another boundary": place.policy_arn("writer"), "the boundary": boundary}
    prepare(AwsSession(place.region, place.account_id))

    def role(bound: str | None) -> Role:
        return place.role(statements=(ALLOW,), managed_policies=(place.policy_arn("writer"),), boundary=bound)

    desired, deployer = role(boundary), Deployer(boundary)
    if before == "a role in the making":
        place.role().create(Deployer(None), final(place.role()))
        desired.create(deployer, final(desired))
    elif before == "nothing":
        desired.create(deployer, final(desired))
    else:
        there = role(boundaries.get(before))
        there.create(Deployer(there.boundary), final(there))
        updated(deployer, desired, {"PermissionsBoundary", "Policies", "AttachedPolicies"})
    assert live_state(deployer, desired) == final(desired)
    desired.delete(deployer)
    assert desired.read(deployer) is None


def test_who_must_set_a_boundary_cannot_do_without(moto: None) -> None:
    place = Place()
    boundary = place.policy_arn("reader")
    prepare(AwsSession(place.region, place.account_id))
    free, wide = place.role(statements=(ALLOW,)), place.role(boundary=place.policy_arn("writer"))
    with pytest.raises(AwsError, match="CreateRole"):
        free.create(Deployer(boundary), final(free))
    free.create(Deployer(None), final(free))
    for operation, other, changed in (
        ("PutRolePolicy", free, "Policies"),
        ("AttachRolePolicy", place.role(managed_policies=(boundary,)), "AttachedPolicies"),
        ("PutRolePermissionsBoundary", wide, "PermissionsBoundary"),
        ("DeleteRolePermissionsBoundary", free, "PermissionsBoundary"),
    ):
        with pytest.raises(AwsError, match=rf"{operation}\b"):
            updated(Deployer(boundary), other, {changed}, stale={changed: boundary})
