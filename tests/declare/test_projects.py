"""Finding declarations, and telling what is wrong with them."""

import sys
from types import ModuleType

import pytest

from common.base.errors import ConfigError, DeclarationError, DeployError, UsageError
from common.declare import project_names, projects
from common.model.resource import Key
from tests.support.repository import SHARED, Repository

NIGHTLY = 'p.schedule("nightly", m, "rate(1 day)")'


def refused(repository: Repository, kind: type[DeployError] = DeclarationError) -> str:
    with pytest.raises(kind) as caught:
        repository.declared()
    return str(caught.value)


def test_a_project_is_a_folder_with_a_declaration(repository: Repository) -> None:
    assert project_names.list_projects(repository.root) == []
    repository.project("soil")
    repository.project("acres")
    repository.write("projects/notes/README.md", "")
    repository.write("projects/deploy.py", "")
    assert project_names.list_projects(repository.root) == ["acres", "soil"]
    assert [pipeline.name for pipeline in repository.declared()] == ["shared", "acres", "soil"]
    assert [pipeline.name for pipeline in repository.declared("soil")] == ["shared", "soil"]


def test_projects_are_chosen_by_name(repository: Repository) -> None:
    repository.project("soil")
    repository.project("acres")
    env = repository.environment()
    assert project_names.select_projects(repository.root, None, env) == ["acres", "soil"]
    assert project_names.select_projects(repository.root, "soil, acres,soil", env) == ["soil", "acres"]
    with pytest.raises(UsageError, match=r"^There is no project 'acre': projects/ has acres, soil. Did you mean 'acres'\?$"):
        project_names.select_projects(repository.root, "soil,acre", env)
    for projects_option in ("soil,", "", " "):
        with pytest.raises(UsageError, match="There is no project ''"):
            project_names.select_projects(repository.root, projects_option, env)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def pipeline(env:\n", "projects/acres/deploy.py:1: "),
        ("import nothing_here\n", "projects/acres/deploy.py:1: ModuleNotFoundError: No module named 'nothing_here'."),
        ("from common import Pipelin\n", "projects/acres/deploy.py:1: ImportError: cannot import name 'Pipelin' from 'common'"),
        ("x = 1\n", "projects/acres/deploy.py must define `pipeline(env)`, which returns the declared pipeline."),
        ("def pipeline(env):\n    pass\n", "projects/acres/deploy.py: `pipeline(env)` returned NoneType, not a pipeline."),
        (
            "class Other:\n    name = 'acres'\n    def resources(self): ...\n\ndef pipeline(env):\n    return Other()\n",
            "projects/acres/deploy.py: `pipeline(env)` returned Other, not a pipeline.",
        ),
        (
            "def pipeline():\n    pass\n",
            "projects/acres/deploy.py: TypeError: pipeline() takes 0 positional arguments but 1 was given.",
        ),
        ("def pipeline(env):\n    a = {}\n    return a['x']\n", "projects/acres/deploy.py:3: KeyError: 'x'."),
        ("import sys\n\nsys.exit()\n", "projects/acres/deploy.py:3: SystemExit: ."),
        ("def pipeline(env):\n    exit(0)\n", "projects/acres/deploy.py:2: SystemExit: 0."),
        ("raise GeneratorExit('x')\n", "projects/acres/deploy.py:1: GeneratorExit: x."),
        ("class Skipped(BaseException): pass\n\nraise Skipped('here')\n", "projects/acres/deploy.py:3: Skipped: here."),
        ("from . import other\n", "projects/acres/other.py:2: ZeroDivisionError: division by zero."),
        (
            "from common import FunctionSettings\n\ndef pipeline(env):\n    FunctionSettings(memory_mb=1, timeout=2)\n",
            (
                "projects/acres/deploy.py:4: memory_mb: Input should be greater than or equal to 128. FunctionSettings has no "
                "'timeout'. Did you mean 'timeout_seconds'?"
            ),
        ),
    ],
)
def test_whatever_is_wrong_with_a_declaration_is_told_with_its_line(repository: Repository, text: str, expected: str) -> None:
    repository.project()
    repository.write("projects/acres/deploy.py", text)
    repository.write("projects/acres/other.py", "zero = 0\n1 / zero\n")
    message = refused(repository)
    assert message.startswith(expected)
    assert "\n" not in message


def test_what_fails_only_while_it_is_rendered_is_told_too(repository: Repository) -> None:
    repository.project("acres", 'p.state_machine("m", lambda: {}["x"])')
    assert refused(repository) == "projects/acres/deploy.py:9: KeyError: 'x'."


def test_a_pipeline_is_called_as_its_folder(repository: Repository) -> None:
    repository.project("acres")
    text = (repository.root / "projects/acres/deploy.py").read_text()
    repository.write("projects/acres/deploy.py", text.replace("'acres'", "'acers'"))
    assert (
        refused(repository) == "projects/acres/deploy.py: the pipeline is called 'acers'; it must be 'acres', as its folder is."
    )


def test_the_name_of_the_shared_resources_is_taken(repository: Repository) -> None:
    repository.project("shared")
    assert refused(repository).startswith("projects/shared/: this name stands for the resources of root deploy.py.")


def test_root_declaration_is_told_by_its_name(repository: Repository) -> None:
    repository.write("deploy.py", SHARED.replace("env)", "evn)"))
    assert refused(repository).startswith("deploy.py:6: NameError: name 'evn' is not defined")
    (repository.root / "deploy.py").unlink()
    assert refused(repository).startswith("deploy.py: ModuleNotFoundError: No module named 'deploy'")


def test_configuration_of_a_project_that_does_not_exist(repository: Repository) -> None:
    repository.project("acres")
    repository.configure(projects={"acre": {}})
    message = "config/dev.json: $.projects.acre: there is no folder projects/acre/ with a deploy.py. Did you mean 'acres'?"
    assert refused(repository, ConfigError) == message
    repository.configure()
    repository.write("config/soil/dev.json", {})
    assert refused(repository, ConfigError) == "config/soil/dev.json: there is no folder projects/soil/ with a deploy.py."


def test_two_resources_of_one_name_in_aws(repository: Repository) -> None:
    repository.project("a-b", 'p.table("c", partition_key="k")')
    repository.project("a", 'p.table("b-c", partition_key="k")')
    assert refused(repository) == (
        "a: table/b-c and a-b: table/c would both be arn:aws:dynamodb:eu-central-1:123456789012:table/t-dev-a-b-c in dev. "
        "Rename one of them."
    )


def test_another_module_of_that_name_is_not_taken(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.project()
    repository.write("elsewhere/deploy.py", "def pipeline(env): ...\n")
    repository.write("elsewhere/projects/acres/deploy.py", "def pipeline(env): ...\n")
    monkeypatch.syspath_prepend(str(repository.root / "elsewhere"))
    assert [declared.name for declared in repository.declared()] == ["shared", "acres"]


def test_another_module_of_that_name_that_is_imported_already_is_told(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other := ModuleType("deploy")).__file__ = "/elsewhere/deploy.py"
    monkeypatch.setitem(sys.modules, "deploy", other)
    with pytest.raises(DeclarationError) as caught:
        projects.load(repository.root, repository.environment(), [])
    assert str(caught.value) == "deploy.py: Python imports 'deploy' from /elsewhere/deploy.py instead. Rename that module."


def test_artifacts_know_who_runs_them(repository: Repository) -> None:
    repository.project()
    assert projects.consumers(repository.declared()) == {
        Key("acres", "artifact", "Validate"): Key("acres", "lambda", "Validate"),
        Key("acres", "artifact", "load"): Key("acres", "glue-job", "load"),
    }


def task(name: str) -> str:
    parameters = {"StateMachineArn": f"${{{name}.arn}}"}
    state = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "Parameters": parameters, "End": True}
    return f'{{"StartAt": "A", "States": {{"A": {state}}}}}'


def test_a_circle_of_references_is_named(repository: Repository) -> None:
    invoked = task("x").replace("states:startExecution", "lambda:invoke").replace("StateMachineArn", "FunctionName")
    machine = f'm = p.state_machine("main", {invoked.replace("x.arn", "Validate.arn")})'
    repository.project("acres", machine, 'p.function("Validate", environment={"MAIN": "${main.arn}"})')
    message = refused(repository)
    circles = ("lambda/Validate needs state-machine/main needs lambda/Validate", "state-machine/main needs lambda/Validate needs")
    assert message.startswith(tuple(f"projects/acres: {circle}" for circle in circles))
    assert "so none of them can be the first. Names are known before anything exists" in message
    repository.project("acres", machine, 'p.function("Validate", environment={"MAIN": m.arn})')
    assert repository.declared(), "as the message says"
    repository.project("acres", *(f'p.state_machine("{name}", {task(other)})' for name, other in ("ab", "bc", "ca")))
    assert refused(repository).count(" needs ") == 3


def test_what_names_itself_is_no_circle(repository: Repository) -> None:
    repository.project(
        "acres", f'p.state_machine("m", {task("m")})', 'p.function("Validate", environment={"ME": "${Validate.name}"})'
    )
    resources = repository.resources()
    for key in ("state-machine/m", "lambda/Validate"):
        assert resources[key].key not in resources[key].needs


@pytest.mark.parametrize("name", ["1st", "my proj", "donn\u00e9es", "a.b", "-x", "x" * 65, "caf\udce9"])
def test_a_folder_that_deploys_would_not_find_again_is_refused(repository: Repository, name: str) -> None:
    repository.project("acres")
    (repository.root / "projects" / name).mkdir()
    (repository.root / "projects" / name / "deploy.py").write_text("")
    with pytest.raises(DeclarationError) as caught:
        project_names.select_projects(repository.root, "acres", repository.environment())
    assert str(caught.value).startswith(f"projects/: the folder {name!r} cannot be a project: a name has up to 64 letters")
    str(caught.value).encode()


def test_a_hidden_folder_is_no_project(repository: Repository) -> None:
    repository.project("acres")
    repository.project(".old")
    repository.write("projects/1st/notes.md", "")
    assert project_names.list_projects(repository.root) == ["acres"]
    assert [pipeline.name for pipeline in repository.declared()] == ["shared", "acres"]


def test_a_role_of_what_does_not_exist_is_told(repository: Repository) -> None:
    repository.project("soil")
    repository.project("acres", 'm = p.state_machine("m", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})', NIGHTLY)
    role = "arn:aws:iam::123456789012:role/given"
    repository.configure(roles={"arns": dict.fromkeys(["lambda", "crawler", "lambda/Validate", "trigger/nightly"], role)})
    assert repository.declared()
    repository.configure(roles={"arns": {"lambda/Validat": role}})
    assert refused(repository, ConfigError) == (
        "config/dev.json: $.roles.arns.lambda/Validat: no project declares it. Did you mean 'lambda/Validate'?"
    )
    assert repository.declared("soil"), "another project may have it"


def test_what_a_declaration_prints_is_not_among_what_programs_read(
    repository: Repository, capfd: pytest.CaptureFixture[str]
) -> None:
    prints = "import os, subprocess, sys; print('one'); os.write(1, b'two'); subprocess.run([sys.executable, '-c', 'print(3)'])"
    repository.project("acres", prints)
    repository.declared()
    print("after")
    out, err = capfd.readouterr()
    assert out == "after\n"
    assert all(text in err for text in ("one", "two", "3"))


def test_roles_that_iam_cannot_tell_apart_are_told_before_anything_is_made(repository: Repository) -> None:
    """Names are not distinguished by case: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html."""
    for name in ("Sow", "sow"):
        repository.write(f"projects/acres/lambda/{name}/handler.py", "def handler(event, context):\n    return 1\n")
    repository.project("acres", "p.function('Sow')", "p.function('sow')")
    message = refused(repository)
    assert "role/Sow-lambda" in message
    assert "role/sow-lambda" in message
    assert "does not tell capital letters from small ones" in message
