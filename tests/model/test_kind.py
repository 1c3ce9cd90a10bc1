"""What each type's file declares of its kind, held against what rooms below the types say of themselves."""

import re
from pathlib import Path

import pytest
from botocore.session import get_session

from common.declare.pipeline import Pipeline
from common.declare.shared import SharedResources
from common.environment import endpoints
from common.environment.project import Project
from common.environment.roles import Roles
from common.model.kind import Kind
from common.model.steps import STEPS
from common.resources import every_kind, kind_of, kinds, of_kind

TYPES = Path(__file__).parents[2] / "common/resources"
NOT_DECLARED = {"role", "directory", "trigger", "log_group"}
"""What authors do not declare by a method of that name: roles follow, directories have none, triggers have two methods."""
KINDS = pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)


def test_every_file_that_declares_a_kind_is_found() -> None:
    declaring = [path for path in TYPES.glob("*.py") if "\nKIND = Kind(" in path.read_text()]
    assert len(declaring) == len(every_kind())
    assert {*every_kind()} - {*kinds()} == {"secret", "key", "connection", "parameter"}, "these are only referred to"
    assert len(kinds()) >= 14
    assert all(of_kind(name) is not None for name in kinds())
    assert of_kind("artifact") is of_kind("os") is None


@KINDS
def test_authors_and_references_call_it_by_one_word(kind: Kind) -> None:
    assert kind.word in NOT_DECLARED or hasattr(Pipeline, kind.word) or hasattr(SharedResources, kind.word)
    assert [other.name for other in kinds().values() if other.word == kind.word] == [kind.name]


@KINDS
def test_configuration_knows_its_section_and_its_role(kind: Kind) -> None:
    others = {"schema_", "enabled", "existing", "subscriptions", "instances", "names", "parameters", "region", "verify"}
    sections = Project.model_fields.keys() - others
    assert (kind.section in sections) is bool(kind.section)
    (pattern,) = re.findall(r"\^\(([a-z|-]+)\)", str(Roles.model_json_schema()["properties"]["arns"]))
    assert (kind.role_name in pattern.split("|")) is bool(kind.principal)
    assert sections == {other.section for other in kinds().values() if other.section}


@KINDS
def test_its_service_may_be_asked_at_another_address_and_has_all_its_operations(kind: Kind) -> None:
    assert kind.service in endpoints.SERVICES
    model = get_session().get_service_model(kind.service)
    listed = {kind.listing.operation} if kind.listing else set()
    named = {*kind.policy.operations, *kind.policy.everywhere, *kind.policy.left_over, *kind.policy.actions, *listed}
    assert named <= {*model.operation_names}
    assert {*kind.policy.left_over} <= {*kind.policy.operations}
    assert listed <= {*kind.policy.everywhere}
    assert kind.step in STEPS


@pytest.mark.parametrize("kind", [kind for kind in every_kind().values() if kind.lookup], ids=lambda kind: kind.name)
def test_what_looks_at_one_of_others_is_an_operation_that_reads(kind: Kind) -> None:
    assert kind.lookup is not None
    assert kind.service in endpoints.SERVICES
    operations = {kind.lookup.operation, *(further.operation for further in kind.lookup.further.values())}
    assert operations <= {*get_session().get_service_model(kind.service).operation_names}
    assert all(operation.startswith(("Get", "Describe")) for operation in operations)


def test_what_is_no_kind_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        kind_of("artifact")


def test_a_listing_asks_for_names_with_a_beginning_where_aws_takes_one() -> None:
    """Else an account with many resources would be listed whole."""
    missing = {}
    for kind in kinds().values():
        if kind.listing:
            operation = get_session().get_service_model(kind.service).operation_model(kind.listing.operation)
            prefixes = [
                name for name in operation.input_shape.members if name.lower().endswith("prefix") and name != "PathPrefix"
            ]
            if [kind.listing.prefix] != (prefixes or [""]):
                missing[kind.name] = prefixes
    assert missing == {}


def test_the_quotas_of_accounts_that_may_not_be_asked_are_those_of_new_accounts() -> None:
    """By hand from https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html ."""
    assert {kind.name: kind.quota.default for kind in kinds().values() if kind.quota} == {
        "bucket": 10_000,
        "crawler": 1000,
        "database": 10_000,
        "glue-job": 1000,
        "role": 1000,
        "rule": 300,
        "state-machine": 100_000,
        "table": 2500,
    }
