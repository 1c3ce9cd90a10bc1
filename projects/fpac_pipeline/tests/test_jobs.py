"""The jobs' transforms on real Spark: each check of ``spark_checks.py`` is a test here, all from one Spark session."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from common.local import spark_python

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SCRIPT = HERE / "spark_checks.py"  # read, not imported: Spark is not in this environment
CHECKS = re.findall(r"^@check\ndef _(\w+)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="session")
def spark_results() -> dict[str, Any]:
    python, variables = spark_python(ROOT)
    environment = os.environ | variables | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, SCRIPT], capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    results: dict[str, Any] = json.loads(done.stdout)
    return results


@pytest.mark.timeout(900)  # the first use fetches Spark
@pytest.mark.parametrize("name", CHECKS)
def test_on_spark(spark_results: dict[str, Any], name: str) -> None:
    made, expected = spark_results[name]
    assert made == expected


def test_no_check_is_left_out(spark_results: dict[str, Any]) -> None:
    assert sorted(spark_results) == sorted(CHECKS)
    assert len(CHECKS) == len(set(CHECKS)) > 0
