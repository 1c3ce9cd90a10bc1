"""The state machine, executed here with mocks for the function and the job."""

from pathlib import Path

from common.testing import fails, ok, payload, run_machine

MACHINE = Path(__file__).resolve().parents[1] / "main.asl.json"
RUN = ok({"Id": "jr_1", "JobRunState": "SUCCEEDED"})


def test_the_job_runs_if_there_are_files() -> None:
    done = run_machine(MACHINE, {}, {"Check": payload({"files": 2}), "Summary": RUN})
    assert (done.status, done.output) == ("SUCCEEDED", {"files": 2, "job_run": "jr_1"})


def test_no_job_is_paid_for_without_files() -> None:
    done = run_machine(MACHINE, {}, {"Check": payload({"files": 0}), "Summary": RUN})
    assert (done.status, done.visits_of("Summary")) == ("SUCCEEDED", [])


def test_a_job_that_fails_fails_the_execution_at_once() -> None:
    done = run_machine(MACHINE, {}, {"Check": payload({"files": 1}), "Summary": fails("States.TaskFailed", "KeyError: 'kwh'")})
    assert (done.status, done.error, done.waits) == ("FAILED", "States.TaskFailed", [])
