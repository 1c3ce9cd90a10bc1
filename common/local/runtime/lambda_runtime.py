"""Lambda handlers in interpreters of their own, with errors typed as in AWS.

ministack runs handlers in its own Python, names every error ``Runtime.HandlerError`` and gives them its own settings.
Here Python handlers run in a clean environment with boto3, Node.js handlers with the machine's ``node``, and
``errorType`` is the exception's class, so that Retry and Catch match.
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

import threading
from collections.abc import Callable, Mapping

import debug_requests
import seams
import settings as launch_settings
from json_types import Json, JsonObject, Response
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

Executor = Callable[[JsonObject, Json, str], JsonObject]
"""Runs a function with an event, under the id of a request."""
_failed = threading.local()  # the result of the worker that failed last in this thread
_missing: set[str] = set()  # Python versions that uv could not get
_DEBUG_SECONDS = 86_400
"""How long a function may run that a debugger is attached to."""
_HIDE = f"""
import os as _os
for _name in {sorted(launch_settings.MINISTACK)!r}:
    _os.environ.pop(_name, None)
"""
_PY_ERROR = '{"status": "error", "error": str(e), "trace": traceback.format_exc()}'
_PY_TYPED = (
    '{"status": "error", "error": str(e), "type": type(e).__name__, '
    '"stack": traceback.format_tb(e.__traceback__)[1:], '
    '"trace": "".join(traceback.format_exception(type(e), e, e.__traceback__.tb_next))}'
)
"""The frame of the worker that calls the handler is left out, as in AWS."""
_PY_INIT = '{"status": "error", "error": str(e)}'
_PY_INIT_TYPED = '{"status": "error", "error": _init_error(e, module_name, handler_name)}'
_PY_INIT_ERROR = '''
def _init_error(error, module, handler):
    """What AWS says when the handler's module cannot be loaded."""
    if isinstance(error, SyntaxError):
        return "Runtime.UserCodeSyntaxError: Syntax error in module '%s': %s" % (module, error)
    if isinstance(error, ImportError):
        return "Runtime.ImportModuleError: Unable to import module '%s': %s" % (module, error)
    if isinstance(error, AttributeError) and repr(handler) in str(error):
        return "Runtime.HandlerNotFound: Handler '%s' missing on module '%s'" % (handler, module)
    return "%s: %s" % (type(error).__name__, error)
'''
_JS_ERRORS = {
    'error: String(err.message || err), trace: err.stack || ""': 'type: (err && err.name) || "Error", ',
    "error: e.message, trace: e.stack": "type: e.name, ",
}


def install(settings: launch_settings.Settings) -> None:
    """Replace interpreter, worker script and error translation."""
    python_script = _python_script()
    node_script = lambda_runtime._NODEJS_WORKER_SCRIPT
    for old, added in _JS_ERRORS.items():
        node_script = seams.swap(node_script, "the Node.js worker script", old, added + old)

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
    called = seams.use(lambda_svc, "_invoke", "name, event, headers, path_qualifier, query_params")
    lambda_svc._execute_function_warm = lambda func, event, request_id: _typed(execute, func, event, request_id)

    async def invoked(name: str, event: Json, headers: Mapping[str, str], *where: Json) -> Response:
        marker = debug_requests.CURRENT.set(debug_requests.named(settings, debug_requests.token_of(headers)))
        try:
            return await called(name, event, headers, *where)
        finally:
            debug_requests.CURRENT.reset(marker)

    lambda_svc._invoke = invoked


def _python_script() -> str:
    script = seams.swap(lambda_runtime._PYTHON_WORKER_SCRIPT, "the Python worker script", _PY_ERROR, _PY_TYPED)
    return _HIDE + _PY_INIT_ERROR + seams.swap(script, "the Python worker script", _PY_INIT, _PY_INIT_TYPED)


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


def _remember(result: JsonObject) -> JsonObject:
    _failed.result = result
    return result


def _typed(execute: Executor, func: JsonObject, event: Json, request_id: str) -> JsonObject:
    """The result of ministack's executor, with the error that the worker told of."""
    _failed.result = {}
    result = (_debugged if debug_requests.CURRENT.get() else execute)(func, event, request_id)
    body = result.get("body")
    if not result.get("error") or not isinstance(body, dict):
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
