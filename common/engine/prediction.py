"""What applying a plan will cost: AWS calls, and the seconds that they take at the least.

Calls are those of the resource types, of the records and of the release; polls of what is waited for come on top. Seconds are
bounded by the rates that AWS publishes (see `rates`) and by how many calls are under way at once.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from common.aws import rates
from common.model.choices import JOBS
from common.model.resource import Action, Change, Plan

LATENCY = 0.05
"""Seconds of one call, about."""
RELEASE = 4
"""Calls for each project that changes: the lock, the root before, the root after, the lock given back."""
SERVICES = {"lambda": "lambda", "layer": "lambda", "state-machine": "stepfunctions", "bucket": "s3", "artifact": "s3"}
"""Of the kinds whose calls AWS holds to a published rate."""
CREATING: dict[str, tuple[str, ...]] = {
    "lambda": ("CreateFunction",),
    "layer": ("PublishLayerVersion",),
    "state-machine": ("DescribeStateMachine", "CreateStateMachine"),
    "glue-job": ("CreateJob",),
    "crawler": ("CreateCrawler",),
    "database": ("CreateDatabase",),
    "log-group": ("CreateLogGroup", "PutRetentionPolicy"),
    "role": ("CreateRole", "PutRolePolicy", "ListRolePolicies", "ListAttachedRolePolicies"),
    "bucket": ("CreateBucket", *("PutBucketConfiguration",) * 7, "GetBucketTagging", "GetBucketNotificationConfiguration"),
}
"""Other types are taken to need two calls."""
UPDATING = {"lambda": "UpdateFunctionConfiguration", "layer": "PublishLayerVersion", "state-machine": "UpdateStateMachine"}
READ_AGAIN = frozenset({"glue-job", "crawler", "rule"})
"""Kinds that are replaced whole, and read just before, so that what nobody declares is kept."""
CODE = frozenset({"CodeSha256", "Architectures"})


@dataclass(frozen=True)
class Prediction:
    """So many calls, in so many seconds or more."""

    calls: int
    seconds: float


def predict(plan: Plan, jobs: int = JOBS) -> Prediction:
    """What applying the plan will cost, `jobs` calls being under way at once."""
    calls: Counter[tuple[str, str]] = Counter()
    doing = [change for change in plan.changes if change.action not in {Action.NOOP, Action.ORPHAN}]
    for change in doing:
        calls.update((SERVICES.get(change.key.kind, ""), operation) for operation in _operations(change))
        if change.action is not Action.UPLOAD:
            calls["s3", "PutObject"] += 1
    calls["s3", "PutObject"] += RELEASE * len({change.key.project for change in doing})
    total = calls.total()
    by_group: Counter[str] = Counter()
    for (service, operation), number in calls.items():
        if group := rates.group_of(service, operation):
            by_group[group] += number
    slowest = max((rates.seconds(number, rates.BUDGETS[group]) for group, number in by_group.items()), default=0.0)
    return Prediction(total, max(slowest, total * LATENCY / jobs))


def _operations(change: Change) -> Iterator[str]:
    kind = change.key.kind
    match change.action:
        case Action.UPLOAD:
            yield from ["PutObject"] * (2 if change.desired else 1)  # a bill of materials comes along
        case Action.CREATE:
            yield from CREATING.get(kind, ("Create", "Describe"))
        case Action.REPLACE:
            yield from ("Delete", *CREATING.get(kind, ("Create", "Describe")))
        case Action.DELETE:
            yield "Delete"
        case Action.UPDATE:
            fields = set(change.changed) - {"Tags"}
            parts = (bool(fields - CODE), bool(fields & CODE)) if kind == "lambda" else (bool(fields),)
            yield from [UPDATING.get(kind, "Update")] * sum(parts) + ["TagResource"] * ("Tags" in change.changed)
            yield from ["Get"] * (kind in READ_AGAIN and bool(fields)) + ["UntagResource"] * ("Tags" in change.stale)
