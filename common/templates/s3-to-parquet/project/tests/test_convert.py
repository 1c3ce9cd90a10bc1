"""The job's transform on real Spark, which is in an environment of its own."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from common.local import spark_python

HERE = Path(__file__).resolve().parent


@pytest.mark.timeout(900)  # the first use fetches Spark
def test_the_sample_is_typed_and_cleaned() -> None:
    python, variables = spark_python(HERE.parents[2])
    environment = os.environ | variables | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, HERE / "spark_checks.py"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    results = json.loads(done.stdout)
    assert results["rows"] == [
        ["S-1001", "2026-03-02", "CORN SEED", 12, "289.50", "3474.00"],
        ["S-1002", "2026-03-02", "SOYBEAN SEED", 40, "61.25", "2450.00"],
        ["S-1003", "2026-03-03", "CORN SEED", 3, "295.00", "885.00"],
        ["S-1005", "2026-03-03", "WHEAT SEED", 25, "18.10", "452.50"],
    ]
    assert dict(results["types"])["revenue"] == "decimal(18,2)"
