"""Compares what state machines call with the code: arguments of jobs, and events, errors and timeouts of functions."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import closest, did_you_mean
from common.declare.asl.called import WAIT
from common.declare.asl.later import is_later
from common.declare.asl.problem import Problem
from common.declare.asl.walk import Place, PlacedState, named_errors
from common.declare.machine_targets import MachineTargets, given_arguments, parameters_of, target_of, unqualified
from common.packaging import code_facts
from common.packaging.artifact import Script
from common.packaging.lambda_package import Package
from common.resources import kind_of
from common.resources.function import Function
from common.resources.job import Job

ALIKE = 0.85
"""How similar the name of an error is to one that a function raises if it was probably meant, from 0 to 1."""
GIVEN = frozenset({"JOB_NAME", "JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION", "TempDir"})
"""The arguments that Glue gives every run, and the one for which `getResolvedOptions` has a default."""
FOREIGN = frozenset({"extra-py-files", "additional-python-modules", "s3-py-modules", "pip-install"})
"""The arguments that bring code which is not in this repository, and may read other arguments."""
NEARLY = 0.9
"""How similar an unknown name is to a name of the project if that was probably meant, from 0 to 1."""
OF_GLUE = (
    *("additional-", "auto-scale-", "class", "conf", "continuous-", "custom-log", "customer-", "datalake-", "debug", "disable-"),
    *("enable-", "executor-", "extra-", "job-", "library-set", "mode", "number-of-", "python-", "scriptLocation", "spark-"),
    *("TempDir", "use-", "user-", "version", "write-", "apply-", "redshift-", "encryption-", "catalog", "default-", "glue-"),
    *("auto-scaling-", "logging_configuration", "min-workers", "object_spilling_config", "object_store_memory_", "pip-", "s3-"),
    "working-dir",
)
"""What the arguments begin with that Glue reads itself, the last two lines those of Ray.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
and https://docs.aws.amazon.com/glue/latest/dg/author-job-ray-job-parameters.html
"""


def call_problems(targets: MachineTargets, placed: PlacedState) -> Iterator[Problem]:
    """Yields what is wrong, or may be, in one state."""
    yield from _unknown(targets, placed)
    resource = targets.called(placed.state)
    parameters = placed.place / ("Arguments" if placed.language == "JSONata" else "Parameters")
    if isinstance(resource, Job):
        yield from _arguments(targets, parameters / "Arguments", parameters_of(placed.state), resource)
    elif isinstance(resource, Function):
        yield from _event(parameters / "Payload", parameters_of(placed.state).get("Payload"), resource)
        yield from _timeout(placed, resource)
    yield from _errors(targets, placed)


def _unknown(targets: MachineTargets, placed: PlacedState) -> Iterator[Problem]:
    """Yields a problem for a name that is nearly one of this project; any other may be somebody else's."""
    target = target_of(placed.state)
    if target is None or targets.called(placed.state) is not None:
        return
    kind, text = target
    names = [name for of_kind, name in targets.texts if of_kind == kind]
    if close := get_close_matches(unqualified(text), names, n=1, cutoff=NEARLY):
        message = f"this project has no {kind_of(kind).word} {text!r}."
        yield Problem("UNKNOWN_TARGET", placed.place, message, f" Did you mean {close[0]!r}?")


def _errors(targets: MachineTargets, placed: PlacedState) -> Iterator[Problem]:
    """Yields the errors that nothing raises and that are nearly ones which a called function raises."""
    functions = targets.functions(placed.state)
    if not functions or not {"Retry", "Catch"} & placed.state.keys():
        return
    raised = frozenset[str]().union(*(targets.errors(function) for function in functions))
    for place, error in named_errors(placed):
        if "." in error or is_later(error) or error in raised | code_facts.BUILTIN_ERRORS:
            continue  # it is one of Step Functions or of a service, or one that Python or the function raises
        if close := get_close_matches(error, raised, n=1, cutoff=ALIKE):
            names = ", ".join(sorted(function.key.name for function in functions))
            yield Problem("UNKNOWN_ERROR", place, f"{names} raises no {error!r}.", f" Did you mean {close[0]!r}?")


def _arguments(targets: MachineTargets, here: Place, parameters: JsonMapping, job: Job) -> Iterator[Problem]:
    arguments = parameters.get("Arguments", {})
    if not isinstance(arguments, Mapping) or "Arguments.$" in parameters or not isinstance(job.script, Script):
        return
    passed = {name.removesuffix(".$").removeprefix("--") for name in arguments}
    by_job = given_arguments(job)
    if "scriptLocation" in passed | by_job:
        return  # another script is run
    read = targets.arguments(job)
    missing = read.required - passed - by_job - GIVEN
    is_whole = read.is_whole and not FOREIGN & (passed | by_job)
    for name in sorted(missing):
        near = closest(name, passed - read.required - read.optional)
        text = f"the script of {job.key} reads --{name}, which neither this task nor the job gives."
        yield Problem("JOB_ARGUMENT", here, text, f" Is it what '--{near}' means?" if near else "")
    for field in arguments:
        name = field.removesuffix(".$").removeprefix("--")
        if is_whole and name not in read.required | read.optional | GIVEN and not name.startswith(OF_GLUE):
            text = f"the script of {job.key} does not read it."
            yield Problem(
                "UNUSED_JOB_ARGUMENT", here / field, text, did_you_mean(f"--{name}", [f"--{other}" for other in missing])
            )


def _event(here: Place, payload: Json, function: Function) -> Iterator[Problem]:
    if not isinstance(payload, Mapping) or not isinstance(function.code, Package):
        return
    file, handler = function.code.handler_file, function.handler.rpartition(".")[2]
    keys = code_facts.event_keys(file, handler) if file is not None and file.suffix == ".py" else None
    if keys is None:
        return
    fields = {name.removesuffix(".$"): name for name in payload}
    for name in sorted(fields.keys() - keys.names):
        text = f"{keys.type_name}, the event of {function.key}, has no such key."
        yield Problem("PAYLOAD_KEY", here / fields[name], text, did_you_mean(name, keys.names))
    for name in sorted(keys.required - fields.keys()):
        yield Problem("PAYLOAD_KEY", here, f"{keys.type_name}, the event of {function.key}, needs {name!r}.")


def _timeout(placed: PlacedState, function: Function) -> Iterator[Problem]:
    seconds, limit = placed.state.get("TimeoutSeconds"), function.settings.timeout_seconds
    if isinstance(seconds, int) and seconds < limit and not str(placed.state["Resource"]).endswith(WAIT):
        text = f"the task ends after {seconds} seconds, but {function.key} may run for {limit}, and goes on."
        yield Problem("FUNCTION_TIMEOUT", placed.place / "TimeoutSeconds", text)
