"""Predicts the cost of a plan: the number of AWS calls, and the seconds that they will take at least.

The calls are those of the resource types, of the records and of the release; polls while waiting come in addition. The seconds
follow from the rates that AWS publishes (see `rates`) and from how many calls run at once.
"""

from collections import Counter
from collections.abc import Iterator

from common.aws import rates
from common.model.choices import JOBS
from common.model.events import Cost
from common.model.kind import Calls, Kind, NameRule
from common.model.resource import Action, Change, Plan
from common.resources import budgets, kinds

LATENCY = 0.05
"""One call takes about this number of seconds."""
RELEASE = 4
"""Each changed project needs this number of calls: to take the lock, write the root before and after, give the lock back."""
UPLOADS = "s3"
"""Artifacts are uploaded to this service."""
ANY = Kind(name="", word="", service="", step="", names=NameRule(0))
"""This kind stands for those that no type declares, as in plans of tests."""


def predict(plan: Plan, jobs: int = JOBS) -> Cost:
    """What applying the plan will cost, `jobs` calls being under way at once."""
    calls: Counter[tuple[str, str]] = Counter()
    doing = [change for change in plan.changes if change.action not in {Action.NOOP, Action.ORPHAN}]
    for change in doing:
        kind = kinds().get(change.key.kind, ANY)
        service = UPLOADS if change.action is Action.UPLOAD else kind.service
        calls.update((service, operation) for operation in _operations(change, kind.calls))
        if change.action is not Action.UPLOAD:
            calls["s3", "PutObject"] += 1
    calls["s3", "PutObject"] += RELEASE * len({change.key.project for change in doing})
    total = calls.total()
    by_group: Counter[str] = Counter()
    for (service, operation), number in calls.items():
        if group := rates.group_of(service, operation, budgets()):
            by_group[group] += number
    slowest = max((rates.least_seconds(number, budgets()[group]) for group, number in by_group.items()), default=0.0)
    return Cost(total, max(slowest, total * LATENCY / jobs))


def _operations(change: Change, calls: Calls) -> Iterator[str]:
    match change.action:
        case Action.UPLOAD:
            yield from ["PutObject"] * (2 if change.desired else 1)  # a bill of materials comes along
        case Action.CREATE:
            yield from calls.create
        case Action.REPLACE:
            yield from ("Delete", *calls.create)
        case Action.DELETE:
            yield "Delete"
        case Action.UPDATE:
            fields = set(change.changed) - {"Tags"}
            parts = (bool(fields - calls.apart), bool(fields & calls.apart))
            yield from [calls.update] * sum(parts) + ["TagResource"] * ("Tags" in change.changed)
            yield from ["Get"] * (calls.reads_first and any(parts)) + ["UntagResource"] * ("Tags" in change.stale)
