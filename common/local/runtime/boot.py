"""Runs a Glue script as Glue does: as ``__main__``, with its arguments in ``sys.argv``. Runs in the job's own environment.

Usage: ``python boot.py <error file> <script> [<argument> ...]``. Standard input is the embedded AWS's hold on the job:
when that goes away, by whatever death, the job goes with it.
"""

import importlib.util
import os
import re
import runpy
import signal
import sys
import threading
import traceback
import types
from pathlib import Path

_ON_EXECUTOR = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(\S.*)")
"""The traceback of Python on an executor, whose last line is the error itself."""
_NO_BUCKET = re.compile(r"Could not initialize target File System for URI : s3[an]?://([^/\s]+)")
"""What Hadoop says of a bucket that it was not told of."""


def main() -> int:
    """Run the script; on an exception leave its last line in the error file, as Glue puts it into ErrorMessage."""
    error_file, script = Path(sys.argv[1]), sys.argv[2]
    debugged = os.environ.pop("EMBEDDED_DEBUG", "")
    if debugged:
        import embedded_debugger  # beside this file
    hold = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=_end_with, args=(hold,), daemon=True).start()
    sys.argv = [script, *sys.argv[3:]]
    sys.path[0] = str(Path(script).parent)
    if os.environ.get("PYSPARK_GATEWAY_PORT"):
        _begin_in_warm_process()
    if os.environ.get("SPARK_CONF_DIR"):
        import embedded_glue  # only a Spark job finds it

        embedded_glue.install()
    else:
        _leave_out_spark()
    shown = script
    try:
        if debugged:
            names = embedded_debugger.wait(*debugged.split(os.pathsep))
            shown = names.of(script) or script
            embedded_debugger.run_script(script, names)
        else:
            runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code in (None, 0):
            return 0
        error_file.write_text(f"SystemExit: {end.code}")
        return end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # whatever ends a script is reported
        traceback.print_exception(error.with_traceback(_from_script(error.__traceback__, shown)))
        error_file.write_text(_as_glue_says(error))
        return 1
    finally:
        if os.environ.get("PYSPARK_GATEWAY_PORT"):
            _leave_warm_process(error_file.with_name("released"))
    return 0


def _end_with(hold: int) -> None:
    """Wait until the other end of the pipe is closed, then end this job with all its children."""
    os.read(hold, 1)
    os.killpg(0, signal.SIGKILL)


def _begin_in_warm_process() -> None:
    """Give the Java process that other runs used before this run's own configuration, and nothing of theirs."""
    from pyspark import SparkContext  # only a Spark job has it

    SparkContext._ensure_initialized()
    java = SparkContext._jvm
    system = java.java.lang.System
    for name in list(system.getProperties().stringPropertyNames()):
        if name.startswith("spark."):
            system.clearProperty(name)
    configuration = Path(os.environ["SPARK_CONF_DIR"]) / "spark-defaults.conf"
    settings = dict(line.split(" ", 1) for line in configuration.read_text().splitlines() if " " in line)
    for name, value in {"spark.app.name": "pyspark-shell", "spark.submit.deployMode": "client", **settings}.items():
        system.setProperty(name, value)
    system.setProperty("user.dir", str(Path.cwd()))
    java.org.apache.hadoop.fs.FileSystem.closeAll()  # they know the buckets and the secret of the run before
    java.org.apache.logging.log4j.core.config.Configurator.reconfigure()


def _leave_warm_process(released: Path) -> None:
    """Stop this run's Spark, and say that the process is free; where that fails, it is not used again."""
    from pyspark import SparkContext  # only a Spark job has it

    context = SparkContext._active_spark_context
    if context is not None:
        context.stop()
    released.touch()


def _from_script(trace: types.TracebackType | None, script: str) -> types.TracebackType | None:
    """The trace without the frames that started the script; whole where it never got there."""
    inside = trace
    while inside and inside.tb_frame.f_code.co_filename != script:
        inside = inside.tb_next
    return inside or trace


def _as_glue_says(error: BaseException) -> str:
    """What Glue says of an error: its first line, and what was raised on an executor or by S3."""
    java = getattr(error, "java_exception", None)
    text = str(error).strip()
    first = (text.splitlines() or [""])[0]
    whole = f"{java.toString()}\n{text}" if java is not None else text
    if on_executor := _ON_EXECUTOR.search(whole):
        first = f"{first} {on_executor[1]}"
    elif no_bucket := _NO_BUCKET.search(whole):
        first = f"{first} The bucket {no_bucket[1]} does not exist, or did not when this run began."
    elif java is not None:
        first = f"{first} {java.toString()}"
    return f"{type(error).__name__}: {first}"[:2000]


def _leave_out_spark() -> None:
    """In a Python shell ``awsglue.utils`` works without Spark: pass over the package's ``__init__``, which imports it."""
    spec = importlib.util.find_spec("awsglue")
    package = types.ModuleType("awsglue")
    package.__path__ = list(spec.submodule_search_locations or []) if spec else []
    sys.modules["awsglue"] = package


if __name__ == "__main__":
    sys.exit(main())
