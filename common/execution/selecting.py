"""Finds the resource that a command line names by its key, and checks that it can be run or has logs."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from common import local
from common.aws import regions
from common.aws.protocol import Aws
from common.base.command_text import typed
from common.base.errors import UsageError
from common.base.json_types import JsonObject
from common.base.suggestions import closest, did_you_mean, known_names
from common.declare.call_rules import GIVEN, OF_GLUE
from common.declare.machine_targets import shared_paths
from common.environment.config import Environment
from common.execution.calls import Arguments
from common.execution.follower import Tell
from common.execution.starting import PAYLOAD_LIMIT, read_input
from common.model.events import Note, UnderWay
from common.model.reference import Location, Ref
from common.model.resource import Key, Resource
from common.packaging import code_facts
from common.packaging.artifact import Script
from common.resources.job import Job

FUNCTION, JOB, CRAWLER, MACHINE = "lambda", "glue-job", "crawler", "state-machine"
RUNNABLE = (FUNCTION, JOB, CRAWLER, MACHINE)
"""The kinds of what can be run, and of what logs."""
_LOOKS = {
    FUNCTION: ("lambda", "GetFunction", "ResourceNotFoundException", "FunctionName"),
    JOB: ("glue", "GetJob", "EntityNotFoundException", "JobName"),
    CRAWLER: ("glue", "GetCrawler", "EntityNotFoundException", "Name"),
}


def fetch_programs(root: Path, resources: Iterable[Resource], report: Tell) -> None:
    """Installs what runs the jobs among these resources in the embedded AWS, and tells of it."""
    for is_shell in sorted({resource.shell for resource in resources if isinstance(resource, Job)}):
        local.job_python(root, is_shell=is_shell, say=lambda text: report(Note(text)), show=lambda text: report(UnderWay(text)))


def select(resources: Sequence[Resource], key: str, verb: str) -> Resource:
    """Returns the resource with a key.

    Args:
        resources: the declared resources of the chosen projects.
        key: the key, as in ``lambda/Validate``; the kind may be left out if only one kind has the name.
        verb: what cannot be done with another kind, as in ``be run``.

    Raises:
        UsageError: there is none, there are several, or it is of another kind.
    """
    matching = [resource for resource in resources if key in {str(resource.key), resource.key.name}]
    usable = [resource for resource in matching if resource.key.kind in RUNNABLE]
    if matching and not usable:
        kinds = ", ".join(f"{kind}/…" for kind in RUNNABLE)
        raise UsageError(f"{matching[0].key} cannot {verb}. These can: {kinds}.")
    if not usable:
        keys = sorted({str(resource.key) for resource in resources if resource.key.kind in RUNNABLE})
        raise UsageError(f"No chosen project declares {key!r}.{_guess(key, keys)}")
    if len(usable) > 1:
        choices = ", ".join(sorted(f"{resource.key} of {resource.key.project}" for resource in usable))
        raise UsageError(f"{key!r} could be {choices}. Write the whole key, and add --project NAME.")
    return usable[0]


def check_deployed(aws: Aws, env: Environment, resource: Resource) -> None:
    """Checks that a function, job or crawler exists.

    Raises:
        UsageError: it is not deployed.
    """
    service, operation, absent, parameter = _LOOKS[resource.key.kind]
    if regions.at(aws, resource.arn).find(service, operation, absent, **{parameter: resource.name}) is None:
        raise UsageError(not_deployed(env, resource.key, resource.name))


def deployed_machine(aws: Aws, env: Environment, machine: Ref) -> JsonObject:
    """Returns a standard state machine as in DescribeStateMachine.

    Raises:
        UsageError: it is not deployed, or is an express machine.
    """
    regional, absent = regions.at(aws, machine.arn), "StateMachineDoesNotExist"
    live = regional.find("stepfunctions", "DescribeStateMachine", absent, stateMachineArn=machine.arn)
    if live is None or live.get("status") == "DELETING":
        raise UsageError(not_deployed(env, machine.key, machine.name))
    if live.get("type") == "EXPRESS":
        raise UsageError(f"{machine.key} is an EXPRESS state machine. Its executions leave no history to follow.")
    return live


def not_deployed(env: Environment, key: Key, name: str) -> str:
    """Returns the message that a resource does not exist yet."""
    deploy = typed(f"deploy --env {env.name} --project {key.project}")
    return f"{key} is not deployed to {env.name}: there is no {name} in AWS. Deploy first: {deploy}"


def payload(root: Path, text: str | None) -> str:
    """Returns the payload of a function's call as JSON text; without an input it is an empty object.

    Raises:
        UsageError: the input is not JSON.
    """
    return "{}" if text is None else read_input(root, text, "Lambda", PAYLOAD_LIMIT)


def job_arguments(job: Job, pairs: Collection[str]) -> Arguments:
    """Returns the arguments of a job run.

    Args:
        job: the job.
        pairs: what the command line says: ``name=value``, with or without ``--`` before the name.

    Raises:
        UsageError: a pair has no value, or the script does not read the argument, or needs one that is not given.
    """
    arguments = {}
    for pair in pairs:
        name, equals, value = pair.lstrip("-").partition("=")
        if not equals or not name:
            raise UsageError(f"--argument is {pair!r}; it must be name=value, as in --argument table=orders.")
        arguments[name] = value
    if isinstance(job.script, Script):
        read = code_facts.read_arguments(job.script.path, shared_paths(job))
        names = read.required | read.optional
        unread = [name for name in arguments if read.is_whole and name not in names | GIVEN and not name.startswith(OF_GLUE)]
        if unread:
            suggestion = did_you_mean(unread[0], names, otherwise=known_names(sorted(names)))
            raise UsageError(f"--argument {unread[0]}: the script of {job.key} does not read it.{suggestion}")
        declared = {name.removeprefix("--") for name in job.arguments}
        missing = sorted(read.required - arguments.keys() - GIVEN - declared)
        if missing:
            words = " ".join(f"--argument {name}=…" for name in missing)
            raise UsageError(f"The script of {job.key} reads --{missing[0]}, which nothing gives. Add {words}")
    return arguments


def location(resources: Sequence[Resource], text: str) -> Location:
    """Returns a place whose rows are shown.

    Args:
        resources: the declared resources.
        text: ``s3://bucket/prefix``, or a declared bucket and a prefix, as in ``final/orders``.

    Raises:
        UsageError: there is no such bucket.
    """
    if text.startswith("s3://"):
        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        reference = Ref(Key("", "bucket", bucket), bucket, f"arn:aws:s3:::{bucket}")
    else:
        name, _, prefix = text.partition("/")
        buckets = {resource.key.name: resource for resource in resources if resource.key.kind == "bucket"}
        if name not in buckets:
            guess = did_you_mean(name, buckets, otherwise=known_names(sorted(buckets)))
            raise UsageError(f"--preview is {text!r}: no bucket {name!r} is declared.{guess} Or write s3://BUCKET/PREFIX.")
        reference = Ref(buckets[name].key, buckets[name].name, buckets[name].arn)
    return reference / prefix


def _guess(key: str, keys: Sequence[str]) -> str:
    names = {listed.partition("/")[2]: listed for listed in keys}
    name = key.rpartition("/")[2]
    near = names.get(name) or closest(key, keys) or names.get(closest(name, names) or "")
    return f" Did you mean {near!r}?" if near else known_names(keys)
