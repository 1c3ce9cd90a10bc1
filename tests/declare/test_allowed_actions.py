"""Permissions that declarations give action by action, and managed policies."""

from pathlib import Path
from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.declare.allowed_actions import FurtherAccess, allow
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
FINAL = "arn:aws:s3:::t-dev-final-123456789012"
DECLARE = "from common import allow"


def statement(actions: str, *resources: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions.split(), "Resource": [*resources], **more}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    shared = 'shared.bucket("final"); shared.database("acreage"); shared.topic("alerts")'
    repository.write("deploy.py", SHARED.replace("    return shared", f"    {shared}\n    return shared"))
    return repository


def policy(repository: Repository, role: str, *lines: str) -> list[dict[str, Any]]:
    repository.project("acres", DECLARE, 'final = p.shared.bucket("final")', *lines)
    document: dict[str, Any] = repository.resources()[f"role/{role}"].desired()["Policies"]["deployer-permissions"]
    return [dict(entry) for entry in document["Statement"]]


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        (
            (
                'allow("athena:StartQueryExecution", "athena:GetQueryExecution", '
                'on="arn:aws:athena:${AWS::Region}:${AWS::AccountId}:workgroup/x")'
            ),
            [statement("athena:GetQueryExecution athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/x")],
        ),
        ('allow("xray:PutTraceSegments")', [statement("xray:PutTraceSegments", "*")]),
        ('allow("s3:GetObjectVersion", on=final / "out")', [statement("s3:GetObjectVersion", f"{FINAL}/out/*")]),
        (
            'allow("s3:GetObjectVersion", "s3:GetBucketLocation", on=final)',
            [statement("s3:GetBucketLocation", FINAL), statement("s3:GetObjectVersion", f"{FINAL}/*")],
        ),
        (
            'allow("glue:GetTable", on=p.shared.database("acreage"))',
            [
                statement(
                    "glue:GetTable",
                    f"arn:aws:glue:{HERE}:catalog",
                    f"arn:aws:glue:{HERE}:database/t_dev_acreage",
                    f"arn:aws:glue:{HERE}:table/t_dev_acreage/*",
                )
            ],
        ),
        (
            'allow("sns:Publish", on="${alerts.arn}", when={"StringEquals": {"aws:PrincipalTag/team": "${AWS::AccountId}"}})',
            [
                statement(
                    "sns:Publish",
                    f"arn:aws:sns:{HERE}:t-dev-alerts",
                    Condition={"StringEquals": {"aws:PrincipalTag/team": "123456789012"}},
                )
            ],
        ),
        (
            'allow("s3:GetObject", on=["arn:aws:s3:::theirs/*", "arn:aws:s3:::more-*/in/*"])',
            [statement("s3:GetObject", "arn:aws:s3:::more-*/in/*", "arn:aws:s3:::theirs/*")],
        ),
        (
            'allow("ec2:Describe*", on="*", reason="it looks for its own network")',
            [statement("ec2:Describe*", "*")],
        ),
    ],
)
def test_a_role_gets_exactly_what_is_allowed(repository: Repository, permission: str, expected: list[dict[str, Any]]) -> None:
    without = policy(repository, "Validate-lambda", 'p.shared.topic("alerts")', 'p.function("Validate")')
    lines = ('p.shared.topic("alerts")', f'p.function("Validate", permissions=[{permission}])')
    granted = policy(repository, "Validate-lambda", *lines)
    assert sorted(granted, key=str) == sorted([*without, *expected], key=str)


@pytest.mark.parametrize(
    ("role", "line"),
    [
        ("load-glue-job", 'p.job("load", {access})'),
        ("look-crawler", 'p.crawler("look", targets=[final / "x"], database=p.shared.database("acreage"), {access})'),
        (
            "main-state-machine",
            'p.state_machine("main", {{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "End": True}}}}}}, {access})',
        ),
    ],
)
def test_jobs_crawlers_and_state_machines_take_them_too(repository: Repository, role: str, line: str) -> None:
    access = (
        'permissions=[allow("kms:Decrypt", on="arn:aws:kms:eu-central-1:123456789012:key/1")], '
        'managed_policies=["arn:aws:iam::aws:policy/AmazonAthenaFullAccess"]'
    )
    granted = policy(repository, role, line.format(access=access))
    assert statement("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1") in granted
    attached = repository.resources()[f"role/{role}"].desired()["AttachedPolicies"]
    assert attached == ["arn:aws:iam::aws:policy/AmazonAthenaFullAccess"]


def test_what_is_referred_to_exists_first(repository: Repository) -> None:
    lines = (
        'runs = p.table("runs", partition_key="id")',
        'p.function("Validate", permissions=[allow("dynamodb:Scan", on=runs)])',
    )
    policy(repository, "Validate-lambda", *lines)
    needs = [str(key) for key in repository.resources()["lambda/Validate"].needs]
    assert "table/runs" in needs


def test_the_partition_is_that_of_the_environment(repository: Repository) -> None:
    repository.configure(region="cn-north-1", roles={})
    access = 'permissions=[allow("sns:Publish", on="arn:aws:sns:*:*:x")], managed_policies=["arn:aws:iam::aws:policy/X"]'
    line = f'p.function("Validate", {access})'
    assert statement("sns:Publish", "arn:aws-cn:sns:*:*:x") in policy(repository, "Validate-lambda", line)
    assert repository.resources()["role/Validate-lambda"].desired()["AttachedPolicies"] == ["arn:aws-cn:iam::aws:policy/X"]


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1"])
def test_a_resource_without_an_arn_is_none_to_allow_actions_on(repository: Repository, region: str) -> None:
    repository.configure(region=region, roles={})
    query = 'query = p.resource("top", "AWS::Athena::NamedQuery", {"Database": "x", "QueryString": "SELECT 1"})'
    access = 'permissions=[allow("athena:GetNamedQuery", on=query)]'
    with pytest.raises(DeclarationError, match="athena:GetNamedQuery cannot be allowed on resource/top"):
        policy(repository, "Validate-lambda", query, f'p.function("Validate", {access})')


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ('permissions=[allow("athena:StartQuery", on="*", reason="x")]', "Did you mean athena:StartQueryExecution?"),
        ('permissions=[allow("athena:StartQueryExecution")]', "say on which, as in on=bucket"),
        ('permissions=[allow("athena:StartQueryExecution", on="*")]', "say why, as in reason="),
        (
            'permissions=[allow("athena:*", on="arn:aws:athena:*:*:workgroup/x")]',
            "'athena:*' may allow more than is needed: say why",
        ),
        ('permissions=[allow("athena:StartQueryExecution", on="*", reason=" ")]', "say why, as in reason="),
        ('permissions=[allow("athena:StartQueryExecution", on="primary")]', "'primary' is not an ARN"),
        ('permissions=[allow("sns:Publish", on=7)]', "on: 7 is neither a reference"),
        ('permissions=[allow("sns:Publish", on=[7])]', "7 is neither a reference"),
        ("permissions=[allow()]", "allow needs an action"),
        ('permissions=allow("xray:PutTraceSegments")', "permissions is a list, even of one"),
        ('permissions=["s3:GetObject"]', "'s3:GetObject' is not a permission; write [allow("),
        (
            'permissions=[allow("sns:Publish", on=final)]',
            "sns:Publish cannot be allowed on bucket/final. It acts on arn:${Partition}:sns",
        ),
        (
            'permissions=[allow("s3:ListBucket", on=final / "x")]',
            "s3:ListBucket cannot be allowed on s3://t-dev-final-123456789012/x",
        ),
        (
            'permissions=[allow("s3:GetObject", on="arn:aws:s3:::theirs")]',
            "s3:GetObject cannot be allowed on arn:aws:s3:::theirs",
        ),
        ('permissions=[allow("s3:GetObject", on=[final, "arn:aws:sns:*:*:x"])]', "cannot be allowed on arn:aws:sns:*:*:x"),
        ('permissions=[allow("sns:Publish", on="${nothing.arn}")]', "${nothing.arn} refers to nothing"),
        (
            'permissions=[allow("sns:Publish", on="arn:aws:sns:*:*:x", when={"StringEqual": {"a": "b"}})]',
            "no operator 'StringEqual'",
        ),
        ('permissions=[allow("sns:Publish", on="arn:aws:sns:*:*:x", when={"StringEquals": "b"})]', "compares keys with values"),
        ('managed_policies=["AmazonAthenaFullAccess"]', "is not the ARN of a policy"),
        ('managed_policies="arn:aws:iam::aws:policy/X"', "managed_policies is a list, even of one"),
        ('managed_policies=["arn:aws:iam::999999999999:policy/X"]', "belongs to the account 999999999999"),
    ],
)
def test_what_grants_nothing_or_too_much_is_refused_with_what_to_do(repository: Repository, argument: str, message: str) -> None:
    repository.project("acres", DECLARE, 'final = p.shared.bucket("final")', f'p.function("Validate", {argument})')
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_nothing_further_is_the_default() -> None:
    assert FurtherAccess.of((), ()) == FurtherAccess()
    assert allow("xray:PutTraceSegments").on == ("*",)
