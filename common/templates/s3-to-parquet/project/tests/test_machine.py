"""The state machine, executed here with mocks for the function and the job."""

from pathlib import Path

from common.testing import fails, ok, payload, run_machine

MACHINE = Path(__file__).resolve().parents[1] / "main.asl.json"
INPUT = {"bucket": "landing", "key": "in/sales.csv"}
VALIDATED = payload({"source": "s3://landing/in/sales.csv", "rows": 6})
RUN = ok({"Id": "jr_1", "JobRunState": "SUCCEEDED"})


def test_the_job_gets_the_file_that_was_validated() -> None:
    done = run_machine(MACHINE, INPUT, {"Validate": VALIDATED, "Convert": RUN})
    assert (done.status, done.output) == ("SUCCEEDED", {"source": "s3://landing/in/sales.csv", "rows": 6})
    arguments = {"JobName": "${convert.name}", "Arguments": {"--source": "s3://landing/in/sales.csv"}}
    assert done.visits_of("Convert")[0].arguments == arguments


def test_no_job_is_paid_for_if_the_file_is_refused() -> None:
    done = run_machine(MACHINE, INPUT, {"Validate": fails("FileInvalid", "the file has no rows"), "Convert": RUN})
    assert (done.status, done.error, done.visits_of("Convert")) == ("FAILED", "FileInvalid", [])


def test_it_waits_for_another_run_of_the_job() -> None:
    busy = fails("Glue.ConcurrentRunsExceededException", "Concurrent runs exceeded for convert")
    done = run_machine(MACHINE, INPUT, {"Validate": VALIDATED, "Convert": [busy, RUN]})
    assert done.status == "SUCCEEDED"
    assert [wait.seconds for wait in done.waits] == [30]
