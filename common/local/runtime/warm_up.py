"""What nearly every job does first, so that the Java process has loaded it when the first job comes."""

import tempfile

from awsglue.context import GlueContext
from pyspark.context import SparkContext

session = GlueContext(SparkContext.getOrCreate()).spark_session
with tempfile.TemporaryDirectory() as folder:
    session.range(100).selectExpr("id", "id % 3 AS kind").write.parquet(f"file://{folder}/numbers")
    session.read.parquet(f"file://{folder}/numbers").createOrReplaceTempView("numbers")
    session.sql("SELECT kind, count(*) FROM numbers GROUP BY kind ORDER BY kind").collect()
