"""Functions and machines that publish are imported with their alias, and planned without a change."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore import handlers
from botocore.awsrequest import AWSResponse

from common.importing import rules, versions
from tests.importing.live import Live, arn, client
from tests.importing.test_import import PLAN, WORDS
from tests.importing.test_kinds import ROLE, context, resource
from tests.resources.scripted import ScriptedAws
from tests.support.repository import Repository

FUNCTION = "fsa-dev-orders-Validate"
MACHINE = arn("states", "stateMachine:orders")


@pytest.fixture
def provisioned(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Lambda answers about provisioned concurrency, which moto does not know: at first that there is none."""
    answer: dict[str, Any] = {"Error": {"Code": "ProvisionedConcurrencyConfigNotFoundException", "Message": "none"}}

    def answered(**_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        return AWSResponse("", 404 if "Error" in answer else 200, {}, None), answer

    answering = ("before-call.lambda.GetProvisionedConcurrencyConfig", answered)
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, answering])
    return answer


def settings(repository: Repository, section: str, name: str) -> dict[str, Any]:
    ended = repository.invoke(*WORDS)
    assert (ended.code, ended.err) == (0, ""), ended
    written = json.loads(repository.files()["config/orders/dev.json"])
    return dict(written.get(section, {}).get(name, {}))


def planned(repository: Repository) -> list[str]:
    """What a plan says of functions, machines and rules but that their tags are put."""
    ended = repository.invoke(*PLAN)
    assert ended.err == ""
    lines = [line for line in ended.out.splitlines() if line.lstrip()[:2] in {"~ ", "± ", "+ ", "= "}]
    interesting = [line for line in lines if any(f" {kind}/" in line for kind in ("lambda", "state-machine", "rule"))]
    assert interesting
    return [line for line in interesting if "; tags only" not in line]


@pytest.mark.parametrize("number", [1, 12])
def test_a_function_whose_alias_is_its_newest_version_publishes(
    live: Live, provisioned: dict[str, Any], repository: Repository, number: int
) -> None:
    if number == 12:
        provisioned.clear()
        provisioned |= {"RequestedProvisionedConcurrentExecutions": 3, "Status": "READY"}
    aws = client("lambda")
    for size in range(number):
        aws.update_function_configuration(FunctionName=FUNCTION, MemorySize=512 + size)
        version = aws.publish_version(FunctionName=FUNCTION)["Version"]
    aws.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)
    written = settings(repository, "functions", "Validate")
    assert written["publish"] is True
    assert written.get("keep_versions") == (12 if number == 12 else None), "an import deletes no version"
    assert written.get("provisioned_concurrency") == (3 if number == 12 else None)
    assert planned(repository) == []


def test_a_function_whose_alias_leads_elsewhere_is_imported_without_it(
    live: Live, provisioned: dict[str, Any], repository: Repository
) -> None:
    aws = client("lambda")
    version = aws.publish_version(FunctionName=FUNCTION)["Version"]
    aws.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)
    aws.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
    assert "publish" not in settings(repository, "functions", "Validate")
    assert planned(repository) == []


def test_a_function_whose_alias_gives_calls_to_two_versions_is_imported_without_it(
    live: Live, provisioned: dict[str, Any], repository: Repository
) -> None:
    """A canary: GetFunction shows the version that gets most of the calls.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    aws = client("lambda")
    for size in (512, 1024):
        aws.update_function_configuration(FunctionName=FUNCTION, MemorySize=size)
        version = aws.publish_version(FunctionName=FUNCTION)["Version"]
    weights = {"AdditionalVersionWeights": {"1": 0.1}}
    aws.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version, RoutingConfig=weights)
    assert "publish" not in settings(repository, "functions", "Validate")
    assert planned(repository) == []


def test_what_a_rule_is_for_is_imported(live: Live, repository: Repository) -> None:
    rule = client("events").describe_rule(Name="fsa-dev-orders-arrived")
    fields = {"EventPattern": rule["EventPattern"], "State": rule["State"], "Description": "Orders of ${day}"}
    client("events").put_rule(Name="fsa-dev-orders-arrived", **fields)
    assert settings(repository, "triggers", "arrived")["description"] == "Orders of $${day}"
    assert planned(repository) == []


ALIASES = {"stepfunctions:ListStateMachineAliases": {"stateMachineAliases": [{"stateMachineAliasArn": f"{MACHINE}:prod"}]}}


@pytest.mark.parametrize(
    ("revision", "started", "number", "expected"),
    [
        ("r2", {f"{MACHINE}:prod"}, 2, {"publish": True, "alias": "prod"}),
        ("r2", set(), 12, {"publish": True, "alias": "prod", "keep_versions": 12}),
        ("r1", {f"{MACHINE}:prod"}, 2, {}),
        ("r2", {MACHINE}, 2, {}),
        ("r2", {MACHINE, f"{MACHINE}:prod"}, 2, {}),
    ],
)
def test_a_machine_publishes_where_a_deploy_would_change_nothing_of_it(
    revision: str, started: set[str], number: int, expected: dict[str, Any]
) -> None:
    routes = {"routingConfiguration": [{"stateMachineVersionArn": f"{MACHINE}:2", "weight": 100}]}
    aws = ScriptedAws(
        {
            **ALIASES,
            "stepfunctions:DescribeStateMachineAlias": routes,
            "stepfunctions:DescribeStateMachine": {"revisionId": revision},
            "stepfunctions:ListStateMachineVersions": {"stateMachineVersions": [{}] * number},
        }
    )
    aliases = versions.aliases(aws, MACHINE)
    assert versions.of_machine(aws, MACHINE, {"revisionId": "r2"}, aliases, started) == expected


def test_a_rule_that_starts_the_alias_starts_the_machine_that_publishes() -> None:
    live = {"State": "ENABLED", "ScheduleExpression": "rate(1 day)", "Targets": [{"Arn": f"{MACHINE}:prod", "RoleArn": ROLE}]}
    rule = resource("rule", live)
    machine = versions.with_settings(resource("state-machine", {}), {"publish": True, "alias": "prod"})
    published = versions.published([replace(machine, arn=MACHINE)])
    assert rules.entry(rule, "daily", replace(context(), published=published)).arguments[0] == "orders"
