"""The example pipeline where IAM is enforced: deployed and destroyed under the printed policy, run under the generated roles."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from common import local
from common.local import environments
from tests.support.repository import remove_projects
from tests.test_end_to_end import clone, invoke

pytestmark = pytest.mark.timeout(600)
ENFORCED = ("--env", "local", "--enforce-iam")
RUN = ("run", "--project", "fpac_pipeline", *ENFORCED, "--json")
DECLARATION = "projects/fpac_pipeline/deploy.py"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone without the other pipelines, whose Python environments are those of this checkout."""
    root = clone(tmp_path_factory.mktemp("enforced") / "repository")
    remove_projects(root, "orders", "reference_data")
    environments.HOME.mkdir(parents=True, exist_ok=True)
    (root / "build/local").mkdir(parents=True)
    (root / "build/local/env").symlink_to(environments.HOME)
    yield root
    local.stop(root)


def denied(root: Path) -> list[str]:
    """What IAM has denied since the embedded AWS was started."""
    log = (root / "build/local/embedded.log").read_text()
    return [line for line in log.splitlines() if line.startswith("IAM denied")]


def unjudged(root: Path) -> list[str]:
    """The requests that nobody judged."""
    log = (root / "build/local/embedded.log").read_text()
    return [line for line in log.splitlines() if line.startswith("IAM does not judge")]


def test_a_pipeline_is_deployed_run_and_destroyed_with_no_more_than_is_printed(root: Path) -> None:
    deployed = json.loads(invoke(root, "deploy", *ENFORCED, "--json"))
    assert {change["action"] for change in deployed["changes"]} == {"create", "upload"}
    assert json.loads(invoke(root, *RUN))["status"] == "SUCCEEDED"
    assert (denied(root), unjudged(root)) == ([], [])

    declaration = (root / DECLARATION).read_text()
    with_right, without = (f"reads=[incoming, sample], writes=[{places}]" for places in ("landed, runs", "runs"))
    assert with_right in declaration
    (root / DECLARATION).write_text(declaration.replace(with_right, without))
    invoke(root, "deploy", *ENFORCED)
    (ran,) = json.loads(invoke(root, *RUN, code=1))["runs"]
    assert ran["failed_in"] == ["LandingJob"], ran
    role = "acres-local-fpac_pipeline-landing_job-glue-job"
    assert re.search(
        rf"assumed-role/{role}/GlueJobRunnerSession is not authorized to perform: s3:\w+ on resource: ", ran["cause"]
    )
    assert ran["advice"].startswith(f"The role {role} does not allow s3:"), ran
    assert all(role in line for line in denied(root))

    before = denied(root)
    invoke(root, "destroy", *ENFORCED, "--yes", "local", "--data")
    assert (denied(root), unjudged(root)) == (before, [])
