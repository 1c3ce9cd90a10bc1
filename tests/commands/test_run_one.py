"""`invoke run --only`: what is refused before anything is started, and that protected environments ask."""

import pytest

from tests.support.repository import Repository

SCRIPT = """
import sys
from awsglue.utils import getResolvedOptions
args = getResolvedOptions(sys.argv, ["table", "day"])
"""
LINES = (
    'p.function("Validate")',
    'p.job("load", arguments={"--day": "1"})',
    'p.crawler("look", targets=[p.shared.bucket("final") / "t"], database=p.shared.database("acreage"))',
    'm = p.state_machine("main", {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}})',
    "p.run_by(m, starting={})",
)
SHARED_LINES = ('shared.bucket("final")', 'shared.database("acreage")')


@pytest.fixture
def acres(repository: Repository, moto: None) -> Repository:
    """A project that is not deployed, with one of each kind that can be run."""
    text = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", text.replace("return shared", "\n    ".join([*SHARED_LINES, "return shared"])))
    repository.project("acres", *LINES)
    repository.write("projects/acres/glue/landing/load.py", SCRIPT)
    return repository


BAD = (
    (("--only", "lambda/Validat"), "No chosen project declares 'lambda/Validat'. Did you mean 'lambda/Validate'?"),
    (("--only", "glue-job/Validate"), "No chosen project declares 'glue-job/Validate'. Did you mean 'lambda/Validate'?"),
    (("--only", "bucket/final"), "bucket/final cannot be run. These can: lambda/…, glue-job/…"),
    (
        ("--only", "Validate"),
        "lambda/Validate is not deployed to dev: there is no t-dev-acres-Validate in AWS. Deploy first",
    ),
    (("--only", "load", "--argument", "table=t"), "glue-job/load is not deployed to dev"),
    (("--only", "look"), "crawler/look is not deployed to dev"),
    (("--only", "main"), "state-machine/main is not deployed to dev: there is no t-dev-acres-main in AWS. Deploy first"),
    (("--only", "lambda/Validate", "--argument", "a=b"), "--argument is for jobs; lambda/Validate takes none. Use --input"),
    (("--only", "glue-job/load", "--input", "{}"), "--input is for functions and state machines; glue-job/load takes none"),
    (("--only", "crawler/look", "--input", "{}"), "crawler/look takes none."),
    (("--only", "glue-job/load", "--argument", "table"), "--argument is 'table'; it must be name=value"),
    (("--only", "glue-job/load", "--argument", "tabel=x"), "the script of glue-job/load does not read it. Did you mean 'table'?"),
    (("--only", "glue-job/load"), "reads --table, which nothing gives. Add --argument table=…"),
    (("--only", "lambda/Validate", "--input", '{"a":'), "--input:1:6: this is not JSON"),
    (("--only", "lambda/Validate", "--input", "none.json"), "No such file or directory: none.json"),
    (("--only", "lambda/Validate", "--preview"), "acres declares no place to show"),
    (("--only", "lambda/Validate", "--preview", "finl/t"), "no bucket 'finl' is declared. Did you mean 'final'?"),
    (("--argument", "a=b"), "--argument is for jobs: add --only glue-job/NAME"),
    (("--debug",), "--debug is for one function or job: add --only lambda/NAME or --only glue-job/NAME."),
    (("--debug", "--only", "main"), "--debug is for one function or job: add"),
    (("--debug", "--only", "lambda/Validate"), "--debug is for the embedded AWS: dev is a real account"),
    (("--debug", "--only", "lambda/Validate", "--json"), "--debug and --json exclude each other"),
    (("--debug", "--redrive"), "--redrive and --debug exclude each other."),
)


def test_bad_input_is_told_and_starts_nothing(acres: Repository) -> None:
    for words, message in BAD:
        done = acres.invoke("run", "--env", "dev", *words)
        assert (done.code, message in done.err) == (1, True), done.err
        assert "Traceback" not in done.err


def test_a_key_of_two_projects_is_asked_for(acres: Repository) -> None:
    acres.project("codes", 'p.function("Validate")')
    done = acres.invoke("run", "--env", "dev", "--only", "lambda/Validate")
    assert "'lambda/Validate' could be lambda/Validate of acres, lambda/Validate of codes." in done.err


def test_a_protected_environment_asks(acres: Repository) -> None:
    acres.configure(protected=True)
    done = acres.invoke("run", "--env", "dev", "--only", "lambda/Validate")
    assert "dev is protected, and nobody can be asked here. Add --yes if you mean it. Nothing was changed." in done.err
    done = acres.invoke("run", "--env", "dev", "--only", "lambda/Validate", "--yes")
    assert "is not deployed" in done.err
