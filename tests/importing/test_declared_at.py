"""The line of a declaration is found, whatever its kind."""

from pathlib import Path
from typing import cast

import pytest

from common.aws.protocol import Aws
from common.declare.pipeline import Pipeline
from common.declare.shared import SharedResources
from common.engine.drift import Drifted, DriftResult, Field
from common.importing.declared_at import METHODS, declared_at, definition_file
from common.importing.pull import Puller
from common.resources import kind_of, kinds
from tests.support.model_aws import ModelAws
from tests.support.repository import ACCOUNT, Repository

KINDS = [kind for kind in kinds() if any(hasattr(of, kind_of(kind).word) for of in (Pipeline, SharedResources))]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_method_declares_is_found(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "deploy.py"
    file.write_text(f'p = 1\np.{kind_of(kind).word}("other")\np.{METHODS[kind]}("it")\n')
    assert declared_at(file, kind, "it") == 3
    assert declared_at(file, kind, "none") is None


def test_a_rule_is_found_whatever_declares_it_and_a_definition_by_its_machine(tmp_path: Path) -> None:
    file = tmp_path / "deploy.py"
    file.write_text('m = p.state_machine("m", "m.asl.yaml")\np.on_event("new", m, {})\n')
    assert declared_at(file, "rule", "new") == 2
    assert definition_file(file, "m") == "m.asl.yaml"
    file.write_text("p.state_machine(")
    assert (declared_at(file, "state-machine", "m"), definition_file(file, "m")) == (None, None)


@pytest.mark.parametrize(
    ("field", "where"),
    [
        ("kmsKeyId", "no setting has it: change deploy.py:8"),
        ("retentionInDays", "the log group is shared: change $.defaults.log_retention_days of config/dev.json"),
    ],
)
def test_a_field_of_a_shared_log_group_is_left_to_what_declares_it(repository: Repository, field: str, where: str) -> None:
    aws = ModelAws("eu-central-1", ACCOUNT, {})
    (group,) = (group for group in repository.declared()[0].rendered() if str(group.key) == "log-group/states")
    aws.call("logs", "CreateLogGroup", logGroupName=group.name, tags={})
    aws.live[f"logs{group.name}"]["arn"] = group.arn
    drifted = Drifted("shared", "log-group/states", "changed", "", (Field(field, "a", "a", "b"),))
    puller = Puller(repository.root, repository.environment(), cast(Aws, aws), [group])
    (left,) = puller.find(DriftResult(1, (drifted,), ()), lambda _: True).left
    assert left.where == where
