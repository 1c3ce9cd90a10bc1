"""The live accounts of the fixtures, each in an embedded AWS of its own, in the root of a repository that deploys to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import handlers

from common import local
from tests.local.fixtures import client_of
from tests.moving_in import flat_account, fsa_account, fsa_foundations, snapshot, stack_account
from tests.support import ending
from tests.support.repository import Repository

Client = Callable[[str], Any]
DEPLOY = """
from common import Environment, SharedResources, main


def pipeline(env: Environment) -> SharedResources:
    shared = SharedResources(env)
    shared.bucket("artifacts")
    return shared


if __name__ == "__main__":
    main("deploy-shared")
"""
"""The root declaration that a team begins with: it has nothing but what the deployer itself needs."""


@pytest.fixture(autouse=True)
def system_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags that begin with ``aws:`` may be set and removed by AWS alone; the embedded AWS would let anybody.

    Only PutBucketTagging takes them, unchanged, because it replaces all tags.
    https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    """

    def refuse(params: dict[str, Any], model: Any, **_: Any) -> None:
        tags = {name: value for name, value in params.items() if name.lower().startswith("tag")}
        assert "aws:cloudformation:" not in repr(tags) or model.name == "PutBucketTagging", f"{model.name} {params}"

    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, ("before-parameter-build", refuse)])


@dataclass(frozen=True)
class LiveAccount:
    """An account, and the repository that is to deploy to it."""

    repository: Repository
    client: Client

    def snapshot(self) -> snapshot.Snapshot:
        """Everything in it."""
        unread: list[str] = []
        taken = snapshot.take(self.client, unread)
        assert unread == []
        return taken


@pytest.fixture
def fsa(repository: Repository) -> Iterator[LiveAccount]:
    """One that a script deploys."""
    with _live(repository, fsa_foundations.ACCOUNT, fsa_foundations.REGION, "fsa-dev") as account:
        fsa_account.FsaAccount(account.client).make()
        yield account


@pytest.fixture
def flat(repository: Repository) -> Iterator[LiveAccount]:
    """One that was made by hand."""
    with _live(repository, flat_account.ACCOUNT, flat_account.REGION, "acme") as account:
        flat_account.FlatAccount(account.client).make()
        yield account


@pytest.fixture
def stack(repository: Repository) -> Iterator[LiveAccount]:
    """One that CloudFormation made."""
    with _live(repository, stack_account.ACCOUNT, stack_account.REGION, "codes") as account:
        stack_account.StackAccount(account.client).make()
        yield account


@contextmanager
def _live(repository: Repository, account: str, region: str, prefix: str) -> Iterator[LiveAccount]:
    """A repository with an environment `dev` in this account, and nothing in it."""
    ending.promise()
    repository.configure(account_id=account, region=region, name_prefix=prefix, artifact_bucket=f"{prefix}-deployer", embedded={})
    repository.write("deploy.py", DEPLOY)
    embedded = local.start(repository.root, account_id=account, region=region, say=print)
    try:
        yield LiveAccount(repository, lambda service: client_of(embedded, service))
    finally:
        local.stop(repository.root)
