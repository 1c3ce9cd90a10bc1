"""Glue jobs as AWS keeps them: tags in the tag store, a full replacement on update, and the listing calls.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html
"""

import json
import time
from collections.abc import Callable, Mapping

import seams
import settings as launch_settings
from json_types import JsonObject, Response
from ministack.services import glue

Request = JsonObject
Parameters = dict[str, list[str]]

_CAPACITY = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8, "Standard": 1}
_JOB_FIELDS = (
    "JobMode", "JobRunQueuingEnabled", "Description", "LogUri", "Role", "ExecutionProperty", "Command", "DefaultArguments",
    "NonOverridableArguments", "Connections", "MaxRetries", "AllocatedCapacity", "Timeout", "MaxCapacity",
    "SecurityConfiguration", "NotificationProperty", "GlueVersion", "NumberOfWorkers", "WorkerType",
    "CodeGenConfigurationNodes", "ExecutionClass", "SourceControlDetails", "MaintenanceWindow",
)  # fmt: skip


def install(_: launch_settings.Settings) -> None:
    """Replace what the module's first line names."""
    for name in ("_jobs", "_job_runs", "_crawlers", "_tags"):
        seams.table(glue, name)
    seams.use(glue, "_arn", "resource_type, name")
    seams.replace(glue, "_create_job", "data", _create_job)
    seams.replace(glue, "_update_job", "data", _update_job)
    delete_job = seams.replace(glue, "_delete_job", "data", lambda data: forget("job", data.get("JobName"), delete_job(data)))
    dispatch = seams.use(glue, "_handle_request_sync", "method, path, headers, body, query_params")
    answers = {
        "ListJobs": lambda data: _list("JobNames", "job", glue._jobs, data),
        "ListCrawlers": lambda data: _list("CrawlerNames", "crawler", glue._crawlers, data),
        "BatchGetJobs": lambda data: _batch("Jobs", "JobsNotFound", glue._jobs, data.get("JobNames", [])),
        "BatchGetCrawlers": lambda data: _batch("Crawlers", "CrawlersNotFound", glue._crawlers, data.get("CrawlerNames", [])),
    }
    new = _extended(dispatch, answers)
    seams.replace(glue, "_handle_request_sync", "method, path, headers, body, query_params", new)


def error(code: str, message: str) -> Response:
    """Glue's error response."""
    return glue.error_response_json(code, message, 400)


def answer(body: Request) -> Response:
    """Glue's response."""
    return glue.json_response(body)


def tag(kind: str, name: str, tags: dict[str, str] | None) -> None:
    """Remember the tags that a resource is created with."""
    if tags:
        glue._tags[glue._arn(kind, name)] = dict(tags)


def forget(kind: str, name: str | None, response: Response) -> Response:
    """The response to a deletion. If it is deleted, its tags are, too."""
    if response[0] < 300:
        glue._tags.pop(glue._arn(kind, name), None)
    return response


def _create_job(data: Request) -> Response:
    name = data.get("Name")
    if not name or not data.get("Role") or not data.get("Command"):
        return error("InvalidInputException", "Name, Role and Command are required")
    if name in glue._jobs:
        return error("IdempotentParameterMismatchException", f"Job {name} already submitted with different configuration")
    if wrong := _capacity_error(data):
        return error("InvalidInputException", wrong)
    now = time.time()
    glue._jobs[name] = {"Name": name, **_job(data), "CreatedOn": now, "LastModifiedOn": now}
    glue._job_runs[name] = []
    tag("job", name, data.get("Tags"))
    return answer({"Name": name})


def _update_job(data: Request) -> Response:
    name, update = data.get("JobName"), data.get("JobUpdate", {})
    if name not in glue._jobs:
        return error("EntityNotFoundException", f"Entity not found. Job {name}")
    if wrong := _capacity_error(update):
        return error("InvalidInputException", wrong)
    created = glue._jobs[name]["CreatedOn"]
    glue._jobs[name] = {"Name": name, **_job(update), "CreatedOn": created, "LastModifiedOn": time.time()}
    return answer({"JobName": name})


def _job(request: Request) -> Request:
    """The job that a request describes: what it leaves out has AWS's default, whatever it was before."""
    job = {field: request[field] for field in _JOB_FIELDS if request.get(field) is not None}
    defaults = {"ExecutionProperty": {"MaxConcurrentRuns": 1}, "MaxRetries": 0, "Timeout": 2880, "GlueVersion": "0.9"}
    job = {**defaults, **job}
    workers = job.get("NumberOfWorkers")
    default = 0.0625 if job.get("Command", {}).get("Name") == "pythonshell" else 10.0
    capacity = workers * _CAPACITY.get(job.get("WorkerType", ""), 1) if workers else job.get("MaxCapacity", default)
    return {**job, "MaxCapacity": float(capacity), "AllocatedCapacity": int(capacity)}


def _capacity_error(request: Request) -> str | None:
    sized = {"WorkerType", "NumberOfWorkers"} & request.keys()
    whole = {"MaxCapacity", "AllocatedCapacity"} & {field for field, value in request.items() if value}
    return "Please do not set Max Capacity if using Worker Type and Number of Workers." if sized and whole else None


def _list(field: str, kind: str, store: Mapping[str, JsonObject], data: Request) -> Response:
    tags = set(data.get("Tags", {}).items())
    names = [name for name in store if tags <= set(glue._tags.get(glue._arn(kind, name), {}).items())]
    start, size = int(data.get("NextToken") or 0), data.get("MaxResults", 100)
    more = {"NextToken": str(start + size)} if start + size < len(names) else {}
    return answer({field: sorted(names)[start : start + size], **more})


def _batch(present: str, missing: str, store: Mapping[str, JsonObject], names: list[str]) -> Response:
    return answer({present: [store[name] for name in names if name in store], missing: [n for n in names if n not in store]})


def _extended(dispatch: Callable[..., Response], answers: dict[str, Callable[[Request], Response]]) -> Callable[..., Response]:
    def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Parameters) -> Response:
        own = answers.get(headers.get("x-amz-target", "").split(".")[-1])
        return own(json.loads(body or "{}")) if own else dispatch(method, path, headers, body, query_params)

    return handle_request
