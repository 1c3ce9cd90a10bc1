"""Table formats of data lakes (Iceberg, Delta, Hudi), whose half in Java no Python package carries: refused before Spark starts.

A job that brings the jar itself, in ``--extra-jars``, runs. https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-datalake-native-frameworks.html
"""

import errors

JARS = {
    "iceberg": "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.7.1",
    "delta": "io.delta:delta-spark_2.12:3.3.0 and io.delta:delta-storage:3.3.0",
    "hudi": "org.apache.hudi:hudi-spark3.5-bundle_2.12:0.15.0",
}
"""The versions in Glue 5.0, as Maven Central names them."""
_MARKS = {"iceberg": "org.apache.iceberg.", "delta": "spark.sql.delta.", "hudi": "org.apache.hudi."}
"""What the names of their classes hold."""


def check(arguments: dict[str, str]) -> None:
    """Refuse a job that asks for a format of a data lake without bringing its jar.

    Raises:
        JobError: says which format, and which jar to bring.
    """
    formats = {name.strip().lower() for name in arguments.get("--datalake-formats", "").split(",") if name.strip()}
    conf = arguments.get("--conf", "")
    formats |= {name for name, mark in _MARKS.items() if mark in conf}
    jars = arguments.get("--extra-jars", "").lower()
    for name in sorted(formats):
        if name not in JARS:
            raise errors.JobError(f"--datalake-formats names {name!r}; there are {', '.join(JARS)}")
        if name not in jars:
            raise errors.JobError(
                f"{name} is not available with the embedded AWS: its half in Java is on Maven Central, and no package of PyPI "
                f"has it. Download {JARS[name]}, put the jar into a bucket of the embedded S3, and name it in the argument "
                "--extra-jars of this environment (config/local.json); in AWS, Glue itself brings it."
            )
