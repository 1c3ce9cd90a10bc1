"""`invoke check`: all problems of all projects, without an environment and credentials."""

import json

from tests.declare.asl.test_definition import END, machine
from tests.support.repository import Repository


def declare(repository: Repository, project: str, **machines: object) -> None:
    lines = [f'p.state_machine("{name}", "{name}.asl.json")' for name in machines]
    repository.project(project, *lines)
    for name, content in machines.items():
        repository.write(f"projects/{project}/{name}.asl.json", json.dumps(content))


def test_what_is_right_is_counted(repository: Repository) -> None:
    declare(repository, "acres", load=machine(A=END), clean=machine(A=END))
    ended = repository.invoke("check")
    assert (ended.code, ended.out) == (0, "  checked 2 state machines in 1 project: no problems.\n"), ended.err


def test_all_problems_of_all_machines_are_told_at_once(repository: Repository) -> None:
    declare(repository, "acres", load=machine(A={**END, "Coment": 1}), clean=machine(A={**END, "Nxt": "A"}))
    declare(repository, "orders", main=machine(A={"Type": "Pas", "End": True}))
    repository.configure("prod")
    ended = repository.invoke("check")
    assert ended.code == 1
    for place in ("load.asl.json", "clean.asl.json", "main.asl.json"):
        assert ended.err.count(f"Edit {place}.\n") == 1, "once for all environments"
    assert "A.Coment: states have no such field. Did you mean 'Comment'?" in ended.err
    assert repository.invoke("check", "--project", "orders").err.count("is broken") == 1
    assert "There is no project 'order'" in repository.invoke("check", "--project", "order").err


def test_a_project_without_values_for_its_parameters_is_left_out(repository: Repository) -> None:
    declare(repository, "acres", load=machine(A={"Type": "Wait", "Seconds": "${wait}", "End": True}))
    ended = repository.invoke("check")
    assert (ended.code, ended.out.count("is not checked for dev")) == (0, 1), ended.err
