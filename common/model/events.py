"""What happens while a session works, as values. Whoever wants to know takes them one by one; a list is a fine listener."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.model.resource import Change, Key, Plan


@dataclass(frozen=True)
class Cost:
    """How many AWS calls something takes, and how many seconds at least."""

    calls: int
    seconds: float


NO_COST = Cost(0, 0.0)


@dataclass(frozen=True)
class Planned:
    """A plan was made; nothing has changed yet.

    Args:
        plan: the plan.
        removal: it deletes everything, and is shown before it is carried out.
        projects: those that the plan is about.
        cost: what applying it will take.
    """

    plan: Plan
    removal: bool = False
    projects: tuple[str, ...] | None = None
    cost: Cost = NO_COST


@dataclass(frozen=True)
class StepStarted:
    """A step begins; `counts` of its changes by action, those to be left alone too; whether anything is `declared` for it."""

    step: str
    counts: Mapping[str, int]
    declared: bool = False


@dataclass(frozen=True)
class Started:
    """A change is under way."""

    change: Change


@dataclass(frozen=True)
class Finished:
    """A change was carried out and recorded, in so many seconds."""

    change: Change
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A change failed; the message is for people."""

    change: Change
    message: str


@dataclass(frozen=True)
class Skipped:
    """A change was left undone, as the resource's settings want it; the message is for people."""

    change: Change
    message: str


@dataclass(frozen=True)
class Blocked:
    """A change was not tried, because what it needs has failed, or the deploy was interrupted."""

    change: Change
    needed: Key | None


@dataclass(frozen=True)
class Building:
    """An artifact is being built, or compared with what is built here; `ended` once it no longer is."""

    key: Key
    ended: bool = False


@dataclass(frozen=True)
class Note:
    """A sentence for people."""

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
    """The session is over: seconds, AWS calls by operation, what succeeded, failed, was not tried, was skipped; why it ended."""

    seconds: float
    calls: Mapping[str, int]
    done: int
    failed: int
    blocked: int
    skipped: int = 0
    error: BaseException | None = None


Event = Planned | Building | StepStarted | Started | Finished | Failed | Skipped | Blocked | Note | Built | Closed
Report = Callable[[Event], None]
