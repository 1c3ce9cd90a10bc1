"""Commands without --env, and without any task."""

import json

import pytest

from common.base.command_text import UV
from common.base.errors import ConfigError
from common.environment.default_environment import default_environment
from tests.support.repository import Repository


@pytest.fixture
def acres(repository: Repository) -> Repository:
    repository.project("acres")
    return repository


def test_invoke_alone_lists_the_tasks(acres: Repository) -> None:
    alone, listed = acres.invoke(), acres.invoke("--list")
    assert (alone.code, alone.err, alone.out) == (0, "", listed.out)
    assert "deploy-sfn        Deploy state machines, and what they need." in alone.out


def test_the_only_environment_is_meant(acres: Repository, moto: None) -> None:
    for words, code in ((("plan",), 2), (("deploy-sfn",), 0), (("status",), 0), (("policy",), 0), (("destroy", "--dry-run"), 0)):
        ended = acres.invoke(*words)
        assert (ended.code, ended.err.splitlines()[0]) == (code, "note: --env dev, the only one in config/"), words
    assert json.loads(acres.invoke("plan", "--json").out)["environment"] == "dev"
    assert acres.invoke("plan", "--env", "dev").err == ""


def test_a_variable_or_a_configuration_says_which(acres: Repository, moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    acres.configure("cert", name_prefix="t-cert")
    ended = acres.invoke("plan")
    assert (ended.code, ended.out.count("AWS call")) == (1, 0)
    assert ended.err == (
        "error: Which environment? Add --env NAME; config/ has cert, dev. "
        'Without it, DEPLOY_ENV names one, or one that is not protected says "default": true.\n'
    )
    acres.configure("cert", name_prefix="t-cert", default=True)
    assert acres.invoke("plan").err == 'note: --env cert, as config/cert.json says "default": true\n'
    monkeypatch.setenv("DEPLOY_ENV", "dev")
    assert acres.invoke("plan").err == "note: --env dev, as DEPLOY_ENV says\n"
    assert acres.invoke("plan", "--env", "cert").err == ""
    monkeypatch.setenv("DEPLOY_ENV", "cerd")
    ended = acres.invoke("deploy")
    message = "error: DEPLOY_ENV is 'cerd', and there is no such environment: config/ has cert, dev. Did you mean 'cert'?\n"
    assert (ended.code, ended.out, ended.err) == (1, "", message)


def test_a_protected_environment_is_never_meant_unless_it_is_named(acres: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    acres.configure(protected=True)
    assert default_environment(acres.root) is None
    monkeypatch.setenv("DEPLOY_ENV", "dev")
    assert default_environment(acres.root) == ("dev", "as DEPLOY_ENV says")
    monkeypatch.delenv("DEPLOY_ENV")
    acres.configure(protected=True, default=True)
    ended = acres.invoke("plan")
    assert ended.code == 1
    assert "a protected environment cannot be the default: it must be named in each command" in ended.err


def test_two_defaults_are_none(acres: Repository) -> None:
    acres.configure(default=True)
    acres.configure("cert", default=True)
    with pytest.raises(
        ConfigError, match=r'config/cert\.json and config/dev\.json say "default": true\. Leave it in one of them'
    ):
        default_environment(acres.root)


def test_packages_need_none(acres: Repository) -> None:
    ended = acres.invoke("package-lambdas")
    assert (ended.code, ended.err) == (0, "")


def test_an_environment_that_one_task_names_is_not_replaced_for_another(
    acres: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    acres.configure("cert")
    monkeypatch.setenv("DEPLOY_ENV", "cert")
    ended = acres.invoke("plan", "plan", "--env", "dev")
    assert ended.code == 1
    assert ended.err.startswith("error: Which environment?")


@pytest.mark.parametrize(("variables", "command"), [({}, "invoke deploy"), ({UV: "1"}, "uv run invoke deploy")])
def test_messages_print_commands_as_they_must_be_typed(
    acres: Repository, moto: None, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], command: str
) -> None:
    acres.project(
        "acres", 'm = p.state_machine("m", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})', "p.run_by(m, starting={})"
    )
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ended = acres.invoke("run", "--env", "dev")
    assert f"Deploy first: {command} --env dev --project acres" in ended.err
