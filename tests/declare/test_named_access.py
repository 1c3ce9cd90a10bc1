"""Secrets, parameters and keys as grants that name them."""

from pathlib import Path
from typing import Any, cast

import pytest

from common.base.errors import DeployError
from common.resources.role import Role
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
ID = "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"
KEY = f"arn:aws:kms:{HERE}:key/{ID}"
IMPORT = "from common import key, parameter, secret"
DB = f"arn:aws:secretsmanager:{HERE}:secret:db-??????"
PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}'


def reading(parameter: str) -> dict[str, list[str]]:
    return {"ssm:GetParameter": [parameter], "ssm:GetParameters": [parameter]}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    shared = 'shared.bucket("final"); shared.database("acreage")'
    repository.write("deploy.py", SHARED.replace("    return shared", f"    {shared}\n    return shared"))
    return repository


def granted(repository: Repository, *lines: str, role: str = "Validate-lambda") -> dict[str, list[str]]:
    repository.project("acres", IMPORT, *lines)
    statements = cast(Role, repository.resources()[f"role/{role}"]).statements
    interesting = ("secretsmanager:", "ssm:", "kms:")
    return {
        action: [*statement["Resource"]]
        for statement in statements
        for action in statement["Action"]
        if action.startswith(interesting)
    }


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ('reads=[secret("db")]', {"secretsmanager:GetSecretValue": [DB]}),
        ('permissions=[secret("db")]', {"secretsmanager:GetSecretValue": [DB]}),
        (
            f'reads=[secret("db", kms_key="{KEY}")]',
            {"secretsmanager:GetSecretValue": [DB], "kms:Decrypt": [KEY]},
        ),
        (
            'reads=[secret("${stage}/db")]',
            {"secretsmanager:GetSecretValue": [f"arn:aws:secretsmanager:{HERE}:secret:blue/db-??????"]},
        ),
        (
            'reads=[parameter("/orders/url")]',
            reading(f"arn:aws:ssm:{HERE}:parameter/orders/url"),
        ),
        (
            f'permissions=[parameter("url", kms_key="{KEY}")]',
            {
                **reading(f"arn:aws:ssm:{HERE}:parameter/url"),
                "kms:Decrypt": [KEY],
            },
        ),
        (
            'reads=[parameter("/orders/*")]',
            {
                **reading(f"arn:aws:ssm:{HERE}:parameter/orders/*"),
                "ssm:GetParametersByPath": [f"arn:aws:ssm:{HERE}:parameter/orders", f"arn:aws:ssm:{HERE}:parameter/orders/*"],
            },
        ),
        (f'reads=[key("{ID}")]', {"kms:Decrypt": [KEY]}),
        (f'writes=[key("{KEY}")]', {"kms:Decrypt": [KEY], "kms:GenerateDataKey": [KEY]}),
        (f'permissions=[key("{KEY}")]', {"kms:Decrypt": [KEY], "kms:GenerateDataKey": [KEY]}),
    ],
)
def test_what_is_named_may_be_read(repository: Repository, argument: str, expected: dict[str, list[str]]) -> None:
    repository.configure(projects={"acres": {"parameters": {"stage": "blue"}}})
    assert granted(repository, 'p.parameters["stage"]', f'p.function("Validate", {argument})') == expected


@pytest.mark.parametrize(
    ("role", "line"),
    [
        ("load-glue-job", 'p.job("load", permissions=[secret("db")])'),
        ("load-glue-job", 'p.job("load", reads=[secret("db")])'),
        (
            "look-crawler",
            (
                'p.crawler("look", targets=[p.shared.bucket("final") / "x"], database=p.shared.database("acreage"), '
                'permissions=[secret("db")])'
            ),
        ),
        ("main-state-machine", f'p.state_machine("main", {PASS}, permissions=[secret("db")])'),
    ],
)
def test_jobs_crawlers_and_state_machines_take_them_too(repository: Repository, role: str, line: str) -> None:
    assert granted(repository, line, role=role) == {"secretsmanager:GetSecretValue": [DB]}


@pytest.mark.parametrize(
    ("role", "line"),
    [
        (
            "look-crawler",
            'p.crawler("look", targets=[p.shared.bucket("final") / "x"], database=p.shared.database("acreage"), READS)',
        ),
        (
            "main-state-machine",
            "p.state_machine('main', {'StartAt': 'A', 'States': {'A': {'Type': 'Pass', 'End': True}}}, READS)",
        ),
    ],
)
def test_what_crawlers_and_machines_read_and_write_besides(repository: Repository, role: str, line: str) -> None:
    table = 'runs = p.table("runs", partition_key="id")'
    resource = f"arn:aws:dynamodb:{HERE}:table/t-dev-acres-runs"
    for word, writing in (("reads", False), ("writes", True)):
        repository.project("acres", table, line.replace("READS", f"{word}=[runs]"))
        resources = repository.resources()
        actions = {
            action
            for statement in cast(Role, resources[f"role/{role}"]).statements
            if resource in statement["Resource"]
            for action in statement["Action"]
        }
        assert "dynamodb:GetItem" in actions
        assert ("dynamodb:PutItem" in actions) == writing


def test_what_configuration_calls_so_comes_first(repository: Repository) -> None:
    existing = {"secrets": {"db": {"name": "prod/warehouse", "kms_key": KEY}}}
    repository.configure(existing=existing)
    actions = granted(repository, 'p.function("Validate", reads=[secret("db")])')
    assert actions["secretsmanager:GetSecretValue"] == [f"arn:aws:secretsmanager:{HERE}:secret:prod/warehouse-??????"]
    assert actions["kms:Decrypt"] == [KEY]


def test_what_is_declared_is_named_by_its_reference(repository: Repository) -> None:
    lines = (
        'k = p.resource("k", "AWS::KMS::Key", {"KeyPolicy": {}})',
        'db = p.resource("db", "AWS::SecretsManager::Secret", {"KmsKeyId": k.attribute("Arn")})',
        'p.function("Validate", reads=[secret(db), secret("theirs", kms_key=k)], permissions=[key(k)])',
    )
    repository.project("acres", IMPORT, *lines)
    resources = repository.resources()
    role = cast(Role, resources["role/Validate-lambda"])
    on_key = [statement for statement in role.statements if "kms:Decrypt" in statement["Action"]]
    assert {arn for statement in on_key for arn in statement["Resource"]} == {"«acres: resource/k#Arn»"}
    assert {"resource/k", "resource/db"} <= {str(key) for key in role.needs}


def test_a_key_of_several_regions_is_a_key_too(repository: Repository) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kms-replicakey.html."""
    properties = f'{{"KeyPolicy": {{}}, "PrimaryKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/mrk-{"0" * 32}"}}'
    replica = f'k = p.resource("k", "AWS::KMS::ReplicaKey", {properties})'
    allowed = granted(repository, replica, 'p.function("Validate", reads=[secret("db", kms_key=k)])')
    assert allowed["kms:Decrypt"] == ["«acres: resource/k#Arn»"]


def test_they_are_looked_at_like_all_that_exists(repository: Repository) -> None:
    repository.project("acres", IMPORT, 'p.function("Validate", permissions=[parameter("/orders/url")])')
    uses = cast(Any, repository.resources()["lambda/Validate"]).uses
    assert [(ref.name, ref.place) for ref in uses] == [("/orders/url", "projects/acres: parameter('/orders/url')")]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ('reads=secret("db")', "reads is a list, even of one: write reads=[secret(…)]"),
        ('permissions=secret("db")', "permissions is a list, even of one"),
        ('writes=[secret("db")]', "secret/db cannot be written"),
        ('reads=[secret("a b")]', "'a b' is not the name of a secret"),
        ('reads=[key("alias/orders")]', "Write the id of a key or its ARN, and no alias"),
        ('reads=[secret("db", kms_key="orders")]', "kms_key is the ARN of a key, not 'orders'"),
        ('reads=[secret("db", kms_key=p.shared.bucket("final"))]', "kms_key is the ARN of a key, not bucket/final"),
        ('reads=[secret(p.shared.bucket("final"))]', "secret names a secret, and bucket/final is none"),
        (
            'reads=[secret(p.existing.secret("db"), kms_key="KEY")]',
            "kms_key is for a secret by its name. Where secret/db is declared or referred to, name its key",
        ),
        ('reads=[secret("${nothing}/db")]', "${nothing} in projects/acres: secret("),
        ("reads=[secret(7)]", "takes a name or an ARN, not 7"),
        ('permissions=["db"]', "'db' is not a permission; write [allow('service:Action', on=…)]"),
    ],
)
def test_what_names_nothing_is_refused(repository: Repository, argument: str, message: str) -> None:
    repository.project("acres", IMPORT, f'p.function("Validate", {argument})')
    with pytest.raises(DeployError) as caught:
        repository.resources()
    assert message in str(caught.value)
