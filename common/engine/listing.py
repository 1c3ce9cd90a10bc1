"""Finds resources that the tagging index does not show yet, by the list operation of their service: one call for each kind.

The index lags behind: it shows a new resource only after some minutes. A listing shows that a resource exists, but not whose it
is. So listings are trusted only for what was deployed within a day; after that the index has caught up, and a resource that it
does not show is read in full. A few resources are also read in full, because they are not worth listing a whole account, and so
are kinds without a listing: there are few topics, and roles and layers have been listed already.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from os.path import commonprefix

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.environment import owner_tags
from common.model.kind import Kind, Listing
from common.model.resource import Resource
from common.resources import kind_of, kinds

READ_SINGLY = 3
"""Up to this number of missing resources are read one by one."""


def names(aws: Aws, kind: Kind, beginning: str = "", owner: Mapping[str, str] | None = None) -> Iterator[list[str]]:
    """The names on each page of a listing, limited to a beginning and an owner's tag as far as the service can do that."""
    listing = kind.listing
    if listing is None:
        return
    parameters: JsonObject = dict([listing.size]) if listing.size else {}
    parameters |= {listing.prefix: beginning} if listing.prefix and beginning else {}
    parameters |= {listing.tags: dict(owner)} if listing.tags and owner else {}
    for page in _pages(aws, kind.service, listing, parameters):
        items = [item[listing.name] if listing.name else item for item in page.get(listing.items, ())]
        yield [item.rpartition(listing.before_name)[2] for item in items] if listing.before_name else items


def _pages(aws: Aws, service: str, listing: Listing, parameters: JsonObject) -> Iterator[JsonObject]:
    if not listing.next_page:
        yield from aws.pages(service, listing.operation, **parameters)
        return
    following: dict[str, str] = {}
    while True:
        page = aws.call(service, listing.operation, **parameters, **following)
        yield page
        if not page.get(listing.next_page):
            return
        following = {listing.next_page: page[listing.next_page]}


def existing(aws: Aws, missing: Sequence[Resource], pool: Executor) -> set[str]:
    """The ARNs of the resources that a listing of their kind shows; the others may exist nevertheless."""
    if len(missing) <= READ_SINGLY:
        return set()
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in missing:
        if resource.key.kind in kinds() and kinds()[resource.key.kind].listing:
            groups.setdefault((resource.key.kind, resource.arn.removesuffix(resource.name.rpartition("/")[2])), []).append(
                resource
            )
    return {arn for arns in pool.map(partial(_listed, aws), groups.values()) for arn in arns}


def _listed(aws: Aws, group: Sequence[Resource]) -> set[str]:
    """The ARNs of the listed resources of one kind.

    Listing ends where it would take more calls than reading the resources, or where AWS refuses it: then the rest is read.
    """
    arns = {resource.name: resource.arn for resource in group}
    beginning = commonprefix(list(arns))  # noqa: RUF071 - names are not paths
    key = owner_tags.environment_key(group[0].tag_prefix)
    owner = {key: group[0].tags[key]} if key in group[0].tags else None
    pages = names(regions.at(aws, group[0].arn), kind_of(group[0].key.kind), beginning, owner)
    listed: set[str] = set()
    with suppress(AwsError):
        for page, _ in zip(pages, group, strict=False):
            listed |= arns.keys() & {*page}
            if len(listed) == len(arns):
                break
    return {arns[name] for name in listed}
