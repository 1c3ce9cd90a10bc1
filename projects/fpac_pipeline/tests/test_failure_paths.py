"""What the state machine does when something goes wrong: executed here, with mocks for functions, jobs and the crawler.

docs/state-machines.md says how; with ``TEST_STATES_ON_AWS=dev`` the same tests ask AWS.
"""

from typing import Any

import pytest

from common.testing import Run, fails, ok, payload, run_machine, run_state
from projects.fpac_pipeline.fpac_stepfunctions import MAX_POLLS, definition

INPUT = {"bucket": "landing", "key": "incoming/fpac/acres.csv"}
THROTTLED = fails("Glue.AWSGlueException", "Rate exceeded")
BUSY = fails("Glue.ConcurrentRunsExceededException", "Concurrent runs exceeded for final_job")


def crawler(state: str, status: str = "SUCCEEDED") -> Any:
    return ok({"Crawler": {"State": state, "LastCrawl": {"Status": status}}})


MOCKS = {
    "CreateNewId": payload({"run_id": "r-1"}),
    "Validate": payload({"location": "s3://landing/incoming/fpac/acres.csv", "rows": 3}),
    "LandingJob": ok({"JobRunState": "SUCCEEDED"}, seconds=60),
    "CleaningJob": ok({"JobRunState": "SUCCEEDED"}, seconds=60),
    "FinalJob": ok({"JobRunState": "SUCCEEDED"}, seconds=60),
    "StartCrawler": ok({}),
    "GetCrawler": crawler("READY"),
    "LogResults": payload({"status": "SUCCEEDED"}),
    "LogFailure": payload({"status": "FAILED"}),
}
HAPPY = ["CreateNewId", "Validate", "LandingJob", "CleaningJob", "FinalJob", "StartCrawler", "WaitForCrawler"]
JOBS = ("LandingJob", "CleaningJob", "FinalJob")


def run(**mocks: Any) -> Run:
    return run_machine(definition, INPUT, {**MOCKS, **mocks})


def test_a_file_goes_all_the_way() -> None:
    done = run()
    assert (done.status, done.output) == ("SUCCEEDED", {"status": "SUCCEEDED"})
    assert done.states == [*HAPPY, "CountPoll", "GetCrawler", "CrawlerEnded", "LogResults", "Succeeded"]
    landing = done.visits_of("LandingJob")[0].arguments
    assert landing == {
        "JobName": "${landing_job.name}",
        "Arguments": {
            "--run_id": "r-1",
            "--source_location": "s3://landing/incoming/fpac/acres.csv",
            "--loaded_at": "2026-01-01T00:00:00.000Z",
        },
    }
    assert done.visits_of("Validate")[0].arguments["Payload"] == {"input": INPUT}


@pytest.mark.parametrize("job", JOBS)
def test_a_throttled_job_is_tried_again(job: str) -> None:
    done = run(**{job: [THROTTLED, THROTTLED, ok()]})
    assert done.status == "SUCCEEDED"
    assert [(wait.seconds, wait.jitter) for wait in done.waits if wait.state == job] == [(10, True), (20, True)]


@pytest.mark.parametrize("job", JOBS)
def test_a_job_waits_up_to_two_hours_for_its_turn(job: str) -> None:
    done = run(**{job: [*[BUSY] * 120, ok()]})
    assert done.status == "SUCCEEDED"
    assert {wait.seconds for wait in done.waits if wait.state == job} == {60}
    assert run(**{job: BUSY}).error == "Glue.ConcurrentRunsExceededException"


@pytest.mark.parametrize(
    ("state", "outcome", "tries"),
    [
        ("CreateNewId", fails("Runtime.ImportModuleError", "No module named boto4"), 1),
        ("CreateNewId", fails("Lambda.TooManyRequestsException"), 7),
        ("Validate", fails("RefusedFile", "30 % of the rows do not fit"), 1),
        ("Validate", fails("Lambda.ServiceException"), 7),
        *((job, fails("States.TaskFailed", "the script failed"), 1) for job in JOBS),
        *((job, fails("Glue.EntityNotFoundException"), 1) for job in JOBS),
        *((job, ok(seconds=3601), 1) for job in JOBS),
        ("StartCrawler", fails("Glue.CrawlerRunningException"), 121),
        ("GetCrawler", fails("Glue.InternalServiceException"), 6),
    ],
)
def test_what_fails_is_logged_and_fails_the_execution_with_its_own_error(state: str, outcome: Any, tries: int) -> None:
    done = run(**{state: outcome})
    error = outcome.error or "States.Timeout"
    assert (done.status, done.error) == ("FAILED", error)
    assert done.states[-3:] == [state, "LogFailure", "Failed"]
    assert done.visits_of(state)[-1].attempts == tries
    logged = done.visits_of("LogFailure")[0].arguments["Payload"]
    assert logged["state"]["failure"]["Error"] == error
    assert logged["input"] == INPUT


def test_a_failure_that_cannot_be_logged_stays_the_failure() -> None:
    done = run(Validate=fails("RefusedFile", "empty"), LogFailure=fails("Lambda.ResourceNotFoundException"))
    assert (done.status, done.error, done.cause) == ("FAILED", "RefusedFile", "empty")
    failed = run(LogResults=fails("Unhandled", "no table"))
    assert (failed.error, failed.states[-2:]) == ("Unhandled", ["LogFailure", "Failed"])


def test_a_crawler_is_waited_for_and_its_failure_told() -> None:
    done = run(GetCrawler=[crawler("RUNNING"), crawler("STOPPING"), crawler("READY")])
    assert (done.status, done.states.count("WaitForCrawler")) == ("SUCCEEDED", 3)
    failed = run(GetCrawler=crawler("READY", "FAILED"))
    assert (failed.status, failed.error) == ("FAILED", "CrawlerFailed")
    assert '"Status":"FAILED"' in failed.cause
    assert failed.states[-3:] == ["CrawlerFailed", "LogFailure", "Failed"]


def test_a_crawler_that_never_ends_is_given_up_after_an_hour() -> None:
    failed = run(GetCrawler=crawler("RUNNING"))
    assert (failed.error, failed.states.count("GetCrawler")) == ("CrawlerFailed", MAX_POLLS)
    assert sum(wait.seconds for wait in failed.waits) == 3600


def test_an_execution_that_is_stuck_ends_after_six_hours() -> None:
    stuck = run(LandingJob=[*[BUSY] * 119, ok(seconds=3600)], CleaningJob=[*[BUSY] * 119, ok(seconds=3600)], FinalJob=BUSY)
    assert (stuck.status, stuck.error, stuck.seconds) == ("TIMED_OUT", "States.Timeout", 6 * 3600)


def test_a_state_alone_hands_on_what_the_next_one_needs() -> None:
    data = {"run": {"run_id": "r-1"}}
    validated = run_state(definition, "Validate", data, MOCKS)
    assert (validated.next_state, validated.output["source"]) == (
        "LandingJob",
        {"location": "s3://landing/incoming/fpac/acres.csv"},
    )
    refused = run_state(definition, "Validate", data, {"Validate": fails("RefusedFile", "empty")})
    assert (refused.status, refused.next_state) == ("CAUGHT_ERROR", "LogFailure")
    assert refused.output == {**data, "failure": {"Error": "RefusedFile", "Cause": "empty"}}
