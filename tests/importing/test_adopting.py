"""What is imported and adopted is as it was but for tags, and an import can be repeated."""

import json
from typing import Any

import pytest

from tests.importing.live import LANDING, Live, arn, client
from tests.importing.test_import import PLAN, WORDS
from tests.support.repository import Repository


def plan_of(repository: Repository) -> dict[str, str]:
    """The reasons of what a deploy would change of the project, by key."""
    ended = repository.invoke(*PLAN, "--json")
    assert ended.code in {0, 2}, ended.out + ended.err
    changes: list[dict[str, Any]] = json.loads(ended.out)["changes"]
    changing = [change for change in changes if change["action"] not in {"noop", "record"}]
    return {change["key"]: change["reason"] for change in changing if change["project"] == "orders"}


def configuration_of(name: str) -> dict[str, Any]:
    live: dict[str, Any] = client("lambda").get_function(FunctionName=name)["Configuration"]
    return live


def test_adopted_it_is_as_it_was_but_for_tags(live: Live, repository: Repository) -> None:
    repository.invoke(*WORDS)
    plan = plan_of(repository)
    assert {"lambda/Validate", "glue-job/clean", "state-machine/Main", "state-machine/Load", "rule/arrived"} <= plan.keys()
    assert {key: reason for key, reason in plan.items() if "tags only" not in reason} == {}
    before = configuration_of("fsa-dev-orders-Validate")
    assert repository.invoke("deploy", *PLAN[1:]).code == 0
    after = configuration_of("fsa-dev-orders-Validate")
    assert {name: value for name, value in after.items() if before.get(name) != value} == {}
    assert repository.invoke(*PLAN).code == 0, "there is nothing more to do"
    repository.write("projects/orders/lambda/Validate/app.py", "def run(event, context):\n    return 1\n")
    assert plan_of(repository).keys() == {"artifact/Validate", "lambda/Validate"}


def test_a_second_import_adds_what_is_new_and_changes_no_line(live: Live, repository: Repository) -> None:
    repository.invoke(*WORDS)
    path = "projects/orders/deploy.py"
    text = (repository.root / path).read_text()
    repository.write(path, text.replace("    return p\n", "    # mine\n    return p\n"))
    before = repository.files()
    assert "nothing is new" in repository.invoke(*WORDS).out
    assert repository.files() == before
    live.function("fsa-dev-orders-Notify", Environment={"Variables": {"BUCKET": LANDING}})
    for name, machine in (("nightly", "Main"), ("hourly", "Load")):
        started = arn("states", f"stateMachine:fsa-dev-orders-{machine}")
        live.rule(f"fsa-dev-orders-{name}", started, ScheduleExpression="cron(0 3 * * ? *)", State="DISABLED")
    ended = repository.invoke(*WORDS)
    assert "imported 1 function, 1 trigger" in ended.out
    assert 'deploy.py keeps no variable of its machine; write Load = p.state_machine("Load", …)' in ended.out
    after = repository.files()
    assert {path for path in before if before[path] != after[path]} == {path, "config/orders/dev.json"}
    rest = iter(after[path].splitlines())
    assert all(line in rest for line in before[path].splitlines()), "in their order"
    old, new = (json.loads(files["config/orders/dev.json"]) for files in (before, after))
    assert new["functions"]["Validate"] == old["functions"]["Validate"]
    assert new["triggers"]["nightly"]["enabled"] is False
    assert new["existing"] == old["existing"], "the bucket has its entry already"
    assert {"lambda/Notify", "rule/nightly"} <= plan_of(repository).keys()
    assert "rule/hourly" not in plan_of(repository)


@pytest.mark.parametrize("place", ["environment", "section", "overlay"])
def test_what_configuration_names_already_is_used_by_that_name(live: Live, repository: Repository, place: str) -> None:
    existing: dict[str, Any] = {"existing": {"buckets": {"incoming": {"name": LANDING}}}}
    match place:
        case "environment":
            repository.configure(**existing)
        case "section":
            repository.configure(projects={"orders": existing})
        case _:
            repository.write("config/orders/dev.json", existing)
    assert repository.invoke(*WORDS).code == 0
    files = repository.files()
    assert b'p.shared.bucket("incoming")' in files["projects/orders/deploy.py"]
    named = json.loads(files["config/orders/dev.json"])["existing"]["buckets"]
    assert [key for key, entry in named.items() if entry["name"] == LANDING] == (["incoming"] if place == "overlay" else [])
    assert {reason for reason in plan_of(repository).values() if "tags only" not in reason} == set()
