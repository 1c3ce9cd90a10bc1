"""What a command line says, as one value."""

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.base.errors import UsageError
from common.base.suggestions import did_you_mean
from common.model.resource import Key, Resource

JOBS = 16
"""How many calls may be under way at once, if nobody says."""
NOBODY = "nobody"
"""Who owns what carries no tags of a deployer."""


@dataclass(frozen=True)
class Choices:
    """What the command line says.

    Args:
        env: the environment's name.
        project: one project, several separated by commas, or all.
        rebuild: build everything anew, whatever was built before; it implies `verify`.
        only: a pattern of keys, as in ``glue-job/*``; what these need comes with them.
        force, verify, adopt, adopt_from, prune, data: see `Options`.
        jobs: how many calls may be under way at once.
        yes: ask nothing.
        wait: wait for another deploy instead of giving up.

    Raises:
        UsageError: `project` names none. A variable that a CI job has not set must not stand for all.
    """

    env: str | None = None
    project: str | None = None
    only: str | None = None
    force: bool = False
    verify: bool = False
    rebuild: bool = False
    adopt: bool = False
    jobs: int = JOBS
    yes: bool = False
    wait: bool = False
    prune: bool = False
    data: bool = False
    adopt_from: str = ""

    @property
    def owners(self) -> frozenset[str]:
        """Whose resources may be taken over; what has no owner is nobody's."""
        return frozenset(filter(None, (NOBODY if self.adopt else "", self.adopt_from)))

    def matches(self, key: Key) -> bool:
        """Whether --only names a key; without it all are named."""
        return self.only is None or fnmatch.fnmatchcase(str(key), self.only)

    def select(self, resources: Sequence[Resource]) -> Callable[[Key], bool]:
        """Tells which keys --only selects: those that it names, and what these need; without it all.

        Args:
            resources: what is declared.

        Raises:
            UsageError: it names nothing that is declared, and nothing is pruned.
        """
        if self.only is None:
            return lambda _: True
        needs = {resource.key: resource.needs for resource in resources}
        waiting = [key for key in needs if self.matches(key)]
        if not waiting and not self.prune:
            raise _matches_nothing(self.only, [*needs])
        selected: set[Key] = set()
        while waiting:
            key = waiting.pop()
            if key not in selected:
                selected.add(key)
                waiting.extend(needs.get(key, ()))
        return lambda key: key in selected or (key not in needs and self.matches(key))

    def __post_init__(self) -> None:
        """See `Raises`."""
        if self.rebuild:
            object.__setattr__(self, "verify", True)
        if self.project is not None and not all(name.strip() for name in self.project.split(",")):
            raise UsageError(f"--project is {self.project!r}, which names no project. Leave it out for all of them.")


def _matches_nothing(pattern: str, keys: Sequence[Key]) -> UsageError:
    name = pattern.rpartition("/")[2]
    patterns = {f"{key.kind}/{name}" for key in keys if fnmatch.fnmatchcase(key.name, name)}
    guess = did_you_mean(pattern, [*patterns, *map(str, keys)], otherwise=f" Keys look like {keys[0]}.")
    return UsageError(f"--only {pattern!r} matches nothing.{guess} `plan --json` lists all of them.")


def parallel(jobs: str) -> int:
    """What --jobs says. Invoke would meet a word where it expects a number with a traceback.

    Raises:
        UsageError: it is no number, or not a positive one.
    """
    if not (jobs.isascii() and jobs.isdecimal()) or int(jobs) < 1:
        raise UsageError(f"--jobs is {jobs!r}; it must be a whole number, at least 1.")
    return int(jobs)
