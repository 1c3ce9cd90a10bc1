"""The shape of the state machine: what leads where, what is retried, what is caught."""

import json
import re
from typing import Any

import pytest

from projects.fpac_pipeline.fpac_stepfunctions import definition

STATES: dict[str, dict[str, Any]] = definition()["States"]
TASKS = sorted(name for name, state in STATES.items() if state["Type"] == "Task")


def targets(state: dict[str, Any]) -> set[str]:
    ways = [state, *state.get("Catch", []), *state.get("Choices", [])]
    return {way["Next"] for way in ways if "Next" in way} | ({state["Default"]} if "Default" in state else set())


def test_every_state_is_reached_and_every_target_exists() -> None:
    reached, ahead = set(), {definition()["StartAt"]}
    while ahead:
        reached |= ahead
        ahead = {target for name in ahead for target in targets(STATES[name])} - reached
    assert reached == set(STATES)


def test_ends_only_in_success_or_failure() -> None:
    ends = {name: state["Type"] for name, state in STATES.items() if not targets(state)}
    assert ends == {"Succeeded": "Succeed", "Failed": "Fail"}


@pytest.mark.parametrize("name", TASKS)
def test_every_task_catches_everything_and_keeps_the_first_failure(name: str) -> None:
    [catch] = STATES[name]["Catch"]
    assert catch["ErrorEquals"] == ["States.ALL"]
    if name == "LogFailure":
        assert (catch["ResultPath"], catch["Next"]) == ("$.unlogged", "Failed")
    else:
        assert (catch["ResultPath"], catch["Next"]) == ("$.failure", "LogFailure")


@pytest.mark.parametrize("name", TASKS)
def test_no_task_retries_what_cannot_pass(name: str) -> None:
    retried = {error for retry in STATES[name]["Retry"] for error in retry["ErrorEquals"]}
    assert retried
    assert all(error.startswith(("Lambda.", "Glue.")) for error in retried)  # a job that fails is States.TaskFailed
    assert not {error for error in retried if "NotFound" in error or "AccessDenied" in error}


@pytest.mark.parametrize("name", [name for name in TASKS if "Job" in name])
def test_jobs_wait_for_their_turn(name: str) -> None:
    assert any("Glue.ConcurrentRunsExceededException" in retry["ErrorEquals"] for retry in STATES[name]["Retry"])


def test_a_running_crawler_is_waited_for() -> None:
    assert any("Glue.CrawlerRunningException" in retry["ErrorEquals"] for retry in STATES["StartCrawler"]["Retry"])


def test_no_path_leads_into_the_input_of_the_execution() -> None:
    """What is not there would be States.Runtime, which nothing catches."""
    paths = set(re.findall(r'"(\$[.$][^"]*)"', json.dumps([state.get("Parameters", {}) for state in STATES.values()])))
    assert {path for path in paths if not path.startswith("$$.")} == {"$.run.run_id", "$.source.location"}


def test_names_nothing_but_its_own_resources() -> None:
    text = json.dumps(definition())
    assert set(re.findall(r"\$\{([^}]*)\}", text)) == {
        "AWS::Partition",
        "CreateNewId.arn",
        "Validate.arn",
        "LogResults.arn",
        "landing_job.name",
        "cleaning_job.name",
        "final_job.name",
        "final_crawler.name",
    }
    assert not re.search(r"\d{12}", text)
