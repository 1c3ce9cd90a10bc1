"""The printed policy where names are the team's own: as they are, or as wide as a template of this environment alone.

The ARNs are written by hand, as AWS spells them, and the policy is judged as IAM judges it.
"""

import pytest

from tests.engine.test_policy_names import SHARED_LINES, allows, declare, statements
from tests.support.iam import HERE
from tests.support.repository import SHARED, Repository

FUNCTION, JOB, MACHINE = f"arn:aws:lambda:{HERE}:function:", f"arn:aws:glue:{HERE}:job/", f"arn:aws:states:{HERE}:stateMachine:"
RULE, GROUP, ROLE = f"arn:aws:events:{HERE}:rule/", f"arn:aws:logs:{HERE}:log-group:", "arn:aws:iam::123456789012:role"
NAMES = {
    "lambda": "FSA-{env}-{name}",
    "glue-job": "{name}_{ENV}",
    "log-group": "/fsa/{env}/{name}",
    "role": "/fsa/{env}/{name}",
    "bucket/landing": "company-landing",
}
OWN = {"triggers": {"nightly": {"name": "FSA.nightly"}}, "names": {"table/seen": "SEEN"}}
CHANGES = [
    ("lambda:UpdateFunctionCode", f"{FUNCTION}FSA-dev-Validate"),
    ("lambda:CreateFunction", f"{FUNCTION}FSA-dev-Validate"),
    ("glue:UpdateJob", f"{JOB}load_DEV"),
    ("states:StartExecution", f"{MACHINE}acres-orders-main"),
    ("events:PutRule", f"{RULE}FSA.nightly"),
    ("dynamodb:UpdateTable", f"arn:aws:dynamodb:{HERE}:table/SEEN"),
    ("logs:PutRetentionPolicy", f"{GROUP}/fsa/dev/Validate"),
    ("logs:PutRetentionPolicy", f"{GROUP}/fsa/dev/glue/output"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::company-landing"),
    ("s3:GetObject", "arn:aws:s3:::company-landing/x"),
    ("iam:PutRolePolicy", f"{ROLE}/fsa/dev/Validate-lambda"),
    ("iam:CreateRole", f"{ROLE}/fsa/dev/Validate-lambda-again"),
    ("iam:PassRole", f"{ROLE}/fsa/dev/Validate-lambda"),
    ("iam:GetRole", f"{ROLE}/Validate-lambda"),
    ("lambda:GetFunction", f"{FUNCTION}FSA-dev-Validate"),
    ("glue:GetJob", f"{JOB}load_DEV"),
    ("events:DescribeRule", f"{RULE}FSA.nightly"),
    ("dynamodb:DescribeTable", f"arn:aws:dynamodb:{HERE}:table/SEEN"),
]
FOREIGN = [
    ("lambda:UpdateFunctionCode", f"{FUNCTION}FSA-prod-Validate"),
    ("lambda:DeleteFunction", f"{FUNCTION}Billing"),
    ("glue:UpdateJob", f"{JOB}load_PROD"),
    ("glue:UpdateJob", f"{JOB}billing_DEV"),
    ("glue:DeleteJob", f"{JOB}billing_DEV"),
    ("glue:GetJob", f"{JOB}billing_DEV"),
    ("events:PutRule", f"{RULE}FSA.daily"),
    ("dynamodb:UpdateTable", f"arn:aws:dynamodb:{HERE}:table/SEEN2"),
    ("logs:PutRetentionPolicy", f"{GROUP}/fsa/prod/Validate"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::company-landing-2"),
    ("iam:PutRolePolicy", f"{ROLE}/fsa/dev/other"),
    ("iam:PassRole", f"{ROLE}/fsa/dev/other"),
    ("iam:DeleteRole", f"{ROLE}/fsa/dev/other"),
]
LEFT = [
    ("lambda:GetFunction", f"{FUNCTION}Validate-v1"),
    ("lambda:DeleteFunction", f"{FUNCTION}Validate-v1"),
    ("glue:DeleteJob", f"{JOB}old"),
    ("events:DeleteRule", f"{RULE}old"),
    ("iam:DeleteRole", f"{ROLE}/team/old"),
    ("iam:DeleteRolePolicy", f"{ROLE}/team/old"),
]
"""Under names of before, which only records know."""


@pytest.fixture
def acres(repository: Repository) -> Repository:
    repository.configure(name_prefix="acres", artifact_bucket="acres-artifacts", projects={"orders": OWN}, names=NAMES)
    same = {"lambda": NAMES["lambda"]}
    repository.configure("prod", name_prefix="acres-prod", artifact_bucket="acres-prod-artifacts", names=same)
    repository.write("deploy.py", SHARED.replace("return shared", "\n    ".join([*SHARED_LINES, "return shared"])))
    declare(repository, "orders")
    return repository


def test_all_that_is_declared_may_be_changed_by_its_name_and_nothing_beside(acres: Repository) -> None:
    printed = statements(acres)
    assert [change for change in CHANGES if not allows(printed, *change)] == []
    assert [request for request in FOREIGN if allows(printed, *request, owner="acres-prod/prod")] == []


def test_what_had_another_name_is_looked_at_and_deleted_if_it_is_ours(acres: Repository) -> None:
    printed = statements(acres)
    assert [request for request in LEFT if not allows(printed, *request)] == []
    assert [request for request in LEFT if allows(printed, *request, owner="acres-prod/prod")] == []


def test_a_template_is_a_pattern_where_it_is_the_environment_s_alone(acres: Repository) -> None:
    new = ("lambda:UpdateFunctionCode", f"{FUNCTION}FSA-dev-New")
    assert allows(statements(acres), *new)
    acres.configure("dev-two", name_prefix="two", artifact_bucket="two-artifacts", names={"lambda": "FSA-{env}-{name}"})
    printed = statements(acres)
    assert not allows(printed, *new), "all names of dev-two begin so, too"
    assert not allows(printed, "lambda:UpdateFunctionCode", f"{FUNCTION}FSA-dev-two-Validate", owner="two/dev-two")
    assert allows(printed, "lambda:UpdateFunctionCode", f"{FUNCTION}FSA-dev-Validate")


def test_the_log_group_of_a_function_is_as_wide_as_the_function(acres: Repository) -> None:
    acres.configure(name_prefix="acres", artifact_bucket="acres-artifacts", names={"lambda": "x-{name}"})
    printed = statements(acres)
    assert allows(printed, "logs:PutRetentionPolicy", f"{GROUP}/aws/lambda/x-Validate")
    assert not allows(printed, "logs:PutRetentionPolicy", f"{GROUP}/aws/lambda/x-Other")


def test_templates_that_tell_no_environments_apart_are_told(acres: Repository) -> None:
    message = acres.invoke("policy", "--env", "dev").err
    assert "note: no pattern is dev's alone by names.glue-job in config/dev.json, so each resource is named: " in message
    assert "names.lambda" not in message
    acres.configure(name_prefix="acres", artifact_bucket="acres-artifacts", names={"lambda": "x-{name}"})
    message = acres.invoke("policy", "--env", "dev").err
    assert (
        "names.lambda in config/dev.json has no {env}, {ENV} or {prefix}, so nothing tells dev from other environments" in message
    )
