"""What the tagging index does not show, looked for in listings of its own service: a call for each kind, not for each resource.

The index lags behind: what was created or tagged a moment ago is missing for minutes. A listing tells what exists, and not whose
it is. So it is believed of what was deployed within a day; later the index has had its time, and what it does not show is read
in full. So are a few, whose number is no reason to list a whole account.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from os.path import commonprefix
from typing import Any

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.environment.config import OWNER_TAG
from common.model.resource import Resource

FEW = 3
"""So many are read one by one."""


@dataclass(frozen=True)
class Listing:
    """How a service lists what it has of a kind.

    Args:
        items: where a page has them.
        name: where an item has its name; empty if it is one.
        prefix: the parameter that asks for names that begin so.
        tags: the parameter that asks for what carries these tags.
        size: the largest page, where that has to be asked for.
    """

    service: str
    operation: str
    items: str
    name: str = ""
    prefix: str = ""
    tags: str = ""
    size: Mapping[str, int] | None = None

    def pages(self, aws: Aws, beginning: str = "", owner: str = "") -> Iterator[list[str]]:
        """The names on each page: all, or those that begin so and are the owner's, as far as the service can tell them apart."""
        parameters: dict[str, Any] = {**(self.size or {})}
        parameters |= {self.prefix: beginning} if self.prefix and beginning else {}
        parameters |= {self.tags: {OWNER_TAG: owner}} if self.tags and owner else {}
        for page in self._answers(aws, parameters):
            yield [item[self.name] if self.name else item for item in page.get(self.items, ())]

    def _answers(self, aws: Aws, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if self.operation != "ListCrawlers":
            yield from aws.pages(self.service, self.operation, **parameters)
            return
        token: dict[str, str] = {}  # botocore has no pages of it
        while True:
            page = aws.call(self.service, self.operation, **parameters, **token)
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}


LISTINGS = {
    "bucket": Listing("s3", "ListBuckets", "Buckets", "Name", prefix="Prefix", size={"MaxBuckets": 1000}),
    "crawler": Listing("glue", "ListCrawlers", "CrawlerNames", tags="Tags", size={"MaxResults": 1000}),
    "database": Listing("glue", "GetDatabases", "DatabaseList", "Name"),
    "glue-job": Listing("glue", "ListJobs", "JobNames", tags="Tags", size={"MaxResults": 1000}),
    "lambda": Listing("lambda", "ListFunctions", "Functions", "FunctionName"),
    "log-group": Listing("logs", "DescribeLogGroups", "logGroups", "logGroupName", prefix="logGroupNamePrefix"),
    "rule": Listing("events", "ListRules", "Rules", "Name", prefix="NamePrefix"),
    "state-machine": Listing("stepfunctions", "ListStateMachines", "stateMachines", "name", size={"maxResults": 1000}),
    "table": Listing("dynamodb", "ListTables", "TableNames"),
}
"""By kind. What has none is read one by one: topics are few, and roles and layers have been listed already."""


def existing(aws: Aws, missing: Sequence[Resource], pool: Executor) -> set[str]:
    """The ARNs of those that a listing of their kind shows; what it does not show is not known."""
    if len(missing) <= FEW:
        return set()
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in missing:
        if resource.key.kind in LISTINGS:
            groups.setdefault((resource.key.kind, resource.name.rpartition("/")[0]), []).append(resource)
    return {arn for arns in pool.map(partial(_listed, aws), groups.values()) for arn in arns}


def _listed(aws: Aws, group: Sequence[Resource]) -> set[str]:
    """Those of one kind. Where an account has so many that listing takes more calls than reading, the rest is read.

    So is all where listing is refused: what is read is what counts.
    """
    arns = {resource.name: resource.arn for resource in group}
    beginning = commonprefix(list(arns))  # noqa: RUF071 - names are no paths
    pages = LISTINGS[group[0].key.kind].pages(aws, beginning, group[0].tags.get(OWNER_TAG, ""))
    found: set[str] = set()
    with suppress(AwsError):
        for page, _ in zip(pages, group, strict=False):
            found |= arns.keys() & {*page}
            if len(found) == len(arns):
                break
    return {arns[name] for name in found}
