"""The whole policy of each role that is made, written by hand: what its resource needs when it runs, and no more.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
GLUE, LOGS = f"arn:aws:glue:{HERE}", f"arn:aws:logs:{HERE}:log-group:"
LANDING, FINAL = (f"arn:aws:s3:::t-dev-{name}-123456789012" for name in ("landing", "final"))
ARTIFACTS = "arn:aws:s3:::t-dev-artifacts"
MACHINE = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}'


def allow(actions: str, *resources: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions.split(), "Resource": [*resources]}
    return {**statement, **({"Condition": condition} if condition else {})}


def listing(bucket: str, prefix: str) -> dict[str, Any]:
    return allow("s3:ListBucket", bucket, StringLike={"s3:prefix": [f"{prefix}/*", prefix]})


WRITING = "logs:CreateLogStream logs:PutLogEvents"
READ_IN = (allow("s3:GetObject", f"{LANDING}/in", f"{LANDING}/in/*"), listing(LANDING, "in"))
WRITE_OUT = (
    allow(
        "s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:PutObject",
        *(f"{FINAL}/{key}" for key in ("out/t", "out/t/*", "out/t_$folder$", "out_$folder$")),
    ),
    listing(FINAL, "out/t"),
)
SCRIPT = allow("s3:GetObject", f"{ARTIFACTS}/dev/acres/artifacts/load.*", f"{ARTIFACTS}/dev/acres/artifacts/load/*")
GLUE_GROUPS = allow(WRITING, f"{LOGS}/t-dev/glue/error:*", f"{LOGS}/t-dev/glue/output:*")
FUNCTION = allow(WRITING, f"{LOGS}/aws/lambda/t-dev-acres-Validate:*")
PLACING = (
    "ec2:AssignPrivateIpAddresses ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces "
    "ec2:DescribeSubnets ec2:UnassignPrivateIpAddresses"
)
DELIVERY = allow(
    "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies logs:GetLogDelivery "
    "logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery",
    "*",
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""
TRACING = allow(
    "xray:GetSamplingRules xray:GetSamplingTargets xray:PutTelemetryRecords xray:PutTraceSegments",
    "*",
)
"""https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html"""
ACREAGE = (f"{GLUE}:catalog", f"{GLUE}:database/t_dev_acreage", f"{GLUE}:table/t_dev_acreage/*")
GROUPS = {
    name: allow(f"logs:CreateLogGroup {WRITING}", *(f"{LOGS}/aws-glue/{name}{end}" for name in names for end in ("", ":*")))
    for name, names in {"crawlers": ("crawlers",), "shell": ("python-jobs/error", "python-jobs/output")}.items()
}
CASES: dict[str, tuple[str, tuple[str, ...], dict[str, Any], list[dict[str, Any]]]] = {
    "a function that reads and writes": (
        "Validate-lambda",
        ('p.function("Validate", reads=[landing / "in"], writes=[p.shared.topic("alerts")])',),
        {},
        [*READ_IN, allow("sns:Publish", f"arn:aws:sns:{HERE}:t-dev-alerts"), FUNCTION],
    ),
    "a function with a table and a database": (
        "Validate-lambda",
        ('p.function("Validate", reads=[p.shared.database("acreage")], writes=[p.table("runs", partition_key="id")])',),
        {},
        [
            allow("glue:GetDatabase glue:GetPartition glue:GetPartitions glue:GetTable glue:GetTables", *ACREAGE),
            allow(
                "dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:ConditionCheckItem dynamodb:DeleteItem "
                "dynamodb:DescribeTable dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:Scan dynamodb:UpdateItem",
                f"arn:aws:dynamodb:{HERE}:table/t-dev-acres-runs",
                f"arn:aws:dynamodb:{HERE}:table/t-dev-acres-runs/index/*",
            ),
            FUNCTION,
        ],
    ),
    "a function in a network": (
        "Validate-lambda",
        ('p.function("Validate")',),
        {
            "network": {"subnet_ids": ["subnet-0123abcd"], "security_group_ids": ["sg-0123abcd"]},
            "defaults": {"function": {"vpc": True}},
        },
        [
            FUNCTION,
            allow(PLACING, "*"),
            {
                **allow(
                    PLACING,
                    "*",
                    ArnEquals={"lambda:SourceFunctionArn": [f"arn:aws:lambda:{HERE}:function:t-dev-acres-Validate"]},
                ),
                "Effect": "Deny",
            },
        ],
    ),
    "a job": (
        "load-glue-job",
        ('p.job("load", reads=[landing / "in"], writes=[final / "out/t"])',),
        {},
        [*READ_IN, *WRITE_OUT, SCRIPT, GLUE_GROUPS],
    ),
    "a job of Glue 4.0": (
        "load-glue-job",
        ('p.job("load")',),
        {"defaults": {"job": {"glue_version": "4.0"}}},
        [SCRIPT, allow(WRITING, f"{LOGS}/t-dev/glue:*")],
    ),
    "a python-shell job": ("load-glue-job", ('p.job("load", shell=True)',), {}, [SCRIPT, GROUPS["shell"]]),
    "a job whose metastore is the catalog": (
        "load-glue-job",
        ('p.job("load", arguments={"--enable-glue-datacatalog": "true"})',),
        {},
        [
            SCRIPT,
            GLUE_GROUPS,
            allow("glue:GetDatabase", *(f"{GLUE}:{name}" for name in ("catalog", "database/default", "database/global_temp"))),
            allow("glue:CreateDatabase", *(f"{GLUE}:{name}" for name in ("catalog", "database/default"))),
        ],
    ),
    "a crawler": (
        "look-crawler",
        ('p.crawler("look", targets=[final / "out"], database=p.shared.database("acreage"))',),
        {},
        [
            allow("s3:GetObject", f"{FINAL}/out", f"{FINAL}/out/*"),
            listing(FINAL, "out"),
            allow(
                "glue:BatchCreatePartition glue:BatchDeletePartition glue:BatchGetPartition glue:CreatePartition "
                "glue:CreateTable glue:DeletePartition glue:DeleteTable glue:GetDatabase glue:GetPartition glue:GetPartitions "
                "glue:GetTable glue:GetTables glue:UpdatePartition glue:UpdateTable",
                *ACREAGE,
            ),
            GROUPS["crawlers"],
        ],
    ),
    "a state machine": ("main-state-machine", (f'p.state_machine("main", {MACHINE})',), {}, [DELIVERY]),
    "a state machine that is traced": (
        "main-state-machine",
        (f'p.state_machine("main", {MACHINE})',),
        {"defaults": {"state_machine": {"tracing": True}}},
        [DELIVERY, TRACING],
    ),
    "a schedule": (
        "nightly-trigger",
        (f'p.schedule("nightly", p.state_machine("main", {MACHINE}), "rate(1 day)")',),
        {},
        [allow("states:StartExecution", f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main")],
    ),
}
"""Of each case the role, the lines of the declaration, configuration, and the statements."""


@pytest.fixture
def declaring(repository: Repository) -> Callable[..., dict[str, Any]]:
    """Declares a project; the statements of each role, by its name."""
    shared = ('bucket("landing")', 'bucket("final")', 'database("acreage")', 'topic("alerts")', 'log_group("glue")')
    lines = [*(f"shared.{line}" for line in shared), "return shared"]
    repository.write("deploy.py", SHARED.replace("return shared", "\n    ".join(lines)))

    def declare(lines: tuple[str, ...], configured: dict[str, Any]) -> dict[str, Any]:
        repository.configure(**configured)
        repository.project("acres", 'landing, final = p.shared.bucket("landing"), p.shared.bucket("final")', *lines)
        states = {str(key): resource.desired() for key, resource in repository.resources().items()}
        policies = {key.removeprefix("role/"): state["Policies"] for key, state in states.items() if key.startswith("role/")}
        return {
            name: [statement for policy in inline_policies.values() for statement in policy["Statement"]]
            for name, inline_policies in policies.items()
        }

    return declare


@pytest.mark.parametrize("case", CASES)
def test_a_role_may_do_this_and_nothing_else(declaring: Callable[..., dict[str, Any]], case: str) -> None:
    role, lines, configured, statements = CASES[case]
    assert in_order(declaring(lines, configured)[role]) == in_order(statements)


def in_order(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Statements in any order are one policy."""
    return sorted(statements, key=repr)
