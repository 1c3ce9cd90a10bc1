"""What people should know of what they declare, and what is no reason to refuse it."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

from common import versions
from common.resource import Resource
from common.resources.function import Function


def warnings(resources: Iterable[Resource], today: date) -> list[str]:
    """A sentence for each runtime in use whose support has ended, or will soon."""
    users: dict[str, list[str]] = {}
    for resource in resources:
        if isinstance(resource, Function):
            users.setdefault(resource.settings.runtime, []).append(f"{resource.key.project}: {resource.key}")
    found = [versions.warning(runtime, names, today) for runtime, names in sorted(users.items())]
    return [text for text in found if text is not None]


def tell(resources: Iterable[Resource], say: Callable[[str], None]) -> None:
    """Says what there is to know today."""
    for text in warnings(resources, datetime.now(UTC).date()):
        say(text)
