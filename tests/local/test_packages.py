"""What was packaged here runs where it should: in the embedded AWS, on this machine's architecture, and in Spark."""

import json
import platform
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common import local
from tests.local.conftest import ended
from tests.local.fixtures import client_of
from tests.support.repository import Repository

MACHINE = re.compile(r"^[a-z]+[0-9_]*?_(?=x86_64|aarch64|arm64)")
"""The beginning of a platform's tag, as in ``manylinux_2_17_aarch64``, that does not name the processor."""
DECLARED = (
    "from common import FunctionSettings",
    'p.function("Compute", settings=FunctionSettings(architecture="x86_64", timeout_seconds=30))',
    'p.job("tell", shell=True)',
    'p.function("Twin", folder="lambda/Compute", settings=FunctionSettings(architecture="arm64"))',
)
HANDLER = """
import numpy
from pydantic import BaseModel

from shared.codes import double


class Field(BaseModel):
    acres: float


def handler(event, context):
    acres = [Field.model_validate(field).acres for field in event["fields"]]
    return {"acres": double(float(numpy.asarray(acres).sum())), "numpy": numpy.__file__}
"""
SCRIPT = """
import inflection
from pyspark.sql import SparkSession

from shared.codes import double
from units import FACTOR

rows = SparkSession.builder.getOrCreate().createDataFrame([(1,), (2,)], ["acres"])
doubled = rows.rdd.map(lambda row: double(row.acres)).collect()
if doubled != [FACTOR, 4] or inflection.pluralize("acre") != "acres":
    raise ValueError(f"{doubled} {inflection.__file__}")
"""
SHELL = """
import inflection

from shared.codes import double
from units import FACTOR

if double(21) != 21 * FACTOR or inflection.pluralize("acre") != "acres" or "site-packages" in inflection.__file__:
    raise ValueError(inflection.__file__)
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository with packages from the real index, locked and deployed."""
    with pytest.MonkeyPatch.context() as patched:
        root = tmp_path_factory.mktemp("packages")
        patched.chdir(root)
        repository = Repository(root)
        repository.project("acres", *DECLARED)
        repository.configure("local", embedded={})
        repository.write("projects/acres/shared/codes.py", "def double(acres):\n    return 2 * acres\n")
        repository.write("projects/acres/lambda/Compute/handler.py", HANDLER)
        repository.write("projects/acres/lambda/Compute/requirements.txt", "numpy<3\npydantic<3\nboto3\n")
        repository.write("projects/acres/glue/landing/load.py", SCRIPT)
        repository.write("projects/acres/glue/landing/tell.py", SHELL)
        repository.write("projects/acres/glue/landing/units.py", "FACTOR = 2\n")
        for name in ("load", "tell"):
            repository.write(f"projects/acres/glue/landing/{name}.requirements.txt", "inflection<1\n")
        try:
            for words in (("package-lambdas", "--lock"), ("deploy", "--env", "local")):
                ended = repository.invoke(*words)
                assert ended.code == 0, ended.out + ended.err
            yield repository
        finally:
            local.stop(root)


def client(repository: Repository, service: str) -> Any:
    running = local.running(repository.root)
    assert running is not None
    return client_of(running, service)


def tags(path: Path) -> set[str]:
    """The platforms of a package's compiled modules, by its wheels' own words."""
    with zipfile.ZipFile(path) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
    return {line.rpartition("-")[2] for text in texts for line in text.splitlines() if line.startswith("Tag: ")} - {"any"}


@pytest.mark.parametrize("name", ["Compute", "Twin"])
def test_a_function_with_compiled_packages_runs_whatever_its_architecture(deployed: Repository, name: str) -> None:
    payload = json.dumps({"fields": [{"acres": 1.5}, {"acres": "2"}]}).encode()
    answer = client(deployed, "lambda").invoke(FunctionName=f"t-dev-acres-{name}", Payload=payload)
    result = json.loads(answer["Payload"].read())
    assert result["acres"] == 7.0, result
    assert "site-packages" not in result["numpy"], "it is the package's own"


def test_aws_gets_the_wheels_of_the_architecture_and_the_embedded_aws_those_of_this_machine(deployed: Repository) -> None:
    archives = {name: list(deployed.root.glob(f"build/artifacts/acres/{name}/*.zip")) for name in ("Compute", "Twin")}
    machines = {path: {MACHINE.sub("", tag) for tag in tags(path)} for paths in archives.values() for path in paths}
    assert sorted(machines[path] == {"aarch64"} for path in archives["Twin"]) == [False, True], machines
    assert len(archives["Compute"]) == (1 if platform.machine() == "x86_64" else 2), "what AWS gets runs here, too"
    there = next(path for path in archives["Twin"] if machines[path] == {"aarch64"})
    with zipfile.ZipFile(there) as archive:
        libraries = [name for name in archive.namelist() if name.endswith(".so")]
        assert not [name for name in libraries if "x86_64" in name]
        assert not [name for name in archive.namelist() if name.startswith(("boto3", "botocore"))]


@pytest.mark.parametrize("kind", ["load", "tell"])
def test_a_job_runs_with_shared_code_and_a_package(deployed: Repository, kind: str) -> None:
    glue, name = client(deployed, "glue"), f"t-dev-acres-{kind}"
    run = glue.start_job_run(JobName=name)["JobRunId"]
    job_run = ended(lambda: glue.get_job_run(JobName=name, RunId=run)["JobRun"], "JobRunState")
    assert job_run["JobRunState"] == "SUCCEEDED", job_run.get("ErrorMessage")


def test_a_second_deploy_has_nothing_to_do(deployed: Repository) -> None:
    ended = deployed.invoke("deploy", "--env", "local", "--json")
    assert [change for change in json.loads(ended.out)["changes"] if change["action"] != "noop"] == []
