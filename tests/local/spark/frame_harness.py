"""One Spark session with Glue's library on it, and how a case reads, shows and reports."""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import embedded_glue

embedded_glue.install()

from awsglue import transforms as T  # noqa: E402, N812 (the library is put in place first; short, as in the documentation)
from awsglue.context import GlueContext  # noqa: E402 (likewise)
from awsglue.dynamicframe import DynamicFrame, DynamicFrameCollection, ResolveOption  # noqa: E402 (likewise)
from awsglue.gluetypes import DoubleType  # noqa: E402 (likewise)
from awsglue.job import Job  # noqa: E402 (likewise)
from pyspark.sql import SparkSession  # noqa: E402 (likewise)

__all__ = ["DoubleType", "DynamicFrame", "DynamicFrameCollection", "Job", "ResolveOption", "T"]
FOLDER = Path(sys.argv[1])
RESULTS: dict[str, Any] = {}
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.shuffle.partitions", "2")
    .getOrCreate()
)
glue = GlueContext(spark.sparkContext)
Case = Callable[[], Any]


def read(name: str, text: str, kind: str = "json", **settings: Any) -> Any:
    file = FOLDER / f"{name}.{kind}"
    file.write_text(text)
    return glue.create_dynamic_frame.from_options("s3", {"paths": [str(file)]}, kind, settings)


def tree(frame: Any) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        frame.printSchema()
    return text.getvalue().strip()


def shown(data: Any) -> str:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        data.show()
    return text.getvalue().strip()


def rows(frame: Any) -> list[Any]:
    data = frame.toDF() if hasattr(frame, "toDF") and isinstance(frame, DynamicFrame) else frame
    return sorted((json.loads(line) for line in data.toJSON().collect()), key=json.dumps)


def case(run: Case) -> Case:
    RESULTS[run.__name__] = run()
    return run
