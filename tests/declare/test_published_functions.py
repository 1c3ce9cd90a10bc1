"""What starts a function that publishes versions starts its alias, and may start nothing else."""

from pathlib import Path

import pytest

from common.resources.rule import Rule
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
FUNCTION = f"arn:aws:lambda:{HERE}:function:t-dev-acres-Validate"
LINES = (
    'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})',
    'work = p.queue("work", visibility_timeout_seconds=360)',
    'f = p.function("Validate")',
    'p.on_event("sown", f, {"source": ["acres"]})',
    'p.on_object("came", f, p.shared.bucket("landing") / "in")',
    'p.schedule("nightly", f, "rate(1 day)", timezone="America/Chicago")',
    'p.on_failure(m, f, reference="broken")',
    'p.on_messages("incoming", f, work)',
    'p.on_failure(f, p.queue("lost"))',
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.write("deploy.py", SHARED.replace("return shared", "shared.bucket('landing', event_bridge=True)\n    return shared"))
    made.project("acres", *LINES)
    return made


@pytest.mark.parametrize(("publish", "arn"), [(False, FUNCTION), (True, f"{FUNCTION}:live")])
def test_triggers_start_the_alias(repository: Repository, publish: bool, arn: str) -> None:
    repository.configure(defaults={"function": {"publish": publish}})
    resources = repository.resources()
    rules = [resource for resource in resources.values() if isinstance(resource, Rule)]
    assert [rule.target_arn for rule in rules] == [arn] * 3
    assert resources["resource/nightly.schedule"].desired()["Target"]["Arn"] == arn
    for role in ("sown-trigger", "came-trigger", "nightly-schedule", "broken-trigger"):
        (statement,) = resources[f"role/{role}"].desired()["Policies"]["deployer-permissions"]["Statement"]
        assert (statement["Action"], statement["Resource"]) == (["lambda:InvokeFunction"], [arn])


@pytest.mark.parametrize(("publish", "name"), [(False, "t-dev-acres-Validate"), (True, f"{FUNCTION}:live")])
def test_messages_call_the_alias(repository: Repository, publish: bool, name: str) -> None:
    repository.configure(defaults={"function": {"publish": publish}})
    mapping = repository.resources()["resource/incoming"]
    assert mapping.desired()["FunctionName"] == name
    assert "lambda/Validate" in {str(key) for key in mapping.needs}


@pytest.mark.parametrize(("publish", "qualifier"), [(False, "$LATEST"), (True, "live")])
def test_failures_of_what_is_started_by_the_alias_are_told(repository: Repository, publish: bool, qualifier: str) -> None:
    """An asynchronous invocation by an alias has the destination of the alias alone.

    See https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
    """
    repository.configure(defaults={"function": {"publish": publish}})
    assert repository.resources()["resource/Validate.failures"].desired()["Qualifier"] == qualifier
