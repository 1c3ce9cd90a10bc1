"""How long a first deploy takes on AWS, by simulation: ``uv run python -m tests.bench.simulation``.

The generated project is declared, and every change of its first deploy goes through the scheduler of the deployer in virtual
time. The calls of a change are those that its kind states, at the rates that AWS publishes. A call takes 30 to 120 ms, a new role
is known after 8 s, and a new function is active after 1 to 3 s. For each size, a table shows seconds and calls, how much of each
rate was used, and the chain of changes that ended last. Nothing is called, and equal seeds give equal results.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from common.aws import rates, retries
from common.aws.polling import Waits, poll_pauses
from common.aws.rates import Rates
from common.engine.listing import READ_SINGLY
from common.engine.opening import CHANGES_PER_JOB
from common.engine.order import Needed, in_order
from common.engine.prediction import UPLOADS
from common.model.choices import JOBS
from common.model.resource import Action, Change, Key, Resource
from common.resources import budgets, kinds
from tests.bench.generated import PROJECT, Size, generate
from tests.bench.virtual import VirtualPool, VirtualSchedule, Work
from tests.support.repository import ACCOUNT, Repository

LATENCY = 0.03, 0.12
"""The shortest and the longest call, in seconds."""
ROLE_SECONDS = 8.0
"""After this time a new role is known to the services."""
ACTIVE_SECONDS = 1.0, 3.0
"""After this time a new function is active."""
POLL_DELAY = 1.0
"""Botocore's waiter for functions polls every second."""
ROLE, BUCKET = "role", "bucket"
READS = {
    "bucket": "s3:HeadBucket",
    "crawler": "glue:GetCrawler",
    "database": "glue:GetDatabase",
    "glue-job": "glue:GetJob",
    "lambda": "lambda:GetFunction",
    "log-group": "logs:DescribeLogGroups",
    "role": "iam:GetRole",
    "state-machine": "stepfunctions:DescribeStateMachine",
}
"""The call by which the plan sees that one resource does not exist, if there are too few of its kind to list them."""


@dataclass
class Spent:
    """What the seconds of one change were spent on."""

    ready: float = 0.0
    begun: float = 0.0
    ended: float = 0.0
    waits: dict[str, float] = field(default_factory=dict)
    """The seconds by reason: a rate, a new role, a function that is not active yet, calls."""

    @property
    def own(self) -> float:
        """The seconds without those in which it waited for its turn or for a rate."""
        return sum(seconds for reason, seconds in self.waits.items() if reason not in budgets())

    def __str__(self) -> str:
        waits = {"its turn": self.begun - self.ready, **self.waits}
        reasons = ", ".join(f"{reason} {seconds:.1f}" for reason, seconds in waits.items() if seconds >= 0.05)
        return f"{self.ended - self.ready:.1f} s ({reasons})"


@dataclass(frozen=True)
class Result:
    """One simulated first deploy, or the plan of one."""

    resources: int
    seconds: float
    calls: Counter[str]
    chain: Sequence[tuple[Key, Spent]]
    longest: float
    """The longest chain of changes in seconds, without threads and rates."""

    def least(self) -> dict[str, float]:
        """For each rate, how many seconds its calls take at least."""
        groups: Counter[str] = Counter()
        for name, number in self.calls.items():
            service, _, operation = name.partition(":")
            if group := rates.group_of(service, operation, budgets()):
                groups[group] += number
        return {group: rates.least_seconds(number, budgets()[group]) for group, number in groups.most_common()}

    @property
    def bound(self) -> tuple[str, float]:
        """What no order of the calls could make faster, and its seconds: a rate, or the longest chain."""
        return max((*self.least().items(), ("the longest chain", self.longest)), key=lambda item: item[1])


class Simulation:
    """The first deploy of some resources.

    Args:
        resources: the declared resources.
        jobs: the number of threads.
        seed: equal seeds give equal results.
    """

    def __init__(self, resources: Sequence[Resource], jobs: int = JOBS, seed: int = 1) -> None:
        self._resources, self._seed = {resource.key: resource for resource in resources}, seed
        artifacts = {artifact.key for resource in resources for artifact in resource.artifacts}
        self.changes = [
            Change(key, Action.UPLOAD if key in artifacts else Action.CREATE, "does not exist") for key in in_order(resources)
        ]
        self._jobs = jobs

    def plan(self) -> Result:
        """The reads of the plan, which all begin at once, in an account that has nothing else."""
        self._listed: Counter[str] = Counter()
        return self._run(self._read, lambda _: ())

    def apply(self) -> Result:
        """The changes."""
        bucket = next(key for key in self._resources if key.kind == BUCKET and key.name == "artifacts")
        return self._run(self._change, Needed(self._resources, {change.key for change in self.changes}, bucket))

    def _run(self, work: Callable[[Change], Work], needs: Callable[[Key], Collection[Key]]) -> Result:
        self._calls: Counter[str] = Counter()
        self._inactive = Waits()
        """The functions that were not active at their first poll."""
        self._random = random.Random(self._seed)
        self._spent = {change.key: Spent() for change in self.changes}
        self._waits: list[float] = []
        self._pool = pool = VirtualPool(self._jobs * CHANGES_PER_JOB, lambda change: self._timed(change, work))
        self._rates = Rates(budgets, clock=lambda: pool.now, sleep=self._waits.append)
        done: list[Key] = []
        self._schedule = VirtualSchedule(needs, set(), pool, lambda change: done.append(change.key), lambda: False, self._jobs)
        self._schedule.add(self.changes)
        left = self._schedule.run(self._spent.keys())
        if left or len(done) != len(self.changes):
            raise AssertionError(f"not begun: {left}")
        chain = self._chain(done[-1], needs)
        length: dict[Key, float] = {}
        for key in done:
            length[key] = self._spent[key].own + max((length[need] for need in needs(key)), default=0.0)
        return Result(len(self._resources), pool.now, self._calls, chain, max(length.values()))

    def _chain(self, last: Key, needs: Callable[[Key], Collection[Key]]) -> list[tuple[Key, Spent]]:
        """The changes that the last one waited for, one after the other, and itself."""
        spent = self._spent[last]
        before = max(needs(last), key=lambda need: self._spent[need].ended, default=None)
        if before is None:
            return [(last, spent)]
        spent.ready = self._spent[before].ended
        return [*self._chain(before, needs), (last, spent)]

    def _timed(self, change: Change, work: Callable[[Change], Work]) -> Work:
        spent = self._spent[change.key]
        spent.begun = self._pool.now
        yield from work(change)
        spent.ended = self._pool.now

    def _read(self, change: Change) -> Work:
        """A kind with many resources is listed. Artifacts are known from the listing of their project."""
        if change.action is Action.UPLOAD:
            return
        kind, number = kinds()[change.key.kind], sum(key.kind == change.key.kind for key in self._resources)
        if kind.listing is None or not kind.listing.shows_all or number <= READ_SINGLY:
            yield from self._call(change, *READS[kind.name].split(":"))
            return
        before, self._listed[kind.name] = self._listed[kind.name], self._listed[kind.name] + 1
        if before % (kind.listing.by_name[1] if kind.listing.by_name else number) == 0:
            yield from self._call(change, kind.service, kind.listing.operation)

    def _change(self, change: Change) -> Work:
        if change.action is Action.UPLOAD:
            yield from self._call(change, UPLOADS, "PutObject")
            return
        kind = kinds()[change.key.kind]
        for operation in kind.calls.create:
            yield from self._call(change, kind.service, operation)
            if operation.startswith("Create"):
                yield from self._repeat(change, kind.service, operation)
        if change.key.kind == "lambda":
            yield from self._activate(change)
        yield from self._call(change, "s3", "PutObject")

    def _call(self, change: Change, service: str, operation: str) -> Work:
        self._calls[f"{service}:{operation}"] += 1
        self._rates.take(service, operation)
        if self._waits:
            group = rates.group_of(service, operation, budgets()) or ""
            yield from self._wait(change, group, self._waits.pop())
        yield from self._wait(change, "calls", self._random.uniform(*LATENCY))

    def _repeat(self, change: Change, service: str, operation: str) -> Work:
        """Sends a call again for as long as the role is new."""
        needs = self._resources[change.key].needs if kinds()[change.key.kind].principal else ()
        settled = max((self._spent[need].ended + ROLE_SECONDS for need in needs if need.kind == ROLE), default=0.0)
        for pause in retries.pauses(self._random.random):
            if self._pool.now >= settled:
                return
            yield from self._wait(change, "new role", pause)
            yield from self._call(change, service, operation)

    def _activate(self, change: Change) -> Work:
        active = self._pool.now + self._random.uniform(*ACTIVE_SECONDS)
        with closing(poll_pauses("function_active_v2", POLL_DELAY, self._inactive)) as pauses:
            while self._pool.now < active:
                self._schedule.count(change.key.kind, -1)
                yield from self._wait(change, "not active", next(pauses))
                self._schedule.count(change.key.kind, 1)
                yield from self._call(change, "lambda", "GetFunction")

    def _wait(self, change: Change, reason: str, seconds: float) -> Work:
        waits = self._spent[change.key].waits
        waits[reason] = waits.get(reason, 0.0) + seconds
        yield seconds


def declared(root: Path, size: Size, *, own_roles: bool) -> list[Resource]:
    """The resources of a generated project, and those that projects share."""
    repository = Repository(root)
    generate(repository, size, ACCOUNT)
    if own_roles:
        repository.configure(account_id=ACCOUNT, artifact_bucket=f"t-dev-artifacts-{ACCOUNT}")
    return [resource for pipeline in repository.declared(PROJECT) for resource in pipeline.rendered()]


def row(result: Result, name: str) -> str:
    """One line of the table."""
    bound, least = result.bound
    used = [
        f"{group} {seconds / result.seconds:.0%}" for group, seconds in result.least().items() if seconds > result.seconds / 10
    ]
    cells = (name, f"{result.seconds:.1f}", result.calls.total(), f"{bound}: {least:.1f} s", ", ".join(used) or "-")
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    """Simulates and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.simulation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 500, 2000], help="resources; default: %(default)s")
    parser.add_argument("--jobs", type=int, default=JOBS, help="threads; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    chosen = parser.parse_args()
    print("| first deploy | seconds | calls | at least | used of each rate |\n|---|---|---|---|---|")
    chains = []
    for number in chosen.sizes:
        for own_roles in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                resources = declared(Path(folder), Size.of(round(number / 2.3)), own_roles=own_roles)
            simulation = Simulation(resources, chosen.jobs, chosen.seed)
            name = f"{number}, {'own roles' if own_roles else 'one role that exists'}"
            for result, part in ((simulation.plan(), "plan"), (simulation.apply(), "apply")):
                print(row(result, f"{name}: {part}"), flush=True)
            chains.append((name, result.chain))
    for name, chain in chains:
        print(f"\n{name}:")
        for key, spent in chain:
            print(f"  {key} at {spent.begun:.1f} s: {spent}")


if __name__ == "__main__":
    main()
