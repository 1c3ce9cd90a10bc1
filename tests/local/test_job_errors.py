"""The message of a failed job run says what was raised, also where Spark wraps it.

The texts are those of Spark 3.5.4. https://docs.aws.amazon.com/glue/latest/dg/glue-troubleshooting-errors.html
"""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import common.local

BOOT = Path(common.local.__file__).parent / "runtime" / "boot.py"
TRACE = """Traceback (most recent call last):
  File "/opt/worker.py", line 1247, in main
    process()
    ^^^^^^^^^
  File "jobs/clean.py", line 12, in parse
    return int(row["acres"])
ValueError: invalid literal for int() with base 10: 'n/a'

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:572)
"""
ABORTED = "org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 1 times: "


class Java:
    """A Java exception as py4j shows it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def toString(self) -> str:
        return self._text


class Py4JJavaError(Exception):
    """An error as py4j raises it."""

    def __init__(self, call: str, java: str) -> None:
        super().__init__(f"An error occurred while calling {call}.\n: {java}")
        self.java_exception = Java(java)


PYTHON_EXCEPTION = type("PythonException", (Exception,), {"__doc__": "An error as PySpark raises it for a function of SQL."})
BUCKET = "The bucket no-such does not exist, or did not when this run began."
CAUSE = "ValueError: invalid literal for int() with base 10: 'n/a'"


@pytest.fixture(scope="module")
def boot() -> Any:
    spec = importlib.util.spec_from_file_location("embedded_boot", BOOT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("no such county: 999\nmore"), "ValueError: no such county: 999"),
        (ValueError(), "ValueError: "),
        (
            Py4JJavaError("o1.collect", f"{ABORTED}org.apache.spark.api.python.PythonException: {TRACE}"),
            f"Py4JJavaError: An error occurred while calling o1.collect. {CAUSE}",
        ),
        (
            PYTHON_EXCEPTION(f"\n  An exception was thrown from the Python worker. Please see the stack trace below.\n{TRACE}"),
            f"PythonException: An exception was thrown from the Python worker. Please see the stack trace below. {CAUSE}",
        ),
        (
            Py4JJavaError("o1.csv", "java.io.IOException: Could not initialize target File System for URI : s3://no-such/"),
            f"Py4JJavaError: An error occurred while calling o1.csv. {BUCKET}",
        ),
        (
            Py4JJavaError("o1.save", "java.lang.IllegalStateException: no"),
            "Py4JJavaError: An error occurred while calling o1.save. java.lang.IllegalStateException: no",
        ),
    ],
)
def test_a_message_names_the_cause(boot: Any, error: Exception, message: str) -> None:
    assert boot._as_glue_says(error) == message
