"""Reads that AWS may refuse to these credentials. An import goes on without what they return, and says what is not known."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from common.base.command_text import typed
from common.base.errors import AwsError
from common.base.lean_dataclass import dataclass, field
from common.engine.existing import FORBIDDEN

T = TypeVar("T")
UNAVAILABLE = ("EndpointConnection", "OptInRequired", "SubscriptionRequired")
"""AWS's error codes, or botocore's, begin with one of these if a region or a partition has no such service."""
SHOWN = 3
"""How many names a note lists; of more only their number is told."""


@dataclass
class Refusals:
    """What was not read, by the reason and by what is not known because of it, with the names of what this is about."""

    names: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def read(self, call: Callable[[], T], unknown: str, name: str = "", *, optional: bool = True) -> T | None:
        """Returns what a call returns, or None if these credentials may not make it, or the region has no such service.

        Args:
            call: makes the call.
            unknown: what is not known then, as in ``which schedules call functions``.
            name: the resource that the call is about; empty if it is about all of them.
            optional: a region without the service is no reason to end.

        Raises:
            AwsError: AWS refused the call for another reason.
        """
        try:
            return call()
        except AwsError as error:
            if not error.code.startswith((*FORBIDDEN, *(UNAVAILABLE if optional else ()))):
                raise
            is_refused = error.code.startswith(FORBIDDEN)
            reason = f"{error.service}:{error.operation} was refused" if is_refused else f"{error.service} is not available here"
            names = self.names.setdefault((reason, unknown), [])
            names += [name] if name else []
            return None

    def notes(self, environment: str) -> Iterator[str]:
        """A sentence about each reason and what is not known."""
        command = typed(f"policy --env {environment} --import")
        for (reason, unknown), names in sorted(self.names.items()):
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            about = f" ({', '.join(sorted(names)[:SHOWN])}{more})" if names else ""
            advice = f". `{command}` prints what an import may read" if reason.endswith("refused") else ""
            yield f"{reason}, so it is not known {unknown}{about}{advice}"
