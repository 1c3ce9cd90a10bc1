"""Finds out what an account's texts name although it does not exist, so that these names stay as they are.

Variables and definitions of old accounts name queues, tables and jobs that somebody has deleted since. That hurts nobody until
they are used; but what a declaration refers to must exist, so there would be no plan for the project.
"""

from collections.abc import Callable, Iterable, Iterator

from common.aws import regions
from common.base.errors import ConfigError, returning_errors
from common.declare import existing as references
from common.engine import existing
from common.importing import rules
from common.importing.account import LiveAccount
from common.importing.entries import Context, Unexpressed
from common.importing.references import Used
from common.importing.selection import LiveResource
from common.model.existing import ExistingRef
from common.resources import kind_of

Named = tuple[str, str]
"""The kind and the name of something."""


def find_absent(account: LiveAccount, used: Iterable[Used]) -> frozenset[Named]:
    """Returns what of this certainly does not exist: what AWS does not show, or cannot say, counts as existing."""
    absent, refs = set[Named](), dict[ExistingRef, Named]()
    for each in used:
        if not each.is_there:
            try:
                ref = references.reference(account.env, kind_of(each.kind), "", each.name, "")
            except ConfigError:  # no such thing can exist
                absent.add((each.kind, each.name))
            else:
                refs[ref] = (each.kind, each.name)

    @returning_errors
    def is_missing(ref: ExistingRef) -> bool:
        findings = existing.look_at(account.env, lambda region: regions.in_region(account.aws, region), ref)
        return any(finding.missing for finding in findings)

    looks = account.pool.map(is_missing, refs)
    return frozenset(absent | {name for name, missing in zip(refs.values(), looks, strict=True) if missing is True})


def without_absent(
    importable: Iterable[LiveResource], context: Context, tell: Callable[[Unexpressed], None]
) -> Iterator[LiveResource]:
    """Yields what needs nothing that does not exist or that another project declares; `tell` is called with the rest."""
    for resource in importable:
        needed = ("", "")
        if resource.kind == "crawler":
            needed = ("database", resource.live.get("DatabaseName", ""))
        elif resource.kind == "rule":
            needed = ("state-machine", context.machine_name(rules.target(resource)["Arn"]))
        kind, name = needed
        if project := context.references.elsewhere.get(needed):
            tell(Unexpressed(resource, f"projects/{project} declares its {kind_of(kind).word.replace('_', ' ')} {name}"))
        elif needed in context.references.absent:
            tell(Unexpressed(resource, f"its {kind_of(kind).word.replace('_', ' ')} {name} does not exist"))
        else:
            yield resource


def notes(absent: Iterable[Named]) -> list[str]:
    """A sentence about each of these."""
    return [
        f"{kind_of(kind).word.replace('_', ' ')} {name} does not exist, but is named; its name stays as it is"
        for kind, name in sorted(absent)
    ]
