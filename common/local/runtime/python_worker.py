"""The script that runs Python handlers: ministack's own, with what the runtime of AWS adds.

That is a handler of the root logger, so that ``logging`` writes lines with level, time and request; answers with decimals;
errors typed as in AWS; and a standard output that is the handler's and its programs', not the exchange with ministack.
https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html,
https://github.com/aws/aws-lambda-python-runtime-interface-client/blob/main/awslambdaric/bootstrap.py
"""

import lambda_logs
import seams
import settings as launch_settings
from ministack.core import lambda_runtime

_HIDE = f"""
import os as _os
for _name in {sorted(launch_settings.MINISTACK)!r}:
    _os.environ.pop(_name, None)
"""
_ADDED = f'''
def _own_streams():
    """Keeps the streams of the exchange for the worker; what the handler and its children read and write are others."""
    import os
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return answers, requests

_log = __import__("os").dup(2)  # a handler may close its own

def _end_log():
    """Marks the end of a call in the log, behind all that is written."""
    import os, sys
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
    os.write(_log, {f"{lambda_logs.MARK}{chr(10)}".encode()!r})

def _used_mb():
    """The most memory that this process has used; getrusage knows that of its parent on Linux."""
    import resource, sys
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1048576
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024
'''
_ADDED += '''
_request = {"id": ""}

def _install_logging():
    import json, logging, os, time, traceback
    as_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

    class _Text(logging.Formatter):
        converter = time.gmtime

        def format(self, record):
            record.aws_request_id = _request["id"]
            return super().format(record)

    class _Json(_Text):
        def format(self, record):
            made = {
                "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"), "level": record.levelname,
                "message": record.getMessage(), "logger": record.name, "requestId": _request["id"],
            }
            if record.exc_info and record.exc_info[0]:
                kind, error, trace = record.exc_info
                made.update(errorType=kind.__name__, errorMessage=str(error), stackTrace=traceback.format_tb(trace))
            return json.dumps(made, default=str)

    text = "[%(levelname)s]\\t%(asctime)s.%(msecs)dZ\\t%(aws_request_id)s\\t%(message)s"
    handler = logging.StreamHandler()
    handler.setFormatter((_Json if as_json else _Text)(text, "%Y-%m-%dT%H:%M:%S"))
    logging.getLogger().addHandler(handler)
    if as_json:
        logging.getLogger().setLevel(os.environ.get("AWS_LAMBDA_LOG_LEVEL") or "INFO")

class _MarshalError(Exception):
    pass

def _answer(result):
    import decimal, json

    def plain(value):
        if isinstance(value, decimal.Decimal):
            return float(value)
        raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)

    try:
        answer = json.dumps({"status": "ok", "result": result, "used_mb": _used_mb()}, default=plain)
        if "\\\\ud" in answer:  # half a character, which cannot be sent as UTF-8, or a whole one
            json.dumps(json.loads(answer), ensure_ascii=False).encode()
        return answer
    except Exception as error:
        raise _MarshalError("Unable to marshal response: %s" % error) from None

def _failure(error):
    """What is told of an error; without the frame of the worker that calls the handler, as in AWS."""
    import traceback
    if isinstance(error, _MarshalError):
        kind = "Runtime.MarshalError"
        trace = "[ERROR] %s: %s" % (kind, error)
        return {"status": "error", "used_mb": _used_mb(), "error": str(error), "type": kind, "stack": [], "trace": trace}
    frames = error.__traceback__.tb_next
    return {
        "status": "error", "used_mb": _used_mb(), "error": str(error), "type": type(error).__name__,
        "stack": traceback.format_tb(frames),
        "trace": "".join(traceback.format_exception(type(error), error, frames)),
    }

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
_CHANGES = {
    "_real_stdout = sys.stdout\n": "_real_stdout, _requests = _own_streams()\n",
    "json.loads(sys.stdin.readline())": "json.loads(_requests.readline())",
    "line = sys.stdin.readline()": "line = _requests.readline()",
    "        _real_stdout.flush()\n\nrun()": "        _end_log()\n        _real_stdout.flush()\n\nrun()",
    "    _ms_install_invoke_depth()\n    try:": "    _install_logging()\n    _ms_install_invoke_depth()\n    try:",
    "            result = handler_fn(event, context)\n": '            _request["id"] = context.aws_request_id\n'
    "            result = handler_fn(event, context)\n",
    'json.dumps({"status": "ok", "result": result})': "_answer(result)",
    'json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()})': "json.dumps(_failure(e))",
    '{"status": "error", "error": str(e)}': '{"status": "error", "error": _init_error(e, module_name, handler_name)}',
}
"""What stands in ministack's script, and what is there instead."""


def script() -> str:
    """The script."""
    text = lambda_runtime._PYTHON_WORKER_SCRIPT
    for old, new in _CHANGES.items():
        text = seams.swap(text, "the Python worker script", old, new)
    return _HIDE + _ADDED + text
