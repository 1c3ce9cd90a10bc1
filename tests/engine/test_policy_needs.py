"""The printed policy allows each command what its calls need, judged by IAM's reference and not by the product's own tables."""

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore import handlers

from common.resources import kinds
from tests.engine.test_deployer_policy import ROOT, printed
from tests.support.iam import FUNCTION, HERE, IMPORTING, NEEDS, UNPRINTED, Asked, allows, asked, same
from tests.support.repository import SHARED, Ended, Repository
from tests.support.type_tests import said_by_types

TAGS = {"deployer:environment": "t-dev/dev"}
SHARED_LINES = ('shared.bucket("landing")', 'shared.bucket("final")', 'shared.database("acreage")', 'shared.topic("alerts")')
LINES = (
    'runs = p.table("runs", partition_key="id")',
    'deps = p.layer("deps")',
    'p.function("Validate", layers=[deps], environment={"ZONE": "landing"})',
    'p.job("load", arguments={"--zone": "landing"})',
    'p.crawler("look", targets=[p.shared.bucket("final") / "t"], database=p.shared.database("acreage"))',
    'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})',
    'p.schedule("daily", m, "rate(1 day)")',
    "p.run_by(m, starting={})",
)
LAMBDA = f"arn:aws:lambda:{HERE}:function:t-dev-acres-Validate"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main"
EXECUTION = f"arn:aws:states:{HERE}:execution:t-dev-acres-main:0f"
ROLE = {"Path": "/t-dev/dev/acres/", "RoleName": "t-dev-acres-Validate-lambda"}
ROLE_ARN = "arn:aws:iam::123456789012:role/t-dev/dev/acres/t-dev-acres-Validate-lambda"
STORED = {"Bucket": "t-dev-artifacts", "Key": "dev/acres/release.json"}
CODE = {"S3Bucket": "t-dev-artifacts", "S3Key": "dev/acres/artifacts/Validate/0f.zip"}
LAYER_ARN = f"arn:aws:lambda:{HERE}:layer:t-dev-acres-deps:1"
RULE_ARN = f"arn:aws:events:{HERE}:rule/t-dev-acres-daily"
GROUPS = ["/aws/lambda/t-dev-acres-Validate", "/t-dev/glue/output", "/aws/vendedlogs/states/t-dev"]
EXAMPLES: Mapping[str, list[dict[str, Any]]] = {
    "s3": [
        {
            **STORED,
            "VersionId": "1",
            "IfMatch": "e",
            "Tagging": "a=b",
            "Delete": {"Objects": [{"Key": "dev/acres/lock.json", "VersionId": "1"}]},
        },
        *(
            {"Bucket": f"t-dev-{name}-123456789012", "Key": "t/x", "Delete": {"Objects": [{"Key": "t/x"}]}}
            for name in ("landing", "final")
        ),
    ],
    "lambda": [
        {
            "FunctionName": "t-dev-acres-Validate",
            "Resource": LAMBDA,
            "Role": ROLE_ARN,
            "Layers": [LAYER_ARN],
            "VpcConfig": {"SubnetIds": ["subnet-0123abcd"]},
            "LayerName": "t-dev-acres-deps",
            "VersionNumber": 1,
            "Code": CODE,
            "Content": CODE,
            **CODE,
        }
    ],
    "glue": [
        {"JobName": "t-dev-acres-load", "Name": "t-dev-acres-load", "ResourceArn": f"arn:aws:glue:{HERE}:job/t-dev-acres-load"}
        | {"Role": ROLE_ARN, "JobUpdate": {"Role": ROLE_ARN}},
    ],
    "stepfunctions": [
        {"name": "t-dev-acres-main", "stateMachineArn": MACHINE, "resourceArn": MACHINE, "executionArn": EXECUTION}
        | {"roleArn": ROLE_ARN, "loggingConfiguration": {"level": "ERROR"}}
    ],
    "events": [
        {"Name": "t-dev-acres-daily", "Rule": "t-dev-acres-daily", "ResourceARN": RULE_ARN, "Targets": [{"RoleArn": ROLE_ARN}]}
    ],
    "iam": [{**ROLE, "PolicyArn": "arn:aws:iam::aws:policy/AWSLambdaExecute"}],
    "dynamodb": [{"TableName": "t-dev-acres-runs", "ResourceArn": f"arn:aws:dynamodb:{HERE}:table/t-dev-acres-runs"}],
    "sns": [{"Name": "t-dev-alerts", **dict.fromkeys(("TopicArn", "ResourceArn"), f"arn:aws:sns:{HERE}:t-dev-alerts")}],
    "logs": [
        {
            "logGroupName": name,
            "logGroupIdentifier": name,
            "logStreamName": "s",
            "resourceArn": f"arn:aws:logs:{HERE}:log-group:{name}",
        }
        for name in GROUPS
    ],
    "ssm": [{"Names": ["/acres/most"]}],
}
"""The declared resources of each service, as its calls name them."""
OTHERS = {
    "Crawler": {"Name": "t-dev-acres-look", "Role": ROLE_ARN, "Tags": TAGS},
    "Database": {"Name": "t_dev_acreage", "DatabaseInput": {"Name": "t_dev_acreage"}},
}
"""Where the names of a call's parameters do not tell its kind: how the call ends."""
GLUE_ARNS = [f"arn:aws:glue:{HERE}:{item}" for item in ("crawler/t-dev-acres-look", "database/t_dev_acreage")]
GLUE_LOGS = "/aws-glue/jobs/output"


@pytest.fixture
def acres(repository: Repository) -> Repository:
    """A project with a resource of every type, a parameter, and shared resources."""
    repository.write("deploy.py", SHARED.replace("return shared", "\n    ".join([*SHARED_LINES, "return shared"])))
    repository.write("projects/acres/layers/deps/deps.py", "x = 1\n")
    repository.project("acres", *LINES)
    return repository


def questions(call: str) -> Iterator[Asked]:
    """What IAM is asked for this call on every declared resource of its service."""
    service, _, operation = call.partition(":")
    for example in EXAMPLES.get(service, [{}]):
        yield from asked(call, {**example, **next((other for kind, other in OTHERS.items() if operation.endswith(kind)), {})})
    for arn in GLUE_ARNS if "{ResourceArn}" in {need.arn for need in NEEDS[call]} and service == "glue" else ():
        yield from asked(call, {"ResourceArn": arn})


def test_every_call_on_every_declared_resource_is_allowed(acres: Repository) -> None:
    acres.configure(
        projects={"acres": {"parameters": {"most": "ssm:/acres/most"}}},
        network={"subnet_ids": ["subnet-0123abcd"], "security_group_ids": ["sg-0123abcd"]},
        defaults={"function": {"vpc": True}},
        roles={"arns": {"trigger": "arn:aws:iam::123456789012:role/theirs"}},
    )
    acres.project("acres", *LINES, 'p.function("Most", folder="lambda/Validate", environment={"MOST": "${most}"})')
    statements = printed(acres)
    # Whatever its tags are: those of what is no longer declared are another matter.
    refused = [
        f"{call} needs {question}" for call in NEEDS for question in questions(call) if not allows(statements, question, {})
    ]
    assert refused == []


@pytest.mark.parametrize(
    "group", ["jobs/output", "jobs/error", "jobs-role-secured/output", "python-jobs/output", "python-jobs/error"]
)
def test_what_glue_logs_in_groups_of_its_own_can_be_read(acres: Repository, group: str) -> None:
    """Where a failed run says why.

    Those of encrypted lines have other names: https://docs.aws.amazon.com/glue/latest/dg/console-security-configurations.html.
    """
    acres.project("acres", 'p.job("load", settings={"security_configuration": "secured"})')
    statements, place = (
        printed(acres),
        {"logGroupName": f"/aws-glue/{group}", "logStreamName": "jr_1"},
    )
    for call in ("logs:GetLogEvents", "logs:FilterLogEvents"):
        assert [item for item in asked(call, place) if item.arn.count(":") > 6 and not allows(statements, item, {})] == []


def test_the_log_of_a_crawler_can_be_read(acres: Repository) -> None:
    """As in https://docs.aws.amazon.com/glue/latest/dg/monitor-crawler.html."""
    for group in ("/aws-glue/crawlers", "/aws-glue/crawlers-role/look-secured"):
        questions = asked("logs:FilterLogEvents", {"logGroupName": group})
        assert [item for item in questions if not allows(printed(acres), item, {})] == []


def test_a_temporary_machine_can_be_made_and_deleted_where_machines_are_named(acres: Repository) -> None:
    """The names of another environment begin like those of the project, so no pattern stands for them."""
    acres.configure("other", name_prefix="t-dev-acres-other", artifact_bucket="t-other")
    statements, machine = printed(acres), f"{MACHINE}-from-0123abcd"
    here = {"name": machine.rpartition(":")[2], "stateMachineArn": machine, "roleArn": ROLE_ARN}
    execution = {"executionArn": f"{EXECUTION.rpartition(':')[0]}-from-0123abcd:run-1"}
    for call in ("CreateStateMachine", "DeleteStateMachine", "StartExecution"):
        assert [item for item in asked(f"stepfunctions:{call}", here) if not allows(statements, item, {})] == []
    for call in ("StopExecution", "GetExecutionHistory"):
        assert [item for item in asked(f"stepfunctions:{call}", execution) if not allows(statements, item, {})] == []


def test_no_action_is_allowed_that_no_call_needs(acres: Repository) -> None:
    printed_actions = {action for statement in printed(acres) for action in statement["Action"]}
    # Where a bucket has access control by attributes, S3 takes this action for its tags.
    needed = {need.action for needs in {**NEEDS, **UNPROVISIONING, **said_by_types("NEEDS")}.values() for need in needs}
    assert printed_actions - needed == {"s3:TagResource"}


def test_no_statement_is_about_nothing_which_iam_refuses(repository: Repository) -> None:
    repository.project("acres")
    assert [item for item in printed(repository) if not item["Action"] or not item["Resource"]] == []


def named_calls() -> set[str]:
    """Every operation that the source names beside its service."""
    result = set()
    for path in (ROOT / "common").rglob("*.py"):
        if {"local", "testing"} & {*path.parts}:  # nothing that a deploy does
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"call", "find", "pages"}
            ):
                words = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                if len(words) == 2:
                    result.add(":".join(words))
    return result


PUBLISHING = same(
    "lambda",
    "CreateAlias DeleteFunction ListAliases ListVersionsByFunction PublishVersion UpdateAlias GetProvisionedConcurrencyConfig "
    "PutProvisionedConcurrencyConfig",
    FUNCTION,
    f"{FUNCTION}:live",
)
"""The calls for a function that publishes versions; Lambda holds some of them to the function, and some to the alias."""


UNPROVISIONING = same("lambda", "DeleteProvisionedConcurrencyConfig", f"{FUNCTION}:live")


def test_the_reference_knows_every_call_that_the_source_names() -> None:
    listed = {f"{kind.service}:{kind.listing.operation}" for kind in kinds().values() if kind.listing}
    named = named_calls()
    assert len(named) > 60
    assert (named | listed) - NEEDS.keys() - PUBLISHING.keys() - UNPROVISIONING.keys() - said_by_types(
        "NEEDS"
    ).keys() == IMPORTING | UNPRINTED


def test_a_function_that_publishes_versions_brings_what_they_need(acres: Repository) -> None:
    acres.project("acres", 'p.function("Validate", settings={"publish": True})')
    statements = printed(acres)
    whose = {"FunctionName": "t-dev-acres-Validate"}
    questions = [Asked(need.action, need.arn.format_map(whose), {}) for needs in PUBLISHING.values() for need in needs]
    assert [str(question) for question in questions if not allows(statements, question, {})] == []


def test_concurrency_that_is_not_declared_any_more_may_be_taken_away(acres: Repository) -> None:
    """The policy is printed from what is declared now."""
    for lines in (['p.function("Validate")'], ['p.function("Validate", name="t-dev-other")']):
        acres.project("acres", *lines)
        name = "t-dev-other" if "name" in lines[0] else "t-dev-acres-Validate"
        for need in UNPROVISIONING["lambda:DeleteProvisionedConcurrencyConfig"]:
            assert allows(printed(acres), Asked(need.action, need.arn.format(FunctionName=name), {}), {})


@contextmanager
def overheard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Every call that is made, with its parameters."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def noted(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append((f"{model.service_model.service_name}:{model.name}", dict(params)))

    with monkeypatch.context() as patched:
        heard = [*handlers.BUILTIN_HANDLERS, ("before-parameter-build", noted)]
        patched.setattr(handlers, "BUILTIN_HANDLERS", heard)
        yield calls


def refused(statements: list[dict[str, Any]], calls: list[tuple[str, dict[str, Any]]], paths: dict[str, str]) -> list[str]:
    """What the policy does not allow of it. The path of a role stands only in the call that creates it; before, there is none."""
    result = []
    for call, parameters in calls:
        if call == "iam:CreateRole":
            paths[parameters["RoleName"]] = parameters["Path"]
        path = paths.get(parameters.get("RoleName", ""), "/")
        result += [
            f"{call} needs {item}" for item in asked(call, {"Path": path, **parameters}) if not allows(statements, item, TAGS)
        ]
    return result


def test_no_command_makes_a_call_that_the_policy_does_not_allow(
    acres: Repository, moto_dates: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One command after the other on a whole project, each with what was done to the project before it."""
    paths: dict[str, str] = {}
    made: set[str] = set()

    def command(*words: str, code: int = 0) -> Ended:
        statements = printed(acres)
        with overheard(monkeypatch) as calls:
            done = acres.invoke(*words, "--env", "dev")
        assert done.code == code, done
        assert refused(statements, calls, paths) == []
        made.update(call for call, _ in calls)
        return done

    command("plan", code=2)
    command("deploy")
    boto3.client("glue", region_name="eu-central-1").delete_job(JobName="t-dev-acres-load")
    command("drift", code=2)
    command("deploy", "--verify")
    acres.project("acres", *(line.replace("landing", "final") for line in LINES))
    acres.configure(tags={"team": "crops"})
    command("deploy")
    for task in ("status", "history", "report", "gc"):
        command(task)
    acres.configure()
    acres.project("acres", LINES[0])
    command("deploy", "--prune")
    command("destroy", "--data", "--yes", "dev")
    assert len(made) > 90
