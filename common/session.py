"""One per invocation: an environment, its pipelines, and the engine that brings them up to date. What tasks talk to.

The first step that asks plans for all the steps that the invocation is about; each step then carries out its part of that one
plan. So what a deploy does is what `plan` prints, and an unchanged repository is asked about once.
"""

import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FrameType

from common import config, parameters, projects, provenance, records, selection, steps
from common.ahead import Ahead
from common.aws_common import AwsSession
from common.config import Environment
from common.declaration import Declares
from common.engine import Engine, Means
from common.errors import FailedError, StoppedError, UsageError
from common.events import Closed, Note, Planned, Report, StepStarted
from common.index import Sizes
from common.invocation import Invocation
from common.lock import Lock
from common.planning import Options, Outcome, Planner
from common.rates import Rates
from common.records import Records
from common.report import JsonReport, TextReport
from common.resource import SHARED, Key, Plan, Resource
from common.shared import ARTIFACTS
from common.stat_cache import StatCache

BUCKET = Key(SHARED, "bucket", ARTIFACTS)


@dataclass(frozen=True)
class Choices:
    """What the command line says.

    Args:
        env: the environment's name.
        project: one project, several separated by commas, or all.
        only: a pattern of keys, as in ``glue-job/*``; what these need comes with them.
        force, verify, adopt: see `Options`.
        jobs: how many calls may be under way at once.
        yes: ask nothing.
        wait: wait for another deploy instead of giving up.
    """

    env: str | None = None
    project: str | None = None
    only: str | None = None
    force: bool = False
    verify: bool = False
    adopt: bool = False
    jobs: int = 16
    yes: bool = False
    wait: bool = False


def parallel(jobs: str) -> int:
    """What --jobs says. Invoke would meet a word where it expects a number with a traceback.

    Raises:
        UsageError: it is no number, or not a positive one.
    """
    if not jobs.isdecimal() or int(jobs) < 1:
        raise UsageError(f"--jobs is {jobs!r}; it must be a whole number, at least 1.")
    return int(jobs)


class Session:
    """Everything that one invocation does in one environment.

    Args:
        root: the repository.
        choices: what the command line says.
        covered: the steps that the invocation is about.
        report: gets every event.
        ask: puts a question to the user and returns the answer; None where nobody can be asked.
        ahead: puts the first questions to AWS while declarations are loaded.
    """

    def __init__(
        self,
        root: Path,
        choices: Choices,
        covered: Collection[str],
        report: Report,
        ask: Callable[[str], str] | None = None,
        ahead: Ahead | None = None,
    ) -> None:
        self.root, self.choices, self.report = root, choices, report
        self._covered, self._ask, self._ahead = covered, ask, ahead
        self._started = time.monotonic()
        self._outcome: Outcome | None = None
        self._engine: Engine | None = None
        self._signal: int | None = None
        self.pool = ThreadPoolExecutor(choices.jobs, thread_name_prefix="aws")

    # What is where ------------------------------------------------------------------------------------------------------------

    @cached_property
    def projects(self) -> list[str]:
        """The projects that the command is about."""
        return projects.chosen(self.root, self.choices.project)

    @cached_property
    def configured(self) -> Environment:
        """The environment as its files say."""
        if self.choices.env is None:
            known = ", ".join(config.environments(self.root)) or "none yet"
            raise UsageError(f"Which environment? Add --env NAME; config/ has {known}.")
        return config.load(self.root, self.choices.env)

    @cached_property
    def aws(self) -> AwsSession:
        """AWS, or the embedded one, which is started if it is not running."""
        env = self.configured
        endpoint = None
        if env.embedded is not None:
            from common import local  # noqa: PLC0415 - only the embedded environment needs it

            say = lambda text: self.report(Note(text))  # noqa: E731
            endpoint = local.start(
                self.root, account_id=env.account_id, region=env.region, port=env.embedded.port, say=say
            ).endpoint
        rates = Rates() if endpoint is None else None
        jobs = self.choices.jobs
        return AwsSession(env.region, env.account_id, endpoint=endpoint, connections=jobs, rates=rates, ahead=self._ahead)

    @cached_property
    def caller(self) -> str:
        """Who we are in AWS, which is proved to be the environment's account."""
        return self.aws.guard()

    @cached_property
    def env(self) -> Environment:
        """The environment, its parameters read from Parameter Store."""
        if not parameters.any_to_read(self.configured, self.projects):
            return self.configured
        self.aws.guard()
        return parameters.read(self.configured, self.aws, self.projects)

    @cached_property
    def pipelines(self) -> list[Declares]:
        """The declared pipelines, the shared resources first."""
        return projects.load(self.root, self.env, self.projects)

    @cached_property
    def resources(self) -> list[Resource]:
        """All resources of all pipelines, the files of their artifacts looked at."""
        found = [resource for pipeline in self.pipelines for resource in pipeline.resources()]
        self.look_at(found)
        return found

    @cached_property
    def records(self) -> Records:
        """The environment's records."""
        return Records(self.aws, self.env)

    @property
    def build_dir(self) -> Path:
        """Where artifacts are built."""
        return self.root / "build" / "artifacts"

    # What it does -------------------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """What a deploy would do. Reads only; made once."""
        if self._outcome is None:
            sizes = Sizes(self.root / "build" / "index" / f"{self.configured.name}.json")
            parts = sizes.parts()
            self.aws.ask_ahead(records.first_questions(self.configured, [SHARED, *self.projects], parts))
            resources = self.resources
            options = Options(self._wanted(), self.choices.force, self.choices.verify, self.choices.adopt)
            planner = Planner(self.env, self.aws, self.records, self.build_dir, self.pool, parts)
            self._outcome = planner.plan(resources, options, lambda: self.caller)
            sizes.keep(one.arn for one in resources)
            self.report(Planned(self._outcome.plan))
        return self._outcome.plan

    def step(self, name: str) -> None:
        """Carries out one step's part of the plan."""
        plan = self.plan()
        if self._engine is None:
            self._engine = self._make_engine(plan)
        consumers = projects.consumers(self.pipelines)
        part = [change for change in plan.changes if steps.step_of(change.key, consumers) == name]
        self.report(StepStarted(name, Plan(tuple(part)).counts()))
        with self._interruptible(self._engine):
            self._engine.apply({change.key for change in part})

    def close(self) -> None:
        """Ends the session: roots, leases, summary.

        Raises:
            FailedError: something failed; each failure was reported when it happened.
            StoppedError: the user or the system asked to stop.
        """
        engine = self._engine
        try:
            if engine is not None:
                engine.finish()
        finally:
            self.pool.shutdown()
            calls = dict(self.aws.calls) if "aws" in self.__dict__ else {}
            done, failed, untried = (len(engine.done), len(engine.failed), len(engine.untried)) if engine else (0, 0, 0)
            self.report(Closed(time.monotonic() - self._started, calls, done, failed, untried))
        if self._signal is not None:
            raise StoppedError(self._signal)
        if engine is not None and (engine.failed or engine.untried):
            raise FailedError(
                f"{failed} failed, {untried} not tried. What succeeded is recorded: deploy again to go on from here."
            )

    # How ----------------------------------------------------------------------------------------------------------------------

    def look_at(self, resources: Sequence[Resource]) -> None:
        """Takes the digests of all files of artifacts from what `stat` says of them, where that is known."""
        with StatCache(self.root / "build" / "stat-cache.json") as known:
            for artifact in (artifact for one in resources for artifact in one.artifacts):
                artifact.read(known.of_file)

    def _make_engine(self, plan: Plan) -> Engine:
        if self.env.protected and not plan.is_empty and not self.choices.yes:
            self._confirm()
        assert self._outcome is not None  # noqa: S101 - plan() has set it
        means = Means(self.pool, self.build_dir, self.report, self._lock, self.choices.wait, {} if plan.is_empty else self._about)
        return Engine(self.aws, self.records, self.resources, self._outcome, BUCKET, means)

    def _confirm(self) -> None:
        name = self.env.name
        if self._ask is None:
            raise UsageError(f"{name} is protected, and nobody can be asked here. Add --yes if you mean it. Nothing was changed.")
        if self._ask(f"{name} is protected. Type its name to go on: ").strip() != name:
            raise UsageError(f"That is not {name!r}. Nothing was changed.")

    def _wanted(self) -> Callable[[Key], bool]:
        covered = self._covered
        consumers = projects.consumers(self.pipelines)
        selected = selection.closure(self.resources, self.choices.only)
        return lambda key: steps.step_of(key, consumers) in covered and (selected is None or key in selected)

    def _lock(self, project: str) -> Lock:
        return Lock(self.aws, self.env, project, self._about, lambda text: self.report(Note(text)))

    @cached_property
    def _about(self) -> dict[str, str]:
        return provenance.about(self.root, self.caller)

    @contextmanager
    def _interruptible(self, engine: Engine) -> Iterator[None]:
        """Ctrl-C and SIGTERM let what is under way finish; nothing more is started."""

        def stop(number: int, _frame: FrameType | None) -> None:
            self._signal = number
            engine.interrupt()
            self.report(Note("Stopping: calls under way are finished and recorded."))

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def opened(
    root: Path, choices: Choices, invocation: Invocation, *, planning: bool, json: bool, ahead: Ahead | None = None
) -> Session:
    """The session of an invocation for these choices; opened once, closed when the invocation ends."""

    def make() -> Session:
        wanted = projects.chosen(root, choices.project)
        report: Report = JsonReport(choices.env or "", wanted) if json else TextReport(planning=planning)
        ask = input if sys.stdin.isatty() and not json else None
        return Session(root, choices, steps.covered(invocation.requested), report, ask, ahead)

    return invocation.keep(choices, make, Session.close)
