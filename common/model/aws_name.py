"""What a resource is called in AWS, and where the AWS console shows it."""

from typing import NamedTuple
from urllib.parse import quote

from common.base.json_types import JsonObject
from common.environment import partitions


class AwsName(NamedTuple):
    """What a resource is called in AWS.

    Args:
        name: its physical name; the place of an uploaded artifact.
        arn: its ARN; empty if it has none.
        console: the address of its page in the AWS console; empty if there is none, as in the embedded AWS.
    """

    name: str
    arn: str = ""
    console: str = ""

    def as_object(self) -> JsonObject:
        """The same as programs read it."""
        return {"name": self.name, "arn": self.arn or None, "console": self.console or None}


def console_page(template: str, name: str, arn: str, region: str, partition: str) -> str:
    """The address of a page in the AWS console; empty if the partition has no public one.

    Args:
        template: the path with ``{name}``, ``{arn}``, ``{region}``, ``{account}`` and ``{twice}``, the name encoded twice.
        name: the physical name.
        arn: the ARN.
        region: the region of the resource, for kinds whose ARNs have none.
        partition: the partition of the ARN.
    """
    parts = arn.split(":") + [""] * 5
    own, account = parts[3] or region, parts[4]
    console = partitions.console(partition, own)
    if not template or not console:
        return ""
    encoded = quote(name, safe="")
    twice = quote(encoded, safe="").replace("%25", "$25")
    fields = {"name": encoded, "arn": quote(arn, safe=":"), "region": own, "account": account, "twice": twice}
    return f"{console}/{template.format(**fields)}"
