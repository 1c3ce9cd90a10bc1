"""Lambda handlers in interpreters of their own, with errors typed as in AWS.

ministack runs handlers in its own Python, names every error ``Runtime.HandlerError`` and gives them its own settings.
Here Python handlers run in a clean environment with boto3, Node.js handlers with the machine's ``node``, and
``errorType`` is the exception's class, so that Retry and Catch match.
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

import json
import threading
from collections.abc import Callable, Mapping

import debug_requests
import lambda_logs
import python_worker
import seams
import settings as launch_settings
from json_types import Json, JsonObject, Response
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

Executor = Callable[[JsonObject, Json, str], JsonObject]
"""Runs a function with an event, under the id of a request."""
_failed = threading.local()  # the result of the worker that failed last in this thread
_missing: set[str] = set()  # Python versions that uv could not get
LARGEST_ANSWER = 6_291_556
"""How many bytes the answer of a function may have: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
_DEBUG_SECONDS = 86_400
"""How long a function may run that a debugger is attached to."""
_JS_WRITE = "const _realStdoutWrite = process.stdout.write.bind(process.stdout);"
_JS_CHANGES = {
    _JS_WRITE: f"""const _answer = process.stdout.write.bind(process.stdout);
const _realStdoutWrite = (text) => {{
  if (!text.startsWith('{{"status":"ready"')) process.stderr.write({json.dumps(lambda_logs.MARK)} + "\\n");
  return _answer(text);
}};""",
    'error: String(err.message || err), trace: err.stack || ""': (
        'type: (err && err.name) || "Error", error: String(err.message || err), trace: err.stack || ""'
    ),
    "error: e.message, trace: e.stack": "type: e.name, error: e.message, trace: e.stack",
    'status: "ok", result: res }': 'status: "ok", result: res, used_mb: Math.ceil(process.memoryUsage().rss / 1048576) }',
    "handlerFn.length < 3 && result !== undefined": "handlerFn.length < 2 || (handlerFn.length < 3 && result !== undefined)",
}
"""What stands in ministack's script for Node.js, and what is there instead."""


def install(settings: launch_settings.Settings) -> None:
    """Replace interpreter, worker script and error translation."""
    python_script = python_worker.script()
    node_script = lambda_runtime._NODEJS_WORKER_SCRIPT
    for old, new in _JS_CHANGES.items():
        node_script = seams.swap(node_script, "the Node.js worker script", old, new)

    def interpreter(runtime: str) -> tuple[str, str]:
        if runtime.startswith("python"):
            return _python(settings, runtime.removeprefix("python"), python_script)
        if runtime.startswith("nodejs"):
            return settings.python("node")[0], node_script
        return "", ""

    seams.replace(lambda_runtime, "_detect_runtime_binary", "runtime", interpreter)
    parameters = "self, event, request_id, trace_id, depth, durable, invoked_function_arn"
    invoke = seams.use(lambda_runtime.Worker, "invoke", parameters)
    lambda_runtime.Worker.invoke = lambda self, *args, **kwargs: _remember(invoke(self, *args, **kwargs))
    execute = seams.use(lambda_svc, "_execute_function_warm", "func, event, request_id")
    seams.use(lambda_runtime.Worker, "__init__", "self, func_name, config, code_zip")
    seams.use(lambda_runtime.Worker, "kill", "self")
    spawn = seams.use(lambda_runtime.Worker, "_spawn", "self")
    lambda_runtime.Worker._spawn = lambda self: spawn(_with_log_format(self))
    read = seams.use(lambda_runtime.Worker, "_read_stderr", "self")
    lambda_runtime.Worker._read_stderr = lambda self: read(_readable(self))
    called = seams.use(lambda_svc, "_invoke", "name, event, headers, path_qualifier, query_params")
    lambda_svc._execute_function_warm = lambda func, event, request_id: _typed(execute, func, event, request_id)

    async def invoked(name: str, event: Json, headers: Mapping[str, str], *where: Json) -> Response:
        marker = debug_requests.CURRENT.set(debug_requests.named(settings, debug_requests.token_of(headers)))
        try:
            return await called(name, event, headers, *where)
        finally:
            debug_requests.CURRENT.reset(marker)

    lambda_svc._invoke = invoked


def _python(settings: launch_settings.Settings, version: str, script: str) -> tuple[str, str]:
    own, debug = _python_of(settings, version), debug_requests.CURRENT.get()
    before = debug.code(settings, version if own else "") if debug else ""
    if own:
        return own, before + script
    note = f"[WARN] Python {version} could not be had on this machine; this function runs in another version here"
    return settings.python("lambda")[0], f"{before}import sys as _sys\nprint({note!r}, file=_sys.stderr)\n{script}"


def _python_of(settings: launch_settings.Settings, version: str) -> str:
    """The Python of a version; empty where it cannot be had."""
    if version in _missing:
        return ""
    try:
        return settings.python("lambda", version)[0]
    except launch_settings.EnvironmentMissingError:
        _missing.add(version)
        return ""


def _with_log_format(worker: lambda_runtime.Worker) -> lambda_runtime.Worker:
    """The worker, whose program is told of the format of logs as in AWS."""
    logged = worker.config.get("LoggingConfig") or {}
    if logged.get("LogFormat") == "JSON":
        level = logged.get("ApplicationLogLevel") or "INFO"
        variables = {**(worker.config.get("Environment") or {}).get("Variables", {}), "AWS_LAMBDA_LOG_FORMAT": "JSON"}
        worker.config = {**worker.config, "Environment": {"Variables": {**variables, "AWS_LAMBDA_LOG_LEVEL": level}}}
    return worker


def _readable(worker: lambda_runtime.Worker) -> lambda_runtime.Worker:
    """The worker, whose log is read to its end, whatever bytes it has."""
    worker._proc.stderr.reconfigure(errors="replace")
    return worker


def _remember(result: JsonObject) -> JsonObject:
    _failed.result = result
    lambda_logs.note_memory(result)
    return result


def _typed(execute: Executor, func: JsonObject, event: Json, request_id: str) -> JsonObject:
    """The result of ministack's executor, with the error that the worker told of."""
    _failed.result = {}
    result = (_debugged if debug_requests.CURRENT.get() else execute)(func, event, request_id)
    body = result.get("body")
    if not result.get("error"):
        return _limited(result)
    if not isinstance(body, dict):
        return result
    failed = _failed.result
    if failed.get("type"):
        body["errorType"] = failed["type"]
        body.update(requestId=request_id, stackTrace=failed.get("stack") or failed.get("trace", "").splitlines()[1:])
    elif body.get("errorMessage") == "Worker process died":
        body.update(errorType="Runtime.ExitError", errorMessage=f"RequestId: {request_id} Error: Runtime exited")
    elif str(body.get("errorMessage", "")).startswith("Worker init failed: "):
        reason = body["errorMessage"].removeprefix("Worker init failed: ")
        kind, separator, message = reason.partition(": ")
        body["errorType"], body["errorMessage"] = (kind, message) if separator else ("Runtime.Unknown", reason)
        result["log"] = f"[ERROR] {reason}"
    return result


def _limited(result: JsonObject) -> JsonObject:
    """The result of a call that succeeded, or the error that AWS makes of an answer that is too long."""
    if isinstance(result.get("body"), dict | list | str) and len(json.dumps(result["body"])) > LARGEST_ANSWER:
        message = f"Response payload size exceeded maximum allowed payload size ({LARGEST_ANSWER} bytes)."
        failed = {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}
        return {**result, "body": failed, "error": True}
    return result


def _debugged(func: JsonObject, event: Json, request_id: str) -> JsonObject:
    """The result of an invocation in a process of its own, which is not used again and may take a day."""
    config = {**(func.get("config") or func), "Timeout": _DEBUG_SECONDS}
    worker = lambda_runtime.Worker(config["FunctionName"], config, func["code_zip"])
    try:
        result = worker.invoke(event, request_id, invoked_function_arn=config.get("FunctionArn", ""))
    except Exception as error:  # as the function that this replaces: the process may have ended in whatever way
        return {"body": {"errorMessage": str(error), "errorType": type(error).__name__}, "error": True, "log": ""}
    finally:
        worker.kill()
    if result.get("status") == "ok":
        return {"body": result.get("result"), "log": result.get("log", "")}
    log = "\n".join(filter(None, [result.get("log", ""), result.get("trace", "")]))
    return {"body": {"errorMessage": result.get("error", ""), "errorType": "Runtime.Unknown"}, "error": True, "log": log}
