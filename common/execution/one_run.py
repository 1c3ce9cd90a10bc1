"""Runs one function, job or crawler, and shows its lines, its result, what it used, and the rows that it has written."""

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from common.aws import regions
from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import DeployError, FailedError, UsageError
from common.base.lean_dataclass import dataclass
from common.declare.workspace import DeclaredPipelines
from common.execution import debugger, preview, selecting
from common.execution.calls import SUCCEEDED, Returned
from common.execution.follower import MAX_PAUSE_SECONDS, MAX_PAUSE_SECONDS_EMBEDDED, Shown, Tell
from common.execution.function_calls import FunctionCall
from common.execution.job_runs import GlueRun
from common.execution.repository_paths import in_repository
from common.local import debugging
from common.model.events import Note
from common.model.reference import Location
from common.model.resource import Resource
from common.resources import function_versions
from common.resources.function import Function
from common.resources.job import Job


@dataclass(frozen=True)
class OneRunner:
    """Runs one resource in one environment.

    Args:
        root: the repository.
        declarations: the declared pipelines.
        aws: the AWS in which it runs.
        pool: runs calls in parallel.
        report: receives every event.
    """

    root: Path
    declarations: DeclaredPipelines
    aws: Aws
    pool: Executor
    report: Tell

    def run(
        self, resource: Resource, text: str | None, pairs: Sequence[str], shown: Location | None, *, debugs: bool = False
    ) -> Returned:
        """Runs a function, job or crawler to its end. Everything that the command line says is checked first.

        Args:
            resource: the function, job or crawler.
            text: the input of a function.
            pairs: the arguments of a job, as ``name=value``.
            shown: the place whose changed rows are shown; None to show none.
            debugs: whether it waits for a debugger.

        Raises:
            UsageError: the command line cannot be obeyed, or the resource is not deployed.
            FailedError: it did not succeed.
        """
        payload, arguments = self._check(resource, text, pairs)
        selecting.check_deployed(self.aws, self.declarations.env, resource)
        before = preview.files_before(self.aws, shown) if shown is not None else None
        if debugs:
            with debugger.waiting(self.root, resource, self.report) as token:
                returned = self._run(resource, payload, arguments, token)
        else:
            returned = self._run(resource, payload, arguments)
        if shown is not None:
            try:
                self.report(Shown(resource.key.project, preview.preview(self.aws, shown, self.pool, before=before)))
            except DeployError as error:
                self.report(Note(f"{shown.uri} cannot be shown: {error}"))
        if returned.status != SUCCEEDED:
            reason = returned.failure
            why = ": ".join(filter(None, (reason.error, reason.message.partition("\n")[0]))) if reason else returned.status
            raise FailedError(f"{resource.key} of {resource.key.project} did not succeed: {why}")
        return returned

    def _check(self, resource: Resource, text: str | None, pairs: Sequence[str]) -> tuple[str, dict[str, str]]:
        kind = resource.key.kind
        if text is not None and kind != selecting.FUNCTION:
            hint = " Use --argument name=value." if kind == selecting.JOB else ""
            raise UsageError(f"--input is for functions and state machines; {resource.key} takes none.{hint}")
        if pairs and kind != selecting.JOB:
            hint = " Use --input '{…}'." if kind == selecting.FUNCTION else ""
            raise UsageError(f"--argument is for jobs; {resource.key} takes none.{hint}")
        arguments = selecting.job_arguments(resource, pairs) if isinstance(resource, Job) else {}
        return selecting.payload(self.root, text) if kind == selecting.FUNCTION else "", dict(arguments)

    def _run(self, resource: Resource, payload: str, arguments: dict[str, str], debug: str = "") -> Returned:
        project, key, aws = resource.key.project, str(resource.key), regions.at(self.aws, resource.arn)
        paths = in_repository(self.root, resource)
        if isinstance(resource, Function):
            publishes = resource.settings.publish
            name = f"{resource.name}:{function_versions.ALIAS}" if publishes else resource.name
            context = debugging.client_context(debug) if debug else None
            return FunctionCall(aws, self.pool, self.report, project, key, name, paths, context).run(payload)
        is_embedded = self.declarations.env.embedded is not None
        longest = MAX_PAUSE_SECONDS_EMBEDDED if is_embedded else MAX_PAUSE_SECONDS
        run = GlueRun(aws, self.report, project, key, resource.name, longest, paths)
        try:
            if not isinstance(resource, Job):
                return run.run_crawler()
            if is_embedded:
                selecting.fetch_programs(self.root, [resource], self.report)
            return run.run_job({**arguments, debugging.JOB_ARGUMENT: debug} if debug else arguments)
        except KeyboardInterrupt:
            if debug:
                raise
            logs = typed(f"logs {key} --env {self.declarations.env.name} --project {project} --follow")
            self.report(Note(f"No longer following. The run continues; to follow it again: {logs}"))
            raise
