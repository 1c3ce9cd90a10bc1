"""Begins a deploy or a plan without loading any declaration, if it is known what they came to: see `declare.trace`.

If everything is in AWS as it was released, the command is done. Otherwise the deployment is opened as if nothing had been
remembered, and goes on with what was asked meanwhile.
"""

import sys
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from common.aws.tagging_index import Sizes
from common.base.errors import DeployError
from common.commands import site_opening
from common.commands.invocation import Invocation
from common.declare.trace import Recalled, Trace, TraceFile
from common.engine.as_released import is_as_released
from common.engine.opening import Connect, Opening
from common.model.choices import Choices
from common.model.events import Closed, Note, Planned, Report, StepStarted
from common.model.resource import Plan
from common.report.choice import report_of

if TYPE_CHECKING:
    from common.commands.deployment_command import DeploymentCommand
    from common.engine.deployment import Deployment


class Unchanged:
    """A deployment of which everything is as it was released: there is a plan, and nothing to do.

    Args:
        trace: what the declarations came to.
        covered: the steps of the command line.
        report: receives every event.
        began: when people began to wait, on the clock of `time.monotonic`.
    """

    def __init__(self, trace: Trace, covered: Collection[str], report: Report, began: float) -> None:
        self._trace, self._report, self._began = trace, report, began
        self._by_step = {step: tuple(change for change, its in trace.steps if its == step) for step in covered}
        self._plan = Plan(tuple(change for change, step in trace.steps if step in self._by_step))
        self._is_told = False
        self._opening: Opening | None = None

    def open(self, invocation: Invocation, choices: Choices, aws: Connect | None = None) -> Opening:
        """Opens the session and begins the first reads; if it turns out that something has changed, they are for the deployment.

        Args:
            invocation: the command line.
            choices: what it says.
            aws: makes AWS; as configured, if it is not given.

        Raises:
            UsageError, LocalError, AccountError: see `connect`.
        """
        site = self._trace.site
        site_opening.tell_opened(invocation.root, site, self._report)
        session = aws() if aws is not None else site_opening.connected(invocation.root, site, choices, self._report)
        parts = Sizes(invocation.root / "build" / "index" / f"{site.name}.json").parts()
        self._opening = opening = Opening(site, session, choices.jobs, self._trace.projects, parts)
        return opening

    def is_so(self, opening: Opening) -> bool:
        """Whether everything is as it was released.

        Raises:
            AccountError: the credentials do not belong to the environment's account.
            AwsError: AWS could not be asked who we are there.
        """
        opening.background.submit(opening.aws.guard).result()
        try:
            return opening.reads is not None and is_as_released(self._trace, opening.reads)
        except DeployError:
            return False  # the deployment is told the same, and explains it

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
        calls: Mapping[str, int] = {}
        if self._opening is not None:
            self._opening.close()
            calls = self._opening.calls
        self._report(Closed(time.monotonic() - self._began, calls, 0, 0, 0, error=sys.exception()))


class TracedCommand:
    """A command that plans or deploys, and loads declarations unless it is known that there is nothing to do.

    Args:
        file: the file of the trace; None if such commands are not traced.
        invocation: the command line.
        choices: what it says.
        covered: the steps that it is about.
        planning: it is only planned.
        json: one JSON object is printed.
        verbose: one line a resource is shown on a terminal, too.
        aws: makes AWS; as configured, if it is not given.
    """

    def __init__(
        self,
        file: TraceFile | None,
        invocation: Invocation,
        choices: Choices,
        covered: Collection[str],
        *,
        planning: bool,
        json: bool,
        verbose: bool,
        aws: Connect | None = None,
    ) -> None:
        self._file, self._invocation, self._choices, self._covered = file, invocation, choices, covered
        self._planning, self._json, self._verbose, self._aws = planning, json, verbose, aws
        self._command: Unchanged | DeploymentCommand | None = None

    def deployment(self) -> "Deployment | Unchanged":
        """The deployment, opened once."""
        return (self._command or self._opened()).deployment()

    def close(self) -> None:
        """Ends the work and tells the summary, also of what could not be opened."""
        if self._command is not None:
            self._command.close()

    def _opened(self) -> "Unchanged | DeploymentCommand":
        report, opening, file = None, None, self._file
        if self._file is not None and (recalled := self._file.read()) is not None:
            report = self._report(recalled)
            self._command = unchanged = Unchanged(recalled.trace, self._covered, report, self._invocation.began)
            opening = unchanged.open(self._invocation, self._choices, self._aws)
            if recalled.is_current and unchanged.is_so(opening):
                return unchanged
            file = None if recalled.is_current else file  # it is kept already
        from common.commands.deployment_command import DeploymentCommand  # loads what an unchanged deploy does not need

        self._command = DeploymentCommand.made(
            self._choices,
            self._invocation,
            self._covered,
            planning=self._planning,
            json=self._json,
            verbose=self._verbose,
            file=file if file is not None and file.is_settled else None,
            report=report,
            opening=opening,
            aws=self._aws,
        )
        return self._command

    def _report(self, recalled: Recalled) -> Report:
        """What shows the command.

        Raises:
            UsageError: a chosen project is not in the repository any more.
        """
        names = recalled.trace.projects
        if not recalled.is_current and (self._json or self._choices.project is not None):
            from common.declare import project_names  # loads the models of configuration

            names = project_names.check_projects(self._invocation.root, self._choices.project)
        return report_of(recalled.trace.site.name, names, planning=self._planning, json=self._json, verbose=self._verbose)
