"""The session for a resource: that of the region in its ARN. Most environments have one region, and then there is one session."""

from typing import Protocol, runtime_checkable

from common.aws.protocol import Aws


@runtime_checkable
class Regional(Protocol):
    """A session that has siblings in other regions of the same account."""

    region: str

    def in_region(self, region: str) -> Aws:
        """Returns the session in a region, which counts its calls together with this one."""
        ...


def in_region(aws: Aws, region: str) -> Aws:
    """Returns the session for a region; the given one for global services, which have none."""
    return aws.in_region(region) if region and isinstance(aws, Regional) and aws.region != region else aws


def at(aws: Aws, arn: str) -> Aws:
    """Returns the session for the resource with an ARN."""
    return in_region(aws, arn.split(":")[3])
