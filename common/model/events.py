"""The events of a command. The engine passes each to a `Report`, a function that takes one event, such as `list.append`."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from common.base.lean_dataclass import dataclass, field
from common.model.resource import Change, Key, Plan

if TYPE_CHECKING:  # an unchanged deploy names nothing
    from common.model.aws_name import AwsName


@dataclass(frozen=True)
class Cost:
    """The number of AWS calls, and the least number of seconds that they take."""

    calls: int
    seconds: float


NO_COST = Cost(0, 0.0)


@dataclass(frozen=True)
class Opened:
    """A command is about an environment.

    Args:
        environment: its name.
        account_id: its account.
        region: its region.
        commit: the commit that is checked out; empty if there is none.
        protected: whether it is protected.
        command: the command as it would be typed again, without ``invoke`` and without what answers questions.
    """

    environment: str
    account_id: str
    region: str
    commit: str = ""
    protected: bool = False
    command: str = ""


@dataclass(frozen=True)
class Planned:
    """A plan was made; nothing has changed yet.

    Args:
        plan: the plan.
        removal: the plan is that of `destroy`, which is shown before it is carried out.
        projects: the projects of the plan.
        cost: the predicted cost of applying it.
        in_aws: what the resources that change are called in AWS, by key, as far as that is known.
    """

    plan: Plan
    removal: bool = False
    projects: tuple[str, ...] | None = None
    cost: Cost = NO_COST
    in_aws: "Mapping[Key, AwsName]" = field(default_factory=dict)


@dataclass(frozen=True)
class StepStarted:
    """A step begins. Changes of later steps may begin before it ends.

    Args:
        step: its name.
        counts: how many changes it has by action, those to be left alone too.
        declared: whether anything is declared for it.
        keys: its changes; None if all that follow are its own.
    """

    step: str
    counts: Mapping[str, int]
    declared: bool = False
    keys: Collection[Key] | None = None


@dataclass(frozen=True)
class Started:
    """A change has begun."""

    change: Change


@dataclass(frozen=True)
class Finished:
    """A change was carried out and recorded; `seconds` is its duration."""

    change: Change
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A change failed; the message is for people."""

    change: Change
    message: str


@dataclass(frozen=True)
class Skipped:
    """A change was not made because the resource's settings say so; the message is for people."""

    change: Change
    message: str


@dataclass(frozen=True)
class Blocked:
    """A change was not tried, because a resource that it needs has failed, or the deploy was interrupted."""

    change: Change
    needed: Key | None


@dataclass(frozen=True)
class Building:
    """An artifact is being built or verified; with `ended`, this has ended."""

    key: Key
    ended: bool = False


@dataclass(frozen=True)
class Note:
    """A sentence for people."""

    text: str


@dataclass(frozen=True)
class UnderWay:
    """How far something is that takes long, for the live line of a terminal; an empty text says that it has ended."""

    text: str


@dataclass(frozen=True)
class Built:
    """A package: its files, its size in bytes, the packages installed in it, and why it was built just now, if it was.

    Args:
        accepts: why it may hold what looks like a secret; empty if it may not.
    """

    key: Key
    files: Mapping[str, str]
    size: int
    holds: tuple[str, ...] = ()
    because: str = ""
    accepts: str = ""


@dataclass(frozen=True)
class Closed:
    """The command is over: seconds, AWS calls by operation, what succeeded, failed, was not tried, was skipped; why it ended."""

    seconds: float
    calls: Mapping[str, int]
    done: int
    failed: int
    blocked: int
    skipped: int = 0
    error: BaseException | None = None


Event = (
    Opened | Planned | Building | StepStarted | Started | Finished | Failed | Skipped | Blocked | Note | UnderWay | Built | Closed
)
Report = Callable[[Event], None]
