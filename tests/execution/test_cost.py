"""What runs cost, by AWS's own figures where there are any, else by time and size."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from common.execution import cost
from common.execution.recent import Execution, Executions
from common.model.resource import Resource
from tests.resources.scripted import Answer, ScriptedAws, refused
from tests.support.histories import START
from tests.support.report_content import content
from tests.support.repository import Repository

NOW = START + timedelta(days=2)


@pytest.fixture
def resources(repository: Repository) -> dict[str, Resource]:
    return {str(resource.key): resource for resource in content(repository).resources}


def run(days: float = 1.0, **fields: Any) -> dict[str, Any]:
    return {"StartedOn": NOW - timedelta(days=days), "ExecutionTime": 0, "MaxCapacity": 2.0, **fields}


def of_job(resources: dict[str, Resource], answer: Answer | list[Answer]) -> cost.Item:
    aws = ScriptedAws({"glue:GetJobRuns": answer})
    with ThreadPoolExecutor(1) as pool:
        (item,) = cost.of_jobs(aws, [resources["glue-job/load"]], NOW, pool)
    assert aws.sent("glue:GetJobRuns")["JobName"] == "t-dev-acres-load"
    return item


@pytest.mark.parametrize(
    ("fields", "dollars"),
    [
        ({"ExecutionTime": 1800}, 2 * 0.5 * 0.44),
        ({"ExecutionTime": 5}, 2 / 60 * 0.44),
        ({"ExecutionTime": 0}, 0.0),
        ({"ExecutionTime": 1800, "DPUSeconds": 900.0}, 0.25 * 0.44),
        ({"ExecutionTime": 3600, "ExecutionClass": "FLEX"}, 2 * 0.29),
        ({"ExecutionTime": 3600, "MaxCapacity": 0.0625}, 0.0625 * 0.44),
    ],
    ids=["time by size", "a minute at least", "not begun", "DPU seconds of AWS", "flexible", "python shell"],
)
def test_runs_of_a_job_cost_their_dpu_hours(resources: dict[str, Resource], fields: dict[str, Any], dollars: float) -> None:
    """As in https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html and https://aws.amazon.com/glue/pricing/."""
    item = of_job(resources, {"JobRuns": [run(**fields), run(days=40, ExecutionTime=9000)]})
    assert item.runs == 1, "what ran before the last 30 days is not counted"
    assert item.dollars == pytest.approx(dollars)


def test_a_job_that_is_not_deployed_costs_nothing(resources: dict[str, Resource]) -> None:
    item = of_job(resources, refused("GetJobRuns", "EntityNotFoundException"))
    assert (item.runs, item.dollars, item.note) == (0, 0.0, "it is not deployed")


def test_functions_cost_their_time_by_their_memory_and_their_calls(resources: dict[str, Resource]) -> None:
    """One call for all of them; AWS has a sum for each day."""
    results = [
        {"Id": "duration0", "Values": [600_000.0, 400_000.0]},
        {"Id": "invocations0", "Values": [1500.0, 500.0]},
    ]
    aws = ScriptedAws({"cloudwatch:GetMetricData": {"MetricDataResults": results}})
    function = resources["lambda/Validate"]
    (item,) = cost.of_functions(aws, [function], NOW)
    gigabytes = function.desired()["MemorySize"] / 1024
    assert item.runs == 2000
    architecture = function.desired()["Architectures"][0]
    assert item.dollars == pytest.approx(1000 * gigabytes * cost.GB_SECOND[architecture] + 2000 / 1e6 * 0.20)
    assert len(aws.calls) == 1
    sent = aws.sent("cloudwatch:GetMetricData")
    assert sent["EndTime"] - sent["StartTime"] == timedelta(days=30)
    assert {query["MetricStat"]["Metric"]["MetricName"] for query in sent["MetricDataQueries"]} == {"Duration", "Invocations"}


def test_executions_cost_the_mean_of_those_that_were_read(resources: dict[str, Resource], repository: Repository) -> None:
    (_, machines) = (project.machines for project in content(repository).projects)
    ((machine, executions),) = machines
    assert isinstance(executions, Executions)
    (item,) = cost.of_machines([(machine, Executions("main", executions.last, 1000))])
    assert item.dollars == pytest.approx(1000 * 3 / 1000 * 0.025), "two visits, one of them tried twice"
    assert item.note == "by the mean of 1 of them"
    assert cost.of_machines([(machine, Executions("main", kept=False))]) == []
    unread = Execution("run", "SUCCEEDED", NOW, NOW)
    assert cost.of_machines([(machine, Executions("main", (unread,), 5))])[0].dollars is None
