"""Two deployers at once: with ``"verify": "always"`` each plan reads what others may have changed, and says what they did."""

from collections import Counter
from typing import Any

import boto3
import pytest

from common.model.resource import Action
from tests.engine.test_budgets import Deployed, whole_pages
from tests.support.repository import Repository

__all__ = ["whole_pages"]
PLACE = {"region_name": "eu-central-1"}
MACHINE = 'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})'
CRAWLER = 'p.crawler("found", targets=[p.shared.bucket("artifacts") / "x"], database=p.shared.database("lake"))'
FUNCTION = "t-dev-acres-Validate"
READING = {
    "functions": Counter({"lambda:GetFunction": 1, "s3:GetObjectTagging": 1}),
    "jobs": Counter({"glue:GetJob": 1, "glue:GetTags": 1, "s3:GetObjectTagging": 1}),
    "crawlers": Counter({"glue:GetCrawler": 1, "glue:GetTags": 1}),
    "state_machines": Counter({"stepfunctions:DescribeStateMachine": 1, "stepfunctions:ListTagsForResource": 1}),
}
"""What reading one of a section takes: its live state, and what its package holds."""
NAMES = {"functions": "Validate", "jobs": "load", "crawlers": "found", "state_machines": "main"}


@pytest.fixture
def acres(repository: Repository, moto_dates: None) -> Repository:
    shared = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", shared.replace("    return shared", '    shared.database("lake")\n    return shared'))
    repository.project(
        "acres", 'p.function("Validate")', 'p.job("load")', CRAWLER, MACHINE, 'p.schedule("daily", m, "rate(1 day)")'
    )
    Deployed(repository.root)
    return repository


def verified(repository: Repository, section: str, **project: Any) -> None:
    repository.configure(projects={"acres": {section: {NAMES[section]: {"verify": "always"}}, **project}})


def halve_memory() -> None:
    boto3.client("lambda", **PLACE).update_function_configuration(FunctionName=FUNCTION, MemorySize=128)


def memory() -> int:
    return int(boto3.client("lambda", **PLACE).get_function(FunctionName=FUNCTION)["Configuration"]["MemorySize"])


@pytest.mark.parametrize("section", READING)
def test_one_resource_costs_the_reads_of_it_and_nothing_else(acres: Repository, section: str) -> None:
    before = Deployed(acres.root)
    verified(acres, section)
    after = Deployed(acres.root)
    assert after.changes == {}, "the setting is not part of what is deployed"
    assert after.calls - before.calls == READING[section]
    assert Deployed(acres.root, planning=True).calls == after.calls


@pytest.mark.parametrize("functions", [1, 5])
def test_a_project_costs_the_reads_of_all_that_it_has(repository: Repository, functions: int) -> None:
    repository.project("acres")
    for number in range(functions - 1):
        repository.write(f"projects/acres/lambda/Fn{number}/handler.py", "def handler(event, context):\n    return event\n")
    Deployed(repository.root)
    before = Deployed(repository.root)
    repository.configure(projects={"acres": {"verify": "always"}})
    after = Deployed(repository.root)
    role = Counter({"iam:GetRole": 1, "iam:GetRolePolicy": 1, "iam:ListRolePolicies": 1, "iam:ListAttachedRolePolicies": 1})
    group = Counter({"logs:DescribeLogGroups": 1, "logs:ListTagsForResource": 1})
    each = READING["functions"] + role + group
    assert (
        after.calls - before.calls == Counter({name: count * functions for name, count in each.items()}) + READING["jobs"] + role
    )
    repository.configure(verify="always", projects={"acres": {"verify": "on_request"}})
    shared = Deployed(repository.root).calls - before.calls
    assert {name for name in shared if not name.startswith(("s3:", "logs:"))} == set(), "the shared resources alone"
    repository.configure(projects={"acres": {"verify": "always", "functions": {"Validate": {"verify": "on_request"}}}})
    assert (Deployed(repository.root).calls - before.calls)["lambda:GetFunction"] == functions - 1


def test_what_somebody_else_has_changed_is_told_with_old_and_new_values_and_put_back(acres: Repository) -> None:
    verified(acres, "functions")
    Deployed(acres.root)
    halve_memory()
    unread = acres.invoke("plan", "--env", "dev", "--json")
    planned = Deployed(acres.root, planning=True)
    change = planned.change("lambda/Validate")
    assert change.action is Action.UPDATE
    assert change.reason.startswith("changed by somebody else since 20")
    assert ": MemorySize 256 → 128; this is put back" in change.reason
    assert (unread.code, memory()) == (2, 128)
    Deployed(acres.root)
    assert (memory(), Deployed(acres.root).changes) == (256, {})


def test_what_somebody_else_has_changed_is_told_beside_what_the_declaration_changes(acres: Repository) -> None:
    verified(acres, "functions")
    halve_memory()
    acres.configure(projects={"acres": {"functions": {"Validate": {"verify": "always", "memory_mb": 512, "timeout_seconds": 9}}}})
    reason = Deployed(acres.root, planning=True).change("lambda/Validate").reason
    assert reason.startswith("MemorySize 128 → 512; Timeout 60 → 9; changed by somebody else since 20")
    assert reason.endswith(": MemorySize 256 → 128")


def test_without_verify_always_only_the_option_verify_finds_changes_by_others(acres: Repository) -> None:
    halve_memory()
    assert Deployed(acres.root).changes == {}
    change = Deployed(acres.root, planning=True, verify=True).change("lambda/Validate")
    assert ": MemorySize 256 → 128; this is put back" in change.reason


def test_defaults_and_declarations_say_it_too(acres: Repository) -> None:
    before = Deployed(acres.root)
    acres.configure(defaults={"job": {"verify": "always"}})
    assert Deployed(acres.root).calls - before.calls == READING["jobs"]
    acres.configure()
    path = acres.root / "projects/acres/deploy.py"
    path.write_text(path.read_text().replace('p.job("load")', 'p.job("load", settings={"verify": "always"})'))
    assert Deployed(acres.root).calls - before.calls == READING["jobs"]


def test_another_word_is_refused_with_the_ones_that_there_are(acres: Repository) -> None:
    acres.configure(verify="never")
    refused = acres.invoke("plan", "--env", "dev")
    assert refused.code == 1
    assert "$.verify" in refused.err
    assert "always" in refused.err
