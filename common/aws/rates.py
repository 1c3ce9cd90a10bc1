"""How fast AWS may be called: a token bucket for each group of operations that AWS gives a rate to.

A call takes a token before it is sent, and waits for its turn when there is none. So a large deploy goes as fast as the account
allows, without being refused and backing off; what AWS does not publish is left to botocore's adaptive retries behind this.
A plain rate is spent evenly, as AWS does not say how much of a burst it bears.

Follows https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html and
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """At most `burst` calls at once, and `rate` a second."""

    burst: float
    rate: float


Budgets = Mapping[str, Budget]
"""By ``service:Operation``, by a group of `GROUPED`, or by service for all of its other operations together."""
GROUPED = dict.fromkeys(("s3:GetObject", "s3:GetObjectTagging", "s3:HeadObject", "s3:ListObjectsV2"), "s3:reads")
"""The group of an operation that does not go with the rest of its service."""
STORAGE: Budgets = {"s3": Budget(3500, 3500), "s3:reads": Budget(5500, 5500)}
"""The budgets of the service that holds records and artifacts, whatever kinds of resources there are."""


def group_of(service: str, operation: str, budgets: Budgets) -> str | None:
    """The name of the budget that an operation draws on; None if it has none."""
    name = GROUPED.get(f"{service}:{operation}", f"{service}:{operation}")
    return next((group for group in (name, service) if group in budgets), None)


def seconds(calls: int, budget: Budget) -> float:
    """How long so many calls take at the least."""
    return max(0.0, (calls - budget.burst) / budget.rate)


class Rates:
    """The tokens of one account and region; shared by all threads.

    Args:
        budgets: what AWS allows; each kind of resource says it of its service.
        clock: seconds that only rise.
        sleep: waits so many seconds.
    """

    def __init__(
        self, budgets: Budgets, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._budgets, self._clock, self._sleep = budgets, clock, sleep
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, service: str, operation: str) -> None:
        """Takes a token, waiting in turn until there is one."""
        group = group_of(service, operation, self._budgets)
        if group is not None and (wait := self._reserve(group, self._budgets[group])) > 0:
            self._sleep(wait)

    def _reserve(self, group: str, budget: Budget) -> float:
        """Takes a token that may be there only later; the seconds until then."""
        with self._lock:
            now = self._clock()
            left, at = self._left.get(group, (budget.burst, now))
            left = min(budget.burst, left + (now - at) * budget.rate) - 1
            self._left[group] = left, now
        return -left / budget.rate
