"""Replaces a rule by a schedule, or the other way round, in one deploy and without a run that is missed or doubled.

Both start what they start at second 0 of a minute, or some seconds later. So the change is made in the middle of a minute, when
nothing is due: first the new one is created, so that a failure leaves the old one as it is, and right after it the old one is
deleted. A rate has no such times: a new one is counted from its creation.

Follows https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from common.aws.protocol import Aws
from common.model.declared import Declared
from common.model.resource import REMOVING, Change, Key, Plan, Resource
from common.resources import kinds

QUIET_FROM, QUIET_UNTIL = 15, 35
"""Between these seconds of a minute a replacement may begin: what was due has started, and there is time left to finish."""


def replacements(resources: Iterable[Resource]) -> dict[Key, Key]:
    """What declared resources replace if it was deployed before, with the keys of these resources."""
    return {key: resource.key for resource in resources if isinstance(resource, Declared) for key in resource.replaces}


def in_step(change: Change, replaced: Mapping[Key, Key]) -> Change:
    """The deletion of what is replaced: right after what replaces it is created, if both are of one step."""
    now = replaced.get(change.key)
    same = now is not None and kinds()[now.kind].step == kinds()[change.key.kind].step
    return replace(change, successor=now) if same and change.action in REMOVING else change


def wait_until_quiet(aws: Aws, change: Change, plan: Plan, now: Callable[[], float] = time.time) -> None:
    """Waits for the middle of a minute before what replaces something is created."""
    second = now() % 60
    if any(other.successor == change.key for other in plan.changes) and not QUIET_FROM <= second <= QUIET_UNTIL:
        aws.sleep((QUIET_FROM - second) % 60)
