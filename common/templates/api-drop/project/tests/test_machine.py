"""The state machine, executed here with mocks for the function and the job."""

from pathlib import Path

from common.testing import fails, ok, payload, run_machine

MACHINE = Path(__file__).resolve().parents[1] / "main.asl.json"
INPUT = {"url": "https://api.example.com/stations"}
FETCHED = payload({"day": "2026-03-02", "answer": "s3://landing/answers/2026-03-02.json", "records": 2})
RUN = ok({"Id": "jr_1", "JobRunState": "SUCCEEDED"})


def test_the_job_gets_the_answer_of_the_day() -> None:
    done = run_machine(MACHINE, INPUT, {"Fetch": FETCHED, "Flatten": RUN})
    assert (done.status, done.output) == ("SUCCEEDED", {"day": "2026-03-02", "records": 2})
    arguments = {"--source": "s3://landing/answers/2026-03-02.json", "--day": "2026-03-02"}
    assert done.visits_of("Flatten")[0].arguments["Arguments"] == arguments


def test_it_waits_for_an_api_that_is_busy() -> None:
    done = run_machine(MACHINE, INPUT, {"Fetch": [fails("ApiUnavailable", "503"), FETCHED], "Flatten": RUN})
    assert done.status == "SUCCEEDED"
    assert [wait.seconds for wait in done.waits] == [5]


def test_a_wrong_answer_fails_the_execution_at_once() -> None:
    done = run_machine(MACHINE, INPUT, {"Fetch": fails("AnswerInvalid", "the answer has no list"), "Flatten": RUN})
    assert (done.status, done.error, done.waits, done.visits_of("Flatten")) == ("FAILED", "AnswerInvalid", [], [])
