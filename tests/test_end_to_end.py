"""The commands of the README, as a stranger types them, against the embedded AWS."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from common import local
from projects.fpac_pipeline.tests.expected import final_rows
from tests.local.fixtures import client_of
from tests.support import pseudo_terminal, tour
from tests.support.repository import remove_projects
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent
READS = ("Get", "List", "Head", "Describe")
JOB, CONFIGURED = "projects/fpac_pipeline/glue/landingFiles/landing_job.py", "config/local.json"


def clone(to: Path) -> Path:
    """A copy of the repository as a fresh clone would be."""
    ignored = shutil.ignore_patterns("__pycache__", ".venv", ".git", ".*_cache", ".hypothesis", "uv.lock")
    shutil.copytree(ROOT, to, ignore=lambda folder, names: {*ignored(folder, names), *({"build"} if folder == str(ROOT) else ())})
    return to


def bare_clone(to: Path) -> Path:
    """A clone without the example pipelines, and with the embedded environment alone."""
    clone(to)
    for name in ("dev", "prod"):
        (to / f"config/{name}.json").unlink()
    remove_projects(to)
    return to


def invoke(root: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=240,
        env=environment(),
        check=False,
    )
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def on_terminal(root: Path, *words: str, code: int = 0) -> str:
    """What a terminal shows in the end."""
    shown = pseudo_terminal.run([sys.executable, "-m", "invoke", *words], root, {**environment(), "TERM": "xterm-256color"})
    assert shown.code == code, shown.written
    return "\n".join(shown.lines)


def environment() -> dict[str, str]:
    """Without credentials, and without the width of a screen, which xdist tells its workers."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COLUMNS"))} | {"NO_COLOR": "1"}


def deploy(root: Path, *words: str, code: int = 0) -> dict[str, Any]:
    output: dict[str, Any] = json.loads(invoke(root, "deploy", "--env", "local", "--json", *words, code=code))
    return output


def changes(result: dict[str, Any]) -> dict[str, str]:
    return {change["key"]: change["reason"] for change in result["changes"] if change["action"] != "noop"}


def writes(result: dict[str, Any]) -> dict[str, int]:
    return {
        name: count for name, count in result["api_calls"]["by_operation"].items() if not name.partition(":")[2].startswith(READS)
    }


class Clones:
    """A clone in which everything is deployed, and another one where a test has left it so that this cannot be had again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Path] = []
        self._before: dict[str, str] = {}

    def clean(self) -> Path:
        """The present one, with its files as they were and all of it deployed."""
        with suppress(AssertionError, subprocess.TimeoutExpired):
            if self._made and self._put_back(self._made[-1]):
                return self._made[-1]
        return self._fresh()

    def end(self) -> None:
        """Stops what was started for them."""
        for root in self._made:
            local.stop(root)

    def _fresh(self) -> Path:
        """As the tour of the README shows it."""
        self.end()
        made = clone(self._folder / f"clone{len(self._made)}")
        self._made.append(made)
        self._before = {path: (made / path).read_text() for path in (JOB, CONFIGURED)}
        printed = on_terminal(made, "deploy", "--env", "local")
        assert tour.not_printed("deploy --env local", printed) == [], printed
        return made

    def _put_back(self, made: Path) -> bool:
        edited = [path for path, text in self._before.items() if (made / path).read_text() != text]
        for path in edited:
            (made / path).write_text(self._before[path])
        return not edited or bool(deploy(made))


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clones]:
    """All of this module's."""
    made = Clones(tmp_path_factory.mktemp("first"))
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def root(clones: Clones) -> Path:
    """A clone in which everything is deployed; a test may leave it as it likes."""
    return clones.clean()


def test_a_second_deploy_changes_nothing_and_writes_nothing(root: Path) -> None:
    second = deploy(root)
    assert changes(second) == {}
    assert writes(second) == {}
    assert second["api_calls"]["total"] <= 8


def test_after_editing_one_script_one_upload_and_one_job_update(root: Path) -> None:
    script = root / JOB
    before = script.read_text()
    script.write_text(before + "# edited\n")
    planned = on_terminal(root, "plan", "--env", "local", code=2)
    assert planned.count("landing_job.py changed") == 2
    assert tour.not_printed("plan --env local", planned) == []
    edited = deploy(root)
    reason = "landing_job.py changed"
    assert changes(edited) == {"artifact/landing_job": reason, "glue-job/landing_job": reason}
    # Besides the upload: lease, root before, record, root after.
    assert writes(edited) == {"glue:UpdateJob": 1, "s3:PutObject": 5, "s3:DeleteObject": 1}
    assert changes(deploy(root)) == {}
    script.write_text(before)
    back = deploy(root)
    assert list(changes(back)) == ["glue-job/landing_job"]  # the old script is still there under its own name


def test_touching_a_file_without_changing_it_changes_nothing(root: Path) -> None:
    for path in (root / "projects").rglob("*.py"):
        os.utime(path)
    assert changes(deploy(root)) == {}


def test_a_second_clone_in_another_folder_has_nothing_to_do_and_builds_nothing(root: Path, tmp_path: Path) -> None:
    second = clone(tmp_path / "another place")
    (second / "build").mkdir()
    (second / "build" / "local").symlink_to(root / "build" / "local")
    assert changes(deploy(second)) == {}
    assert not (second / "build" / "artifacts").exists()


def test_a_step_brings_up_to_date_what_it_stands_on_and_no_more(root: Path) -> None:
    script = root / JOB
    script.write_text(script.read_text() + "# edited for a step\n")
    assert changes(json.loads(invoke(root, "deploy-lambdas", "--env", "local", "--json"))) == {}
    assert list(changes(json.loads(invoke(root, "upload-glue", "--env", "local", "--json")))) == ["artifact/landing_job"]
    assert list(changes(json.loads(invoke(root, "deploy-sfn", "--env", "local", "--json")))) == ["glue-job/landing_job"]


def test_plain_text_has_a_line_for_each_step_and_no_escape_codes(root: Path) -> None:
    text = invoke(root, "deploy", "--env", "local")
    steps = "deploy-shared deploy-roles deploy-lambdas upload-glue deploy-jobs deploy-crawlers deploy-sfn deploy-triggers"
    header, *lines, ending = text.splitlines()
    assert header.startswith("local   000000000000 · us-east-1")
    assert [line.split()[0] for line in lines] == steps.split()
    assert ending.startswith("Deployed to local: 0 created, 0 updated, 77 unchanged, ")
    assert "\x1b" not in text


def test_a_terminal_shows_the_unchanged_deploy_of_the_tour_by_project(root: Path) -> None:
    assert tour.not_printed("deploy --env local", on_terminal(root, "deploy", "--env", "local"), time=1) == []


def test_the_deploy_of_an_edit_prints_what_the_tour_shows(root: Path) -> None:
    script = root / JOB
    script.write_text(script.read_text() + "# edited for the tour\n")
    assert tour.not_printed("deploy --env local", on_terminal(root, "deploy", "--env", "local"), time=2) == []


def test_ctrl_c_finishes_what_is_under_way_and_the_next_deploy_does_the_rest(root: Path) -> None:
    """It comes while functions are being updated, which takes Lambda half a second: the machines that need them are left."""
    config = root / CONFIGURED
    data = json.loads(config.read_text())
    data["defaults"] |= {"function": {"timeout_seconds": 77}, "state_machine": {"log_level": "ALL"}}
    config.write_text(json.dumps(data))
    command = [sys.executable, "-m", "invoke", "deploy", "--env", "local", "--jobs", "1"]
    running = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    embedded = local.running(root)
    assert embedded is not None
    functions = client_of(embedded, "lambda").get_paginator("list_functions")
    until(lambda: any(function["Timeout"] == 77 for page in functions.paginate() for function in page["Functions"]))
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, out + err
    assert "Traceback" not in err
    assert "deploy again" in err
    assert "not tried" in out
    rest = changes(deploy(root))
    assert any(key.startswith("state-machine/") for key in rest)
    assert len([key for key in rest if key.startswith("lambda/")]) < 4
    assert changes(deploy(root)) == {}


def test_the_pipeline_runs_and_the_final_zone_holds_what_an_independent_computation_says(root: Path) -> None:
    command = "run --env local --project fpac_pipeline"
    assert tour.not_printed(command, invoke(root, *command.split())) == []
    running = local.running(root)
    assert running is not None
    assert _final_rows(running, root) == final_rows(root / "projects/fpac_pipeline/tests/data/sample.csv")


def test_one_function_or_job_runs_with_its_log_and_names_the_files_of_the_repository(root: Path) -> None:
    began = {"execution_arn": "arn:aws:states:x:1:execution:m:run-1", "started_at": "2026-01-01T00:00:00Z"}
    made = invoke(root, "run", "--env", "local", "--only", "lambda/CreateNewId", "--input", json.dumps({**began, "input": {}}))
    assert "lambda/CreateNewId succeeded in" in made
    assert '"run_id": "' in made
    failed = invoke(root, "run", "--env", "local", "--only", "Validate", "--input", "{}", code=1)
    handler = 'File "projects/fpac_pipeline/lambda/Validate/handler.py", line'
    assert failed.count("lambda/Validate failed: InputInvalid") == failed.count("lambda/Validate failed") == 1
    assert handler in failed
    assert "billed 0." in failed
    assert handler in invoke(root, "logs", "lambda/Validate", "--env", "local", "--failed")
    absent = ("source_location=s3://acres-local-landing-000000000000/none.csv", "run_id=r", "loaded_at=2026-01-01T00:00:00Z")
    arguments = [word for pair in absent for word in ("--argument", pair)]
    run = invoke(root, "run", "--env", "local", "--only", "glue-job/landing_job", *arguments, code=1)
    assert f'File "{JOB}", line' in run
    assert "[PATH_NOT_FOUND] Path does not exist: s3://acres-local-landing-000000000000/none.csv" in run
    assert "DPU seconds" in run
    assert "PATH_NOT_FOUND" in invoke(root, "logs", "glue-job/landing_job", "--env", "local", "--grep", "NOT_FOUND")


def _final_rows(embedded: local.Embedded, root: Path) -> list[dict[str, Any]]:
    s3 = client_of(embedded, "s3")
    folder = root / "build" / "final"
    for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket="acres-local-final-000000000000", Prefix="fpac/crop_acreage/"
    ):
        for entry in page.get("Contents", ()):
            if entry["Key"].endswith(".parquet"):
                (folder / entry["Key"]).parent.mkdir(parents=True, exist_ok=True)
                s3.download_file("acres-local-final-000000000000", entry["Key"], str(folder / entry["Key"]))
    schema = pa.schema([("program_year", pa.int32()), ("state", pa.string())])
    rows = ds.dataset(folder / "fpac/crop_acreage", partitioning=ds.partitioning(schema, flavor="hive")).to_table().to_pylist()
    for row in rows:
        del row["run_id"]
    return sorted(rows, key=lambda row: (row["program_year"], row["state"], row["county_code"], row["crop"]))
