"""The job's transform on real Spark, which is in an environment of its own."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.local import spark_python

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TABLE = "daily_totals_table"


@pytest.fixture(scope="session")
def spark_results() -> dict[str, Any]:
    python, variables = spark_python(ROOT)
    environment = os.environ | variables | {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, HERE / "spark_checks.py"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    results: dict[str, Any] = json.loads(done.stdout)
    return results


@pytest.mark.timeout(900)  # the first use fetches Spark
def test_adds_up_by_day_and_product(spark_results: dict[str, Any]) -> None:
    assert spark_results["rows"] == [
        ["2026-03-02", "CORN SEED", 2, 15, "4359.00"],
        ["2026-03-02", "SOYBEAN SEED", 1, 40, "2450.00"],
        ["2026-03-03", "CORN SEED", 1, 1, "300.00"],
    ]


@pytest.mark.timeout(900)
def test_reads_what_the_function_writes_and_nothing_before_the_first_order(spark_results: dict[str, Any]) -> None:
    assert spark_results["read"] == ["A-5", "2026-03-02", None, 2, "1.50"]
    assert spark_results["none"] == []


@pytest.mark.timeout(900)
def test_the_table_has_the_columns_that_the_job_writes(spark_results: dict[str, Any]) -> None:
    declared = yaml.safe_load((HERE.parent / "infra" / "athena.yaml").read_text())
    columns = declared[TABLE]["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    assert [[column["Name"], column["Type"]] for column in columns] == spark_results["types"]
