"""From declarations to resources: settings, roles, permissions, needs and tokens."""

import json
from typing import Any

import pytest

from common.base.errors import DeclarationError
from common.model.resource import Key, Resource
from common.resources.crawler import Crawler
from common.resources.function import Function
from common.resources.job import Job
from common.resources.role import Role
from common.resources.rule import Rule
from common.resources.state_machine import StateMachine
from tests.support.repository import SHARED, Repository

ROLE = "arn:aws:iam::123456789012:role/given"


def statements(role: Resource) -> set[str]:
    assert isinstance(role, Role)
    return {f"{action} {arn}" for statement in role.statements for action in statement["Action"] for arn in statement["Resource"]}


def test_what_is_referred_to_is_needed_and_granted(repository: Repository) -> None:
    shared = '    shared.bucket("landing")\n    shared.topic("alerts")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    repository.project(
        "acres",
        'runs = p.table("runs", partition_key="run_id")',
        'landing = p.shared.bucket("landing") / "in"',
        'topic = p.shared.topic("alerts")',
        'p.function("Validate", reads=[landing], writes=[runs], environment={"TOPIC": "${alerts.arn}"})',
    )
    resources = repository.resources()
    function = resources["lambda/Validate"]
    assert isinstance(function, Function)
    assert function.environment == {"TOPIC": "arn:aws:sns:eu-central-1:123456789012:t-dev-alerts"}
    assert {Key("shared", "bucket", "landing"), Key("shared", "topic", "alerts"), Key("acres", "table", "runs")} < set(
        function.needs
    )
    granted = statements(resources["role/Validate-lambda"])
    assert "s3:GetObject arn:aws:s3:::t-dev-landing-123456789012/in/*" in granted
    assert "dynamodb:PutItem arn:aws:dynamodb:eu-central-1:123456789012:table/t-dev-acres-runs" in granted
    assert not any(statement.startswith("sns:") for statement in granted), "a variable is not a permission"


def test_nearer_settings_win(repository: Repository) -> None:
    repository.configure(
        defaults={"function": {"memory_mb": 300, "timeout_seconds": 10, "environment": {"LEVEL": "default", "ZONE": "d"}}},
        projects={"acres": {"functions": {"Validate": {"memory_mb": 1024, "environment": {"LEVEL": "config"}}}}},
    )
    line = (
        'p.function("Validate", environment={"LEVEL": "code", "CODE": "c"}, settings=FunctionSettings(memory_mb=512, vpc=False))'
    )
    repository.project("acres", "from common import FunctionSettings", line)
    function = repository.resources()["lambda/Validate"]
    assert isinstance(function, Function)
    assert (function.settings.memory_mb, function.settings.timeout_seconds) == (1024, 10)
    assert function.environment == {"LEVEL": "config", "ZONE": "d", "CODE": "c"}


@pytest.mark.parametrize(
    ("declared", "settings"),
    [
        ('glue_version="3.0", worker_type="R.1X"', {}),
        ('worker_type="R.1X"', {"defaults": {"job": {"glue_version": "3.0"}}}),
        ('worker_type="R.1X"', {"projects": {"acres": {"jobs": {"load": {"glue_version": "3.0"}}}}}),
        ('glue_version="3.0"', {"defaults": {"job": {"worker_type": "G.16X"}}}),
    ],
)
def test_workers_that_a_jobs_glue_version_does_not_have(repository: Repository, declared: str, settings: dict[str, Any]) -> None:
    repository.configure(**settings)
    repository.project("acres", "from common import JobSettings", f'p.job("load", settings=JobSettings({declared}))')
    with pytest.raises(DeclarationError, match=r"worker_type: Value error, Glue 3\.0 has G\.1X, G\.2X, G\.4X and G\.8X; the"):
        repository.resources()


@pytest.mark.parametrize(
    ("value", "shell", "granted"),
    [("true", False, True), ("", False, True), ("${on}", False, True), ("false", False, False), ("true", True, False)],
)
def test_spark_may_make_the_catalog_its_metastore_where_it_is_told_to(
    repository: Repository, value: str, shell: bool, granted: bool
) -> None:
    parameters = {"on": "true"} if "$" in value else {}
    repository.configure(projects={"acres": {"parameters": parameters}})
    repository.project("acres", f'p.job("load", arguments={{"--enable-glue-datacatalog": "{value}"}}, shell={shell})')
    glue = "arn:aws:glue:eu-central-1:123456789012"
    about_databases = {
        statement for statement in statements(repository.resources()["role/load-glue-job"]) if "Database" in statement
    }
    both = {f"glue:{verb}Database {glue}:{of}" for verb in ("Get", "Create") for of in ("catalog", "database/default")}
    assert about_databases == ({*both, f"glue:GetDatabase {glue}:database/global_temp"} if granted else set())


def test_machines_that_start_machines_come_after_them(repository: Repository) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
    outer = {"StartAt": "A", "States": {"A": {**task, "Parameters": {"StateMachineArn": "${inner.arn}"}}}}
    repository.project(
        "acres",
        f'p.state_machine("outer", {outer})',
        'p.state_machine("inner", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})',
    )
    resources = repository.resources()
    assert Key("acres", "state-machine", "inner") in resources["state-machine/outer"].needs
    assert any(statement.startswith("events:PutRule ") for statement in statements(resources["role/outer-state-machine"]))


def test_a_distributed_map_starts_the_machine_that_it_is_in(repository: Repository) -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "${landing.name}", "Key": "k.csv"}}
    each = {"Type": "Map", "ItemProcessor": processor, "ItemReader": reader, "End": True}
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.bucket("landing")\n    return shared'))
    repository.project(
        "acres",
        'p.shared.bucket("landing")',
        f'p.state_machine("m", { ({"StartAt": "M", "States": {"M": each}}) })',
    )
    resources = repository.resources()
    assert Key("shared", "bucket", "landing") in resources["state-machine/m"].needs
    granted = statements(resources["role/m-state-machine"])
    assert "states:StartExecution arn:aws:states:eu-central-1:123456789012:stateMachine:t-dev-acres-m" in granted
    assert "s3:GetObject arn:aws:s3:::t-dev-landing-123456789012/k.csv" in granted


def test_rules_start_machines(repository: Repository) -> None:
    repository.configure(projects={"acres": {"triggers": {"nightly": {"expression": "rate(2 days)", "enabled": False}}}})
    repository.write(
        "deploy.py", SHARED.replace("    return shared", '    shared.bucket("landing", event_bridge=True)\n    return shared')
    )
    repository.project(
        "acres",
        'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})',
        'p.schedule("nightly", m, "cron(0 1 * * ? *)", {"table": "${Validate.name}"})',
        'p.on_object("arrived", m, p.shared.bucket("landing") / "in", suffix=".csv")',
    )
    resources = repository.resources()
    nightly, arrived = resources["rule/nightly"], resources["rule/arrived"]
    assert isinstance(nightly, Rule)
    assert isinstance(arrived, Rule)
    assert (nightly.schedule, nightly.enabled, nightly.input) == ("rate(2 days)", False, {"table": "t-dev-acres-Validate"})
    assert Key("acres", "lambda", "Validate") in nightly.needs
    assert arrived.pattern is not None
    assert arrived.pattern["detail"]["object"] == {"key": [{"wildcard": "in/*.csv"}]}
    assert {Key("acres", "state-machine", "main"), Key("shared", "bucket", "landing")} < set(arrived.needs)


def test_targets_from_configuration_are_granted(repository: Repository) -> None:
    shared = '    shared.bucket("final")\n    shared.database("acreage")\n    return shared'
    repository.write("deploy.py", SHARED.replace("    return shared", shared))
    repository.project("acres", 'p.crawler("c", targets=[p.shared.bucket("final") / "t"], database=p.shared.database("acreage"))')
    assert "s3:GetObject arn:aws:s3:::t-dev-final-123456789012/t/*" in statements(repository.resources()["role/c-crawler"])
    repository.configure(projects={"acres": {"crawlers": {"c": {"targets": ["s3://lake/a/b/"]}}}})
    resources = repository.resources()
    crawler, granted = resources["crawler/c"], statements(resources["role/c-crawler"])
    assert isinstance(crawler, Crawler)
    assert crawler.targets == ("s3://lake/a/b/",)
    assert "s3:GetObject arn:aws:s3:::lake/a/b/*" in granted
    assert not any("t-dev-final" in statement for statement in granted)


def test_a_crawler_may_have_a_whole_bucket_for_its_target(repository: Repository) -> None:
    """Glue takes it with and without a slash, and gives back what it was given: another spelling would be an update."""
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.database("acreage")\n    return shared'))
    repository.project("acres", 'p.crawler("c", targets=[], database=p.shared.database("acreage"))')
    repository.configure(projects={"acres": {"crawlers": {"c": {"targets": ["s3://lake", "s3://sea/"]}}}})
    resources = repository.resources()
    crawler, granted = resources["crawler/c"], statements(resources["role/c-crawler"])
    assert isinstance(crawler, Crawler)
    assert crawler.targets == ("s3://lake", "s3://sea/")
    assert {"s3:GetObject arn:aws:s3:::lake/*", "s3:GetObject arn:aws:s3:::sea/*"} <= granted


@pytest.mark.parametrize(
    ("settings", "job_role"),
    [
        ({"roles": {"arns": {"glue-job": ROLE, "lambda": ROLE, "state-machine": ROLE}}}, ROLE),
        ({"roles": {"arns": {"glue-job/load": ROLE}}}, ROLE),
        ({"projects": {"acres": {"jobs": {"load": {"role": ROLE}}}}}, ROLE),
        ({"defaults": {"job": {"role": ROLE}}}, ROLE),
        ({"roles": {"arns": {"lambda/Validate": ROLE}}}, None),
    ],
)
def test_existing_roles_take_the_place_of_managed_ones(
    repository: Repository, settings: dict[str, Any], job_role: str | None
) -> None:
    repository.configure(**settings)
    repository.project()
    resources = repository.resources()
    job = resources["glue-job/load"]
    assert isinstance(job, Job)
    assert ("role/load-glue-job" in resources) == (job_role is None)
    assert job_role is None or job.role_arn == job_role


def test_with_an_existing_role_a_machine_may_call_what_we_do_not_know(repository: Repository) -> None:
    foreign = {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": True}
    repository.project("acres", f'p.state_machine("m", {{"StartAt": "A", "States": {{"A": {foreign}}}}})')
    with pytest.raises(DeclarationError, match=r"A needs batch:SubmitJob, but has no JobQueue"):
        repository.resources()
    repository.configure(roles={"arns": {"state-machine/m": ROLE}})
    assert "state-machine/m" in repository.resources()


def test_a_boundary_is_put_on_every_managed_role(repository: Repository) -> None:
    boundary = "arn:aws:iam::123456789012:policy/edge"
    repository.configure(roles={"permissions_boundary": boundary})
    repository.project()
    roles = [resource for resource in repository.resources().values() if isinstance(resource, Role)]
    assert [role.boundary for role in roles] == [boundary, boundary]


def test_parameters_are_used_in_variables_arguments_definitions_and_inputs(repository: Repository) -> None:
    repository.configure(projects={"acres": {"parameters": {name: name.upper() for name in ("a", "b", "c", "d", "e")}}})
    repository.project(
        "acres",
        'p.function("Validate", environment={"AA": "${a}-${e}"})',
        'p.job("load", arguments={"--b": "${b}"})',
        'm = p.state_machine("m", {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${c}", "End": True}}})',
        'p.schedule("s", m, "rate(1 day)", {"d": "${d}"})',
    )
    resources = repository.resources()
    function, job, rule = resources["lambda/Validate"], resources["glue-job/load"], resources["rule/s"]
    assert isinstance(function, Function)
    assert isinstance(job, Job)
    assert isinstance(rule, Rule)
    assert (function.environment, job.arguments["--b"], rule.input) == ({"AA": "A-E"}, "B", {"d": "D"})
    assert json.loads(resources["state-machine/m"].desired()["definition"])["States"]["A"]["Result"] == "C"


@pytest.mark.usefixtures("moto")
def test_a_job_and_a_machine_of_one_name_are_deployed(repository: Repository) -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": "${job.EXEC-SQL.name}"},
        "End": True,
    }
    repository.project(
        "acres",
        'p.job("EXEC-SQL", script="glue/landing/load.py")',
        f'm = p.state_machine("EXEC-SQL", {{"StartAt": "A", "States": {{"A": {state!r}}}}})',
        'p.function("Validate", environment={"MACHINE": "${state_machine.EXEC-SQL.arn}"})',
    )
    done = repository.invoke("deploy", "--env", "dev")
    assert done.code == 0, done.err
    assert repository.invoke("plan", "--env", "dev").code == 0
    machine = repository.resources()["state-machine/EXEC-SQL"]
    assert isinstance(machine, StateMachine)
    assert machine.definition["States"]["A"]["Parameters"] == {"JobName": "t-dev-acres-EXEC-SQL"}
