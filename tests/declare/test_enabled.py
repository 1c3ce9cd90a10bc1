"""A project that is not for an environment, and one that an environment has no values for."""

import json

import pytest

from tests.support.repository import Repository
from tests.support.terminal import squeezed

NEEDS = 'p.function("Validate", environment={"LEVEL": "${level}", "MOST": "${most}"})'
OFF = {"soil": {"enabled": False}}


@pytest.fixture
def two(repository: Repository) -> Repository:
    """`acres`, and `soil`, which dev has no values for."""
    repository.project("acres")
    repository.project("soil", NEEDS, 'p.job("load", arguments={"--area": "${area}"})')
    return repository


def test_all_values_that_an_environment_lacks_are_told_with_the_lines_to_add(two: Repository) -> None:
    for words in (("plan",), ("deploy",), ("policy",), ("package-lambdas",)):
        ended = two.invoke(*words, "--env", "dev")
        assert ended.code == 1, words
        assert ended.err.strip() == (
            "error: config/dev.json has no values for parameters of soil:\n"
            "  ${area} in projects/soil: glue-job/load\n"
            "  ${level} in projects/soil: lambda/Validate\n"
            "  ${most} in projects/soil: lambda/Validate\n"
            "Add a value for each:\n"
            '  "projects": {"soil": {"parameters": {"area": "...", "level": "...", "most": "..."}}}\n'
            "If soil is not for dev, say so there instead:\n"
            '  "projects": {"soil": {"enabled": false}}'
        ), words


def test_either_of_the_lines_does(two: Repository, moto: None) -> None:
    for section in (OFF, {"soil": {"parameters": {"area": "a", "level": "l", "most": "m"}}}):
        two.configure(projects=section)
        ended = two.invoke("plan", "--env", "dev")
        assert (ended.code, ended.err) == (2, "")
        assert ("soil" in ended.out) is (section is not OFF)


def test_a_project_that_is_switched_off_stands_in_nobodys_way(two: Repository, moto: None) -> None:
    two.configure(projects=OFF)
    assert two.invoke("deploy", "--env", "dev").code == 0
    assert json.loads(two.invoke("plan", "--env", "dev", "--json").out)["projects"] == ["acres"]
    assert "soil" not in two.invoke("policy", "--env", "dev").out
    assert "soil" not in two.invoke("status", "--env", "dev").out
    assert two.invoke("package-lambdas", "--env", "dev").code == 0


def test_naming_a_project_that_is_switched_off_is_refused(two: Repository, moto: None) -> None:
    two.configure(projects=OFF)
    for words in (("plan",), ("deploy",), ("policy",), ("package-lambdas",), ("run",), ("drift",)):
        ended = two.invoke(*words, "--env", "dev", "--project", "acres,soil")
        assert ended.code == 1, words
        assert ended.err.strip() == (
            'error: soil is not for dev: config/dev.json: $.projects.soil says "enabled": false. '
            "Take that out, or leave soil out of --project."
        ), words


def test_an_overlay_switches_a_project_off(two: Repository, moto: None) -> None:
    two.write("config/soil/dev.json", {"enabled": False})
    assert two.invoke("plan", "--env", "dev").code == 2
    assert 'config/soil/dev.json says "enabled": false' in two.invoke("plan", "--env", "dev", "--project", "soil").err


def test_what_was_deployed_of_a_project_that_is_then_switched_off_is_no_longer_declared(
    repository: Repository, moto: None
) -> None:
    repository.project("acres")
    repository.project("soil")
    (repository.root / "projects/soil/glue/landing/load.py").unlink()  # moto's index never forgets a job
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.configure(projects=OFF)
    why = 'config/dev.json: $.projects.soil says "enabled": false: --prune deletes what it left'
    planned = repository.invoke("plan", "--env", "dev")
    assert planned.code == 0
    assert f"soil is deployed, but {why}, triggers too, and --prune --data what holds data." in planned.out
    assert f"soil: {why}, and --prune --data what holds data" in repository.invoke("status", "--env", "dev").out
    planned = repository.invoke("plan", "--env", "dev", "--prune")
    assert planned.code == 2
    assert "- lambda/Validate delete" in squeezed(planned.out)
    assert "acres" not in planned.out
    assert repository.invoke("deploy", "--env", "dev", "--prune", "--data").code == 0
    assert "soil is deployed" not in repository.invoke("plan", "--env", "dev").out
    assert repository.invoke("plan", "--env", "dev", "--prune").code == 0


def test_packages_are_built_for_every_environment_that_has_the_values(two: Repository) -> None:
    two.configure("mine", name_prefix="t-mine", projects={"soil": {"parameters": {"area": "a", "level": "l", "most": "m"}}})
    ended = two.invoke("package-lambdas", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert {package["project"] for package in json.loads(ended.out)["packages"]} == {"acres", "soil"}
    ended = two.invoke("package-lambdas")
    assert "soil is not packaged for dev, which has no values for area, level, most." in ended.out
    ended = two.invoke("package-lambdas", "--project", "acres")
    assert ended.code == 0
    assert "soil" not in ended.out


def test_a_policy_for_one_project_reaches_no_other(repository: Repository) -> None:
    for name in ("acres", "soil"):
        repository.project(name, 'p.function("Validate", environment={"LEVEL": "${level}"})')
    parameters = {name: {"parameters": {"level": f"ssm:/{name}/level"}} for name in ("acres", "soil")}
    repository.configure(projects=parameters)
    both = repository.invoke("policy", "--env", "dev").out
    policy = repository.invoke("policy", "--env", "dev", "--project", "acres").out
    assert "t-dev-acres-*" in both
    assert "t-dev-acres-*" in policy
    assert "parameter/soil/level" in both
    assert "soil" in both
    assert "soil" not in policy
    assert "parameter/acres/level" in policy
    assert "role/t-dev/dev/acres/*" in policy
    assert "role/t-dev/dev/*" not in policy
    two = repository.invoke("policy", "--env", "dev", "--project", "acres,soil").out
    assert "role/t-dev/dev/acres/*" in two
    assert "role/t-dev/dev/soil/*" in two


def test_one_project_without_values_keeps_no_other_from_its_policy_and_plan(two: Repository, moto: None) -> None:
    assert two.invoke("policy", "--env", "dev", "--project", "acres").code == 0
    assert two.invoke("plan", "--env", "dev", "--project", "acres").code == 2
