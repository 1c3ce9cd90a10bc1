"""A deployer may change what its environment declares, and nothing of an environment beside it.

The ARNs are written by hand, as AWS spells them, and the policy is judged as IAM judges it.
"""

import json
from typing import Any

import pytest

from tests.support import iam
from tests.support.iam import HERE, Asked
from tests.support.repository import CONFIG, SHARED, Repository

BUCKETS = ("landing", "final")
SHARED_LINES = [*(f'shared.bucket("{name}")' for name in BUCKETS), 'shared.database("acreage")', 'shared.topic("alerts")']
SHARED_LINES += ['shared.table("runs", partition_key="id")']
LINES = [
    'p.function("Validate", layers=[p.layer("deps")])',
    'p.job("load")',
    'p.crawler("look", targets=[p.shared.bucket("final") / "t"], database=p.shared.database("acreage"))',
    'p.table("seen", partition_key="id")',
    'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})',
    'p.schedule("nightly", m, "rate(1 day)")',
]
CHANGES = [
    ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{HERE}:function:{{prefix}}-{{project}}-Validate"),
    ("lambda:DeleteFunction", f"arn:aws:lambda:{HERE}:function:{{prefix}}-{{project}}-Validate"),
    ("lambda:PublishLayerVersion", f"arn:aws:lambda:{HERE}:layer:{{prefix}}-{{project}}-deps"),
    ("lambda:DeleteLayerVersion", f"arn:aws:lambda:{HERE}:layer:{{prefix}}-{{project}}-deps:1"),
    ("glue:UpdateJob", f"arn:aws:glue:{HERE}:job/{{prefix}}-{{project}}-load"),
    ("glue:DeleteJob", f"arn:aws:glue:{HERE}:job/{{prefix}}-{{project}}-load"),
    ("glue:UpdateCrawler", f"arn:aws:glue:{HERE}:crawler/{{prefix}}-{{project}}-look"),
    ("glue:DeleteCrawler", f"arn:aws:glue:{HERE}:crawler/{{prefix}}-{{project}}-look"),
    ("states:UpdateStateMachine", f"arn:aws:states:{HERE}:stateMachine:{{prefix}}-{{project}}-main"),
    ("states:StartExecution", f"arn:aws:states:{HERE}:stateMachine:{{prefix}}-{{project}}-main"),
    ("states:DescribeExecution", f"arn:aws:states:{HERE}:execution:{{prefix}}-{{project}}-main:0f"),
    ("events:PutRule", f"arn:aws:events:{HERE}:rule/{{prefix}}-{{project}}-nightly"),
    ("events:DeleteRule", f"arn:aws:events:{HERE}:rule/{{prefix}}-{{project}}-nightly"),
    ("dynamodb:UpdateTable", f"arn:aws:dynamodb:{HERE}:table/{{prefix}}-{{project}}-seen"),
    ("dynamodb:DeleteTable", f"arn:aws:dynamodb:{HERE}:table/{{prefix}}-runs"),
    ("logs:PutRetentionPolicy", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{{prefix}}-{{project}}-Validate"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{{prefix}}-{{project}}-Validate:*"),
    ("logs:PutRetentionPolicy", f"arn:aws:logs:{HERE}:log-group:/aws/vendedlogs/states/{{prefix}}"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/{{prefix}}/glue:*"),
    ("s3:PutObject", "arn:aws:s3:::{prefix}-artifacts/dev/x"),
    ("s3:GetObject", "arn:aws:s3:::{prefix}-landing-123456789012/x"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::{prefix}-landing-123456789012"),
    ("s3:DeleteBucket", "arn:aws:s3:::{prefix}-final-123456789012"),
    ("glue:DeleteDatabase", f"arn:aws:glue:{HERE}:database/{{underscored}}_acreage"),
    ("glue:DeleteDatabase", f"arn:aws:glue:{HERE}:table/{{underscored}}_acreage/rows"),
    ("sns:DeleteTopic", f"arn:aws:sns:{HERE}:{{prefix}}-alerts"),
    ("iam:PutRolePolicy", "arn:aws:iam::123456789012:role/{prefix}/dev/{project}/{prefix}-{project}-Validate-lambda"),
    ("iam:PassRole", "arn:aws:iam::123456789012:role/{prefix}/dev/{project}/{prefix}-{project}-Validate-lambda"),
]
READS = [
    ("lambda:GetFunction", f"arn:aws:lambda:{HERE}:function:acres-orders-Old"),
    ("glue:GetJob", f"arn:aws:glue:{HERE}:job/acres-gone-load"),
    ("s3:GetBucketTagging", "arn:aws:s3:::acres-old-123456789012"),
    ("dynamodb:DescribeTable", f"arn:aws:dynamodb:{HERE}:table/acres-old"),
]
"""Of what records may name, whoever declared it."""
LEFT = [
    ("lambda:DeleteFunction", f"arn:aws:lambda:{HERE}:function:acres-gone-Validate"),
    ("glue:DeleteJob", f"arn:aws:glue:{HERE}:job/acres-gone-load"),
    ("glue:DeleteCrawler", f"arn:aws:glue:{HERE}:crawler/acres-gone-look"),
    ("states:DeleteStateMachine", f"arn:aws:states:{HERE}:stateMachine:acres-gone-main"),
    ("events:DeleteRule", f"arn:aws:events:{HERE}:rule/acres-gone-nightly"),
    ("events:RemoveTargets", f"arn:aws:events:{HERE}:rule/acres-gone-nightly"),
    ("sns:DeleteTopic", f"arn:aws:sns:{HERE}:acres-gone"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/acres-gone-Validate:*"),
]
"""Of a project that is gone, and a topic."""


def named(arn: str, prefix: str, project: str = "orders") -> str:
    return arn.format(prefix=prefix, project=project, underscored=prefix.replace("-", "_"))


def allows(statements: list[dict[str, Any]], action: str, arn: str, owner: str = "acres/dev") -> bool:
    """Whether a call is allowed on a resource that carries the tags of `owner`; roles are handed to Lambda."""
    question = Asked(action, arn, {"iam:PassedToService": "lambda.amazonaws.com"})
    return iam.allows(statements, question, {"deployer:environment": owner})


def declare(repository: Repository, project: str) -> None:
    """A project with something of every kind."""
    repository.write(f"projects/{project}/layers/deps/deps.py", "x = 1\n")
    repository.project(project, *LINES)


@pytest.fixture
def acres(repository: Repository) -> Repository:
    repository.configure(name_prefix="acres", artifact_bucket="acres-artifacts")
    repository.configure("next", name_prefix="acres-dev", artifact_bucket="acres-dev-artifacts")
    lines = "\n    ".join([*SHARED_LINES, "return shared"])
    repository.write("deploy.py", SHARED.replace("return shared", lines))
    declare(repository, "orders")
    return repository


def statements(repository: Repository) -> list[dict[str, Any]]:
    done = repository.invoke("policy", "--env", "dev")
    assert done.code == 0, done.err
    printed_statements: list[dict[str, Any]] = json.loads(done.out)["Statement"]
    return printed_statements


def test_all_that_is_declared_may_be_changed_and_nothing_of_the_environment_beside(acres: Repository) -> None:
    printed = statements(acres)
    assert [change for change in CHANGES if not allows(printed, change[0], named(change[1], "acres"))] == []
    for project in ("orders", "dev", "dev_tools"):
        beside = [(action, named(arn, "acres-dev", project)) for action, arn in CHANGES]
        assert [item for item in beside if allows(printed, *item, owner="acres-dev/next")] == []


@pytest.mark.parametrize("project", ["orders", "dev"])
def test_a_project_that_is_called_as_the_environment_beside_goes_on_is_named_resource_by_resource(
    acres: Repository, project: str
) -> None:
    acres.configure("next", name_prefix=f"acres-{project}", artifact_bucket="acres-next-artifacts")
    declare(acres, project)
    printed = statements(acres)
    ours = [(action, named(arn, "acres", project)) for action, arn in CHANGES]
    assert [item for item in ours if not allows(printed, *item)] == []
    theirs = [(action, named(arn, f"acres-{project}", "other")) for action, arn in CHANGES]
    assert [item for item in theirs if allows(printed, *item, owner=f"acres-{project}/next")] == []


def test_what_is_left_over_is_read_and_deleted_if_it_is_ours(acres: Repository) -> None:
    printed = statements(acres)
    assert [item for item in READS if not allows(printed, *item)] == []
    assert [item for item in LEFT if not allows(printed, *item)] == []
    assert [item for item in LEFT if allows(printed, *item, owner="acres-dev/next")] == []


def test_nothing_is_changed_in_groups_of_glue_s_own_and_no_parameter_is_read_that_nobody_names(acres: Repository) -> None:
    printed = statements(acres)
    group = f"arn:aws:logs:{HERE}:log-group:/aws-glue/jobs/output:log-stream:x"
    assert allows(printed, "logs:GetLogEvents", group)
    for action in ("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "TagResource"):
        assert not allows(printed, f"logs:{action}", group)
    assert "ssm:GetParameters" not in json.dumps(printed)


def test_patterns_end_where_a_project_or_the_account_does(acres: Repository) -> None:
    changing = [
        statement
        for statement in statements(acres)
        if not all(action.partition(":")[2].startswith(("Get", "List", "Describe")) for action in statement["Action"])
    ]
    patterns = {arn for item in changing if "Condition" not in item for arn in item["Resource"] if "*" in arn.removesuffix("/*")}
    bounded = ("acres-orders-*", "/acres/*", "acres/dev/*", "/aws-glue/", "states/acres:*")
    assert {pattern for pattern in patterns if not any(text in pattern for text in bounded)} == {"*"}, (
        "delivery of logs knows no resource"
    )
    assert CONFIG["name_prefix"] not in json.dumps(sorted(patterns))
