"""One per invocation: an environment, its pipelines, and the engine that brings them up to date. What tasks talk to.

The first step that asks plans for all the steps that the invocation is about; each step then carries out its part of that one
plan. So what a deploy does is what `plan` prints, and an unchanged repository is asked about once.
"""

import sys
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property, partial
from itertools import chain
from pathlib import Path

from common.aws import parameter_store
from common.aws.session import AwsSession
from common.aws.tagging_index import Part, Sizes
from common.base.background import Background
from common.base.errors import FailedError, LockedError, OvertakenError, StoppedError, UsageError
from common.base.signals import Stopping
from common.declare import projects
from common.declare.declaration import Declares
from common.declare.inputs import Inputs
from common.declare.missing_imports import tell_unfound
from common.declare.shared_references import ARTIFACTS
from common.engine import advice, connection, edited_files, protection
from common.engine.apply import Engine, Means
from common.engine.planner import Options, Outcome, Planner
from common.engine.quotas import check_quotas
from common.engine.reads import FirstReads, Reads
from common.engine.secrets import ready, vetted
from common.environment import config
from common.environment.config import Environment
from common.model import selection, steps
from common.model.choices import Choices
from common.model.events import Closed, Note, Planned, Report, StepStarted
from common.model.resource import PROJECT_NAME, REMOVING, SHARED, Key, Plan, Resource
from common.packaging.build_folder import BuildFolder, NewBuildFolder
from common.resources import kinds, of_kind
from common.state import locations
from common.state.lease import Lock
from common.state.records import Records

__all__ = ["Choices", "Session"]
BUCKET = Key(SHARED, "bucket", ARTIFACTS)


class Session:
    """Everything that one invocation does in one environment.

    Args:
        root: the repository.
        choices: what the command line says.
        covered: the steps that the invocation is about.
        report: gets every event.
        ask: puts a question to the user and returns the answer; None where nobody can be asked.
        began: when people began to wait for it, on the clock of `time.monotonic`; now, if it is not said.
    """

    types = staticmethod(of_kind)
    """Finds the type of what nobody declares any more."""

    def __init__(
        self,
        root: Path,
        choices: Choices,
        covered: Collection[str],
        report: Report,
        ask: Callable[[str], str] | None = None,
        began: float | None = None,
    ) -> None:
        self.root, self.choices, self.report = root, choices, report
        self._covered, self.ask = covered, ask
        self._outcome: Outcome | None = None
        self._engine: Engine | None = None
        self._edited: list[Resource] = []
        self._stopping = Stopping(self._stop, self.say)
        self.pool = ThreadPoolExecutor(choices.jobs, thread_name_prefix="aws")
        self._background = Background(choices.jobs)
        self._inputs, self._started = Inputs(root), time.monotonic() if began is None else began

    @cached_property
    def projects(self) -> list[str]:
        """The projects that the command is about; where no environment is named, whether they are for one or not."""
        return projects.chosen(self.root, self.choices.project, self.configured if self.choices.env is not None else None)

    @cached_property
    def configured(self) -> Environment:
        """The environment as its files say."""
        if self.choices.env is None:
            known = ", ".join(config.environments(self.root)) or "none yet"
            raise UsageError(
                f"Which environment? Add --env NAME; config/ has {known}. "
                'Without it, DEPLOY_ENV names one, or one that is not protected says "default": true.'
            )
        return config.load(self.root, self.choices.env)

    @cached_property
    def aws(self) -> AwsSession:
        """AWS, or the embedded one, which is started if it is not running."""
        return connection.connect(self.root, self.configured, self.choices.jobs, self.say)

    @cached_property
    def caller(self) -> str:
        """Who we are in AWS, which is proved to be the environment's account."""
        return self.aws.guard()

    @cached_property
    def env(self) -> Environment:
        """The environment, its parameters read from Parameter Store."""
        if not parameter_store.are_named(self.configured, self.projects):
            return self.configured
        read = self._background.submit(parameter_store.read, self.configured, self.aws, self.projects)
        _ = self.caller  # nothing is concluded in another account than the environment's
        return read.result()

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
        return Records(self.aws, self.configured)

    @cached_property
    def _built(self) -> BuildFolder:
        return (NewBuildFolder if self.choices.rebuild else BuildFolder)(self.root / "build" / "artifacts")

    @property
    def build_dir(self) -> Path:
        """Where artifacts are built; nothing goes away there before the session is closed."""
        return self._built.path

    def plan(self) -> Plan:
        """What a deploy would do. Made once; only reads."""
        if self._outcome is None:
            parts = (sizes := Sizes(self.root / "build" / "index" / f"{self.configured.name}.json")).parts()
            first = self._first_reads([SHARED, *self.projects], parts)
            resources = self.resources
            self.pool.map(lambda slow: slow(), (lambda: self._origin, ready) if self._edited else ())  # git, and the scanner
            said = self.choices
            options = Options(self._wanted(), said.force, said.verify, said.owners, said.prune, said.data, said.project is None)
            reads = self._reads(first, suspicious=options.verify or self.env.protected)
            reads.expect([resource for resource in self._edited if options.wanted(resource.key)])
            self.pool.submit(sizes.keep, [one.arn for one in resources])
            planner = Planner(self.env, self.aws, self.records, self.build_dir, self.pool, self.types)
            outcome = vetted(planner.plan(resources, options, reads, self._undeclared()), resources)
            tell_unfound(outcome.plan, resources, self.build_dir, self.say, protected=self.env.protected)
            check_quotas(self.env, self.aws, outcome.plan, resources, self.build_dir, self.pool, self.say)
            self._outcome = outcome
            self.report(Planned(outcome.plan, projects=tuple(self.projects)))
            self._tell_undeclared(self._outcome)
            advice.tell(self.env, self._outcome.plan, resources, self.say)
        return self._outcome.plan

    def step(self, name: str) -> None:
        """Carries out one step's part of the plan; of a new one, if it waited for a deploy that has overtaken the first."""
        try:
            self._step(name)
        except OvertakenError:
            if not self.choices.wait or self._engine is None or self._engine.done:
                raise
            self._engine.finish()
            self._outcome = self._engine = None
            for earlier in steps.STEPS[: steps.STEPS.index(name) + 1]:
                if earlier in self._covered:  # and may have something to do by now
                    self.step(earlier)
        except LockedError:
            if self._stopping.number is not None:
                raise StoppedError(self._stopping.number) from None
            raise

    def _step(self, name: str) -> None:
        plan = self.plan()
        engine = self._engine or self.begin(plan)
        part = [one for one in plan.changes if self._step_of(one.key) == name and not locations.goes_last(one)]
        known = chain(self._consumers, (one.key for one in self.resources))
        declared = bool(part) or any(self._step_of(key) == name for key in known)
        self.report(StepStarted(name, Plan(tuple(part)).counts(), declared))
        engine.apply({change.key for change in part})

    def prune(self) -> None:
        """Deletes what the plan says is to go, after all steps: what was renamed, and with --prune what is not declared."""
        part = [change for change in self.plan().changes if change.action in REMOVING]
        if part and self._engine is not None:
            self.report(StepStarted(steps.PRUNE, Plan(tuple(part)).counts()))
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
            self._stopping.end()
            self.pool.shutdown(cancel_futures=True)
            self._background.shutdown()
            if "_built" in self.__dict__:
                self._built.close()
            calls = dict(self.aws.calls) if "aws" in self.__dict__ else {}
            sets = (engine.done, engine.failed, engine.untried, engine.skipped) if engine else ((), (), (), ())
            done, failed, untried, skipped = map(len, sets)
            told = f"{failed} failed, {untried} not tried. What succeeded is recorded: deploy again to go on from here."
            number, incomplete = self._stopping.number, FailedError(told) if failed or untried else None
            ended = incomplete if number is None else StoppedError(number)
            error = sys.exception() or ended  # the first error is the one that the user is told
            self.report(Closed(time.monotonic() - self._started, calls, done, failed, untried, skipped, error))
        if ended is not None:
            raise ended

    def look_at(self, resources: Sequence[Resource]) -> None:
        """Takes the digests of all files of artifacts from what `stat` says of them, where that is known."""
        self._edited += edited_files.edited(resources, edited_files.cache_of(self.root), believing=not self.choices.verify)

    def begin(self, plan: Plan) -> Engine:
        """The engine that carries out the plan."""
        if not plan.is_empty:
            protection.check(self.env, partial(self._inputs.uncommitted, self.resources), self.ask, yes=self.choices.yes)
        assert self._outcome is not None  # noqa: S101 - plan() has set it
        self._stopping.watch()
        means = Means(self.pool, self.build_dir, self.report, self.lock, self.choices.wait, lambda: self.about, types=self.types)
        self._engine = Engine(self.aws, self.records, self.resources, self._outcome, BUCKET, means)
        if self._stopping.number is not None:  # while there was nothing to stop
            self._engine.interrupt()
        return self._engine

    def _first_reads(self, names: Collection[str], parts: Sequence[Part] = ((),)) -> FirstReads:
        return FirstReads(self.aws, self.records, self.configured, names, parts, self.aws.guard, self._background)

    def _reads(self, first: FirstReads, *, suspicious: bool = False) -> Reads:
        return Reads(
            first, self.env, self.aws, self.records, self.build_dir, self.pool, suspicious=suspicious, report=self.report
        )

    def _undeclared(self) -> set[str]:
        """Projects that have a folder no more and something in the bucket; asked for only by those who prune everything."""
        if not self.choices.prune or self.choices.project is not None:
            return set()
        _ = self.caller  # the account guard comes first
        return self.records.projects() - {SHARED, *projects.enabled(self.root, self.configured)}

    def _tell_undeclared(self, outcome: Outcome) -> None:
        declared = {*projects.enabled(self.root, self.configured)}
        gone = sorted(name for name in outcome.elsewhere - declared if PROJECT_NAME.fullmatch(name))
        for name in gone if self.choices.project is None else ():
            if self.records.mark(name) is None and not self.records.listed(name):
                continue  # the index still shows what was deleted
            why = projects.undeclared(self.root, name, self.configured)
            self.say(
                f"{name} is deployed, but {why}: --prune deletes what it left, triggers too, and --prune --data what holds data."
            )

    def _wanted(self) -> Callable[[Key], bool]:
        if self.choices.only is None and {*steps.STEPS} <= {*self._covered}:
            return lambda _: True
        chosen = selection.chosen(self.resources, self.choices.only, required=not self.choices.prune)
        return lambda key: key == BUCKET or (chosen(key) and self._step_of(key) in self._covered)

    @cached_property
    def _step_of(self) -> Callable[[Key], str]:
        return cache(lambda key: steps.step_of(key, self._consumers, kinds()))

    @cached_property
    def _consumers(self) -> dict[Key, Key]:
        return projects.consumers(self.pipelines)

    def lock(self, project: str) -> Lock:
        """The lease on a project; not taken yet."""
        return Lock(self.aws, self.env, project, self.about, self.say)

    def say(self, text: str) -> None:
        """Tells the user something that is not about one change."""
        self.report(Note(text))

    @cached_property
    def about(self) -> dict[str, str]:
        """Who deploys what, from where."""
        return {"id": uuid.uuid4().hex, "who": self.caller, **self._origin, **connection.about(self.configured)}

    @cached_property
    def _origin(self) -> dict[str, str]:
        return self._inputs.about(self.__dict__.get("resources", ()))

    def _stop(self) -> None:
        if self._engine is not None:
            self._engine.interrupt()
