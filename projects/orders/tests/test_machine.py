"""The state machine, executed here with mocks for the job."""

from pathlib import Path

from common.testing import fails, ok, run_machine

MACHINE = Path(__file__).resolve().parents[1] / "orders.asl.yaml"
RUN = ok({"Id": "jr_1", "JobRunState": "SUCCEEDED"})
BUSY = fails("Glue.ConcurrentRunsExceededException", "Concurrent runs exceeded for daily_totals")


def test_it_runs_the_job_and_says_which_run_it_was() -> None:
    done = run_machine(MACHINE, {}, {"DailyTotals": RUN})
    assert (done.status, done.output) == ("SUCCEEDED", {"job_run": "jr_1"})
    assert done.visits_of("DailyTotals")[0].arguments == {"JobName": "${daily_totals.name}"}


def test_it_waits_for_another_run() -> None:
    done = run_machine(MACHINE, {}, {"DailyTotals": [BUSY, BUSY, RUN]})
    assert done.status == "SUCCEEDED"
    assert [(wait.seconds, wait.reason) for wait in done.waits] == [(30, BUSY.error), (60, BUSY.error)]


def test_a_job_that_fails_fails_the_execution_at_once() -> None:
    done = run_machine(MACHINE, {}, {"DailyTotals": fails("States.TaskFailed", "ValueError: no orders")})
    assert (done.status, done.error, done.waits) == ("FAILED", "States.TaskFailed", [])
