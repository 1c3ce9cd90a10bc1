"""What a call of a function logs: all lines that it wrote until its end, and no others; with one request id everywhere.

ministack waits for some milliseconds and takes the lines that have come by then. Here a handler's script writes a mark behind its
last line. The end of the log in the response of Invoke has Lambda's own lines, too.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

import queue
import threading
import time
from contextvars import ContextVar

import seams
import settings as launch_settings
from json_types import Function, Json, JsonObject, Response
from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

MARK = "\x1eend of the call\x1e"
"""What a script writes to the log behind the last line of a call."""
_MARK_SECONDS = 2.0
"""How long a mark may take that is not written, because the handler has closed the log, in seconds."""
_POLL_SECONDS = 0.02
_CALLED: ContextVar[JsonObject | None] = ContextVar("_CALLED", default=None)  # of an Invoke: the id of its request
_used = threading.local()  # the memory that the last call of this thread has used, in MB


def install(_: launch_settings.Settings) -> None:
    """Replace how lines are collected and written to CloudWatch Logs."""
    parameters = "self, first_line_wait, idle_confirm, hard_cap"
    seams.replace(lambda_runtime.Worker, "_drain_stderr_bounded", parameters, lambda self, *_args, **_waits: _lines(self))
    seams.replace(lambda_runtime.Worker, "_drain_stderr", "self", _lines)
    parameters = "func, request_id, log_text, error, duration_ms, log_source"
    emit = seams.use(lambda_svc, "_emit_lambda_logs", parameters)
    dispatch = seams.use(lambda_svc, "_execute_function_dispatch", "func, config, event, request_id, started")

    def dispatched(func: JsonObject, config: JsonObject, event: Json, request_id: str, started: float) -> JsonObject:
        result: JsonObject = dispatch(func, config, event, request_id, started)
        if (call := _CALLED.get()) is not None and not call:
            call["request"] = request_id
            result["log"] = _whole(config, request_id, result.get("log", ""), int((time.time() - started) * 1000))
        return result

    def emitted(
        func: JsonObject, request_id: str, log_text: str, error: bool, duration_ms: int, *, log_source: Json = None
    ) -> None:
        whole = log_text if log_source else _whole(func.get("config") or func, request_id, log_text, duration_ms)
        emit(func, request_id, whole, error, duration_ms, log_source="rie")

    parameters = "method, path, headers, body, query_params, request_id"
    app._dispatch_service_request = _named(seams.use(app, "_dispatch_service_request", parameters))
    lambda_svc._emit_lambda_logs = emitted
    lambda_svc._execute_function_dispatch = dispatched


def _named(answer: Function) -> Function:
    """The dispatch of requests, whose response to an Invoke names the request as the log does."""

    async def answered(method: str, path: str, *request: Json) -> Response:
        if not path.endswith("/invocations"):
            return await answer(method, path, *request)
        call: JsonObject = {}
        marker = _CALLED.set(call)
        try:
            status, headers, body = await answer(method, path, *request)
        finally:
            _CALLED.reset(marker)
        return status, {**headers, **({"x-amzn-requestid": call["request"]} if call else {})}, body

    return answered


def note_memory(result: JsonObject) -> None:
    """Note what a script tells of its memory."""
    _used.megabytes = result.get("used_mb", 0)


def _lines(worker: lambda_runtime.Worker) -> str:
    """The lines until the mark, or until the program has ended."""
    lines: list[str] = []
    end = time.monotonic() + _MARK_SECONDS
    while True:
        try:
            line = worker._stderr_queue.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            reads = worker._stderr_thread is not None and worker._stderr_thread.is_alive()
            if reads and time.monotonic() < end:
                continue
            break
        if MARK in line:
            lines += filter(None, [line.replace(MARK, "")])
            break
        lines.append(line)
    return "\n".join(lines)


def _whole(config: JsonObject, request_id: str, text: str, milliseconds: int) -> str:
    """The lines of a call with those that Lambda writes around them."""
    version, size = config.get("Version", "$LATEST"), config.get("MemorySize", 128)
    used = getattr(_used, "megabytes", 0) or min(
        size, lambda_svc._probe_peak_memory_mb(config)
    )  # a program that died tells nothing
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds} ms\tBilled Duration: {milliseconds} ms\t"
        f"Memory Size: {size} MB\tMax Memory Used: {used} MB"
    )
    around = [
        f"START RequestId: {request_id} Version: {version}",
        *([text] if text else []),
        f"END RequestId: {request_id}",
        report,
    ]
    return "\n".join(around)
