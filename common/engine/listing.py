"""Finds resources that the tagging index does not show, by the list operation of their service: one call for each kind.

The index lags behind: it shows a new resource only after some minutes. A listing shows that a resource exists, but not whose it
is. So to find a resource, listings are trusted only for what was deployed within a day; after that the index has caught up, and a
resource that it does not show is read in full. That a resource which was never recorded does not exist, a listing shows as well
as a read does. A few resources are read singly, because they are not worth listing a whole account, and so are kinds without a
listing: there are few topics, and layers have been listed already.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from os.path import commonprefix

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.environment import owner_tags
from common.model.kind import Kind
from common.model.listing import Listing
from common.model.resource import Key, Resource
from common.resources import kind_of, kinds

READ_SINGLY = 3
"""Up to this number of missing resources are read one by one."""
PAGE_FOR = 4
"""Instead of reading this number of resources, one more page is listed."""


def names(
    aws: Aws, kind: Kind, beginning: str = "", owner: Mapping[str, str] | None = None, by_name: Sequence[str] = ()
) -> Iterator[list[str]]:
    """The names on each page of a listing, limited to a beginning, an owner's tag or some names as far as the service can."""
    listing = kind.listing
    if listing is None:
        return
    parameters: JsonObject = dict([listing.size]) if listing.size else {}
    parameters |= {listing.prefix: beginning} if listing.prefix and beginning else {}
    parameters |= {listing.tags: dict(owner)} if listing.tags and owner else {}
    parameters |= {listing.by_name[0]: [*by_name]} if listing.by_name and by_name else {}
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


def absent(aws: Aws, unknown: Sequence[Resource], pool: Executor) -> dict[Key, Future[frozenset[str]]]:
    """Begins to list the kinds of resources that were never recorded. In a first plan, most of them do not exist.

    Returns:
        For each resource whose kind is listed: the ARNs of those that do not exist, as far as the listing shows that.
    """
    absent: dict[Key, Future[frozenset[str]]] = {}
    for group in _groups(unknown):
        listing = kind_of(group[0].key.kind).listing
        if listing is not None and listing.shows_all:
            size = listing.by_name[1] if listing.by_name else len(group)
            for start in range(0, len(group), size) if len(group) > READ_SINGLY else ():
                part = group[start : start + size]
                absent |= dict.fromkeys([resource.key for resource in part], pool.submit(_absent, aws, part))
    return absent


def _absent(aws: Aws, group: Sequence[Resource]) -> frozenset[str]:
    """The ARNs of the resources of one kind that are not listed.

    Whoever has many others in the account lists longer than is worth it: then all are read.
    """
    kind, absent = kind_of(group[0].key.kind), {resource.name: resource.arn for resource in group}
    by_name = [*absent] if kind.listing and kind.listing.by_name else ()
    beginning = "" if by_name else commonprefix([*absent])  # noqa: RUF071 - names are not paths
    pages = names(regions.at(aws, group[0].arn), kind, beginning, by_name=by_name)
    try:
        for number, page in enumerate(pages):
            if number > len(group) // PAGE_FOR:
                return frozenset()
            for name in page:
                absent.pop(name, None)
    except AwsError:
        return frozenset()
    return frozenset(absent.values())


def existing(aws: Aws, missing: Sequence[Resource], pool: Executor) -> set[str]:
    """The ARNs of the resources that a listing of their kind shows; the others may exist nevertheless."""
    if len(missing) <= READ_SINGLY:
        return set()
    groups = [group for group in _groups(missing) if kind_of(group[0].key.kind).in_index]  # the paths of roles were listed
    return {arn for arns in pool.map(partial(_listed, aws), groups) for arn in arns}


def _groups(resources: Sequence[Resource]) -> list[list[Resource]]:
    """The resources whose kinds have listings, by kind and by the beginning of their ARNs."""
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in resources:
        if (kind := kinds().get(resource.key.kind)) is not None and (listing := kind.listing) is not None:
            name = resource.name if listing.by_name else resource.name.rpartition("/")[2]
            groups.setdefault((resource.key.kind, resource.arn.removesuffix(name)), []).append(resource)
    return [*groups.values()]


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
