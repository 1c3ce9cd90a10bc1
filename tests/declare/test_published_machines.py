"""What starts a state machine that publishes starts its alias, and may start nothing else."""

import pytest

from common.resources.rule import Rule
from tests.support.repository import Repository

HERE = "eu-central-1:123456789012"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main"
LINES = (
    'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})',
    'p.on_event("sown", m, {"source": ["acres"]})',
    'p.schedule("hourly", m, "rate(1 hour)")',
    'p.schedule("nightly", m, "rate(1 day)", timezone="America/Chicago")',
)


@pytest.fixture
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("repository"))
    made.project("acres", *LINES)
    return made


@pytest.mark.parametrize(
    ("settings", "arn"),
    [
        ({}, MACHINE),
        ({"publish": False, "alias": "live"}, MACHINE),
        ({"publish": True}, f"{MACHINE}:live"),
        ({"publish": True, "alias": "prod-1"}, f"{MACHINE}:prod-1"),
    ],
)
def test_triggers_start_the_alias(repository: Repository, settings: dict[str, object], arn: str) -> None:
    repository.configure(defaults={"state_machine": settings})
    resources = repository.resources()
    rules = [resource for resource in resources.values() if isinstance(resource, Rule)]
    assert [rule.target_arn for rule in rules] == [arn, arn]
    assert resources["resource/nightly.schedule"].desired()["Target"]["Arn"] == arn
    for role in ("sown-trigger", "hourly-trigger", "nightly-schedule"):
        (statement,) = resources[f"role/{role}"].desired()["Policies"]["deployer-permissions"]["Statement"]
        assert (statement["Action"], statement["Resource"]) == (["states:StartExecution"], [arn])


@pytest.mark.parametrize("publish", [True, False])
def test_the_printed_policy_allows_versions_where_they_are_published(repository: Repository, publish: bool) -> None:
    repository.configure(defaults={"state_machine": {"publish": publish}})
    printed = repository.invoke("policy", "--env", "dev").out
    assert ("states:PublishStateMachineVersion" in printed) == publish
    assert ("states:UpdateStateMachineAlias" in printed) == publish


@pytest.mark.parametrize(
    ("name", "value"), [("alias", "1"), ("alias", "a b"), ("alias", ""), ("keep_versions", 0), ("keep_versions", 1001)]
)
def test_what_aws_would_refuse_is_refused(repository: Repository, name: str, value: object) -> None:
    repository.configure(defaults={"state_machine": {"publish": True, name: value}})
    refused = repository.invoke("policy", "--env", "dev")
    assert refused.code == 1
    assert name in refused.err
