"""IAM does not tell capital letters from small ones in names of roles; the emulators do.

Follows https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html: "Names are not distinguished by case. For
example, you cannot create resources named both MyResource and myresource."
"""

from typing import Any

import boto3
import pytest
from moto.iam.exceptions import EntityAlreadyExists
from moto.iam.models import IAMBackend

from tests.support.repository import Repository

_CREATE, _GET = IAMBackend.create_role, IAMBackend.get_role


@pytest.fixture(params=["found by any spelling", "found by its own spelling"])
def iam(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, moto_dates: None) -> Any:
    """Moto with IAM's names; nobody documents whether GetRole finds a role by another spelling, so it does and does not."""

    def spelled(backend: Any, name: str) -> str | None:
        return next((role.name for role in backend.roles.values() if role.name.casefold() == name.casefold()), None)

    def create_role(backend: Any, role_name: str, *args: Any, **more: Any) -> Any:
        if other := spelled(backend, role_name):
            raise EntityAlreadyExists(f"Role with name {other} already exists.")
        return _CREATE(backend, role_name, *args, **more)

    def get_role(backend: Any, role_name: str) -> Any:
        return _GET(backend, spelled(backend, role_name) or role_name)

    monkeypatch.setattr(IAMBackend, "create_role", create_role)
    if request.param == "found by any spelling":
        monkeypatch.setattr(IAMBackend, "get_role", get_role)
    return boto3.client("iam", region_name="eu-central-1")


def rename(repository: Repository, kind: str, name: str, new: str) -> None:
    folder = repository.root / f"projects/acres/{kind}"
    (folder / name).rename(folder / new)


def roles(iam: Any) -> list[str]:
    return sorted(role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"])


@pytest.mark.parametrize(
    ("kind", "name", "new", "role"),
    [("lambda", "Validate", "VALIDATE", "lambda/VALIDATE"), ("glue/landing", "load.py", "Load.py", "glue-job/Load")],
)
def test_renaming_by_case_alone_is_refused_before_anything_changes(
    repository: Repository, iam: Any, kind: str, name: str, new: str, role: str
) -> None:
    repository.project("acres")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    before = roles(iam)
    rename(repository, kind, name, new)
    for command in (("plan",), ("deploy",), ("deploy", "--prune"), ("deploy", "--adopt"), ("deploy", "--only", "role/*")):
        refused = repository.invoke(*command, "--env", "dev")
        assert refused.code == 1
        assert "IAM has" in refused.err
        assert "does not tell capital letters from small ones" in refused.err
        assert "`invoke deploy --prune`" in refused.err.replace("uv run ", "")
        assert "Traceback" not in refused.err
    assert roles(iam) == before


def test_the_way_that_the_message_tells_leads_there(repository: Repository, iam: Any) -> None:
    repository.project("acres")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    (repository.root / "projects/acres/lambda/Validate").rename(repository.root / "kept")
    assert repository.invoke("deploy", "--env", "dev", "--prune").code == 0
    (repository.root / "kept").rename(repository.root / "projects/acres/lambda/VALIDATE")
    declaration = repository.root / "projects/acres/deploy.py"
    declaration.write_text(declaration.read_text().replace('"Validate"', '"VALIDATE"'))
    deployed = repository.invoke("deploy", "--env", "dev")
    assert deployed.code == 0, deployed.err
    assert repository.invoke("plan", "--env", "dev").code == 0


def test_a_role_of_somebody_else_elsewhere_is_said(repository: Repository, iam: Any) -> None:
    """Its path is another one, so the listing does not show it."""
    repository.project("acres")
    repository.invoke("plan", "--env", "dev")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    ours = next(name for name in roles(iam) if "Validate" in name)
    declaration = repository.root / "projects/acres/lambda/Validate"
    declaration.rename(repository.root / "kept")
    assert repository.invoke("deploy", "--env", "dev", "--prune").code == 0
    iam.create_role(RoleName=ours.swapcase(), Path="/theirs/", AssumeRolePolicyDocument="{}")
    (repository.root / "kept").rename(declaration)
    refused = repository.invoke("deploy", "--env", "dev")
    assert refused.code == 1
    assert "IAM has" in refused.out + refused.err
    assert "and does not tell capital letters from small ones" in refused.out + refused.err
    assert "Traceback" not in refused.err
