"""What a state machine needs of IAM: actions on resources, sometimes under conditions."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator

from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.declare.permissions import Statement, allow


@dataclass(frozen=True)
class Need:
    """Actions, the ARNs on which they are needed, and the conditions of a policy under which they are allowed, as JSON."""

    actions: tuple[str, ...]
    arns: frozenset[str]
    when: str = ""


def need(actions: Iterable[str], arns: Iterable[str], when: JsonObject | None = None) -> Need:
    """Returns a need in one fixed form, so that equal ones are equal."""
    return Need(tuple(sorted(actions)), frozenset(arns), json.dumps(when, sort_keys=True) if when else "")


def joined(needs: Iterable[Need]) -> Iterator[Need]:
    """Yields the needs of one call, those on the same resources under the same conditions as one."""
    actions: defaultdict[tuple[frozenset[str], str], set[str]] = defaultdict(set)
    for needed in needs:
        actions[needed.arns, needed.when].update(needed.actions)
    yield from (Need(tuple(sorted(names)), arns, when) for (arns, when), names in actions.items())


def statements(needs: Iterable[Need]) -> Iterator[Statement]:
    """Yields the statements of all needs, those with the same actions and conditions as one, in a fixed order."""
    allowed: defaultdict[tuple[tuple[str, ...], str], set[str]] = defaultdict(set)
    for needed in needs:
        allowed[needed.actions, needed.when] |= needed.arns
    for (actions, when), arns in sorted(allowed.items()):
        if actions and arns:
            yield {**allow(actions, arns), **({"Condition": json.loads(when)} if when else {})}
