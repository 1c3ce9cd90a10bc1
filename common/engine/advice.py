"""Words advice about a plan: what people should know, although it is not a reason to refuse the plan."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Protocol, TypeGuard, runtime_checkable

from common.base.protocols import once_a_type
from common.environment import aws_versions
from common.environment.config import Environment
from common.model.resource import CHANGING, Change, Key, Plan, Resource


@runtime_checkable
class Executed(Protocol):
    """A resource that runs with a runtime of Lambda, whose support ends one day."""

    @property
    def key(self) -> Key:
        """Its name."""
        ...

    @property
    def executed_by(self) -> str:
        """The runtime, as Lambda calls it."""
        ...


@runtime_checkable
class BeginsLater(Protocol):
    """A resource that may begin to work only some time after a deploy has ended."""

    @property
    def key(self) -> Key:
        """Its name."""
        ...

    def begins_later(self, change: Change) -> str:
        """A sentence about what begins later after this change; empty if nothing does."""
        ...


@once_a_type
def _is_executed(resource: Resource) -> TypeGuard[Executed]:
    return isinstance(resource, Executed)


@once_a_type
def _begins_later(resource: Resource) -> TypeGuard[BeginsLater]:
    return isinstance(resource, BeginsLater)


def warnings(resources: Iterable[Resource], today: date) -> list[str]:
    """A sentence for each runtime in use whose support has ended, or will soon."""
    users: dict[str, list[str]] = {}
    for resource in resources:
        if _is_executed(resource):
            users.setdefault(resource.executed_by, []).append(f"{resource.key.project}: {resource.key}")
    texts = [aws_versions.support_warning(runtime, names, today) for runtime, names in sorted(users.items())]
    return [text for text in texts if text is not None]


def delays(plan: Plan, resources: Iterable[Resource]) -> list[str]:
    """A sentence for each resource that begins to work only some time after the deploy has ended."""
    delayed = {resource.key: resource for resource in resources if _begins_later(resource)}
    changes = [change for change in plan.changes if change.key in delayed and change.action in CHANGING]
    delays = [(change.key, delayed[change.key].begins_later(change)) for change in changes]
    return [f"{key}: {text}" for key, text in delays if text]


def tell(env: Environment, plan: Plan, resources: Sequence[Resource], say: Callable[[str], None]) -> None:
    """Passes all advice about a plan to `say`. The embedded AWS has no delays."""
    for text in [*warnings(resources, datetime.now(UTC).date()), *(delays(plan, resources) if env.embedded is None else [])]:
        say(text)
