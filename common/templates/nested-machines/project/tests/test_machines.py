"""The state machines, executed here with mocks for what they call."""

from pathlib import Path

from common.testing import fails, ok, payload, run_machine

FOLDER = Path(__file__).resolve().parents[1]
FILES = ["s3://landing/incoming/a.csv", "s3://landing/incoming/b.csv"]
RUN = ok({"Id": "jr_1", "JobRunState": "SUCCEEDED"})


def test_one_file_is_cleaned_by_a_run_of_the_job() -> None:
    done = run_machine(FOLDER / "one_file.asl.json", {"file": FILES[0]}, {"Clean": RUN})
    assert (done.status, done.output) == ("SUCCEEDED", {"file": FILES[0], "job_run": "jr_1"})
    assert done.visits_of("Clean")[0].arguments == {"JobName": "${clean.name}", "Arguments": {"--source": FILES[0]}}


def test_each_file_has_an_execution_of_its_own() -> None:
    answers = {"ListFiles": payload({"files": FILES}), "CleanFile": ok({"Output": {"file": "s3://…", "job_run": "jr_1"}})}
    done = run_machine(FOLDER / "all_files.asl.json", {}, answers)
    assert (done.status, done.output) == ("SUCCEEDED", {"files": 2, "cleaned": ["s3://…", "s3://…"]})
    assert sorted(visit.arguments["Input"]["file"] for visit in done.visits_of("CleanFile")) == FILES


def test_a_file_that_fails_fails_all() -> None:
    answers = {"ListFiles": payload({"files": FILES[:1]}), "CleanFile": fails("States.TaskFailed", "the job failed")}
    done = run_machine(FOLDER / "all_files.asl.json", {}, answers)
    assert (done.status, done.error) == ("FAILED", "States.TaskFailed")


def test_without_files_nothing_is_started() -> None:
    done = run_machine(FOLDER / "all_files.asl.json", {}, {"ListFiles": payload({"files": []})})
    assert (done.status, done.output) == ("SUCCEEDED", {"files": 0, "cleaned": []})
