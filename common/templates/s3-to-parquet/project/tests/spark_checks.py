"""Runs the job's transform on real Spark, in an interpreter that has it, and prints what came out as JSON."""

import importlib
import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "glue" / "convert"))
job = importlib.import_module("convert")


def main() -> None:
    """Convert the sample."""
    settings = {"spark.sql.shuffle.partitions": "1", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    sales = job.transform(spark.read.option("header", True).csv(str(HERE / "data" / "sales.csv"))).orderBy("sale_id")
    results = {"types": sales.dtypes, "rows": [list(row) for row in sales.collect()]}
    spark.stop()
    sys.stdout.write(json.dumps(results, default=str))


if __name__ == "__main__":
    main()
