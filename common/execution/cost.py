"""Estimates what the runs of the last days cost, as far as durations and sizes tell.

AWS bills more than is counted here, and less where there is a free tier or a discount. So each amount has its quantity and its
price, and what is not counted is named.

Follows https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html and
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta

from common.aws import regions
from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.lean_dataclass import dataclass
from common.base.plural import counted
from common.execution.job_runs import dpu_seconds
from common.execution.recent import DAYS, Executions
from common.model.resource import Resource

PRICES_OF = "AWS list prices of US East (N. Virginia) in US dollars, July 2025, without free tiers and discounts"
"""The name and the date of the price table. Pages: aws.amazon.com/lambda/pricing, /glue/pricing and /step-functions/pricing."""
PRICES_REGION = "us-east-1"
"""The region that these prices are of."""
DPU_HOUR = {"STANDARD": 0.44, "FLEX": 0.29}
"""The price of a DPU for an hour, by the execution class of a job run."""
GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""The price of 1 GB of memory of a function for a second, by architecture."""
MILLION_REQUESTS = 0.20
"""The price of a million requests to functions."""
THOUSAND_TRANSITIONS = 0.025
"""The price of a thousand state transitions of standard state machines."""
RUN_PAGES = 5
"""How many pages of 200 runs of a job are read at most."""
QUERIES = 500
"""How many metrics one call reads at most."""
NOT_COUNTED = (
    "crawlers",
    "express state machines",
    "items of distributed maps",
    "storage in S3 and DynamoDB",
    "logs",
    "queries of Athena",
    "messages",
    "data transfer",
    "provisioned concurrency",
)
"""What is billed, and not estimated here."""


@dataclass(frozen=True)
class Item:
    """What one resource cost.

    Args:
        project, key: the resource.
        runs: how many runs, calls or executions there were.
        quantity: what is billed, in words.
        dollars: the estimate; None if it cannot be told.
        note: why it cannot be told, or what limits the estimate.
    """

    project: str
    key: str
    runs: int
    quantity: str
    dollars: float | None
    note: str = ""


def of_jobs(aws: Aws, jobs: Sequence[Resource], now: datetime, pool: Executor) -> list[Item]:
    """What the runs of jobs cost.

    Raises:
        AwsError: AWS refused to list the runs of a job.
    """
    return list(pool.map(lambda job: _of_job(regions.at(aws, job.arn), job, now - timedelta(days=DAYS)), jobs))


def of_functions(aws: Aws, functions: Sequence[Resource], now: datetime) -> list[Item]:
    """What the calls of functions cost, by the metrics that Lambda writes: one call for up to 250 functions of a region.

    Raises:
        AwsError: AWS refused to read the metrics.
    """
    items: list[Item] = []
    by_region: dict[str, list[Resource]] = {}
    for function in functions:
        by_region.setdefault(function.arn.split(":")[3], []).append(function)
    for of_region in by_region.values():
        there = regions.at(aws, of_region[0].arn)
        for start in range(0, len(of_region), QUERIES // 2):
            some = of_region[start : start + QUERIES // 2]
            sums = _sums(there, some, now)
            items += [_of_function(function, sums, number) for number, function in enumerate(some)]
    return items


def of_machines(executions: Sequence[tuple[Resource, Executions]]) -> list[Item]:
    """What the executions of state machines cost: their number times the mean number of transitions of those that were read."""
    return [_of_machine(machine, of_machine) for machine, of_machine in executions if of_machine.kept]


def _of_job(aws: Aws, job: Resource, since: datetime) -> Item:
    seconds, dollars, count, page_number = 0.0, 0.0, 0, 0
    note = ""
    try:
        for page in aws.pages("glue", "GetJobRuns", JobName=job.name, MaxResults=200):
            page_number += 1
            runs = [run for run in page["JobRuns"] if run["StartedOn"] >= since]
            for run in runs:
                used = dpu_seconds(run) or 0.0
                seconds += used
                dollars += used / 3600 * DPU_HOUR.get(str(run.get("ExecutionClass") or "STANDARD"), DPU_HOUR["STANDARD"])
            count += len(runs)
            if len(runs) < len(page["JobRuns"]):
                break
            if page_number == RUN_PAGES and page.get("NextToken"):
                note = f"only the last {count:,} runs are counted"
                break
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise
        note = "it is not deployed"
    return Item(job.key.project, str(job.key), count, f"{seconds / 3600:,.2f} DPU hours", dollars, note)


def _sums(aws: Aws, functions: Sequence[Resource], now: datetime) -> dict[str, float]:
    """The sums of metrics by the id of their query."""
    queries = [
        {
            "Id": f"{metric.lower()}{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": metric,
                    "Dimensions": [{"Name": "FunctionName", "Value": function.name}],
                },
                "Period": 86400,
                "Stat": "Sum",
            },
        }
        for number, function in enumerate(functions)
        for metric in ("Duration", "Invocations")
    ]
    result: dict[str, float] = {}
    times = {"StartTime": now - timedelta(days=DAYS), "EndTime": now}
    for page in aws.pages("cloudwatch", "GetMetricData", MetricDataQueries=queries, **times):
        for metric in page["MetricDataResults"]:
            result[metric["Id"]] = result.get(metric["Id"], 0.0) + sum(metric["Values"])
    return result


def _of_function(function: Resource, sums: dict[str, float], number: int) -> Item:
    desired = function.desired()
    count, seconds = int(sums.get(f"invocations{number}", 0)), sums.get(f"duration{number}", 0.0) / 1000
    gigabytes = float(desired.get("MemorySize", 128)) / 1024
    architecture = str((desired.get("Architectures") or ["x86_64"])[0])
    used = seconds * gigabytes
    dollars = used * GB_SECOND.get(architecture, GB_SECOND["x86_64"]) + count / 1e6 * MILLION_REQUESTS
    return Item(function.key.project, str(function.key), count, f"{used:,.1f} GB seconds", dollars)


def _of_machine(machine: Resource, executions: Executions) -> Item:
    read = [execution.transitions for execution in executions.last if execution.visits]
    each = sum(read) / len(read) if read else 0.0
    transitions = executions.count * each
    notes = [] if len(read) >= executions.count else [f"by the mean of {len(read)} of them" if read else "none of them was read"]
    notes += [] if executions.complete else ["there were more executions"]
    dollars = transitions / 1000 * THOUSAND_TRANSITIONS if read or not executions.count else None
    quantity = counted(round(transitions), "transition")
    return Item(machine.key.project, str(machine.key), executions.count, quantity, dollars, "; ".join(notes))
