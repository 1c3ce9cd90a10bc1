"""What each template becomes is deployed, run and tested as it is written, against one embedded AWS."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from common import local
from common.setup import templates
from tests.setup.test_new_project import ZONES
from tests.support import ending
from tests.support.repository import ROOT, Repository

RESULTS = {
    "s3-to-parquet": "sales 4 rows",
    "api-drop": "stations 3 rows",
    "nested-machines": "fields 3 rows",
    "python-shell": "days 3 rows",
}
"""What `invoke run` shows of the sample of each template."""


def name_of(template: str) -> str:
    """The project of a template; one has a dash and a digit."""
    return {"api-drop": "a1-drop"}.get(template, template.replace("-", "_"))


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository with a project of each template, all of it deployed."""
    ending.promise()
    repository = Repository(tmp_path_factory.mktemp("new"))
    (repository.root / "config/dev.json").unlink()
    account = "000000000000"
    repository.configure(
        "local", account_id=account, region="us-east-1", name_prefix="n-local", artifact_bucket="n-a", embedded={}
    )
    repository.write("deploy.py", ZONES)
    repository.write("projects/pytest.ini", (ROOT / "projects/pytest.ini").read_text())
    for template in templates.names():
        done = repository.invoke("new", "--project", name_of(template), "--template", template)
        assert done.code == 0, done.err
    done = repository.invoke("deploy", "--env", "local")
    assert done.code == 0, done.err + done.out
    yield repository
    local.stop(repository.root)


def test_what_is_written_is_deployed_and_the_next_plan_is_empty(deployed: Repository) -> None:
    assert deployed.invoke("plan", "--env", "local").code == 0


@pytest.mark.parametrize("template", RESULTS)
@pytest.mark.timeout(600)  # the first use of a machine fetches Spark
def test_it_runs(deployed: Repository, template: str) -> None:
    done = deployed.invoke("run", "--env", "local", "--project", name_of(template))
    assert done.code == 0, done.err + done.out
    assert RESULTS[template] in done.out


def test_its_tests_pass(deployed: Repository) -> None:
    """But for the one that starts Spark: the run above did, too."""
    words = ("-p", "no:cacheprovider", "-p", "no:xdist", "--ignore-glob", "*test_convert.py", "projects")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=deployed.root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "38 passed" in done.stdout
