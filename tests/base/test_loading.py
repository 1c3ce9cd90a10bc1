"""What a command loads before it does anything: its time is mostly that of imports."""

import json
import time

import pytest

from common import local
from common.base.digest_cache import YOUNG_NS
from tests.local.fixtures import client, embedded, embedded_root
from tests.support.repository import Repository

__all__ = ["client", "embedded", "embedded_root"]


def loaded(repository: Repository, *words: str) -> tuple[set[str], int]:
    """The top-level modules that a command has loaded when it ends, and its exit code."""
    program = "import sys, json, atexit; atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr)); "
    program += f"from invoke.main import program; program.run(['invoke', *{list(words)!r}])"
    done = repository.shell("python", "-c", program)
    return {name.partition(".")[0] for name in json.loads(done.err.splitlines()[-1])}, done.code


HEAVY = {"botocore", "boto3", "pydantic", "rich", "pyarrow"}
"""YAML is not among them: Invoke loads it."""


def test_a_list_of_tasks_loads_nothing(repository: Repository) -> None:
    assert loaded(repository, "--list")[0] & HEAVY == set()


def test_packaging_loads_no_aws(repository: Repository) -> None:
    repository.project()
    modules, code = loaded(repository, "package-lambdas")
    assert code == 0
    assert modules & HEAVY == {"pydantic"}


def test_an_unchanged_deploy_loads_no_models_of_configuration(
    repository: Repository, embedded: local.Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", embedded.account_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", embedded.secret)
    repository.configure(name_prefix="t-load", artifact_bucket="t-load-artifacts", endpoints={"default": embedded.endpoint})
    repository.project()
    repository.shell("invoke", "--list")  # copies the deployer
    time.sleep(YOUNG_NS / 1e9)  # what was only just written may change again without looking changed
    for words, expected in (
        (("deploy",), {"botocore", "pydantic"}),
        (("deploy",), {"botocore"}),
        (("plan", "--json"), {"botocore"}),
    ):
        modules, code = loaded(repository, *words, "--env", "dev")
        assert (modules & HEAVY, code) == (expected, 0), words
