"""Begins a deploy or a plan without loading any declaration, if it is known what they came to: see `declare.trace`.

If everything is in AWS as it was released, the command is done. Otherwise the deployment is opened as if nothing had been
remembered, and goes on with what was asked meanwhile.
"""

import time
from collections.abc import Collection

from common.aws.tagging_index import Sizes
from common.base.errors import DeployError
from common.commands import site_opening
from common.commands.invocation import Invocation
from common.declare.trace import Trace, TraceFile
from common.engine.as_released import is_as_released
from common.engine.opening import Connect, Opening
from common.model.choices import Choices
from common.model.events import Closed, Note, Planned, Report, StepStarted
from common.model.resource import Plan
from common.report.choice import report_of


class Unchanged:
    """A deployment of which everything is as it was released: there is a plan, and nothing to do.

    Args:
        trace: what the declarations came to.
        opening: the session and the threads.
        covered: the steps of the command line.
        report: receives every event.
        began: when people began to wait, on the clock of `time.monotonic`.
    """

    def __init__(self, trace: Trace, opening: Opening, covered: Collection[str], report: Report, began: float) -> None:
        self._trace, self._opening, self._report, self._began = trace, opening, report, began
        self._by_step = {step: tuple(change for change, its in trace.steps if its == step) for step in covered}
        self._plan = Plan(tuple(change for change, step in trace.steps if step in self._by_step))
        self._is_told = False

    def deployment(self) -> "Unchanged":
        """This one; see `DeploymentCommand`."""
        return self

    def plan(self) -> Plan:
        """The plan, in which every resource is up to date."""
        if not self._is_told:
            self._is_told = True
            self._report(Planned(self._plan, projects=tuple(self._trace.projects)))
            for text in self._trace.advice:
                self._report(Note(text))
        return self._plan

    def step(self, name: str) -> None:
        """Tells that nothing is to be done in a step."""
        self.plan()
        changes = self._by_step[name]
        counts, is_declared = Plan(changes).counts(), name in self._trace.declared
        self._report(StepStarted(name, counts, is_declared, {change.key for change in changes}))

    def prune(self) -> None:
        """Does nothing: what is no longer declared is not in the release roots."""

    def close(self) -> None:
        """Tells the summary."""
        self._opening.close()
        self._report(Closed(time.monotonic() - self._began, self._opening.calls, 0, 0, 0))


class Begun:
    """What is known and asked of a deployment before declarations are loaded.

    Args:
        file: the file of the trace; None if such commands are not traced.
        invocation: the command line.
        choices: what it says.
        covered: the steps that it is about.
        planning: it is only planned.
        json: one JSON object is printed.
        verbose: one line a resource is shown.
        aws: makes AWS; as configured, if it is not given.

    Attributes:
        file: where the trace is to be kept; None if it is kept already, or cannot be.
        report: what shows the command, if it has begun.
        opening: what was opened already, if it has begun.
        unchanged: the deployment, if there is nothing to do.
    """

    def __init__(
        self,
        file: TraceFile | None,
        invocation: Invocation,
        choices: Choices,
        covered: Collection[str],
        *,
        planning: bool = False,
        json: bool = False,
        verbose: bool = False,
        aws: Connect | None = None,
    ) -> None:
        self.file = file if file is not None and file.is_settled else None
        self.report: Report | None = None
        self.opening: Opening | None = None
        self.unchanged: Unchanged | None = None
        recalled = file.read() if file is not None else None
        if recalled is None:
            return
        self.file = None if recalled.is_current else self.file
        trace, site = recalled.trace, recalled.trace.site
        self.report = report_of(site.name, trace.projects, planning=planning, json=json, verbose=verbose)
        site_opening.tell_opened(invocation.root, site, self.report)
        session = aws() if aws is not None else site_opening.connected(invocation.root, site, choices, self.report)
        parts = Sizes(invocation.root / "build" / "index" / f"{site.name}.json").parts()
        self.opening = Opening(site, session, choices.jobs, trace.projects, parts)
        if recalled.is_current and _is_as_released(trace, self.opening):
            self.unchanged = Unchanged(trace, self.opening, covered, self.report, invocation.began)


def _is_as_released(trace: Trace, opening: Opening) -> bool:
    """See `as_released`. Whatever AWS refuses, the deployment is told once more, and explains it."""
    proved = opening.background.submit(opening.aws.guard)
    try:
        proved.result()
        return opening.reads is not None and is_as_released(trace, opening.reads)
    except DeployError:
        return False
