"""Runs the job's transform on real Spark, in an interpreter that has it, and prints what came out as JSON.

python spark_checks.py
"""

import importlib
import json
import sys
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

from pyspark.sql import SparkSession

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "glue" / "totals"))
job = importlib.import_module("daily_totals")
DAY, NEXT = date(2026, 3, 2), date(2026, 3, 3)
ORDERS = [
    ("A-4", NEXT, "CORN SEED", 1, Decimal("300.00")),
    ("A-1", DAY, "CORN SEED", 12, Decimal("289.50")),
    ("A-2", DAY, "SOYBEAN SEED", 40, Decimal("61.25")),
    ("A-3", DAY, "CORN SEED", 3, Decimal("295.00")),
]


def main() -> None:
    """Read orders and add them up, and none."""
    settings = {"spark.sql.shuffle.partitions": "1", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    totals = job.transform(spark.createDataFrame(ORDERS, job.ORDER))
    with tempfile.TemporaryDirectory() as folder:
        none = job.transform(job.read(spark, f"{folder}/orders")).collect()
        (Path(folder) / "A-5.json").write_text(
            '{"order_id": "A-5", "ordered_on": "2026-03-02", "quantity": 2, "unit_price": "1.50"}'
        )
        (order,) = job.read(spark, folder).collect()
    results = {"types": totals.dtypes, "rows": [list(row) for row in totals.collect()], "none": none, "read": list(order)}
    spark.stop()
    sys.stdout.write(json.dumps(results, default=str))


if __name__ == "__main__":
    main()
