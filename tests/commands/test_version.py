"""The deployer has one version, and says it wherever somebody may ask which one did something."""

import hashlib
import re
import sys
import tomllib
from typing import Any

import invoke
import pytest
from botocore.awsrequest import AWSResponse

from common.aws import shell_credentials
from common.aws.session import AwsSession
from common.base.version import VERSION
from tests.support.repository import ROOT, Repository

APACHE = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
"""The digest of https://www.apache.org/licenses/LICENSE-2.0.txt."""
PYTHON = ".".join(map(str, sys.version_info[:3]))
SHOWN = f"pipeline-deployer {VERSION} (Invoke {invoke.__version__}, Python {PYTHON})\n"


def test_the_project_and_its_code_have_one_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_the_changelog_tells_of_this_version_first() -> None:
    versions = re.findall(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == VERSION


@pytest.mark.parametrize("words", [("version",), ("deploy", "--version"), ("deploy", "--env", "dev", "-V")])
def test_a_command_shows_the_versions_and_does_nothing_else(
    repository: Repository, monkeypatch: Any, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "argv", ["invoke", *words])
    done = repository.invoke(*words)
    assert (done.code, done.out, done.err) == (0, SHOWN, "")


def test_a_declaration_that_runs_as_a_script_knows_it(repository: Repository) -> None:
    assert repository.shell("python", "deploy.py", "--version").out == SHOWN


def sent(session: Any, service: str, operation: str) -> list[str]:
    """The user agents of the requests that an operation makes; nothing is sent."""
    agents: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        agents.append(request.headers["User-Agent"].decode())
        return AWSResponse(request.url, 200, {}, None)

    client = session.clients.of(service) if isinstance(session, AwsSession) else session.create_client(service, "eu-central-1")
    client.meta.events.register_first(f"before-send.{service}.{operation}", answer)
    with pytest.raises(AttributeError):  # the answer has no body
        client._make_api_call(operation, {})
    return agents


@pytest.mark.parametrize("service", [("sts", "GetCallerIdentity"), ("glue", "GetJobs")])
def test_every_request_carries_it(service: tuple[str, str]) -> None:
    agents = sent(AwsSession("eu-central-1", "123456789012", sleep=lambda _: None), *service)
    agents += sent(shell_credentials.shell_session(), *service)  # by which botocore assumes roles
    assert len(agents) == 2
    assert all(agent.split().count(f"pipeline-deployer/{VERSION}") == 1 for agent in agents), agents


def test_the_licence_is_the_whole_of_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE, "the text is not ours to edit"
