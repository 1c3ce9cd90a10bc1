"""Wherever a name is refused, the name that was probably meant is told."""

import pytest

from common.base.errors import ArtifactError, DeclarationError
from common.base.suggestions import closest, did_you_mean, known_names
from tests.support.repository import Repository


def test_the_case_of_letters_does_not_count() -> None:
    assert closest("VALIDATE", ["Validate", "Load"]) == "Validate"
    assert did_you_mean("vallidate", ["Validate", "Load"]) == " Did you mean 'Validate'?"
    assert did_you_mean("x", ["Validate"], otherwise=known_names(["Validate"])) == " Known: Validate."
    assert known_names([]) == " Known: none."


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("deply", "--env", "dev"), "error: There is no task 'deply'. Did you mean 'deploy'? `invoke --list` shows all of them."),
        (("plan", "deploy_sfn", "--env", "dev"), "error: There is no task 'deploy_sfn'. Did you mean 'deploy-sfn'?"),
        (("local.sart",), "error: There is no task 'local.sart'. Did you mean 'local.start'?"),
        (("plan", "--evn", "dev"), "error: plan has no option --evn. Did you mean '--env'? `invoke plan --help` lists them."),
        (("plan", "--env", "dev", "--froce=x"), "error: plan has no option --froce. Did you mean '--force'?"),
        (("gc", "--env", "dev", "--dryrun"), "error: gc has no option --dryrun. Did you mean '--dry-run'?"),
        (("status", "--env", "dev", "--prune"), "error: status has no option --prune."),
        (("--lst",), "error: invoke has no option --lst. Did you mean '--list'? `invoke --help` lists them."),
    ],
)
def test_tasks_and_options_that_there_are_not(repository: Repository, words: tuple[str, ...], message: str) -> None:
    ended = repository.shell("invoke", *words)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(message)
    assert "Traceback" not in ended.err


def test_a_declaration_that_runs_as_a_script_is_told_the_same(repository: Repository) -> None:
    repository.project("acres")
    ended = repository.shell("python", "-m", "projects.acres.deploy", "--evn", "dev")
    assert ended.code == 1
    assert ended.err.startswith("error: deploy has no option --evn. Did you mean '--env'?")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("FunctionSettings(memory=512)", "FunctionSettings has no 'memory'. Did you mean 'memory_mb'?"),
        ("JobSettings(worker=2)", "JobSettings has no 'worker'. Did you mean 'workers'?"),
        ("CrawlerSettings(zzz=2)", "CrawlerSettings has no 'zzz'. Known: name, "),
        ("Network(subnet=[])", "Network has no 'subnet'. Did you mean 'subnet_ids'?"),
        (
            'FunctionSettings(network={"subnets": []})',
            "FunctionSettings has no 'network.subnets'. Did you mean 'subnet_ids'?",
        ),
        ('p.function("Validate", settings={"memory": 512})', "FunctionSettings has no 'memory'. Did you mean 'memory_mb'?"),
        (
            'p.function("Validate", enviroment={})',
            "TypeError: Pipeline.function() got an unexpected keyword argument 'enviroment'. Did you mean 'environment'?",
        ),
        (
            'p.functon("Validate")',
            "AttributeError: 'Pipeline' object has no attribute 'functon'. Did you mean 'function'?",
        ),
        (
            'p.queue("loads", retension_seconds=1)',
            "TypeError: queue() got an unexpected keyword argument 'retension_seconds'. Did you mean 'retention_seconds'?",
        ),
        ("JobSetings()", "NameError: name 'JobSetings' is not defined. Did you mean 'JobSettings'?"),
        (
            'p.shared.bukket("landing")',
            "AttributeError: 'Shared' object has no attribute 'bukket'. Did you mean 'bucket'?",
        ),
    ],
)
def test_names_in_declarations(repository: Repository, line: str, message: str) -> None:
    imports = "from common import CrawlerSettings, FunctionSettings, JobSettings, Network"
    repository.project("acres", imports, line)
    with pytest.raises(DeclarationError) as refused:
        repository.declared()
    assert message in str(refused.value)
    assert str(refused.value).startswith("projects/acres")


def test_importing_a_name_that_common_does_not_have_is_refused_with_a_suggestion(repository: Repository) -> None:
    repository.project("acres", "from common import JobSetings")
    with pytest.raises(DeclarationError, match=r"cannot import name 'JobSetings' from 'common'.*Did you mean 'JobSettings'\?$"):
        repository.declared()


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("lamda/*", "Did you mean 'lambda/*'?"),
        ("job/*", "Did you mean 'glue-job/*'?"),
        ("lambda/Valdate", "Did you mean 'lambda/Validate'?"),
    ],
)
@pytest.mark.usefixtures("moto")
def test_patterns_of_only(repository: Repository, pattern: str, message: str) -> None:
    repository.project("acres")
    ended = repository.invoke("plan", "--env", "dev", "--only", pattern)
    assert ended.code == 1
    assert f"--only {pattern!r} matches nothing. {message}" in ended.err


def test_a_folder_that_is_no_function_is_told_how_to_say_so(repository: Repository) -> None:
    repository.project("acres")
    repository.write("projects/acres/lambda/common/codes.py", "COUNTIES = 3\n")
    with pytest.raises(
        ArtifactError, match=r"If the folder is not a function, let its name begin with _, as in _common, or move it"
    ):
        repository.declared()
    (repository.root / "projects/acres/lambda/common").rename(repository.root / "projects/acres/lambda/_common")
    assert "lambda/_common" not in repository.resources()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"Type": "Taks"}, "Type must be one of Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait. Did you mean 'Task'?"),
        ({"Type": "Pass", "End": True, "Paramters": {}}, "A.Paramters: states have no such field. Did you mean 'Parameters'?"),
        (
            {"Type": "Pass", "End": True, "resultPath": "$.x"},
            "A.resultPath: states have no such field. Did you mean 'ResultPath'?",
        ),
        (
            {"Type": "Task", "End": True, "Resource": "arn:aws:states:::lambda:invoek"},
            "the integration 'lambda:invoek' is not known. Did you mean 'lambda:invoke'?",
        ),
    ],
)
def test_names_in_definitions(repository: Repository, state: dict[str, object], message: str) -> None:
    """AWS refuses a field that it does not know (SCHEMA_VALIDATION_FAILED): https://states-language.net/spec.html."""
    repository.project("acres", f'p.state_machine("m", {{"StartAt": "A", "States": {{"A": {state!r}}}}})')
    with pytest.raises(DeclarationError) as refused:
        repository.declared()
    assert message in str(refused.value)


def test_a_folder_that_does_not_exist_is_reported_with_a_suggestion(repository: Repository) -> None:
    repository.project("acres", 'p.function("Valdate")')
    with pytest.raises(DeclarationError, match=r"there is no folder .*lambda/Valdate/\. Did you mean 'Validate'\?$"):
        repository.declared()
