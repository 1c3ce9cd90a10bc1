"""Where functions, job runs and crawlers log: which groups and streams of CloudWatch Logs may have the lines, the best first.

Follows https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html and
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass
from common.execution.history import Visit
from common.execution.json_text import json_object

AROUND = timedelta(seconds=5)
"""The clocks of services differ, so lines are searched from this long before a call until this long after it."""
CLOCKS_DIFFER = timedelta(seconds=1)
"""What is about to begin is searched from this long before: the clock of this machine may be ahead."""
STREAMS_SINCE = 5.0
"""Since this version of Glue, each machine of a Spark job has a stream of its own, and jobs may choose their groups."""
CRAWLERS = "/aws-glue/crawlers"
"""The group in which every crawler has a stream of its name, in every account."""


@dataclass(frozen=True)
class Source:
    """A source of log events: a stream, or a whole group between two times (milliseconds since 1970)."""

    group: str
    stream: str | None = None
    between: tuple[int, int] = (0, 0)


def of_visit(aws: Aws, execution: str, visit: Visit) -> Iterator[Source]:
    """Yields the log sources that may have the lines of the visit's function or job, the best first."""
    run = {**visit.submitted, **json_object(visit.cause)}
    parameters = call_parameters(aws, execution, visit)
    function = parameters.get("FunctionName")
    if function:
        yield from of_function(aws, function_name(str(function)), visit.entered, visit.failed_at or visit.left or visit.entered)
    run_id, job = run.get("Id") or run.get("JobRunId"), run.get("JobName") or parameters.get("JobName")
    if run_id and job:
        yield from of_job_run(aws, str(job), str(run_id), run.get("Arguments") or {})


def of_function(aws: Aws, function: str, since: datetime, until: datetime) -> Iterator[Source]:
    """Yields the groups that a function may log to, each limited to the time of a call."""
    for group in log_groups(aws, function):
        yield Source(group, between=window(since, until))


def window(since: datetime, until: datetime) -> tuple[int, int]:
    """Returns the time of a call for `Source`, a little wider because clocks differ."""
    return _milliseconds(since - AROUND), _milliseconds(until + AROUND)


def from_now_on(since: datetime) -> tuple[int, int]:
    """Returns the time from a moment on for `Source`, without an end."""
    return _milliseconds(since), 0


def of_job_run(aws: Aws, job: str, run_id: str, arguments: JsonMapping) -> Iterator[Source]:
    """Yields the streams that the driver of a job run may write to.

    Args:
        aws: AWS.
        job: the name of the job.
        run_id: the run.
        arguments: the arguments of the run, which win over those of the job.
    """
    arguments = {**_default_arguments(aws, job), **arguments}
    if continuous := arguments.get("--continuous-log-logGroup"):
        yield Source(str(continuous), f"{run_id}-driver")
    named = arguments.get("--custom-logStream-prefix")
    for prefix in filter(None, (arguments.get("--custom-logGroup-prefix"), "/aws-glue/jobs", "/aws-glue/python-jobs")):
        for stream in filter(None, (named, str(run_id))):  # since Glue 5.0; the lines of the script are in the output group
            yield from (Source(f"{prefix}/{kind}", f"{stream}-driver") for kind in ("output", "error"))
        yield from (Source(f"{prefix}/{kind}", run_id) for kind in ("error", "output"))


def of_run(job: JsonMapping, run: JsonMapping) -> list[Source]:
    """Returns exactly the streams that the driver of a run writes to.

    Since Glue 5.0 a Spark job may choose its groups, and has a stream for each machine. Before, a run has one stream in two
    groups, and with continuous logging one more. The run tells the name of a group whose lines are encrypted.

    Args:
        job: the job as in GetJob.
        run: the run as in GetJobRun.
    """
    parts = (job.get("DefaultArguments"), run.get("Arguments"), job.get("NonOverridableArguments"))
    arguments = {name: value for part in parts for name, value in (part or {}).items()}
    run_id, is_shell = str(run["Id"]), job.get("Command", {}).get("Name") == "pythonshell"
    version = str(run.get("GlueVersion") or job.get("GlueVersion") or "0.9")
    usual = str(run.get("LogGroupName") or ("/aws-glue/python-jobs" if is_shell else "/aws-glue/jobs")).rstrip("/")
    if not is_shell and (version == "auto" or float(version) >= STREAMS_SINCE):
        prefix, stream = arguments.get("--custom-logGroup-prefix", usual), arguments.get("--custom-logStream-prefix", run_id)
        return [Source(f"{prefix}/{kind}", f"{stream}-driver") for kind in ("output", "error")]
    sources = [Source(f"{usual}/{kind}", run_id) for kind in ("output", "error")]
    if arguments.get("--enable-continuous-cloudwatch-log") == "true":
        group = arguments.get("--continuous-log-logGroup", f"{usual}/logs-v2")
        sources.append(Source(str(group), f"{arguments.get('--continuous-log-logStreamPrefix', run_id)}-driver"))
    return sources


def call_parameters(aws: Aws, execution: str, visit: Visit) -> JsonMapping:
    """Returns the parameters of the visit's last call: those in the history, or else those in the execution's definition."""
    if parameters := json_object(visit.task.get("parameters")):
        return parameters
    if ":function:" in (resource := str(visit.task.get("resource", ""))):
        return {"FunctionName": resource}
    response = aws.find(
        "stepfunctions",
        "DescribeStateMachineForExecution",
        "ExecutionDoesNotExist",
        executionArn=execution,
        includedData="ALL_DATA",
    )
    state = _find_state(json_object((response or {}).get("definition")), visit.name)
    return state.get("Parameters") or state.get("Arguments") or {}


def _find_state(definition: JsonMapping, name: str) -> JsonMapping:
    """Returns the state of a name in a definition or a part of it; names are unique in a definition."""
    states = definition.get("States", {})
    if name in states:
        return dict(states[name])
    inner = [state.get("ItemProcessor") or state.get("Iterator") or {} for state in states.values()]
    inner += [branch for state in states.values() for branch in state.get("Branches", ())]
    return next((state for part in inner if (state := _find_state(part, name))), {})


def log_groups(aws: Aws, function: str) -> tuple[str, ...]:
    """Returns the log group that a function is given, and the one that Lambda gives a function."""
    usual = f"/aws/lambda/{function}"
    try:
        response = aws.find("lambda", "GetFunction", "ResourceNotFoundException", FunctionName=function)
    except AwsError:  # the name may be enough
        return (usual,)
    group = ((response or {}).get("Configuration", {}).get("LoggingConfig") or {}).get("LogGroup", usual)
    return tuple(dict.fromkeys((str(group), usual)))


def _default_arguments(aws: Aws, job: str) -> JsonMapping:
    response = aws.find("glue", "GetJob", "EntityNotFoundException", JobName=job)
    return (response or {}).get("Job", {}).get("DefaultArguments") or {}


def function_name(function: str) -> str:
    """Returns the function's name from a name or ARN, with or without a version or alias."""
    return function.rpartition(":function:")[2].split(":", maxsplit=1)[0]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
