"""What rules start besides state machines, by a role of their own."""

from pathlib import Path

import pytest

from common.resources.role import Role
from common.resources.rule import Rule
from tests.support.repository import Repository

HERE = "eu-central-1:123456789012"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize(
    ("target", "arn", "action"),
    [
        ('p.function("Validate")', f"arn:aws:lambda:{HERE}:function:t-dev-acres-Validate", "lambda:InvokeFunction"),
        ('p.queue("work")', f"arn:aws:sqs:{HERE}:t-dev-acres-work", "sqs:SendMessage"),
        ('p.shared.topic("theirs")', f"arn:aws:sns:{HERE}:their-topic", "sns:Publish"),
    ],
)
@pytest.mark.parametrize(
    "trigger", ['p.on_event("t", {}, {{"source": ["acres"]}})', 'p.on_object("t", {}, p.shared.bucket("landing") / "in")']
)
def test_a_rule_reaches_it_by_its_role(repository: Repository, trigger: str, target: str, arn: str, action: str) -> None:
    """Either a role or their own policy allows it: see "Using resource-based policies for Amazon EventBridge"."""
    text = (repository.root / "deploy.py").read_text()
    bucket = '    shared.bucket("landing", event_bridge=True)\n    return shared'
    repository.write("deploy.py", text.replace("    return shared", bucket))
    repository.configure(existing={"topics": {"theirs": {"name": "their-topic"}}} if "theirs" in target else {})
    repository.project("acres", trigger.format(target))
    resources = repository.resources()
    rule, role = resources["rule/t"], resources["role/t-trigger"]
    assert isinstance(rule, Rule)
    assert isinstance(role, Role)
    assert (rule.target_arn, rule.role_arn) == (arn, role.arn)
    assert role.statements == ({"Effect": "Allow", "Action": [action], "Resource": [arn]},)


def test_a_topic_that_others_encrypt_brings_its_key(repository: Repository) -> None:
    key = f"arn:aws:kms:{HERE}:key/0a1b2c3d-0000-4000-8000-123456789012"
    repository.configure(existing={"topics": {"theirs": {"name": "their-topic", "kms_key": key}}})
    repository.project("acres", 'p.on_event("t", p.shared.topic("theirs"), {"source": ["acres"]})')
    role = repository.resources()["role/t-trigger"]
    assert isinstance(role, Role)
    assert [statement["Resource"] for statement in role.statements][1:] == [[key]]
