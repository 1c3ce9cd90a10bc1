"""The commands on a project with instances, as typed, against moto."""

import json
from typing import Any

import boto3
import pytest

from tests.commands.test_operations import MACHINE, PLACE, command, keys, refused, written
from tests.support.repository import Repository

BODY = ('p.function("Validate", environment={"FOR": "${customer}"})', MACHINE, 'p.run_by(m, starting={"a": 1})')
ACME, GLOBEX = {"parameters": {"customer": "Acme"}}, {"parameters": {"customer": "Globex"}}
BOTH: dict[str, Any] = {"orders": {"instances": {"acme": ACME, "globex": GLOBEX}}}


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    """`orders`, deployed for two customers."""
    repository.project("orders", *BODY)
    repository.configure(projects=BOTH)
    first = repository.invoke("deploy", "--env", "dev")
    assert (first.code, first.err) == (0, ""), first
    return repository


def variables() -> dict[str, str]:
    """For whom each deployed function works, by its name."""
    functions = boto3.client("lambda", **PLACE).list_functions()["Functions"]
    return {function["FunctionName"]: function["Environment"]["Variables"]["FOR"] for function in functions}


def changed(plan: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (change["project"], change["key"], change["action"])
        for change in plan["changes"]
        if change["action"] not in {"noop", "record"}
    }


def test_each_instance_is_deployed_with_its_own_values_and_the_second_deploy_writes_nothing(
    deployed: Repository, aws_calls: list[str]
) -> None:
    assert variables() == {"t-dev-orders-acme-Validate": "Acme", "t-dev-orders-globex-Validate": "Globex"}
    packages = [key for key in keys() if "/artifacts/Validate/" in key and key.endswith(".zip")]
    assert {key.split("/")[1] for key in packages} == {"orders-acme", "orders-globex"}
    assert len({key.rpartition("/")[2] for key in packages}) == 1, "equal inputs have one digest"
    assert {key.split("/")[1] for key in keys() if key.endswith("/release.json")} == {"orders-acme", "orders-globex", "shared"}
    aws_calls.clear()
    again = command(deployed, "deploy")
    assert changed(again) == set()
    assert written(aws_calls) == []


def test_one_instance_is_changed_and_deployed_alone(deployed: Repository) -> None:
    both = {"acme": {**ACME, "functions": {"Validate": {"memory_mb": 512}}}, "globex": GLOBEX}
    deployed.configure(projects={"orders": {"instances": both}})
    assert changed(command(deployed, "plan", "--project", "orders-globex")) == set()
    assert changed(command(deployed, "plan", "--project", "orders", code=2)) == {("orders-acme", "lambda/Validate", "update")}
    assert command(deployed, "deploy", "--project", "orders-acme")["projects"] == ["orders-acme"]
    assert changed(command(deployed, "plan")) == set()


def test_status_history_and_drift_name_each_instance(deployed: Repository) -> None:
    assert [status["project"] for status in command(deployed, "status")["projects"]] == ["shared", "orders-acme", "orders-globex"]
    released = command(deployed, "history", "--project", "orders")["releases"]
    assert {release["project"] for release in released} == {"orders-acme", "orders-globex"}
    assert {release["project"] for release in command(deployed, "history", "--project", "orders-acme")["releases"]} == {
        "orders-acme"
    }
    boto3.client("lambda", **PLACE).update_function_configuration(FunctionName="t-dev-orders-globex-Validate", MemorySize=512)
    assert command(deployed, "drift", "--project", "orders-acme")["drifted"] == []
    drifted = command(deployed, "drift", "--project", "orders", code=2)["drifted"]
    assert [(resource["project"], resource["key"]) for resource in drifted] == [("orders-globex", "lambda/Validate")]
    assert deployed.invoke("gc", "--env", "dev", "--project", "orders", "--dry-run").code == 0


def test_run_asks_which_instance_is_meant(deployed: Repository) -> None:
    message = refused(deployed.invoke("run", "--env", "dev", "--project", "orders"))
    assert "Add --project NAME; these can be run: orders-acme, orders-globex." in message


def test_unlock_asks_which_instance_is_meant(deployed: Repository) -> None:
    message = refused(deployed.invoke("unlock", "--env", "dev", "--project", "orders"))
    assert "orders is deployed as orders-acme, orders-globex, each with a lease of its own" in message
    ended = deployed.invoke("unlock", "--env", "dev", "--project", "orders-acme", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert "dev/orders-acme: nobody holds the lease." in ended.out


def test_an_instance_that_is_taken_away_is_no_longer_declared(deployed: Repository) -> None:
    deployed.configure(projects={"orders": {"instances": {"acme": ACME}}})
    why = "orders-globex is deployed, but there is no projects/orders-globex/ and no instance globex of orders in config/dev.json"
    assert why in " ".join(deployed.invoke("plan", "--env", "dev").out.split())
    assert "There is no project 'orders-globex'" in refused(deployed.invoke("plan", "--env", "dev", "--project", "orders-globex"))
    undeclared = command(deployed, "status")["projects"][-1]
    assert (undeclared["project"], undeclared["declared"]) == ("orders-globex", False)
    assert command(deployed, "history", "--project", "orders-globex")["releases"]
    assert deployed.invoke("deploy", "--env", "dev", "--prune", "--data").code == 0
    assert variables() == {"t-dev-orders-acme-Validate": "Acme"}
    assert not keys("dev/orders-globex/records/")


def test_a_project_that_gets_instances_is_no_longer_declared_without(repository: Repository, moto_dates: None) -> None:
    repository.project("orders", *BODY)
    repository.configure(projects={"orders": ACME})
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.configure(projects=BOTH)
    planned = repository.invoke("plan", "--env", "dev")
    assert (
        "orders is deployed, but config/dev.json: $.projects.orders.instances has it deployed as orders-acme, orders-globex "
        "instead: --prune deletes what it left"
    ) in " ".join(planned.out.split())
    assert repository.invoke("deploy", "--env", "dev").code == 0
    assert {*variables()} == {"t-dev-orders-Validate", "t-dev-orders-acme-Validate", "t-dev-orders-globex-Validate"}
    released = command(repository, "history", "--project", "orders")["releases"]
    assert {release["project"] for release in released} == {"orders", "orders-acme", "orders-globex"}
    assert repository.invoke("deploy", "--env", "dev", "--prune", "--data").code == 0
    assert {*variables()} == {"t-dev-orders-acme-Validate", "t-dev-orders-globex-Validate"}
    repository.configure(projects={"orders": ACME})
    assert repository.invoke("deploy", "--env", "dev", "--prune", "--data").code == 0
    assert variables() == {"t-dev-orders-Validate": "Acme"}


def test_an_instance_takes_over_what_had_its_names_before(repository: Repository, moto_dates: None) -> None:
    exact = {"functions": {"Validate": {"name": "fsa-validate"}}}
    repository.project("orders", *BODY[:1])
    repository.configure(projects={"orders": {**ACME, **exact}})
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.configure(projects={"orders": {"instances": {"acme": {**ACME, **exact}, "globex": GLOBEX}}})
    message = refused(repository.invoke("plan", "--env", "dev"))
    assert "fsa-validate exists and belongs to t-dev/dev:orders" in message
    ended = repository.invoke("deploy", "--env", "dev", "--prune", "--data", "--adopt-from", "t-dev/dev:orders")
    assert (ended.code, ended.err) == (0, ""), ended
    assert variables() == {"fsa-validate": "Acme", "t-dev-orders-globex-Validate": "Globex"}
    assert changed(command(repository, "plan", "--prune")) == set()


def test_destroying_the_folder_destroys_its_instances_and_no_others(deployed: Repository) -> None:
    deployed.project("orders-archive")
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    shown = json.loads(deployed.invoke("destroy", "--env", "dev", "--project", "orders", "--dry-run", "--json").out)
    assert shown["projects"] == ["orders-acme", "orders-globex"]
    assert deployed.invoke("destroy", "--env", "dev", "--project", "orders-acme", "--data", "--yes", "orders-acme").code == 0
    assert "t-dev-orders-globex-Validate" in functions()
    assert deployed.invoke("destroy", "--env", "dev", "--project", "orders", "--data", "--yes", "orders").code == 0
    assert functions() == {"t-dev-orders-archive-Validate"}


def functions() -> set[str]:
    return {function["FunctionName"] for function in boto3.client("lambda", **PLACE).list_functions()["Functions"]}
