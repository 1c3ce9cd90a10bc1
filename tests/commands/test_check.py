"""`invoke check`: all problems of all projects, without an environment and credentials."""

import json
from pathlib import Path

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
    first = "projects/acres/load.asl.json:1: A.Coment: states have no such field. Did you mean 'Comment'? [UNKNOWN_FIELD]"
    assert ended.out.count(first) == 1, "once for all environments"
    for place in ("acres/load", "acres/clean", "orders/main"):
        assert f"projects/{place}.asl.json:1: A" in ended.out
    assert ended.err == "error: 3 errors; wrong: 3 state machines.\n"
    assert "1 error" in repository.invoke("check", "--project", "orders").err
    assert "There is no project 'order'" in repository.invoke("check", "--project", "order").err


def test_the_page_that_explains_all_problems_names_no_codes_again(repository: Repository) -> None:
    """Where there are several pages, each says which codes it is about."""
    declare(repository, "acres", load=machine(A={"Type": "Pas", "End": True}))
    assert repository.invoke("check").out.count("STRUCTURE") == 1
    declare(repository, "acres", load=machine(A={"Type": "Pas", "End": True}), clean=machine(A={**END, "Nxt": "A"}))
    lines = repository.invoke("check").out.splitlines()
    assert sorted(line.rpartition(" ")[2] for line in lines if line.startswith("https:")) == ["(STRUCTURE)", "(UNKNOWN_FIELD)"]


def test_a_wrong_machine_hides_no_warning_of_another(repository: Repository) -> None:
    declare(repository, "acres", load=machine(A=END), clean=machine(A={**END, "Nxt": "A"}))
    load = 'p.state_machine("load", "load.asl.json", accept=["RETRY: x"])'
    repository.project("acres", load, 'p.state_machine("clean", "clean.asl.json")')
    repository.configure("prod")
    ended = repository.invoke("check")
    assert ended.out.count("projects/acres/load.asl.json:1: warning: the top level: accept names RETRY") == 1, ended.out
    assert ended.err == "error: 1 error and 1 warning; wrong: 1 state machine.\n"


def test_a_project_without_values_for_its_parameters_is_left_out(repository: Repository) -> None:
    declare(repository, "acres", load=machine(A={"Type": "Wait", "Seconds": "${wait}", "End": True}))
    ended = repository.invoke("check")
    assert (ended.code, ended.out.count("is not checked for dev")) == (0, 1), ended.err


def test_programs_get_an_object_and_pull_requests_sarif(repository: Repository, tmp_path: Path) -> None:
    """Follows https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, sections 3.13 to 3.30 and 3.49."""
    declare(repository, "acres", load=machine(A={**END, "Coment": 1}))
    repository.write(
        "projects/acres/load.asl.json", '{"StartAt": "A",\n"States": {"A": {"Type": "Pass", "End": true,\n"Coment": 1}}}'
    )
    repository.project("orders", "p.nothing()")
    path = tmp_path / "out" / "check.sarif"
    ended = repository.invoke("check", "--json", "--sarif", str(path))
    assert ended.code == 1
    contents = json.loads(ended.out)
    assert contents["outcome"] == "failed"
    assert contents["problems"] == [
        {
            "code": "UNKNOWN_FIELD",
            "path": ["States", "A", "Coment"],
            "message": "states have no such field.",
            "suggestion": "Did you mean 'Comment'?",
            "place": "A.Coment",
            "severity": "error",
            "page": "https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html",
            "file": "projects/acres/load.asl.json",
            "line": 3,
            "machine": "projects/acres: state-machine/load",
        }
    ]
    (error,) = contents["errors"]
    assert "projects/orders/deploy.py" in error
    sarif = json.loads(path.read_text())
    assert (sarif["version"], sarif["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = sarif["runs"]
    rules = run["tool"]["driver"]["rules"]
    first, second = run["results"]
    assert [rule["id"] for rule in rules] == ["UNKNOWN_FIELD", "DECLARATION"]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"]
    assert {result["level"] for result in run["results"]} == {"error"}
    assert first["message"]["text"] == "A.Coment: states have no such field. Did you mean 'Comment'?"
    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "projects/acres/load.asl.json", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3},
    }
    assert second["message"]["text"] == error
    place = second["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "projects/orders/deploy.py"
    assert error.startswith(f"projects/orders/deploy.py:{place['region']['startLine']}: ")
