"""A listing tells which resources do not exist, as surely as a read of each."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from common.aws.session import AwsSession
from common.base.errors import AwsError
from common.engine import listing
from common.model.declared import Declared
from common.model.resource import Resource
from common.resources import kinds
from tests.resources.builders import Place, final, prepare
from tests.support.repository import ACCOUNT

REGION = "eu-central-1"
LISTED = sorted(name for name, kind in kinds().items() if kind.listing and kind.listing.shows_all)


def others(resource: Resource, number: int) -> list[Resource]:
    """Resources of the same kind that do not exist, with names that begin alike."""
    assert isinstance(resource, Declared)
    names = [f"{resource.name}-{index}" for index in range(number)]
    stem = resource.arn.removesuffix(resource.name)
    identities = [
        replace(resource.identity, key=resource.key._replace(name=name), name=name, arn=f"{stem}{name}") for name in names
    ]
    return [replace(resource, identity=identity) for identity in identities]


def absent(aws: Any, resources: list[Resource]) -> set[str]:
    with ThreadPoolExecutor(2) as pool:
        return {arn for future in listing.absent(aws, resources, pool).values() for arn in future.result()}


def functions(number: int) -> list[Resource]:
    return others(Place(ACCOUNT, REGION).function(), number)


@pytest.mark.parametrize("kind", LISTED)
def test_what_exists_is_not_absent_and_all_else_is(moto_aws: AwsSession, place: Place, kind: str) -> None:
    resource = getattr(place, {"lambda": "function", "glue-job": "job"}.get(kind, kind.replace("-", "_")))()
    resource = replace(resource, identity=replace(resource.identity, key=resource.key._replace(kind=kind)))
    prepare(moto_aws, resource)
    resource.create(moto_aws, final(resource))
    missing = others(resource, 4)
    before = moto_aws.calls.total()
    assert absent(moto_aws, [resource, *missing]) == {other.arn for other in missing}
    assert moto_aws.calls.total() == before + 1


def test_buckets_are_not_listed_because_others_may_have_their_names(moto_aws: AwsSession, place: Place) -> None:
    assert absent(moto_aws, others(place.bucket(), 9)) == set()
    assert not moto_aws.calls


class Pages:
    """An account with so many functions of others that each page has only theirs."""

    def __init__(self, number: int, refused: bool = False) -> None:
        self.left, self.read, self.refused = number, 0, refused

    def pages(self, service: str, operation: str, /, **_: Any) -> Iterator[dict[str, Any]]:
        assert (service, operation) == ("lambda", "ListFunctions")
        while self.left:
            self.left -= 1
            self.read += 1
            if self.refused:
                raise AwsError(service, operation, "AccessDeniedException", "not authorized")
            yield {"Functions": [{"FunctionName": "theirs"}]}


@pytest.mark.parametrize(("resources", "pages", "read"), [(3, 9, 0), (4, 1, 1), (4, 2, 2), (8, 3, 3), (400, 101, 101)])
def test_of_an_account_with_few_others_all_pages_are_read(resources: int, pages: int, read: int) -> None:
    """Up to three resources are read singly."""
    aws = Pages(pages)
    missing = functions(resources)
    assert absent(aws, missing) == ({resource.arn for resource in missing} if read else set())
    assert aws.read == read


@pytest.mark.parametrize(("resources", "read"), [(4, 3), (8, 4), (40, 12)])
def test_an_account_with_many_others_is_not_listed_to_its_end(resources: int, read: int) -> None:
    """Then nothing is known, and each resource is read."""
    aws = Pages(1000)
    assert absent(aws, functions(resources)) == set()
    assert aws.read == read


def test_if_a_listing_is_refused_nothing_is_known() -> None:
    assert absent(Pages(5, refused=True), functions(10)) == set()


def test_log_groups_are_asked_for_by_name_fifty_in_a_call() -> None:
    """See https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html ."""
    asked: list[list[str]] = []

    class Logs:
        def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
            assert (service, operation, {*parameters}) == ("logs", "DescribeLogGroups", {"logGroupIdentifiers"})
            asked.append(parameters["logGroupIdentifiers"])
            yield {"logGroups": [{"logGroupName": parameters["logGroupIdentifiers"][0]}]}

    groups = others(Place(ACCOUNT, REGION).log_group(), 120)
    absent_arns = absent(Logs(), groups)
    assert sorted(map(len, asked)) == [20, 50, 50]
    assert absent_arns == {group.arn for group in groups} - {groups[0].arn, groups[50].arn, groups[100].arn}
