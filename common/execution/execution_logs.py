"""Reads the lines of all functions, job runs and crawlers that an execution has called, in order of time, each with its state.

The history has the request id of a function that a task has called and that succeeded. What has none is found by time: the
invocations of that function while the state was running, without those that belong to other states.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.lean_dataclass import dataclass
from common.execution import log_sources
from common.execution.executions import read_history
from common.execution.failure import MAX_DEPTH, nested_execution
from common.execution.function_logs import Invocation, invocations
from common.execution.history import History, Status, Visit
from common.execution.json_text import json_object
from common.execution.log_sources import AROUND, CRAWLERS, Source
from common.execution.logs import LogLine, in_order, read

BETWEEN = " > "
"""Stands between the state of an execution and a state of the execution that it has started."""
_FAILED = frozenset({Status.FAILED, Status.CAUGHT, Status.ABORTED})


@dataclass
class ExecutionLogs:
    """Reads the lines of an execution.

    Args:
        aws: AWS in the region of the execution.
        failed: only lines of states that failed.
    """

    aws: Aws
    failed: bool = False

    def lines(self, execution: str, history: History | None = None) -> list[LogLine]:
        """Returns all lines so far, in order of time. Logs that cannot be read are left out.

        Args:
            execution: the ARN of the execution.
            history: its history, if it was read.

        Raises:
            AwsError: AWS refused the history.
        """
        return in_order(self._lines(execution, history or read_history(self.aws, execution), "", 0))

    def _lines(self, execution: str, history: History, prefix: str, depth: int) -> Iterator[LogLine]:
        functions: dict[str, list[tuple[str, Visit]]] = defaultdict(list)
        ended = history.ended or datetime.now(UTC)
        for visit in history.visits:
            state = f"{prefix}{visit.title}"
            if not visit.task or (self.failed and visit.status not in _FAILED):
                continue
            nested = nested_execution(visit)
            if nested and depth < MAX_DEPTH:
                yield from self._lines(nested, read_history(self.aws, nested), f"{state}{BETWEEN}", depth + 1)
                continue
            try:
                parameters = log_sources.call_parameters(self.aws, execution, visit)
                if function := parameters.get("FunctionName"):
                    functions[log_sources.function_name(str(function))].append((state, visit))
                elif sources := self._sources(visit, parameters.get("JobName"), parameters.get("Name"), ended):
                    yield from self._read(sources, state, visit)
            except AwsError:
                continue
        for name, called in functions.items():
            yield from self._of_function(name, called, ended)

    def _sources(self, visit: Visit, job: object, crawler: object, ended: datetime) -> list[Source]:
        """The streams of a job run or a crawler."""
        run = {**visit.submitted, **json_object(visit.cause)}
        run_id = run.get("Id") or run.get("JobRunId")
        if run_id and (name := run.get("JobName") or job):
            live = self.aws.call("glue", "GetJobRun", JobName=name, RunId=run_id)["JobRun"]
            return log_sources.of_run(self.aws.call("glue", "GetJob", JobName=name)["Job"], live)
        if crawler and "startCrawler" in f"{visit.task.get('resourceType')}{visit.task.get('resource')}":
            return [Source(CRAWLERS, str(crawler), log_sources.window(visit.entered, ended))]
        return []

    def _read(self, sources: list[Source], state: str, visit: Visit) -> Iterator[LogLine]:
        for source in sources:
            lines = read(self.aws, source)
            if source.group == CRAWLERS:
                lines = _of_first_crawl(lines, (visit.left or datetime.now(UTC)) + AROUND)
            yield from (replace(line, state=state) for line in lines if line.text.strip())

    def _of_function(self, name: str, called: list[tuple[str, Visit]], ended: datetime) -> Iterator[LogLine]:
        """The lines of the invocations that these visits have made."""
        since = min(visit.entered for _, visit in called)
        until = max(visit.left or ended for _, visit in called)
        candidates: list[Invocation] = []
        for source in log_sources.of_function(self.aws, name, since, until):
            try:
                candidates = invocations(read(self.aws, source))
            except AwsError:
                continue
            if candidates:
                break
        by_request = {invocation.request: invocation for invocation in candidates}
        unknown = []
        for state, visit in called:
            request = visit.submitted.get("SdkResponseMetadata", {}).get("RequestId", "")
            if request in by_request:
                invocation = by_request.pop(request)
                yield from (replace(line, state=state) for line in invocation.lines)
            else:
                unknown.append((state, visit))
        for state, visit in unknown:
            until = (visit.left or ended) + AROUND
            own = [
                invocation
                for invocation in by_request.values()
                if invocation.lines and visit.entered - AROUND <= invocation.lines[0].at <= until
            ]
            for invocation in _nearest(own, visit):
                del by_request[invocation.request]
                yield from (replace(line, state=state) for line in invocation.lines)


def _of_first_crawl(lines: list[LogLine], until: datetime) -> list[LogLine]:
    """The lines of the crawl that a visit started: each line begins with the id of its crawl."""
    first = next((line for line in lines if line.at <= until), None)
    return [line for line in lines if first is not None and line.text.split("]")[0] == first.text.split("]")[0]]


def _nearest(candidates: list[Invocation], visit: Visit) -> list[Invocation]:
    """As many invocations as the visit has made attempts, those within its time before those that are only near it."""
    until = visit.left or datetime.now(UTC)
    inside = [invocation for invocation in candidates if visit.entered <= invocation.lines[0].at <= until]
    return [*inside, *(invocation for invocation in candidates if invocation not in inside)][: visit.attempts]
