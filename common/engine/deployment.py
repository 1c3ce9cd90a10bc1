"""One deploy in one environment, step by step.

The first step that asks plans for all the steps that the command line is about; each step then carries out its part of that one
plan. So what a deploy does is what `plan` prints, and an unchanged repository is asked about once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING

from common.aws.tagging_index import Sizes
from common.base.errors import LockedError, OvertakenError
from common.declare.trace import Trace
from common.declare.workspace import DeclaredPipelines, Workspace
from common.engine import advice, ownership, protection
from common.engine.apply import Engine
from common.engine.connection import Connection
from common.engine.interruptible import BUCKET, Counts, Interruptible
from common.engine.options import Options
from common.engine.plan_data import Outcome
from common.engine.planner import Planner
from common.engine.prediction import predict
from common.engine.reads import Reads
from common.model import steps
from common.model.events import Note, Planned, Report, StepStarted
from common.model.orphan import Types
from common.model.resource import PROJECT_NAME, REMOVING, SHARED, Action, Change, Key, Plan, Resource
from common.resources import kinds, of_kind
from common.state import locations
from common.state.lease import Lock
from common.state.release_root import ARTIFACT

if TYPE_CHECKING:
    from common.model.aws_name import AwsName

Ask = Callable[[str], str]
"""Asks the user a question and returns the answer."""


class Deployment:
    """The plan of one command line, and its steps.

    Args:
        workspace: the repository and the options of the command line.
        connection: where to deploy.
        declarations: the declared resources of this environment.
        edited: the resources with a file that has changed since the last command.
        covered: the steps of the command line.
        report: receives every event.
        ask: asks the user; None if nobody can be asked.
        types: finds the type of a resource that is no longer declared.
    """

    def __init__(
        self,
        workspace: Workspace,
        connection: Connection,
        declarations: DeclaredPipelines,
        edited: Sequence[Resource],
        covered: Collection[str],
        report: Report,
        ask: Ask | None = None,
        *,
        types: Types = of_kind,
    ) -> None:
        self._workspace, self._connection, self._declarations = workspace, connection, declarations
        self._edited, self._covered, self._report, self._ask, self._types = edited, covered, report, ask, types
        self._choices, self._env = workspace.choices, declarations.env
        early = steps.needed_early({resource.key: resource.needs for resource in declarations.resources}, kinds())
        self._step_of = cache(lambda key: steps.step_of(key, declarations.consumers, kinds(), early))
        self._applying = Interruptible(
            connection,
            workspace.build_dir,
            report,
            self.new_lease,
            self.about,
            wait=self._choices.wait,
            types=types,
            jobs=self._choices.jobs,
        )
        self._outcome: Outcome | None = None
        self._divided: tuple[Plan | None, Mapping[str, Sequence[Change]]] = (None, {})
        """The plan, and its changes by their steps."""

    @property
    def declarations(self) -> DeclaredPipelines:
        """What is declared for the environment."""
        return self._declarations

    def plan(self) -> Plan:
        """The plan of this deploy. It is made once, and making it only reads."""
        return self._planned().plan

    def step(self, name: str) -> None:
        """Carries out one step of the plan. If another deploy has overtaken the plan while this one waited, a new one is made."""
        try:
            self._step(name)
        except OvertakenError:
            engine = self._applying.engine
            if not self._choices.wait or engine is None or any(key.kind != ARTIFACT for key in engine.done):
                raise
            engine.finish()
            self._outcome = self._applying.engine = None
            for earlier in steps.STEPS[: steps.STEPS.index(name) + 1]:
                if earlier in self._covered:  # and may have something to do by now
                    self.step(earlier)
        except LockedError:
            self._applying.check_stopped()
            raise

    def prune(self) -> None:
        """Carries out the deletions of the plan, after all steps: of renamed resources, and with --prune of orphans."""
        part = [change for change in self.plan().changes if change.action in REMOVING]
        if part and self._applying.engine is not None:
            self._report(StepStarted(steps.PRUNE, Plan(tuple(part)).counts()))
            self._applying.engine.apply({change.key for change in part})

    def close(self) -> None:
        """Writes the release roots and gives the leases back.

        Raises:
            FailedError: something failed; each failure was reported when it happened.
            StoppedError: the user or the system asked to stop.
        """
        self._applying.close()

    def trace(self) -> Trace | None:
        """What was declared when the plan was made, for a later command; None if there is no plan, or if it would not help."""
        if self._outcome is None:
            return None
        from common.engine import tracing  # an unchanged deploy has a trace

        return tracing.trace_of(self._workspace, self._declarations, self._outcome, self._step_of)

    @property
    def counts(self) -> Counts:
        """How many changes of the plan had each outcome so far."""
        return self._applying.counts

    def about(self) -> dict[str, str]:
        """Who deploys which commit from which machine."""
        return self._connection.about(self._workspace.origin(self._declarations.resources))

    def new_lease(self, project: str) -> Lock:
        """The lease on a project, not taken yet."""
        return self._connection.lease(project, self.about(), self._say)

    # Planning ------------------------------------------------------------------------------------------------------------------

    def _planned(self) -> Outcome:
        if self._outcome is None:
            self._outcome = outcome = self._make_plan()
            cost = predict(outcome.plan, self._choices.jobs)
            in_aws = self._names(outcome)
            self._report(Planned(outcome.plan, projects=tuple(self._workspace.projects), cost=cost, in_aws=in_aws))
            self._tell_lost(outcome)
            self._tell_undeclared(outcome)
            advice.tell(self._env, outcome.plan, self._declarations.resources, self._say)
        return self._outcome

    def _names(self, outcome: Outcome) -> "Mapping[Key, AwsName]":
        if all(change.action is Action.NOOP for change in outcome.plan.changes):
            return {}
        from common.engine import aws_names  # an unchanged deploy names nothing

        return aws_names.of_plan(self._env, outcome.plan, self._declarations.resources, outcome.orphans)

    def _make_plan(self) -> Outcome:
        connection, resources, build_dir = self._connection, self._declarations.resources, self._workspace.build_dir
        pool, verify, validate = connection.pool, self._choices.verify, self._choices.validate
        options, reads = self._options(), self._reads()
        if self._edited:
            self._prepare()
        reads.expect([resource for resource in self._edited if options.selected(resource.key)])
        planner = Planner(self._env, connection.aws, connection.records, build_dir, pool, self._types, self._prepare)
        outcome = planner.plan(resources, options, reads, self._undeclared())
        if verify or any(change.action not in {Action.NOOP, Action.ORPHAN} for change in outcome.plan.changes):
            from common.engine import role_checks  # an unchanged deploy does not need it

            role_checks.tell(connection.aws, outcome.plan, resources, reads, pool, self._say, verify=verify)
        if outcome.plan.is_empty and not verify:
            return outcome
        from common.engine.plan_checks import checked, warn  # an unchanged deploy does not need it

        warn(outcome.plan, self._env, self._declarations.warnings, self._say)
        return checked(outcome, resources, self._env, connection, build_dir, self._say, verify=verify, validate=validate)

    def _prepare(self) -> None:
        """Begins what a change needs and takes a moment: git, and the scanner for secrets."""
        self._connection.pool.submit(self._workspace.origin, self._declarations.resources)
        from common.packaging.secret_detector import ready  # an unchanged deploy does not need it

        self._connection.pool.submit(ready)

    def _reads(self) -> Reads:
        connection, sizes = self._connection, Sizes(self._workspace.index_sizes)
        first = connection.first_reads([SHARED, *self._workspace.projects], sizes.parts())
        connection.pool.submit(
            sizes.keep, [resource.index_arn for resource in self._declarations.resources if _is_in_index(resource)]
        )
        aws, records, build_dir = connection.aws, connection.records, self._workspace.build_dir
        verify = self._choices.verify or self._env.protected
        return Reads(first, self._env, aws, records, build_dir, connection.pool, verify=verify, report=self._report)

    def _options(self) -> Options:
        choices = self._choices
        choices.check_adopts(self._declarations.resources)
        return Options(
            selected=self._selected(),
            force=choices.force,
            verify=choices.verify,
            adopt=choices.owners,
            adoptable=choices.adopts,
            exclusive=choices.exclusive,
            prune=choices.prune,
            data=choices.data,
            complete=choices.project is None,
            named=choices.names,
        )

    def _selected(self) -> Callable[[Key], bool]:
        """Whether a resource is selected: those of the covered steps that --only selects are, and the artifact bucket."""
        is_chosen = self._choices.select(self._declarations.resources)
        return lambda key: key == BUCKET or (is_chosen(key) and self._step_of(key) in self._covered)

    def _undeclared(self) -> set[str]:
        """The projects in the bucket that no longer have a folder. Only a prune of all projects needs them."""
        if not self._choices.prune or self._choices.project is not None:
            return set()
        return self._connection.records.projects() - {SHARED, *self._workspace.enabled()}

    def _tell_lost(self, outcome: Outcome) -> None:
        for name in sorted(name for name, trusted in outcome.baselines.items() if trusted.is_lost):
            self._say(
                f"{name}: its release.json is lost, cannot be read, or is of another project, so all of it was looked at; a "
                f"deploy writes it again."
            )

    def _tell_undeclared(self, outcome: Outcome) -> None:
        if self._choices.project is not None:
            return
        records = self._connection.records
        elsewhere = {*outcome.elsewhere, *(records.projects() if ownership.is_retagged(self._env, outcome.plan) else ())}
        for name in sorted(name for name in elsewhere - {SHARED, *self._workspace.enabled()} if PROJECT_NAME.fullmatch(name)):
            if records.root_tag(name) is None and not records.recorded_keys(name):
                continue  # the index still shows what was deleted
            why = self._workspace.undeclared(name)
            self._say(
                f"{name} is deployed, but {why}: --prune deletes what it left, triggers too, and --prune --data what holds data."
            )

    # Applying ------------------------------------------------------------------------------------------------------------------

    def _step(self, name: str) -> None:
        outcome = self._planned()
        engine = self._applying.engine or self._begin(outcome)
        parts = self._parts(outcome.plan)
        part = parts.get(name, [])
        keys = chain(self._declarations.consumers, (resource.key for resource in self._declarations.resources))
        is_declared = bool(part) or any(self._step_of(key) == name for key in keys)
        present = {change.key for change in part}
        self._report(StepStarted(name, Plan(tuple(part)).counts(), is_declared, present))
        engine.apply(present, _ahead(parts, name))

    def _parts(self, plan: Plan) -> Mapping[str, Sequence[Change]]:
        """The changes of each step."""
        if plan is not self._divided[0]:
            parts: dict[str, list[Change]] = {}
            for change in plan.changes:
                if not locations.goes_last(change):
                    parts.setdefault(self._step_of(change.key), []).append(change)
            self._divided = plan, parts
        return self._divided[1]

    def _begin(self, outcome: Outcome) -> Engine:
        resources = self._declarations.resources
        if not outcome.plan.is_empty:
            uncommitted = partial(self._workspace.uncommitted, resources)
            protection.check(self._env, uncommitted, self._ask, yes=self._choices.yes)
        return self._applying.begin(outcome, resources)

    def _say(self, text: str) -> None:
        self._report(Note(text))


def _ahead(parts: Mapping[str, Sequence[Change]], name: str) -> set[Key]:
    """What may begin during a step: the changes of the steps after it. If one deletes something, what comes after waits."""
    keys: set[Key] = set()
    for step in steps.STEPS[steps.STEPS.index(name) :]:
        part = parts.get(step, ())
        keys |= {change.key for change in part}
        if any(change.action in REMOVING for change in part):
            break
    return keys


def _is_in_index(resource: Resource) -> bool:
    kind = kinds().get(resource.key.kind)
    return kind is not None and kind.in_index and resource.indexed
