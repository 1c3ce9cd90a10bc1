"""Declarations and what becomes of them: resources, their names, needs, roles and settings."""

from typing import Any

import pytest

from common.base.errors import ArtifactError, ConfigError, DeclarationError, DeployError
from common.declare import project_names, projects
from common.environment import aws_versions
from common.environment.config_files import load
from common.environment.config_json import environments
from common.environment.default_settings import Defaults
from common.environment.resource_settings import JobSettings
from common.model.reference import Location
from common.model.resource import Key
from common.packaging.artifact import Script
from common.resources.function import Function
from common.resources.job import Job
from common.resources.state_machine import StateMachine
from tests.support.repository import CONFIG, HANDLER, ROOT, SCRIPT, SHARED, Repository

MACHINE = {
    "StartAt": "A",
    "States": {
        "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${Validate.arn}"},
            "End": True,
        }
    },
}


def refused(repository: Repository, kind: type[DeployError] = DeclarationError) -> str:
    with pytest.raises(kind) as caught:
        repository.declared()
    return str(caught.value)


@pytest.mark.parametrize("name", environments(ROOT))
def test_the_pipelines_of_this_repository_are_declared_for_every_environment(name: str) -> None:
    declared = projects.load(ROOT, load(ROOT, name), project_names.list_projects(ROOT))
    assert [pipeline.name for pipeline in declared] == ["shared", *project_names.list_projects(ROOT)]
    assert all(pipeline.rendered() for pipeline in declared)


@pytest.mark.parametrize("version", aws_versions.GLUE_PYTHON)
def test_configuration_alone_chooses_the_version_of_glue_in_this_repository(version: str) -> None:
    env = load(ROOT, "dev")
    older = env.model_copy(update={"defaults": Defaults(job=JobSettings.model_validate({"glue_version": version}))})
    assert projects.load(ROOT, older, project_names.list_projects(ROOT))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'p.job("load", settings={"glue_version": "4.0"})',
            (
                "glue-job/load refers to the shared log-group/glue, which deploy.py does not declare. "
                'To have it, add this line to deploy.py: shared.log_group("glue")'
            ),
        ),
        (
            'p.job("load", reads=[p.shared.bucket("artefacts")])',
            (
                "glue-job/load refers to the shared bucket/artefacts, which deploy.py does not declare. Did you mean "
                "'artifacts'? To have it, add this line to deploy.py: shared.bucket(\"artefacts\")"
            ),
        ),
        (
            'p.job("load", reads=[p.shared.table("runs")])',
            'add this line to deploy.py: shared.table("runs", partition_key="…")',
        ),
        (
            'p.function("Validate", writes=[p.shared.topic("alerts")])',
            'add this line to deploy.py: shared.topic("alerts")',
        ),
    ],
)
def test_what_is_shared_and_not_declared_is_told_with_the_line_to_add(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", line)
    assert message in refused(repository)


def test_functions_and_jobs_are_found_by_convention(repository: Repository) -> None:
    repository.project()
    assert set(repository.resources()) == {
        "lambda/Validate",
        "role/Validate-lambda",
        "log-group/Validate",
        "glue-job/load",
        "role/load-glue-job",
    }


def test_what_is_left_behind_by_tools_is_no_resource(repository: Repository) -> None:
    repository.project()
    before = set(repository.resources())
    repository.write("projects/acres/lambda/Gone/__pycache__/handler.cpython-311.pyc", b"x")
    repository.write("projects/acres/lambda/.pytest_cache/README.md", "x")
    repository.write("projects/acres/lambda/__pycache__/x.pyc", b"x")
    repository.write("projects/acres/lambda/README.md", "x")
    repository.write("projects/acres/glue/landing/__init__.py", "")
    repository.write("projects/acres/glue/landing/notes.txt", "")
    (repository.root / "projects/acres/lambda/Empty").mkdir()
    assert set(repository.resources()) == before


def test_what_is_in_a_folder_that_a_declaration_names_is_its_own(repository: Repository) -> None:
    repository.project("acres", 'p.function("All", folder="lambda", handler="Validate.handler.handler")')
    repository.write("projects/acres/lambda/other/data.txt", "x")
    functions = [key for key in repository.resources() if key.startswith("lambda/")]
    assert functions == ["lambda/All"]


def test_what_a_declaration_names_is_not_found_once_more(repository: Repository) -> None:
    repository.project(
        "acres",
        'p.function("Check", folder="lambda/./Validate")',
        'p.function("Deep", folder="lambda/group/Deep")',
        'p.layer("deps", folder="layers/x")',
        'p.job("first", script="glue/landing/load.py")',
        'p.job("second", script="glue/final/load.py")',
        'p.job("third", script="glue/landing/other.py")',
    )
    repository.write("projects/acres/lambda/group/Deep/handler.py", HANDLER)
    repository.write("projects/acres/layers/x/lib.py", "")
    for name in ("final/load", "landing/other", "final/other"):
        repository.write(f"projects/acres/glue/{name}.py", SCRIPT)
    resources = repository.resources()
    kinds = ("lambda/", "layer/", "glue-job/")
    names = ["glue-job/first", "glue-job/other", "glue-job/second", "glue-job/third", "lambda/Check", "lambda/Deep", "layer/deps"]
    assert sorted(key for key in resources if key.startswith(kinds)) == names
    other = resources["glue-job/other"]
    assert isinstance(other, Job)
    assert other.script.location.startswith("dev/acres/artifacts/other/")
    assert isinstance(other.script, Script)
    assert other.script.path == repository.root / "projects/acres/glue/final/other.py"


def test_names_arns_tags_and_needs(repository: Repository) -> None:
    repository.configure(tags={"team": "farm"})
    repository.project()
    function = repository.resources()["lambda/Validate"]
    assert isinstance(function, Function)
    assert function.name == "t-dev-acres-Validate"
    assert function.arn == "arn:aws:lambda:eu-central-1:123456789012:function:t-dev-acres-Validate"
    assert function.tags == {"team": "farm", "deployer:environment": "t-dev/dev", "deployer:project": "acres"}
    assert function.handler == "handler.handler"
    assert function.role_arn == "arn:aws:iam::123456789012:role/t-dev/dev/acres/t-dev-acres-Validate-lambda"
    assert {str(key) for key in function.needs} == {"role/Validate-lambda", "log-group/Validate", "artifact/Validate"}
    job = repository.resources()["glue-job/load"]
    needs = {(key.project, str(key)) for key in job.needs}
    assert {("shared", "log-group/glue/output"), ("shared", "log-group/glue/error")} < needs


def test_machines_are_read_from_every_source(repository: Repository) -> None:
    repository.write("projects/acres/one.asl.json", MACHINE)
    repository.write("projects/acres/two.yaml", "StartAt: A\nStates: {A: {Type: Succeed}}\n")
    text = str(MACHINE).replace("${Validate.arn}", "__VALIDATE__")
    repository.project(
        "acres",
        'p.state_machine("one", "one.asl.json")',
        'p.state_machine("two", "two.yaml")',
        f'p.state_machine("three", {text}, tokens={{"__VALIDATE__": "Validate.arn"}})',
        'p.state_machine("four", lambda: {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})',
    )
    resources = repository.resources()
    first, two, three, four = (resources[f"state-machine/{name}"] for name in ("one", "two", "three", "four"))
    assert all(isinstance(machine, StateMachine) for machine in (first, two, three, four))
    assert Key("acres", "lambda", "Validate") in first.needs
    assert Key("acres", "lambda", "Validate") in three.needs
    assert first.desired()["definition"] == three.desired()["definition"]


WRONG = [
    ('p.function("Missing")', "projects/acres/lambda/Missing/."),
    ('p.layer("missing", folder="nope")', "projects/acres/nope/."),
    ('p.job("missing")', "projects/acres: glue-job/missing: there is no glue/<stage>/missing.py. Name the file with `script`."),
    ('p.job("x", script="glue/x.py")', "projects/acres: glue-job/x: there is no file x.py."),
    ('p.function("Validate"); p.function("Validate")', "projects/acres/deploy.py declares lambda/Validate twice."),
    (
        'b = p.shared.bucket("artifacts"); p.directory("glue", b / "x"); p.directory("glue", b / "y")',
        "projects/acres/deploy.py declares directory/glue twice. A folder is kept at one place; a/b and a-b have one name.",
    ),
    (
        'b = p.shared.bucket("artifacts"); p.directory("lambda/Validate", b / "x"); p.directory("lambda-Validate", b / "y")',
        "projects/acres/deploy.py declares directory/lambda-Validate twice.",
    ),
    (
        'p.job("Validate", script="glue/landing/load.py"); p.function("Validate")',
        "glue-job/Validate and lambda/Validate have one name",
    ),
    ('p.function("V" * 53)', "characters; AWS allows 64. Shorten its name, the project's, or name_prefix in config/dev.json."),
    ('p.function("V" * 47, folder="lambda/Validate")', "role/VVVV"),
    ('p.function("my func", folder="lambda/Validate")', "lambda/my func: a name has letters, digits, - and _"),
    ('p.state_machine("m", "missing.json")', "missing.json cannot be read: [Errno 2] No such file or directory"),
    ('p.state_machine("m", {"StartAt": "A"})', "state-machine/m: the top level: States is missing or empty."),
    (f'p.state_machine("m", {str(MACHINE).replace("Validate", "Validat")})', "Did you mean ${Validate.arn}?"),
    (
        'p.function("Validate", environment={"AA": "${Nothing}"})',
        "lambda/Validate: ${Nothing} is not a parameter of this project.",
    ),
    ('p.function("Validate", environment={"A B": "x"})', "lambda/Validate: environment.A B: String should match pattern"),
    (
        'p.function("Validate", environment={"LEVEL": None})',
        "lambda/Validate: environment.LEVEL: Input should be a valid string.",
    ),
    ('p.job("load", arguments={"--a": "${Validate.url}"})', "glue-job/load: ${Validate.url} refers to nothing."),
    (
        'p.function("Validate", build="make", output="..")',
        "projects/acres/deploy.py:9: ValueError: output='..' must name a folder",
    ),
    (
        'p.layer("deps", build="", folder="lambda/Validate")',
        "projects/acres/deploy.py:9: ValueError: build='' is not a command; leave",
    ),
    ('p.function("Validate", writes=[p.function("V2", folder="lambda/Validate")])', "lambda/V2 cannot be written"),
    ('p.function("Validate", reads=[p.shared.bucket("lnding")])', "refers to the shared bucket/lnding, which deploy.py does not"),
]


@pytest.mark.parametrize(("line", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_a_wrong_declaration_is_told(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", line)
    assert message in refused(repository)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('p.function("Validate", handler="other.main")', "needs a file other.py there"),
        ('p.function("Validate", handler="handler.main")', "handler.py does not define 'main'"),
    ],
)
def test_a_handler_is_looked_for_even_if_its_package_is_built_already(repository: Repository, line: str, message: str) -> None:
    repository.project()
    (artifact,) = [resource.artifact for resource in repository.resources().values() if resource.key.kind == "lambda"]
    assert artifact is not None
    artifact.build(repository.root / "build/artifacts")
    repository.project("acres", line)
    assert message in refused(repository, ArtifactError)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"functions": {"Validat": {}}}, "functions.Validat: the project declares no such lambda. Did you mean 'Validate'?"),
        ({"jobs": {"qqq": {}}}, "jobs.qqq: the project declares no such glue-job. Known: load."),
        ({"crawlers": {"c": {}}}, "crawlers.c: the project declares no such crawler. Known: none."),
        (
            {"parameters": {"level": "x", "zone": "y"}},
            "parameters: nothing uses level, zone. Remove, or",
        ),
    ],
)
def test_configuration_that_nothing_uses_is_told(repository: Repository, section: dict[str, Any], message: str) -> None:
    repository.configure(projects={"acres": section})
    repository.project()
    assert refused(repository, ConfigError).startswith(f"config/dev.json: $.projects.acres.{message}")


def test_shared_resources(repository: Repository) -> None:
    repository.write("deploy.py", SHARED.replace('shared.bucket("artifacts")', "pass"))
    assert refused(repository) == 'deploy.py must declare the artifact bucket: shared.bucket("artifacts").'
    repository.write("deploy.py", SHARED.replace("    return", '    shared.bucket("artifacts")\n    return'))
    assert refused(repository) == "deploy.py declares bucket/artifacts twice."
    repository.write("deploy.py", SHARED.replace("    return", f'    shared.bucket("{"b" * 50}")\n    return'))
    assert "69 characters; AWS allows 63. Change its name, or name_prefix in config/dev.json." in refused(repository)


def test_the_entry_says_how_to_run(repository: Repository) -> None:
    repository.project(
        "acres",
        'm = p.state_machine("m", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})',
        'zone = p.shared.bucket("artifacts") / "in"',
        'work, any_type = p.queue("work"), p.resource("any", "AWS::SQS::Queue", {})',
        'sample = {"data/s.csv": zone, "data/m.jsonl": work, "data/n.jsonl": any_type}',
        'p.run_by(m, starting="data/input.json", sample=sample, preview=zone)',
    )
    entry = repository.declared()[1].entry
    assert entry is not None
    folder = repository.root / "projects/acres"
    assert (entry.machine.name, entry.input) == ("t-dev-acres-m", folder / "data/input.json")
    places = {path: place.uri if isinstance(place, Location) else place.name for path, place in entry.sample}
    assert places == {
        folder / "data/s.csv": "s3://t-dev-artifacts/in",
        folder / "data/m.jsonl": "t-dev-acres-work",
        folder / "data/n.jsonl": "t-dev-acres-any",
    }
    assert CONFIG["artifact_bucket"] == "t-dev-artifacts"
