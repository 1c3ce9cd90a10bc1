"""Table formats of data lakes (Iceberg, Delta, Hudi), whose half in Java no Python package carries: refused before Spark starts.

A job that brings the jar itself, in ``--extra-jars``, runs. https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-datalake-native-frameworks.html
"""

import errors

JARS = {
    "iceberg": ("org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.7.1",),
    "delta": ("io.delta:delta-spark_2.12:3.3.0", "io.delta:delta-storage:3.3.0"),
    "hudi": ("org.apache.hudi:hudi-spark3.5-bundle_2.12:0.15.0",),
}
"""The versions in Glue 5.0, as Maven Central names them."""
_MARKS = {"iceberg": "org.apache.iceberg.", "delta": "spark.sql.delta.", "hudi": "org.apache.hudi."}
"""What the names of their classes hold."""
_AWS_MARK, _AWS_JAR = "org.apache.iceberg.aws.", "org.apache.iceberg:iceberg-aws-bundle:1.7.1"
"""Iceberg's classes for the Data Catalog and for S3 are without AWS's SDK, which is in a jar of its own."""


def check(arguments: dict[str, str]) -> None:
    """Refuse a job that asks for a format of a data lake without bringing its jars.

    Raises:
        JobError: says which format, and which jars to bring.
    """
    formats = {name.strip().lower() for name in arguments.get("--datalake-formats", "").split(",") if name.strip()}
    conf = arguments.get("--conf", "")
    formats |= {name for name, mark in _MARKS.items() if mark in conf}
    for name in sorted(formats):
        if name not in JARS:
            raise errors.JobError(f"--datalake-formats names {name!r}; there are {', '.join(JARS)}")
        needs_aws = name == "iceberg" and _AWS_MARK in conf
        missing = [jar for jar in (*JARS[name], *([_AWS_JAR] if needs_aws else ())) if not _has(arguments, jar)]
        if missing:
            other = (
                " Or give the catalog type=hadoop and a warehouse there in --conf, which needs no AWS SDK." if needs_aws else ""
            )
            raise errors.JobError(
                f"{name} is not available with the embedded AWS: its half in Java is on Maven Central, and no package of PyPI "
                f"has all of it. Missing: {' and '.join(missing)}. Download this, put it into a bucket of the embedded S3, and "
                "name it in the argument --extra-jars of this environment (config/local.json); in AWS, Glue itself brings it."
                f"{other}"
            )


def _has(arguments: dict[str, str], jar: str) -> bool:
    """Whether the job brings a jar, of whatever version."""
    artifact = jar.split(":")[1].partition("_")[0]
    return artifact in arguments.get("--extra-jars", "").lower()
