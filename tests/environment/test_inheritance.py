"""Environments that are like another one, and those of developers, which share nothing."""

import json
from typing import Any

import pytest

from common.base.errors import ConfigError
from common.declare.usual_names import UsualNames
from common.environment import inheritance
from common.resources.log_group import LogGroup
from tests.support.repository import Repository

LIKE = {"name": "cert", "like": "dev", "name_prefix": "t-cert"}
MINE = {"name": "mine", "like": "dev", "name_prefix": "t-${user}"}


@pytest.fixture(autouse=True)
def ana(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_USER", "ana")


def written(repository: Repository, content: dict[str, Any]) -> None:
    repository.write(f"config/{content['name']}.json", content)


def test_settings_are_those_of_the_other_one_but_for_what_names_single_things(repository: Repository) -> None:
    repository.configure(
        protected=True,
        tags={"team": "farm"},
        names={"lambda": "FSA-{prefix}-{name}", "bucket/landing": "company-landing"},
        defaults={"function": {"memory_mb": 512}},
        projects={"acres": {"functions": {"Validate": {"name": "exact", "timeout_seconds": 9}}, "names": {"table/runs": "RUNS"}}},
    )
    repository.write("config/acres/dev.json", {"parameters": {"limit": "1", "wait": "2"}})
    written(repository, {**LIKE, "projects": {"acres": {"parameters": {"limit": "7"}}}})
    repository.write("config/acres/cert.json", {"parameters": {"wait": "8"}})
    cert = repository.environment("cert")
    assert (cert.account_id, cert.region, cert.tags, cert.protected) == ("123456789012", "eu-central-1", {"team": "farm"}, True)
    assert (cert.name_prefix, cert.artifact_bucket) == ("t-cert", "t-cert-artifacts-123456789012")
    assert cert.names == {"lambda": "FSA-{prefix}-{name}"}
    section = cert.project("acres")
    assert (section.functions["Validate"].name, section.functions["Validate"].timeout_seconds) == (None, 9)
    assert (section.names, section.parameters) == ({}, {"limit": "7", "wait": "8"})
    assert cert.defaults.function.memory_mb == 512
    assert cert.place("acres", "functions", "Validate") == "config/dev.json: $.projects.acres.functions.Validate"
    assert (cert.schedules, cert.max_log_retention_days) == ("running", None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({**LIKE, "like": "dve"}, "config/cert.json: $.like names no environment: config/ has cert, dev. Did you mean 'dev'?"),
        ({**LIKE, "like": "cert"}, "cert is like cert, so none of them has settings"),
        ({"name": "cert", "like": "dev"}, 'needs names of its own: add "name_prefix": "…".'),
        ({**LIKE, "name_prefix": "t-dev"}, "$.name_prefix is that of dev, in the same account"),
        ({**LIKE, "artifact_bucket": "t-dev-artifacts"}, "$.artifact_bucket is that of dev, in the same account"),
        ({**LIKE, "regoin": "x"}, "$.regoin: unknown key. Did you mean 'region'?"),
    ],
)
def test_what_cannot_be_is_refused(repository: Repository, content: dict[str, Any], message: str) -> None:
    written(repository, content)
    with pytest.raises(ConfigError) as refused:
        repository.environment("cert")
    assert message in str(refused.value)


def test_two_developers_share_no_names_records_or_leases(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.project("acres")
    written(repository, MINE)
    names: list[set[str]] = []
    for user in (
        "ana",
        "Ana",
        "ana.lopez",
        "ana-lopez",
        "ana@lopez",
        "a-very-long-name-of-somebody",
        "a-very-long-name-of-others",
    ):
        monkeypatch.setenv("DEPLOY_USER", user)
        env = repository.environment("mine")
        resources = [resource for pipeline in repository.declared(environment="mine") for resource in pipeline.rendered()]
        own = {resource.arn or resource.name for resource in resources if resource.key.kind != "artifact"}
        names.append({*own, env.owner, f"{env.artifact_bucket}/{env.stored('acres')}", env.role_path("acres")})
        assert not any(UsualNames(env).differs(resource.key, resource.arn) for resource in resources)
    for number, first in enumerate(names):
        assert all(first.isdisjoint(second) for second in names[number + 1 :])


def test_a_developers_schedules_are_paused_and_logs_short(repository: Repository) -> None:
    repository.configure(projects={"acres": {"triggers": {"night": {"enabled": True}, "late": {"timezone": "UTC"}}}})
    repository.project(
        "acres",
        'm = p.state_machine("m", "m.asl.json")',
        'p.schedule("night", m, "cron(0 3 * * ? *)")',
        'p.schedule("late", m, "cron(0 4 * * ? *)")',
    )
    definition = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    repository.write("projects/acres/m.asl.json", definition)
    written(repository, MINE)

    def rendered(environment: str) -> tuple[list[object], set[object]]:
        resources = [resource for pipeline in repository.declared(environment=environment) for resource in pipeline.rendered()]
        states = [resource.desired() for resource in resources if resource.key.kind in {"rule", "resource"}]
        enabled = [state["State"] for state in states if "State" in state]
        return enabled, {resource.retention_days for resource in resources if isinstance(resource, LogGroup)}

    assert rendered("dev") == (["ENABLED", "ENABLED"], {30})
    assert rendered("mine") == (["DISABLED", "DISABLED"], {3})
    written(repository, {**MINE, "schedules": "running", "max_log_retention_days": 7})
    assert rendered("mine") == (["ENABLED", "ENABLED"], {7})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name_prefix": "t-mine", "artifact_bucket": "t-${user}-artifacts"}, "$.name_prefix needs ${user}"),
        ({"artifact_bucket": "t-all-artifacts"}, "$.artifact_bucket needs ${user}"),
        ({"artifact_bucket": {"name": "company", "prefix": "dev/"}}, "$.artifact_bucket.prefix needs ${user}"),
        ({"names": {"lambda": "{env}-{name}"}}, "$.names.lambda needs {prefix} or ${user}"),
        ({"names": {"bucket/landing": "company-landing"}}, "$.names.bucket/landing needs {prefix} or ${user}"),
    ],
)
def test_what_developers_would_share_is_refused(repository: Repository, settings: dict[str, Any], message: str) -> None:
    written(repository, {**MINE, **settings})
    with pytest.raises(ConfigError) as refused:
        repository.environment("mine")
    assert message in str(refused.value)
    assert "developers would share" in str(refused.value)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("ana", "ana"),
        ("r2d2", "r2d2"),
        ("Ana", "ana-"),
        ("CORP\\jo", "corp-jo-"),
        ("Łucja Zażółć", "ucja-za-"),
        ("jo é", "jo-e-"),
    ],
)
def test_a_login_is_made_fit_for_aws(monkeypatch: pytest.MonkeyPatch, user: str, name: str) -> None:
    monkeypatch.delenv("DEPLOY_USER")
    monkeypatch.setenv("LOGNAME", user)
    developer = inheritance.developer("config/mine.json")
    assert developer.startswith(name)
    assert len(developer) <= 12
    assert (developer == user) == (not name.endswith("-"))


@pytest.mark.parametrize(
    ("variable", "user"), [("DEPLOY_USER", ""), ("DEPLOY_USER", " "), ("DEPLOY_USER", "李"), ("LOGNAME", "root")]
)
def test_who_cannot_be_told_from_others_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, user: str) -> None:
    monkeypatch.delenv("DEPLOY_USER")
    monkeypatch.setenv(variable, user)
    with pytest.raises(ConfigError, match="set DEPLOY_USER to your name"):
        inheritance.developer("config/mine.json")


def test_new_writes_an_environment(repository: Repository) -> None:
    done = repository.invoke("new", "--environment", "cert", "--like", "dev")
    assert done.code == 0, done.err
    content = json.loads((repository.root / "config/cert.json").read_text())
    assert content == {"$schema": "schema.json", "name": "cert", "like": "dev", "name_prefix": "t-cert"}
    done = repository.invoke("new", "--environment", "mine", "--like", "dev", "--each-developer")
    assert repository.environment("mine").name_prefix == "t-ana"
    assert "Schedules are paused" in done.out
    repository.invoke("new", "--environment", "prod", "--account", "222222222222", "--region", "us-east-1")
    assert repository.environment("prod").artifact_bucket == "t-prod-artifacts-222222222222"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("dev", "--like", "dev"), "config/dev.json exists already"),
        (("schema", "--like", "dev"), "config/schema.json exists already"),
        (("Cert", "--like", "dev"), "has up to 20 small letters"),
        (("../cert", "--like", "dev"), "has up to 20 small letters"),
        (("cert", "--like", "dve"), "Did you mean 'dev'? Nothing was written."),
        (("cert",), "Which environment is cert like? Add --like NAME (config/ has dev), or --account and --region"),
        (("cert", "--like", "dev", "--name-prefix", "t-dev"), "$.name_prefix is that of dev"),
        (("cert", "--like", "dev", "--account", "12"), "$.account_id"),
        (("cert", "--like", "dev", "--project", "sales"), "A command writes a project or an environment"),
    ],
)
def test_new_writes_no_environment_that_cannot_be(repository: Repository, words: tuple[str, ...], message: str) -> None:
    before = repository.files()
    done = repository.invoke("new", "--environment", *words)
    assert (done.code, message in done.err) == (1, True), done.err
    assert repository.files() == before
