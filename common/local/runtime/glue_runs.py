"""Glue job runs that really run: StartJobRun, its supervision in a thread, and BatchStopJobRun.

A run's record is ministack's own, so GetJobRun and GetJobRuns need no change.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html
"""

import contextvars
import os
import signal
import subprocess
import threading
import time
from contextlib import nullcontext
from typing import TextIO

import debug_requests
import glue_api
import job_program
import logs
import seams
import settings as launch_settings
import spark_start
from glue_api import Request
from glue_versions import is_since_5
from json_types import Response
from ministack.core.responses import get_account_id
from ministack.services import glue

_ACTIVE = ("STARTING", "RUNNING", "STOPPING")
_LOCK = threading.Lock()
_programs: dict[str, "subprocess.Popen[str]"] = {}  # run id -> what runs


def install(settings: launch_settings.Settings) -> None:
    """Replace the calls that start and stop runs."""
    programs = job_program.Programs(settings)
    spark_start.install(programs)
    seams.replace(glue, "_start_job_run", "data", lambda data: _start(data, programs))
    seams.replace(glue, "_batch_stop_job_run", "data", _stop)
    reset = seams.use(glue, "reset", "")
    seams.replace(glue, "reset", "", lambda: (stop_all(), reset(), programs.forget_bookmarks()))


def stop_all() -> None:
    """Stop every run of every account, and wait a little for their records: the embedded AWS goes down or is emptied."""
    runs = [run for runs in list(glue._job_runs.all_values()) for run in runs if run["JobRunState"] in _ACTIVE]
    for run in runs:
        _halt(run)
    deadline = time.monotonic() + 3
    while any(run["JobRunState"] in _ACTIVE for run in runs) and time.monotonic() < deadline:
        time.sleep(0.02)
    for run in runs:
        run["JobRunState"] = "STOPPED"


def _start(data: Request, programs: job_program.Programs) -> Response:
    name = data.get("JobName")
    debug = programs.debugging((data.get("Arguments") or {}).pop(debug_requests.ARGUMENT, None))
    if name not in glue._jobs:
        return glue_api.error("EntityNotFoundException", f"Failed to start job run due to missing metadata: job {name}")
    job = glue._jobs[name]
    limit = job["ExecutionProperty"].get("MaxConcurrentRuns", 1)
    with _LOCK:
        runs = glue._job_runs.setdefault(name, [])
        if sum(run["JobRunState"] in _ACTIVE for run in runs) >= limit:
            return glue_api.error("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}")
        run = _new_run(job, data, f"jr_{glue.new_uuid().replace('-', '')}{glue.new_uuid().replace('-', '')}")
        runs.insert(0, run)
    supervised = contextvars.copy_context()  # account and region are in the context
    threading.Thread(target=supervised.run, args=(_supervise, job, run, programs, debug), daemon=True).start()
    return glue_api.answer({"JobRunId": run["Id"]})


def _new_run(job: Request, data: Request, run_id: str, attempt: int = 0) -> Request:
    now = time.time()
    inherited = ("Timeout", "MaxCapacity", "AllocatedCapacity", "WorkerType", "NumberOfWorkers", "GlueVersion", "ExecutionClass")
    sized = {field: data.get(field, job.get(field)) for field in (*inherited, "SecurityConfiguration")}
    return {
        "Id": run_id,
        "Attempt": attempt,
        "JobName": job["Name"],
        "StartedOn": now,
        "LastModifiedOn": now,
        "JobRunState": "STARTING",
        "Arguments": dict(data.get("Arguments") or {}),
        "PredecessorRuns": [],
        "ExecutionTime": 0,
        "LogGroupName": _log_group(job, data),
        **{field: value for field, value in sized.items() if value is not None},
    }


def _log_group(job: Request, data: Request) -> str:
    """The prefix of the two groups that a job's output and errors go to; Glue 5 lets a job choose it."""
    arguments = {**(job.get("DefaultArguments") or {}), **(data.get("Arguments") or {})}
    return str(arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs"))


def _streams(job: Request, run: Request) -> dict[str, logs.Stream]:
    """Where a run writes to: since Glue 5.0 to streams of each machine, and all that the script writes to the output.

    https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
    """
    modern = job["Command"].get("Name") != "pythonshell" and is_since_5(run)
    arguments = {**(job.get("DefaultArguments") or {}), **run["Arguments"]}
    name = f"{arguments.get('--custom-logStream-prefix', run['Id'])}-driver" if modern else run["Id"]
    made = {kind: logs.Stream(f"{run['LogGroupName']}/{kind}", name) for kind in ("output", "error")}
    return {**made, "error": made["output"]} if modern else made


def _supervise(
    job: Request, run: Request, programs: job_program.Programs, debug: debug_requests.DebugRequest | None = None
) -> None:
    """From STARTING to a final state, then a new attempt where the job asks for retries."""
    streams = _streams(job, run)
    try:
        state, message = _execute(job, run, programs, streams, debug)
    except Exception as error:  # a run must reach a final state, whatever happens
        state, message = "FAILED", str(error) or type(error).__name__
        streams["error"].write(message)
    finally:
        _programs.pop(run["Id"], None)
        programs.remove(run["Id"])
    _finish(run, state, message)
    runs = glue._job_runs.get(job["Name"])  # None: the job was deleted while it ran
    if runs is not None and state == "FAILED" and run["Attempt"] < job.get("MaxRetries", 0):
        attempt = run["Attempt"] + 1
        again = _new_run(job, run, f"{run['Id'].split('_attempt_')[0]}_attempt_{attempt}", attempt)
        runs.insert(0, {**again, "PreviousRunId": run["Id"]})
        _supervise(job, runs[0], programs)


def _execute(
    job: Request,
    run: Request,
    programs: job_program.Programs,
    streams: dict[str, logs.Stream],
    debug: debug_requests.DebugRequest | None,
) -> tuple[str, str]:
    command = programs.prepare(job, run, get_account_id(), debug)
    started = time.time()
    write = contextvars.copy_context()  # account and region are in the context
    warm = programs.spark.leased(
        command.environment, command.released, lambda line: write.copy().run(streams["output"].write, line)
    )
    with warm if command.is_warm else nullcontext({}) as variables, subprocess.Popen(  # running the job's script is the purpose
        command.line, cwd=command.folder, env={**command.environment, **variables}, text=True, errors="replace", process_group=0,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        _programs[run["Id"]] = program
        _begin(run, started)
        readers = [_pump(program.stdout, streams["output"]), _pump(program.stderr, streams["error"])]
        timed_out = _wait(program, None if debug else run["Timeout"] * 60)  # a breakpoint takes its time
        for reader in readers:
            reader.join(5)
    run["ExecutionTime"] = max(1, round(time.time() - started))
    if timed_out:
        return "TIMEOUT", "Job run reached its timeout and was stopped"
    if run["JobRunState"] == "STOPPING":
        return "STOPPED", ""
    if program.returncode == 0:
        return "SUCCEEDED", ""
    return "FAILED", command.error() or f"Command failed with exit code {program.returncode}"


def _begin(run: Request, started: float) -> None:
    """From STARTING to RUNNING, unless somebody stopped the run before there was anything to stop."""
    with _LOCK:
        if run["JobRunState"] == "STARTING":
            run["JobRunState"], run["StartedOn"] = "RUNNING", started
        else:
            _kill(_programs[run["Id"]])


def _halt(run: Request) -> None:
    with _LOCK:
        run["JobRunState"] = "STOPPING"
        if program := _programs.get(run["Id"]):
            _kill(program)


def _wait(program: "subprocess.Popen[str]", seconds: float | None) -> bool:
    """Wait for the end; True where the time was up first. What the script left running goes with it."""
    try:
        program.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    finally:
        _kill(program)
    return False


def _pump(pipe: TextIO, stream: logs.Stream) -> threading.Thread:
    def copy() -> None:
        for line in pipe:
            if line.strip():
                stream.write(line.rstrip("\n"))

    reader = threading.Thread(target=contextvars.copy_context().run, args=(copy,), daemon=True)
    reader.start()
    return reader


def _finish(run: Request, state: str, message: str) -> None:
    now = time.time()
    run.update({"CompletedOn": now, "LastModifiedOn": now, **({"ErrorMessage": message} if message else {})})
    run["JobRunState"] = state  # last: who polls for the state must see the rest


def _stop(data: Request) -> Response:
    name = data.get("JobName")
    stopped, errors = [], []
    for run_id in data.get("JobRunIds", []):
        run = next((run for run in glue._job_runs.get(name, []) if run["Id"] == run_id), None)
        which = {"JobName": name, "JobRunId": run_id}
        if run and run["JobRunState"] in _ACTIVE:
            _halt(run)
            stopped.append(which)
        else:
            code = "InvalidInputException" if run else "EntityNotFoundException"
            detail = {"ErrorCode": code, "ErrorMessage": f"Job run {run_id} is not running" if run else "Job run not found"}
            errors.append({**which, "ErrorDetail": detail})
    return glue_api.answer({"SuccessfulSubmissions": stopped, "Errors": errors})


def _kill(program: "subprocess.Popen[str]") -> None:
    """End a job with all its children: it has a process group of its own."""
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except PermissionError:  # macOS says so of a group that has only ended processes
        return
