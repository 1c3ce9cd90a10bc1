"""Writes a Glue job: its script as a file, its call, its settings."""

from common.base.json_types import JsonObject
from common.environment.resource_settings import JobSettings
from common.importing import values
from common.importing.entries import Context, Entry, refusal, set_differing
from common.importing.selection import LiveResource
from common.resources import job_commands

IN_CODE = frozenset({"glue_version"})
FOLDER = "glue/jobs"
"""Where the scripts of a project are put; the folder of a stage is for people to choose."""


def why_not(resource: LiveResource) -> str:
    """Why a job cannot be declared; empty if it can."""
    live, command = resource.live, resource.live.get("Command", {})
    kind, script, python = command.get("Name"), str(command.get("ScriptLocation", "")), command.get("PythonVersion", "3")
    if kind not in job_commands.BY_NAME:
        return f"it is a {kind} job, and only {', '.join(job_commands.BY_NAME)} can be declared"
    language = (live.get("DefaultArguments") or {}).get("--job-language", "python")
    if not script.startswith("s3://") or language != "python" or script.endswith((".scala", ".jar", ".zip")):
        return f"its script {script!r} is not a Python file in S3"
    if python not in job_commands.COMMANDS[job_commands.BY_NAME[kind]].pythons:
        return f"it is a {kind} job for Python {python}"
    if kind != "pythonshell" and not live.get("WorkerType"):
        return f"it is sized by MaxCapacity ({live.get('MaxCapacity')}), and not by WorkerType and NumberOfWorkers"
    return refusal(JobSettings, _settings(resource))


def _word(resource: LiveResource) -> str:
    """What runs the script, as a declaration says it."""
    return job_commands.BY_NAME[resource.live["Command"]["Name"]]


def entry(resource: LiveResource, key: str, context: Context) -> Entry:
    """What is written of a job, without its script."""
    result = Entry(resource=resource, key=key, method="job")
    word = _word(resource)
    if word != job_commands.SPARK:
        result.named[word] = True
    set_differing(result, JobSettings, context.env.defaults.job, _settings(resource), IN_CODE)
    values.set_plain(result, context, JobSettings, resource.live)
    values.set_values(result, context, "arguments", resource.live.get("DefaultArguments") or {})
    return result


def _settings(resource: LiveResource) -> JsonObject:
    """The live values by setting. Bookmarks, logging and the like are arguments of the job, and stay so."""
    live = job_commands.filled(resource.live)
    word, python = _word(resource), live["Command"].get("PythonVersion")
    usual = job_commands.COMMANDS[word].pythons[0]
    common: JsonObject = {
        **({"timeout_minutes": live.get("Timeout")} if live.get("Timeout") or word != job_commands.STREAMING else {}),
        **({"python_version": python} if python not in {None, usual} else {}),
        "max_retries": live.get("MaxRetries") or 0,
        "max_concurrent_runs": (live.get("ExecutionProperty") or {}).get("MaxConcurrentRuns", 1),
        "connections": (live.get("Connections") or {}).get("Connections") or [],
        "role": live["Role"],
        "bookmarks": False,
        "auto_scaling": False,
        "logging": "unmanaged",
    }
    if word == job_commands.SHELL:
        return {**common, "python_shell_capacity": f"{live.get('MaxCapacity', 0.0625):g}"}
    if word == job_commands.RAY:
        return {**common, "workers": live.get("NumberOfWorkers")}
    return {
        **common,
        "worker_type": live.get("WorkerType"),
        "workers": live.get("NumberOfWorkers"),
        "glue_version": live.get("GlueVersion"),
        "execution_class": live.get("ExecutionClass") or "STANDARD",
    }
