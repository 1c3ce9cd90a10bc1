"""Log groups that exist and stay somebody else's, and rules for events of any pattern."""

import json

import pytest

from common.base.errors import ConfigError, DeclarationError
from common.resources.function import Function
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine
from tests.support.repository import Repository

MACHINE = 'p.state_machine("orders", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})'
GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:/fsa/states:*"


def test_a_function_with_unmanaged_logging_names_its_group_and_has_none(repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate", log_group_name="/fsa/shared")')
    repository.configure(projects={"acres": {"functions": {"Validate": {"logging": "unmanaged"}}}})
    resources = repository.resources()
    function = resources["lambda/Validate"]
    assert isinstance(function, Function)
    assert function.desired()["LoggingConfig"] == {"LogGroup": "/fsa/shared"}
    assert "log-group/Validate" not in resources
    assert "log-group" not in {need.kind for need in function.needs}


def test_two_functions_may_log_to_one_unmanaged_group(repository: Repository) -> None:
    lines = [f'p.function("{name}", folder="lambda/Validate", log_group_name="/fsa/shared")' for name in ("One", "Two")]
    repository.project("acres", *lines)
    repository.configure(defaults={"function": {"logging": "unmanaged"}})
    assert {key for key in repository.resources() if key.startswith("lambda/")} == {"lambda/One", "lambda/Two"}


def test_a_machine_logs_to_the_group_that_its_settings_name(repository: Repository) -> None:
    repository.project("acres", MACHINE)
    repository.configure(projects={"acres": {"state_machines": {"orders": {"log_group": GROUP, "log_level": "ALL"}}}})
    machine = repository.resources()["state-machine/orders"]
    assert isinstance(machine, StateMachine)
    (destination,) = machine.desired()["loggingConfiguration"]["destinations"]
    assert destination == {"cloudWatchLogsLogGroup": {"logGroupArn": GROUP}}
    assert "log-group" not in {need.kind for need in machine.needs}


def test_a_group_of_another_region_is_refused(repository: Repository) -> None:
    repository.project("acres", MACHINE)
    elsewhere = GROUP.replace("eu-central-1", "eu-west-1")
    repository.configure(projects={"acres": {"state_machines": {"orders": {"log_group": elsewhere}}}})
    with pytest.raises(DeclarationError, match="is in the region eu-west-1, but the environment is in eu-central-1"):
        repository.resources()


def test_a_group_is_named_by_its_arn(repository: Repository) -> None:
    repository.project("acres", MACHINE)
    repository.configure(projects={"acres": {"state_machines": {"orders": {"log_group": "/fsa/states"}}}})
    with pytest.raises(ConfigError, match="log_group"):
        repository.resources()


def test_a_rule_starts_a_machine_with_each_event_of_a_pattern(repository: Repository) -> None:
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": ["${landing.name}"]}, "object": {"key": [{"prefix": "in/"}]}}}
    repository.write(
        "deploy.py", (repository.root / "deploy.py").read_text().replace("    return", '    shared.bucket("landing")\n    return')
    )
    repository.project(
        "acres", 'p.shared.bucket("landing")', f"machine = {MACHINE}", f'p.on_event("new", machine, {json.dumps(pattern)})'
    )
    rule = repository.resources()["rule/new"]
    assert isinstance(rule, Rule)
    desired = rule.desired()
    assert desired["EventPattern"]["detail"]["bucket"] == {"name": ["t-dev-landing-123456789012"]}
    assert desired["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "in/"}]}
    assert "Input" not in desired["Targets"][0]
    assert "InputTransformer" not in desired["Targets"][0]


def test_a_rule_for_events_has_no_schedule(repository: Repository) -> None:
    repository.project("acres", f"machine = {MACHINE}", 'p.on_event("new", machine, {"source": ["aws.s3"]})')
    repository.configure(projects={"acres": {"triggers": {"new": {"expression": "rate(1 day)"}}}})
    with pytest.raises(DeclarationError, match="it waits for events, so it has no schedule"):
        repository.resources()


def test_a_machine_that_logs_nothing_needs_no_group(repository: Repository) -> None:
    repository.write("deploy.py", (repository.root / "deploy.py").read_text().replace('    shared.log_group("states")\n', ""))
    repository.project("acres", MACHINE)
    repository.configure(projects={"acres": {"state_machines": {"orders": {"log_level": "OFF"}}}})
    resources = repository.resources()
    assert resources["state-machine/orders"].desired()["loggingConfiguration"]["destinations"] == []
    assert resources["role/orders-state-machine"].desired()["Policies"] == {}, "nor does its role deliver logs"
