"""The options of a command line as one value."""

import fnmatch
from collections.abc import Callable, Collection, Sequence, Sized

from common.base.errors import UsageError
from common.base.lean_dataclass import dataclass
from common.base.suggestions import did_you_mean
from common.model.resource import Key, Resource

JOBS = 32
"""Without --jobs, this number of calls may run at once."""
LISTED = "`plan --json` lists all of them."
"""The end of a message about keys, which says where to see them."""
NOBODY = "nobody"
"""Resources without owner tags belong to this owner."""


@dataclass(frozen=True)
class Choices:
    """The options of a command line.

    Args:
        env: the environment's name.
        project: one project, several separated by commas, or None for all.
        rebuild: build everything again; it implies `verify`.
        only: a pattern of keys, such as ``glue-job/*``; the resources that these need are selected, too.
        adopt: take over what exists without our tags: everything, or keys that match a pattern.
        exclusive: also take away what is not declared; it implies `verify`.
        force, verify, adopt_from, prune, data: see `Options`.
        jobs: how many calls may run at once.
        yes: ask no questions.
        wait: wait for another deploy instead of giving up.
        validate: ask AWS about what changes, where it can tell what is wrong.
        enforce_iam: the embedded AWS judges every call by the policies of whoever makes it.
        debug: what runs in the embedded AWS waits for a debugger, which not every version can.

    Raises:
        UsageError: `project` is empty. A variable that a CI job has not set must not select all projects.
    """

    env: str | None = None
    project: str | None = None
    only: str | None = None
    force: bool = False
    verify: bool = False
    rebuild: bool = False
    adopt: bool | str = False
    jobs: int = JOBS
    yes: bool = False
    wait: bool = False
    prune: bool = False
    data: bool = False
    adopt_from: str = ""
    exclusive: bool = False
    validate: bool = False
    enforce_iam: bool = False
    debug: bool = False

    @property
    def owners(self) -> frozenset[str]:
        """The owners whose resources may be taken over; resources without owner tags belong to `NOBODY`."""
        return frozenset(filter(None, (NOBODY if self.adopt else "", self.adopt_from)))

    def adopts(self, key: Key) -> bool:
        """Whether a resource may be taken over: all may be, unless --adopt has a pattern."""
        return not isinstance(self.adopt, str) or fnmatch.fnmatchcase(str(key), self.adopt)

    def check_adopts(self, resources: Sequence[Resource]) -> None:
        """Checks the pattern of --adopt.

        Raises:
            UsageError: no declared resource matches it.
        """
        keys = [resource.key for resource in resources]
        if isinstance(self.adopt, str) and not any(map(self.adopts, keys)):
            raise UsageError(f"--adopt {self.adopt!r} matches nothing.{_guess(self.adopt, keys)} {LISTED}")

    def matches(self, key: Key) -> bool:
        """Whether a key matches --only; without --only every key does."""
        return self.only is None or fnmatch.fnmatchcase(str(key), self.only)

    @property
    def is_plain(self) -> bool:
        """Whether the command looks at all of an environment's projects, or of those that it names, as they were released."""
        plain = Choices(env=self.env, project=self.project, jobs=self.jobs, yes=self.yes, wait=self.wait)
        return self == plain and self.env is not None

    @property
    def selects_all(self) -> bool:
        """Whether there is no --only."""
        return self.only is None

    def select_deployed(self, keys: Collection[Key]) -> set[Key]:
        """The deployed keys that match --only.

        Raises:
            UsageError: something is deployed, and nothing matches.
        """
        matching = {key for key in keys if self.matches(key)}
        if keys and not matching:
            raise UsageError(f"--only {self.only!r} matches nothing that is deployed.{_guess(str(self.only), sorted(keys))}")
        return matching

    def names(self, key: Key) -> bool:
        """Whether --only is exactly this key, without any pattern."""
        return self.only == str(key)

    def select(self, resources: Sequence[Resource]) -> Callable[[Key], bool]:
        """Returns whether --only selects a key: those that match, and what these need; without --only all.

        Args:
            resources: the declared resources.

        Raises:
            UsageError: no declared resource matches, and nothing is pruned.
        """
        if self.only is None:
            return lambda _: True
        needs = {resource.key: resource.needs for resource in resources}
        waiting = [key for key in needs if self.matches(key)]
        if not waiting and not self.prune:
            raise UsageError(f"--only {self.only!r} matches nothing.{_guess(self.only, [*needs])} {LISTED}")
        selected: set[Key] = set()
        while waiting:
            key = waiting.pop()
            if key not in selected:
                selected.add(key)
                waiting.extend(needs.get(key, ()))
        return lambda key: key in selected or (key not in needs and self.matches(key))

    def check_packaged(self, selected: Sized) -> None:
        """Checks that --only selects something that is packaged.

        Args:
            selected: what it selects.

        Raises:
            UsageError: it selects nothing.
        """
        if self.only is not None and not selected:
            raise UsageError(f"--only {self.only!r} names nothing that is packaged. Keys look like lambda/Validate; see `plan`.")

    def selection(self) -> list[str]:
        """The words of a command line that select the same environment, projects and resources."""
        values = {"--env": self.env, "--project": self.project, "--only": self.only}
        return [word for option, value in values.items() if value is not None for word in (option, value)]

    def __post_init__(self) -> None:
        """Checks `project`, and lets `rebuild` and `exclusive` imply `verify`."""
        if self.rebuild or self.exclusive:
            object.__setattr__(self, "verify", True)
        if self.project is not None and not all(name.strip() for name in self.project.split(",")):
            raise UsageError(f"--project is {self.project!r}, which names no project. Leave it out for all of them.")


def _guess(pattern: str, keys: Sequence[Key]) -> str:
    """The key that a pattern may have meant, for people; empty if there are no keys."""
    name = pattern.rpartition("/")[2]
    patterns = {f"{key.kind}/{name}" for key in keys if fnmatch.fnmatchcase(key.name, name)}
    example = f" Keys look like {keys[0]}." if keys else ""
    return did_you_mean(pattern, [*patterns, *map(str, keys)], otherwise=example)


def parallel(jobs: str) -> int:
    """The number of --jobs. If Invoke converted it, a word would end in a traceback.

    Raises:
        UsageError: it is not a positive whole number.
    """
    if not (jobs.isascii() and jobs.isdecimal()) or int(jobs) < 1:
        raise UsageError(f"--jobs is {jobs!r}; it must be a whole number, at least 1.")
    return int(jobs)
