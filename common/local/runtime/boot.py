"""Runs a Glue script as Glue does: as ``__main__``, with its arguments in ``sys.argv``. Runs in the job's own environment.

Usage: ``python boot.py <error file> <script> [<argument> ...]``. Standard input is the embedded AWS's hold on the job:
when that goes away, by whatever death, the job goes with it.
"""

import importlib.util
import os
import runpy
import signal
import sys
import threading
import traceback
import types
from pathlib import Path


def main() -> int:
    """Run the script; on an exception leave its last line in the error file, as Glue puts it into ErrorMessage."""
    error_file, script = Path(sys.argv[1]), sys.argv[2]
    hold = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=_end_with, args=(hold,), daemon=True).start()
    sys.argv = [script, *sys.argv[3:]]
    sys.path[0] = str(Path(script).parent)
    if os.environ.get("SPARK_CONF_DIR"):
        _replace_java_half()
    else:
        _leave_out_spark()
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code in (None, 0):
            return 0
        error_file.write_text(f"SystemExit: {end.code}")
        return end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # whatever ends a script is reported
        traceback.print_exception(error.with_traceback(_from_script(error.__traceback__, script)))
        error_file.write_text(_as_glue_says(error))
        return 1
    return 0


def _end_with(hold: int) -> None:
    """Wait until the other end of the pipe is closed, then end this job with all its children."""
    os.read(hold, 1)
    os.killpg(0, signal.SIGKILL)


def _from_script(trace: types.TracebackType | None, script: str) -> types.TracebackType | None:
    """The trace without the frames that started the script; whole where it never got there."""
    inside = trace
    while inside and inside.tb_frame.f_code.co_filename != script:
        inside = inside.tb_next
    return inside or trace


def _as_glue_says(error: BaseException) -> str:
    java = getattr(error, "java_exception", None)
    lines = str(error).strip().splitlines() or [""]
    message = f"{lines[0]} {java.toString()}" if java is not None else lines[0]
    return f"{type(error).__name__}: {message}"[:2000]


def _leave_out_spark() -> None:
    """In a Python shell ``awsglue.utils`` works without Spark: pass over the package's ``__init__``, which imports it."""
    spec = importlib.util.find_spec("awsglue")
    package = types.ModuleType("awsglue")
    package.__path__ = list(spec.submodule_search_locations or []) if spec else []
    sys.modules["awsglue"] = package


def _replace_java_half() -> None:
    """GlueContext and Job without Glue's Java library, which is not on PyPI: DataFrames work, DynamicFrames cannot."""
    import awsglue.context  # in Glue's environment only
    import awsglue.job  # only a job has it

    context = awsglue.context.GlueContext
    context._get_glue_scala_context = _no_dynamic_frames
    awsglue.context.register = _logger_from_log4j
    for attribute in ("DynamicFrameReader", "DynamicFrameWriter", "DataFrameReader", "DataFrameWriter"):
        setattr(awsglue.context, attribute, _JavaOnly)
    awsglue.job.Job.__init__ = _job_init
    awsglue.job.Job.init = lambda self, *_: setattr(self, "_ready", True)
    awsglue.job.Job.isInitialized = lambda self: self._ready
    awsglue.job.Job.commit = lambda _: None  # bookmarks belong to DynamicFrame sources


def _job_init(self: object, glue_context_or_spark_session: object) -> None:
    self._context, self._ready = glue_context_or_spark_session, False


def _no_dynamic_frames(self: object, **_: object) -> None:  # noqa: ARG001 (the method's own shape)
    return None


def _logger_from_log4j(spark_context: object) -> None:
    manager = spark_context._jvm.org.apache.logging.log4j.LogManager
    spark_context._jvm.GlueLogger = lambda: _Logger(manager.getLogger("GlueLogger"))


class _Logger:
    """What ``GlueContext.get_logger`` gives."""

    def __init__(self, log4j: object) -> None:
        self._log4j = log4j

    def __getattr__(self, name: str) -> object:
        return getattr(self._log4j, "warn" if name == "info" else name)


class _JavaOnly:
    def __init__(self, _: object) -> None:
        """Accept the context that Glue's own classes take."""

    def __getattr__(self, name: str) -> object:
        raise NotImplementedError(
            f"{name}: DynamicFrames need Glue's Java library, which exists only in AWS; "
            "locally use spark.read and DataFrame.write"
        )


if __name__ == "__main__":
    sys.exit(main())
