"""Calls one function and waits for its result. Its lines are shown while it runs, as soon as CloudWatch Logs has them.

The response has the last 4 KB of the log. If that is all of it, no log is read; else the lines of this request are read. Lambda
gives the request id only with the response, so lines are shown before only if a single request has begun since the call.

Follows https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
import json
from collections.abc import Callable
from concurrent.futures import Executor, wait
from datetime import UTC, datetime

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.execution import failure, log_sources
from common.execution.calls import FAILED, SUCCEEDED, Called, Logged, Returned, TellCall, Working
from common.execution.failure import LOG_ATTEMPTS, PAUSE_SECONDS, Failure
from common.execution.function_logs import Invocation, Usage, invocations, is_platform_line, usage_of
from common.execution.json_text import json_object
from common.execution.log_sources import CLOCKS_DIFFER, Source
from common.execution.logs import LogLine, LogReader, in_order

POLL_SECONDS = 2.0
"""How often the log is read while a function runs, in seconds; one that ends sooner needs no reading."""


@dataclass
class FunctionCall:
    """A call of one function.

    Args:
        aws: AWS in the function's region.
        pool: makes the call, so that the log can be read meanwhile.
        tell: receives every event.
        project, key: of the function.
        function: its name in AWS, with an alias if that is called.
        in_repository: replaces the paths of packaged files in a text by those in the repository.
        client_context: what is sent to the function beside its payload.
    """

    aws: Aws
    pool: Executor
    tell: TellCall
    project: str
    key: str
    function: str
    in_repository: Callable[[str], str]
    client_context: JsonMapping | None = None
    _read: list[LogLine] = field(default_factory=list)
    _told: list[LogLine] = field(default_factory=list)

    def run(self, payload: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Returned:
        """Calls the function with a payload in JSON, and reports its lines and result.

        Raises:
            AwsError: Lambda did not call it.
        """
        began = now()
        self.tell(Called(self.project, self.key, self.function))
        call = {"FunctionName": self.function, "LogType": "Tail", "Payload": payload.encode()}
        if self.client_context is not None:
            call["ClientContext"] = base64.b64encode(json.dumps(dict(self.client_context)).encode()).decode()
        answer = self.pool.submit(self.aws.call, "lambda", "Invoke", **call)
        reader = LogReader(self.aws)
        sources: list[Source] = []
        while not wait([answer], timeout=POLL_SECONDS).done:
            sources = sources or self._sources(began)
            begun = self._poll(reader, sources)
            if len(begun) == 1:
                self._show(begun[0].lines)
            self.tell(Working(f"{self.key} runs for {(now() - began).total_seconds():.0f} s"))
        response = answer.result()
        body = response["Payload"].read().decode()
        seconds = (now() - began).total_seconds()
        usage = self._last_lines(reader, response, began, sources)
        error = response.get("FunctionError")
        reason = self._failure(json_object(body)) if error else None
        status = FAILED if error else SUCCEEDED
        output = None if error else body
        returned = Returned(self.project, self.key, self.function, status, usage.get("seconds", seconds), output, reason, usage)
        self.tell(returned)
        return returned

    def _sources(self, began: datetime) -> list[Source]:
        """The group of the function, from the call on without an end."""
        name = log_sources.function_name(self.function)
        try:
            group = log_sources.log_groups(self.aws, name)[0]
        except AwsError:
            return []
        return [Source(group, between=log_sources.from_now_on(began - CLOCKS_DIFFER))]

    def _poll(self, reader: LogReader, sources: list[Source]) -> list[Invocation]:
        """Reads new lines, and returns all invocations so far. Logs that cannot be read are left out."""
        for source in sources:
            try:
                self._read = in_order([*self._read, *reader.new_lines(source)])
            except AwsError:
                continue
        return [invocation for invocation in invocations(self._read) if invocation.request]

    def _show(self, lines: list[LogLine]) -> None:
        if len(lines) > len(self._told):
            self.tell(Logged(tuple(self._with_paths(line) for line in lines[len(self._told) :])))
            self._told = lines

    def _with_paths(self, line: LogLine) -> LogLine:
        return LogLine(line.at, self.in_repository(line.text), line.group, line.stream)

    def _last_lines(self, reader: LogReader, response: JsonObject, began: datetime, sources: list[Source]) -> Usage:
        """Shows the lines that were not shown before, and returns what Lambda reports of the call."""
        request = response.get("ResponseMetadata", {}).get("RequestId", "")
        tail = base64.b64decode(response.get("LogResult", "")).decode(errors="replace").splitlines()
        lines = [LogLine(began, text.rstrip(), "", "") for text in tail]
        whole = [invocation for invocation in invocations(lines) if invocation.request]
        if whole and whole[0].ended:
            self._show(whole[0].lines)
            return whole[0].usage
        usage = next((reported for text in tail if (reported := usage_of(text))), {})
        sources = sources or self._sources(began)
        for attempt in range(LOG_ATTEMPTS if sources else 0):
            if attempt:
                self.aws.sleep(PAUSE_SECONDS)
            own = _of_request(self._poll(reader, sources), request)
            if own is not None and own.ended:
                self._show(own.lines)
                return own.usage
        self._show([line for line in lines if line.text and not is_platform_line(line.text)])
        return usage

    def _failure(self, error: JsonMapping) -> Failure:
        trace = tuple(
            line for part in error.get("stackTrace") or error.get("trace") or () for line in str(part).rstrip().splitlines()
        )
        message = failure.innermost_message(json.dumps(dict(error))) if error.get("errorMessage") else ""
        log = "\n".join(line.text for line in self._told)
        lines = () if trace and trace[-1].strip() in log else tuple(self.in_repository(line) for line in trace)
        return Failure((), str(error.get("errorType") or "Unknown"), message, lines=lines)


def _of_request(candidates: list[Invocation], request: str) -> Invocation | None:
    """The invocation of a request; the only one that ended, if the response did not name it."""
    own = next((invocation for invocation in candidates if invocation.request == request), None)
    ended = [invocation for invocation in candidates if invocation.ended]
    return own or (ended[0] if len(ended) == 1 else None)
