"""Properties of what root `deploy.py` declares, and of layers: checked offline, and part of the desired state."""

from typing import Any

import pytest

from common.base.errors import DeployError
from tests.support.repository import Repository

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
TAKEN: dict[str, dict[str, Any]] = {
    "topic": {"DisplayName": "Acres", "KmsMasterKeyId": KEY},
    "log_group": {"kmsKeyId": KEY, "logGroupClass": "INFREQUENT_ACCESS"},
    "database": {"LocationUri": "s3://t-lake/acres", "Parameters": {"owner": "acres"}},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "topic": ({"DisplayNam": "Acres"}, "CreateTopic does not accept 'DisplayNam'. Did you mean 'DisplayName'?"),
    "topic ": ({"FifoTopic": "true"}, "which makes FIFO topics"),
    "topic  ": ({"DisplayName": 7}, "DisplayName is 7; it must be text."),
    "log_group": ({"logGroupClass": "CHEAP"}, "logGroupClass is 'CHEAP'; it must be one of STANDARD,"),
    "log_group ": ({"retentionInDays": 7}, "say log_retention_days."),
    "database": ({"Description": "acres"}, "Description has a setting of its own: say description."),
    "database  ": ({"Name": "acres"}, "Name has a setting of its own: say name."),
    "database ": ({"Parameters": {"owner": 7}}, "Parameters.owner is 7; it must be text."),
}


def declare(repository: Repository, method: str, properties: dict[str, Any]) -> None:
    shared = (repository.root / "deploy.py").read_text()
    line = f'    shared.{method.strip()}("found", properties={properties!r})\n    return shared'
    repository.write("deploy.py", shared.replace("    return shared", line))


@pytest.mark.parametrize("method", TAKEN)
def test_they_belong_to_the_desired_state(repository: Repository, method: str) -> None:
    declare(repository, method, TAKEN[method])
    shared = {str(resource.key): resource for resource in repository.declared()[0].rendered()}
    desired = shared[f"{method.replace('_', '-')}/found"].desired()
    assert {name: desired[name] for name in TAKEN[method]} == TAKEN[method]


@pytest.mark.parametrize("method", REFUSED)
def test_what_aws_would_not_accept_is_refused(repository: Repository, method: str) -> None:
    properties, message = REFUSED[method]
    declare(repository, method, properties)
    with pytest.raises(DeployError) as refused:
        repository.resources()
    assert message in str(refused.value)
    assert f"deploy.py: {method.strip().replace('_', '-')}/found: properties: " in str(refused.value)


def test_a_layer_has_a_license(repository: Repository) -> None:
    repository.write("projects/acres/layers/deps/deps.py", "X = 1\n")
    repository.project("acres", 'p.layer("deps", properties={"LicenseInfo": "MIT"})')
    assert repository.resources()["layer/deps"].desired()["LicenseInfo"] == "MIT"
    repository.project("acres", 'p.layer("deps", properties={"Description": "deps"})')
    with pytest.raises(DeployError, match="the deployer itself sets Description"):
        repository.resources()
