"""Words advice about a plan: what people should know, although it is no reason to refuse the plan."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime

from common.environment import aws_versions
from common.environment.config import Environment
from common.model.resource import CHANGING, Action, Plan, Resource
from common.resources.bucket import Bucket
from common.resources.function import Function


def warnings(resources: Iterable[Resource], today: date) -> list[str]:
    """A sentence for each runtime in use whose support has ended, or will soon."""
    users: dict[str, list[str]] = {}
    for resource in resources:
        if isinstance(resource, Function):
            users.setdefault(resource.settings.runtime, []).append(f"{resource.key.project}: {resource.key}")
    texts = [aws_versions.warning(runtime, names, today) for runtime, names in sorted(users.items())]
    return [text for text in texts if text is not None]


def delays(plan: Plan, resources: Iterable[Resource]) -> list[str]:
    """A sentence for each bucket whose events will begin later than the deploy ends.

    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
    """
    watched = {resource.key for resource in resources if isinstance(resource, Bucket) and resource.event_bridge}
    return [
        f"{change.key}: S3 begins to tell of new objects about five minutes after the deploy; what comes earlier starts nothing."
        for change in plan.changes
        if change.key in watched
        and change.action in CHANGING
        and (change.action is not Action.UPDATE or "EventBridge" in change.changed)
    ]


def tell(env: Environment, plan: Plan, resources: Sequence[Resource], say: Callable[[str], None]) -> None:
    """Passes all advice about a plan to `say`. The embedded AWS has no delays."""
    for text in [*warnings(resources, datetime.now(UTC).date()), *(delays(plan, resources) if env.embedded is None else [])]:
        say(text)
