"""What the user has asked of a plan."""

from collections.abc import Callable, Collection

from common.base.lean_dataclass import dataclass
from common.model.resource import Key


@dataclass(frozen=True)
class Options:
    """What the user has asked for.

    Args:
        selected: whether a resource is to be brought up to date.
        force: apply all selected resources, changed or not.
        verify: read all live resources in full instead of trusting records and index, and artifacts instead of their tags.
        adopt: the owners whose resources are taken over if they have our names.
        adoptable: whether a resource of theirs may be taken over.
        exclusive: take away what is not declared.
        prune: delete resources that are no longer declared.
        data: where a deletion is asked for, also delete resources that hold data.
        complete: the plan covers all projects, so it contains every user of the shared resources.
        named: whether the command line names a resource exactly: then it is deleted or replaced even if it was adopted.
        unbind: take our tags and records away from what is no longer declared instead of deleting it.
    """

    selected: Callable[[Key], bool] = lambda _: True
    force: bool = False
    verify: bool = False
    adopt: Collection[str] = ()
    adoptable: Callable[[Key], bool] = lambda _: True
    exclusive: bool = False
    prune: bool = False
    data: bool = False
    complete: bool = True
    named: Callable[[Key], bool] = lambda _: False
    unbind: bool = False
