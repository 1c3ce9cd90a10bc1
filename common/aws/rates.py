"""Limits the rate of calls to AWS, with a token bucket for each group of operations for which AWS publishes a rate.

A call takes a token before it is sent, and waits if there is none. So a large deploy is as fast as the account allows, without
being throttled. Rates that AWS does not publish are left to botocore's adaptive retries. If AWS publishes a rate without a burst,
calls are spread evenly.

Follows https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

import threading
import time
from collections.abc import Callable, Mapping

from common.base.lean_dataclass import dataclass


@dataclass(frozen=True)
class Budget:
    """At most `burst` calls at once, and `rate` calls a second."""

    burst: float
    rate: float


Budgets = Mapping[str, Budget]
"""By ``service:Operation``, by a group of `OPERATION_GROUPS`, or by service for all of its other operations together."""
OPERATION_GROUPS = dict.fromkeys(("s3:GetObject", "s3:GetObjectTagging", "s3:HeadObject", "s3:ListObjectsV2"), "s3:reads")
"""The groups of operations that have a budget separate from the rest of their service."""
UNLIMITED = frozenset({"sts:GetCallerIdentity", "iam:ListRoles", "resourcegroupstaggingapi:GetResources"})
"""The operations that a plan begins with and that have no budget. So an unchanged deploy loads no kinds of resources."""
STORAGE: Budgets = {"s3": Budget(3500, 3500), "s3:reads": Budget(5500, 5500)}
"""The budgets of S3, which holds records and artifacts; they apply to every kind of resource."""


def group_of(service: str, operation: str, budgets: Budgets) -> str | None:
    """Returns the name of the budget that an operation uses; None if it has no budget."""
    name = OPERATION_GROUPS.get(f"{service}:{operation}", f"{service}:{operation}")
    return next((group for group in (name, service) if group in budgets), None)


def least_seconds(calls: int, budget: Budget) -> float:
    """Returns how many seconds this number of calls takes at least."""
    return max(0.0, (calls - budget.burst) / budget.rate)


class Rates:
    """The tokens of one account and region, which all threads share.

    Args:
        budgets: returns the rates that AWS allows; each kind of resource names those of its service.
        clock: a monotonic clock in seconds.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        budgets: Callable[[], Budgets],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._budgets, self._clock, self._sleep = budgets, clock, sleep
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def of_another_region(self) -> "Rates":
        """The same rates with tokens of their own, as each region has them."""
        return Rates(self._budgets, self._clock, self._sleep)

    def take(self, service: str, operation: str) -> None:
        """Takes a token, after waiting until one is available."""
        budgets = {} if f"{service}:{operation}" in UNLIMITED else STORAGE if service in STORAGE else self._budgets()
        group = group_of(service, operation, budgets)
        if group is not None and (wait := self._reserve(group, budgets[group])) > 0:
            self._sleep(wait)

    def _reserve(self, group: str, budget: Budget) -> float:
        """Reserves a token and returns the seconds until it is available."""
        with self._lock:
            now = self._clock()
            left, at = self._left.get(group, (budget.burst, now))
            left = min(budget.burst, left + (now - at) * budget.rate) - 1
            self._left[group] = left, now
        return -left / budget.rate
