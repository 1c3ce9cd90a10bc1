"""Collects what an execution starts with: the entry of a project, its input, and sample data for the embedded AWS.

All of it is checked before anything is installed or started.
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from common.base.encoding import decode_text
from common.base.errors import DeclarationError, UsageError
from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.declare.declaration import Declares, Entry
from common.declare.messages import MAPPING
from common.declare.workspace import DeclaredPipelines
from common.environment.endpoints import account_words
from common.execution.messages import Messages
from common.execution.repository_paths import relative
from common.model.reference import Location
from common.model.resource import Resource
from common.resources.cloud_control import CloudResource
from common.resources.rule import Rule

INPUT_LIMIT = 262_144
"""How many bytes of input Step Functions accepts."""
PAYLOAD_LIMIT = 6 * 2**20
"""How many bytes of input Lambda accepts in a call: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
LIKE_JSON = re.compile(r"""\s*([{\["]|(-?\d[\d.eE+-]*|true|false|null)\s*$)""")
"""Matches an input that is JSON itself and not the name of a file."""


@dataclass(frozen=True)
class Sample:
    """A file of sample data, and the object that it becomes."""

    path: Path
    bucket: str
    key: str
    body: bytes


@dataclass(frozen=True)
class Start:
    """An execution to start: the project and its entry, the input, and what to put into buckets and to send to queues first."""

    project: str
    entry: Entry
    input: str
    samples: Sequence[Sample] = ()
    messages: Sequence[Messages] = ()


def find_starts(root: Path, declarations: DeclaredPipelines, text: str | None) -> list[Start]:
    """Returns the executions that a command line requests.

    Args:
        root: the repository.
        declarations: the chosen projects.
        text: an input that replaces the declared one: a JSON object, or the name of a file that contains it.

    Raises:
        UsageError: nothing can be run, more than one project could be meant, or the input is not JSON.
        DeclarationError: a declared input or sample cannot be used.
    """
    declared_input = None if text is None else read_input(root, text)
    entries = {pipeline.name: pipeline.entry for pipeline in declarations.pipelines if pipeline.entry is not None}
    names, env = ", ".join(entries), declarations.env
    if not entries:
        raise UsageError("There is nothing to run: no chosen project declares an entry (`run_by` in its deploy.py).")
    if len(entries) > 1 and declared_input is not None:
        raise UsageError(f"--input is for one project. Add --project NAME; these can be run: {names}.")
    if len(entries) > 1 and env.embedded is None:
        what = account_words(env.name, env.endpoints)
        raise UsageError(f"Which project? {what}. Add --project NAME; these can be run: {names}.")
    inputs = {
        name: declared_input if declared_input is not None else _declared_input(root, entry) for name, entry in entries.items()
    }
    has_samples = declared_input is None and env.embedded is not None
    if not has_samples:
        return [Start(name, entry, inputs[name]) for name, entry in entries.items()]
    return [
        Start(name, entry, inputs[name], _samples(root, declarations.pipelines, entry), _messages(root, declarations, entry))
        for name, entry in entries.items()
    ]


def check_not_watched(pipelines: Iterable[Declares], bucket: str, key: str) -> None:
    """Checks that a sample does not start an execution by itself, which would run beside that of `run` on the same data.

    Raises:
        DeclarationError: a rule starts an execution for the sample.
    """
    resources = (resource for pipeline in pipelines for resource in pipeline.rendered())
    rule = next((resource for resource in resources if _watches(resource, bucket, key)), None)
    if rule is not None:
        raise DeclarationError(
            f"The sample would be put to s3://{bucket}/{key}, where {rule.key} of {rule.key.project} starts an execution "
            "for each new object. Give the sample a place of its own in `run_by`."
        )


def _samples(root: Path, pipelines: Iterable[Declares], entry: Entry) -> list[Sample]:
    samples = []
    for path, location in entry.sample:
        if isinstance(location, Location):
            bucket, key = location.bucket.name, f"{location.prefix}{path.name}"
            check_not_watched(pipelines, bucket, key)
            samples.append(Sample(path, bucket, key, _content(root, path)))
    return samples


def _messages(root: Path, declarations: DeclaredPipelines, entry: Entry) -> list[Messages]:
    """Returns what queues get: a message for each line of a file that is not blank."""
    sources = {
        resource.properties.get("EventSourceArn")
        for resource in declarations.resources
        if isinstance(resource, CloudResource) and resource.type_name == MAPPING and resource.properties.get("Enabled", True)
    }
    result = []
    for path, queue in entry.sample:
        if not isinstance(queue, Location):
            try:
                lines = decode_text(_content(root, path)).splitlines()
            except ValueError as error:
                raise DeclarationError(f"The sample {relative(root, path)} cannot be read: {error}.") from None
            result.append(Messages(path, queue.name, tuple(filter(str.strip, lines)), is_read=queue.arn in sources))
    return result


def _content(root: Path, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DeclarationError(f"The sample {relative(root, path)} cannot be read: {error.strerror}.") from None


def _watches(resource: Resource, bucket: str, key: str) -> bool:
    if not isinstance(resource, Rule) or not resource.enabled or resource.pattern is None:
        return False
    detail = resource.pattern.get("detail", {})
    keys = detail.get("object", {}).get("key", ())
    wildcards = [condition["wildcard"] for condition in keys if isinstance(condition, dict) and "wildcard" in condition]
    matches = any(re.fullmatch(".*".join(map(re.escape, wildcard.split("*"))), key) for wildcard in wildcards)
    return matches and bucket in detail.get("bucket", {}).get("name", ())


def read_input(root: Path, text: str, service: str = "Step Functions", limit: int = INPUT_LIMIT) -> str:
    """Returns the input of the command line as JSON text.

    Args:
        root: the repository.
        text: JSON, the name of a file that contains JSON, or ``-`` for standard input.
        service: the service that gets it, for messages.
        limit: how many bytes the service accepts.

    Raises:
        UsageError: it is neither, or too large.
    """
    if LIKE_JSON.match(text):
        return _check_input(text, "--input", service, limit)
    path = Path(text)
    try:
        if text == "-":
            return _check_input(decode_text(sys.stdin.buffer.read()), "standard input", service, limit)
        return _check_input(decode_text(path.read_bytes()), relative(root, path), service, limit)
    except OSError as error:
        reason = f"{error.strerror}: {text}" if text else "This is empty."
        raise UsageError(f"--input takes JSON, the name of a file that holds it, or - for standard input. {reason}") from None
    except ValueError as error:
        raise UsageError(f"{text} cannot be read: {error}.") from None


def _declared_input(root: Path, entry: Entry) -> str:
    if not isinstance(entry.input, Path):
        return json.dumps(entry.input, default=dict)
    where = relative(root, entry.input)
    try:
        return _check_input(decode_text(entry.input.read_bytes()), where)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeclarationError(f"{where} is the input of the execution and cannot be read: {reason}.") from None


def _check_input(text: str, where: str, service: str = "Step Functions", limit: int = INPUT_LIMIT) -> str:
    try:
        value: Json = json.loads(text, parse_constant=_refuse_constant)
        compact = json.dumps(value, ensure_ascii=False)
        size = len(compact.encode())
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}.") from None
    except RecursionError:
        raise UsageError(f"{where}: this is nested too deeply.") from None
    except ValueError as error:
        raise UsageError(f"{where}: this is not JSON: {error}.") from None
    if size > limit:
        raise UsageError(f"{where}: the input has {size} bytes; {service} accepts {limit}. Put the data into a bucket.")
    return compact


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"JSON has no number {name}")
