"""What the tagging index does not show, looked for in listings of its own service: a call for each kind, not for each resource.

The index lags behind: what was created or tagged a moment ago is missing for minutes. A listing tells what exists, and not whose
it is. So it is believed of what was deployed within a day; later the index has had its time, and what it does not show is read
in full. So are a few, whose number is no reason to list a whole account, and kinds without a listing: topics are few, and roles
and layers have been listed already.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from os.path import commonprefix
from typing import Any

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.environment.config import OWNER_TAG
from common.model.kind import Kind, Listing
from common.model.resource import Resource
from common.resources import kind_of, kinds

FEW = 3
"""So many are read one by one."""


def names(aws: Aws, kind: Kind, beginning: str = "", owner: str = "") -> Iterator[list[str]]:
    """The names on each page: all, or those that begin so and are the owner's, as far as the service can tell them apart."""
    listing = kind.listing
    if listing is None:
        return
    parameters: dict[str, Any] = dict([listing.size]) if listing.size else {}
    parameters |= {listing.prefix: beginning} if listing.prefix and beginning else {}
    parameters |= {listing.tags: {OWNER_TAG: owner}} if listing.tags and owner else {}
    for page in _pages(aws, kind.service, listing, parameters):
        found = [item[listing.name] if listing.name else item for item in page.get(listing.items, ())]
        yield [item.rpartition("/")[2] for item in found] if listing.is_url else found


def _pages(aws: Aws, service: str, listing: Listing, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not listing.token:
        yield from aws.pages(service, listing.operation, **parameters)
        return
    following: dict[str, str] = {}
    while True:
        page = aws.call(service, listing.operation, **parameters, **following)
        yield page
        if not page.get(listing.token):
            return
        following = {listing.token: page[listing.token]}


def existing(aws: Aws, missing: Sequence[Resource], pool: Executor) -> set[str]:
    """The ARNs of those that a listing of their kind shows; what it does not show is not known."""
    if len(missing) <= FEW:
        return set()
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in missing:
        if resource.key.kind in kinds() and kinds()[resource.key.kind].listing:
            groups.setdefault((resource.key.kind, resource.name.rpartition("/")[0]), []).append(resource)
    return {arn for arns in pool.map(partial(_listed, aws), groups.values()) for arn in arns}


def _listed(aws: Aws, group: Sequence[Resource]) -> set[str]:
    """Those of one kind. Where an account has so many that listing takes more calls than reading, the rest is read.

    So is all where listing is refused: what is read is what counts.
    """
    arns = {resource.name: resource.arn for resource in group}
    beginning = commonprefix(list(arns))  # noqa: RUF071 - names are no paths
    pages = names(aws, kind_of(group[0].key.kind), beginning, group[0].tags.get(OWNER_TAG, ""))
    found: set[str] = set()
    with suppress(AwsError):
        for page, _ in zip(pages, group, strict=False):
            found |= arns.keys() & {*page}
            if len(found) == len(arns):
                break
    return {arns[name] for name in found}
