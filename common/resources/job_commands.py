"""The commands of Glue jobs: which program runs the script, in which Python, and how it is sized.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html#aws-glue-api-jobs-job-JobCommand and, for Ray,
https://docs.aws.amazon.com/glue/latest/dg/ray-jobs-section.html
"""

from collections.abc import Mapping
from typing import NamedTuple

from common.base.json_types import JsonObject
from common.environment.aws_versions import NEWEST_GLUE
from common.environment.resource_settings import JobSettings
from common.model.resource import State

SHELL_PYTHON = "3.9"
"""The Python of python-shell jobs; it names their interpreter, whatever their Glue version is."""
SHELL_GLUE_VERSION = "3.0"
"""The Glue version of new python-shell jobs, the only one of which Python 3.9 is a version."""
RAY_GLUE_VERSION = "4.0"
"""The Glue version of Ray jobs, the only one that has Ray."""
_LONG_TIMEOUTS = frozenset({"0.9", "1.0", "2.0", "3.0", "4.0"})
"""The versions of Glue whose jobs time out after two days if they name no timeout; those of later ones, after eight hours."""
SPARK, STREAMING, SHELL, RAY = "spark", "streaming", "shell", "ray"
ON_SPARK = frozenset({SPARK, STREAMING})
"""The commands that run a script on Spark."""


class Command(NamedTuple):
    """A command.

    Args:
        name: what Glue calls it.
        pythons: the versions of Python that it takes, the usual one first.
        runtime: the version of its own runtime, if it names one.
    """

    name: str
    pythons: tuple[str, ...]
    runtime: str | None = None


COMMANDS: Mapping[str, Command] = {
    SPARK: Command("glueetl", ("3",)),
    STREAMING: Command("gluestreaming", ("3",)),
    SHELL: Command("pythonshell", (SHELL_PYTHON, "3")),
    RAY: Command("glueray", ("3.9",), "Ray2.4"),
}
"""The commands by the word for a job with one."""
BY_NAME: Mapping[str, str] = {command.name: word for word, command in COMMANDS.items()}
"""The words by what Glue calls the command."""


def problem(word: str, settings: JobSettings) -> str:
    """What Glue does not take of these settings for a job with this command, as a sentence; empty if it takes all."""
    chosen = settings.model_fields_set
    command = COMMANDS[word]
    workers_of = {STREAMING: ("G.025X",), RAY: ("Z.2X",)}
    if settings.python_version and settings.python_version not in command.pythons:
        return f"python_version is {settings.python_version}; the Python of {command.name} is {' or '.join(command.pythons)}."
    if settings.maintenance_window and word != STREAMING:
        return "maintenance_window is for streaming jobs. Say streaming=True, or take it away."
    for owner, workers in workers_of.items():
        if settings.worker_type in workers and word != owner:
            return f"worker_type {settings.worker_type} is for {owner} jobs. Say {owner}=True, or choose another one."
    if word == RAY and "worker_type" in chosen and settings.worker_type not in workers_of[RAY]:
        return f"worker_type is {settings.worker_type}; Ray jobs have {workers_of[RAY][0]}."
    if word != SPARK and settings.execution_class == "FLEX":
        return "execution_class FLEX is for Spark jobs that end by themselves."
    return ""


def command_of(word: str, settings: JobSettings, script: str) -> State:
    """The command as Glue takes it."""
    command = COMMANDS[word]
    python = settings.python_version or command.pythons[0]
    runtime = {"Runtime": command.runtime} if command.runtime else {}
    return {"Name": command.name, "PythonVersion": python, "ScriptLocation": script, **runtime}


def sizes_of(word: str, settings: JobSettings) -> State:
    """The version of Glue, and how large a job is. A streaming job without a timeout of its own runs until Glue restarts it."""
    endless = word == STREAMING and "timeout_minutes" not in settings.model_fields_set
    common: State = {} if endless else {"Timeout": settings.timeout_minutes}
    if word == SHELL:
        version = "1.0" if settings.python_version == "3" else SHELL_GLUE_VERSION
        return {**common, "GlueVersion": version, "MaxCapacity": float(settings.python_shell_capacity)}
    if word == RAY:
        return {**common, "GlueVersion": RAY_GLUE_VERSION, "WorkerType": "Z.2X", "NumberOfWorkers": settings.workers}
    workers = {"WorkerType": settings.worker_type, "NumberOfWorkers": settings.workers}
    flexible = {"ExecutionClass": settings.execution_class} if word == SPARK else {}
    return {**common, "GlueVersion": settings.glue_version, **workers, **flexible}


def live_command(live: JsonObject, declared: JsonObject) -> JsonObject:
    """The live command, as far as it is declared. Where nobody has named a Python, Glue 2.0 and later run version 3."""
    command = live.get("Command", {})
    fields: JsonObject = {name: command.get(name) for name in declared}
    spark = command.get("Name") in {COMMANDS[SPARK].name, COMMANDS[STREAMING].name}
    return {**fields, "PythonVersion": command.get("PythonVersion") or ("3" if spark else None)}


def filled(live: JsonObject) -> JsonObject:
    """A live job with what Glue does where nobody has named a version or a timeout; a streaming job has no timeout then.

    Follows https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html
    """
    name = live.get("Command", {}).get("Name")
    word = BY_NAME.get(name)
    version = live.get("GlueVersion") or (NEWEST_GLUE if word in ON_SPARK else None)
    usual = None if word == STREAMING else 480 if word == SPARK and version not in _LONG_TIMEOUTS else 2880
    values = {"GlueVersion": version, "Timeout": live.get("Timeout") or usual}
    return {**live, **{field: value for field, value in values.items() if value is not None}}


def names_its_interpreter(live: JsonObject) -> bool:
    """Whether the Glue version of a live job says nothing: it is a python-shell job that names the Python of ours."""
    command = live.get("Command", {})
    return (command.get("Name"), command.get("PythonVersion")) == (COMMANDS[SHELL].name, SHELL_PYTHON)
