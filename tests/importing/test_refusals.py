"""An import goes on without what these credentials may not read, and says so; nothing is taken for absent because of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.errors import AwsError, UsageError
from common.importing.account import LiveAccount
from common.importing.outcome import Import
from common.importing.project import Importer
from common.importing.selection import Selection
from tests.importing.live import REGION, Live
from tests.support.repository import ACCOUNT, Repository, fresh_imports

NAME = "fsa-dev-orders-"


class Refusing(AwsSession):
    """Moto, which refuses some actions: for all, or for what has a name in its parameters."""

    refused: dict[str, str]
    code = "AccessDeniedException"

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self._check(service, operation, parameters)
        return super().call(service, operation, **parameters)

    def find(self, service: str, operation: str, absent: str, /, **parameters: Any) -> dict[str, Any] | None:
        self._check(service, operation, parameters)
        return super().find(service, operation, absent, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        self._check(service, operation, parameters)
        yield from super().pages(service, operation, **parameters)

    def _check(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        name = self.refused.get(f"{service}:{operation}")
        if name is not None and name in str(parameters):
            raise AwsError(service, operation, self.code, "no policy allows it")


def imported(repository: Repository, *actions: str, name: str = "", match: str = f"{NAME}*", code: str = Refusing.code) -> Import:
    """Imports with credentials that may not do this, at all or with something of this name."""
    aws = Refusing(REGION, ACCOUNT, sleep=lambda _: None)
    aws.refused, aws.code = dict.fromkeys(actions, name), code
    with fresh_imports(), ThreadPoolExecutor(4) as pool:
        env = repository.environment()
        return Importer(repository.root, env, "orders", LiveAccount(env, aws, pool)).run(Selection((match,)))


def test_what_only_tells_of_the_surroundings_may_be_refused(live: Live, repository: Repository) -> None:
    actions = (
        *("cloudwatch:DescribeAlarms", "events:ListEventBuses", "lambda:GetPolicy", "lambda:ListEventSourceMappings"),
        *("logs:DescribeLogGroups", "s3:ListBuckets", "scheduler:ListSchedules", "stepfunctions:ListStateMachineAliases"),
    )
    result = imported(repository, *actions)
    assert (len(result.entries), result.unexpressed) == (5, [])
    told = {action: [note for note in result.notes if note.startswith(f"{action} was refused")] for action in actions}
    assert [action for action, notes in told.items() if len(notes) != 1] == []
    unknown = f"it is not known what else calls these functions ({NAME}Validate)"
    assert f"so {unknown}. `invoke policy --env dev --import` prints what an import may read" in told["lambda:GetPolicy"][0]


def test_a_service_that_a_region_does_not_have_stops_nothing(live: Live, repository: Repository) -> None:
    """Not every region has every service: https://docs.aws.amazon.com/general/latest/gr/scheduler.html."""
    result = imported(repository, "scheduler:ListSchedules", code="EndpointConnectionError")
    assert len(result.entries) == 5
    unknown = "it is not known which schedules call functions and state machines"
    assert f"scheduler is not available here, so {unknown}" in result.notes
    with pytest.raises(AwsError, match="could not be reached"):
        imported(repository, "lambda:ListFunctions", code="EndpointConnectionError")


@pytest.mark.parametrize(
    ("action", "name", "resource"),
    [
        ("lambda:GetFunction", f"{NAME}Validate", f"function {NAME}Validate"),
        ("iam:GetRole", "fsa", f"job {NAME}clean"),
        ("stepfunctions:DescribeStateMachine", f"{NAME}Load", f"state_machine {NAME}Load"),
        ("events:ListTargetsByRule", f"{NAME}arrived", f"trigger {NAME}arrived"),
    ],
)
def test_what_may_not_be_read_is_told_and_left(live: Live, repository: Repository, action: str, name: str, resource: str) -> None:
    result = imported(repository, action, name=name)
    assert [(str(item.resource), item.reason) for item in result.unexpressed] == [
        (resource, "AWS does not show it: no policy allows it")
    ]
    assert len(result.entries) == 4


@pytest.mark.parametrize(
    ("action", "code", "resource"),
    [
        ("lambda:GetFunction", "ResourceNotFoundException", f"{NAME}Validate"),
        ("stepfunctions:DescribeStateMachine", "StateMachineDoesNotExist", f"{NAME}Load"),
    ],
)
def test_what_is_deleted_after_it_was_listed_is_left(
    live: Live, repository: Repository, action: str, code: str, resource: str
) -> None:
    (left,) = imported(repository, action, name=resource, code=code).unexpressed
    assert left.resource.name == resource


def test_a_script_that_may_not_be_read_leaves_its_job(live: Live, repository: Repository) -> None:
    """Without ListBucket, S3 says the same of an object that does not exist.

    Follows https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    (left,) = imported(repository, "s3:GetObject", name=f"{NAME}clean").unexpressed
    assert str(left.resource) == f"job {NAME}clean"
    assert "cannot be read: AccessDeniedException: no policy allows it" in left.reason


def test_a_kind_that_may_not_be_listed_is_told(live: Live, repository: Repository) -> None:
    result = imported(repository, "glue:GetCrawlers", "events:ListRules")
    assert "glue:GetCrawlers was refused, so it is not known which crawlers there are." in " ".join(result.notes)
    assert {entry.resource.kind for entry in result.entries} == {"lambda", "glue-job", "state-machine"}
    with pytest.raises(UsageError, match=r"matches no function.*glue:GetJobs was refused, so it is not known which jobs"):
        imported(repository, "glue:GetJobs", match="clean*")
