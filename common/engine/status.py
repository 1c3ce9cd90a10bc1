"""Reads the status of each project: its release, the holder of its lease, and its last execution.

All of it comes from the artifact bucket and from Step Functions. Nothing is compared with this repository; `plan` does that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from common.aws import regions
from common.aws.protocol import Aws
from common.base.digest import Digest
from common.base.errors import AwsError
from common.base.json_types import JsonMapping, JsonObject
from common.base.lean_dataclass import dataclass, field
from common.declare.declaration import Declares, Entry
from common.declare.usual_names import UsualNames
from common.declare.workspace import DeclaredPipelines
from common.engine import aws_names
from common.engine.connection import Connection
from common.engine.lease_takeover import holder
from common.model.generated import IDENTIFIER
from common.model.resource import Key
from common.state import locations
from common.state.records import Records
from common.state.release_root import ARTIFACT, CLEAN, DEPLOYING, Root, key_of
from common.state.stored_objects import printable

NEVER, UNREADABLE = "never deployed", "unreadable"
NO_EXECUTIONS = frozenset({"StateMachineDoesNotExist", "StateMachineTypeNotSupported"})
"""AWS answers with these codes if there are no executions to list; executions of express machines are only in logs."""


@dataclass(frozen=True)
class Execution:
    """The last execution of a project's entry."""

    arn: str
    status: str
    started: str
    ended: str | None


@dataclass(frozen=True)
class Status:
    """One project in one environment.

    Args:
        state: of the release: ``clean``, ``deploying`` (under way, or broken off), ``unreadable`` or ``never deployed``.
        declared: it has a folder, and is for this environment; what is left of others, `deploy --prune` deletes.
        undeclared: why it is not declared.
        problem: why its declaration cannot be used, so that names and executions are not told.
        released: who, when and from what: ``who``, ``holder``, ``host``, ``since``, ``commit``, ``clean`` (was the tree?).
        resources: how many there are.
        pending: what a deploy was about to change.
        former: what is still there under a name that it had before.
        unrecorded: the resources whose record is missing, or has lost its tag or has another one; empty without `verify`.
        unconfirmed: the subscriptions that nobody has confirmed, or that are gone because nobody has.
        names: what resources are declared to be called in AWS, by key, where that does not follow from prefix, project and key.
        in_aws: what each declared resource that is deployed is called in AWS, by key: `name`, `arn` and `console`, its page.
        lock: what the lease says of its holder; None if nobody holds it.
    """

    project: str
    state: str
    released: dict[str, str] = field(default_factory=dict)
    resources: int = 0
    pending: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    in_aws: Mapping[str, JsonMapping] = field(default_factory=dict)
    lock: JsonObject | None = None
    last_execution: Execution | None = None
    declared: bool = True
    undeclared: str = ""
    problem: str = ""


def read_all(
    connection: Connection,
    declarations: DeclaredPipelines,
    *,
    others: bool,
    why_undeclared: Callable[[str], str],
    problems: Mapping[str, str] = MappingProxyType({}),
    verify: bool = False,
) -> list[Status]:
    """The status of each declared project, the shared resources first.

    Args:
        connection: where to read.
        declarations: the projects that the command is about.
        others: read those, too, that are deployed and not declared.
        why_undeclared: tells why nothing of a project is declared.
        problems: why declarations of projects that the command is about cannot be used, by project.
        verify: read the tag of each record, too, which takes one call for each resource.
    """
    pool, pipelines = connection.pool, declarations.pipelines
    read = list(pool.map(lambda pipeline: _read(connection, pipeline.name, pipeline.entry), pipelines))
    statuses = [_with_names(connection, pipeline, *about) for pipeline, about in zip(pipelines, read, strict=True)]
    broken = list(pool.map(lambda name: _read(connection, name), problems))
    statuses += [replace(status, problem=problems[status.project]) for status, _ in broken]
    read += broken
    if others:
        names = sorted(connection.records.projects() - {status.project for status in statuses})
        undeclared = list(pool.map(lambda name: _read(connection, name), names))
        statuses += [replace(status, declared=False, undeclared=why_undeclared(status.project)) for status, _ in undeclared]
        read += undeclared
    if not verify:
        return statuses
    recorded = [(key, expected) for status, root in read for key, expected in _records_of(status.project, root)]
    tags = pool.map(lambda record: connection.records.recorded_digest(record[0]), recorded)
    lost = [key for (key, expected), tag in zip(recorded, tags, strict=True) if tag != expected]
    return [
        replace(status, unrecorded=tuple(sorted(str(key) for key in lost if key.project == status.project)))
        for status in statuses
    ]


def _records_of(project: str, root: Root) -> Iterator[tuple[Key, Digest]]:
    """The keys of the records below a root and the digests in their tags, except for those that a deploy is about to change."""
    for text, expected in root.digests.items():
        key = key_of(project, text)
        if key is not None and key.kind != ARTIFACT and text not in root.pending:
            yield key, expected


def _read(connection: Connection, project: str, entry: Entry | None = None) -> tuple[Status, Root]:
    """The status of one project, which has an entry if it can be run, and its release root."""
    records = connection.records
    root_tag = records.root_tag(project)
    root = records.root(project)[0] if root_tag else None
    if root_tag is not None and root is not None and root_tag.state in {CLEAN, DEPLOYING}:
        state = root_tag.state
    else:
        state = UNREADABLE if root_tag or records.recorded_keys(project) else NEVER
    released = root or Root()
    status = Status(
        project=project,
        state=state,
        released={name: printable(text) for name, text in released.about.items()},
        resources=sum(not key.startswith(f"{ARTIFACT}/") for key in released.digests),
        pending=tuple(released.pending),
        former=tuple(sorted(key for key in released.digests if locations.FORMERLY in key)),
        unconfirmed=tuple(unconfirmed(connection.aws, records, project, released)),
        lock=holder(connection, project),
        last_execution=_last_execution(connection, entry),
    )
    return status, released


def unconfirmed(aws: Aws, records: Records, project: str, root: Root) -> Iterator[str]:
    """The subscriptions of a project that tell nobody, each with the reason.

    Follows https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """
    for text in sorted(root.digests):
        key = key_of(project, text)
        if key is None or not locations.follows_configuration(key):
            continue
        record = records.read(key)
        arn = str((record.get("outputs") or {}).get(IDENTIFIER, ""))
        if not arn:
            continue
        regional = regions.at(aws, arn)
        live = regional.find("sns", "GetSubscriptionAttributes", "NotFound", SubscriptionArn=arn)
        if live is None or live["Attributes"].get("PendingConfirmation") == "true":
            desired = record.get("desired") or {}
            yield f"{desired.get('Endpoint', key)} ({'is gone' if live is None else 'waits for it'})"


def _with_names(connection: Connection, pipeline: Declares, status: Status, root: Root) -> Status:
    """The status of a declared project with the names in AWS of what is deployed of it."""
    if status.state == NEVER:
        return status
    env, resources = connection.env, pipeline.rendered()
    usual = UsualNames(env)
    names = {str(resource.key): usual.other_name(resource.key, resource.name, resource.arn) for resource in resources}
    deployed = [resource for resource in resources if str(resource.key) in root.digests]
    named = {str(resource.key): aws_names.aws_name(env, resource.key, resource) for resource in deployed}
    in_aws = {key: name.as_object() for key, name in named.items() if name is not None}
    return replace(status, names={key: name for key, name in names.items() if name}, in_aws=in_aws)


def _last_execution(connection: Connection, entry: Entry | None) -> Execution | None:
    if entry is None:
        return None
    try:
        page = regions.at(connection.aws, entry.machine.arn).call(
            "stepfunctions", "ListExecutions", stateMachineArn=entry.machine.arn, maxResults=1
        )
    except AwsError as error:
        if error.code not in NO_EXECUTIONS:
            raise
        return None
    for execution in page["executions"]:
        ended = _time(execution["stopDate"]) if execution.get("stopDate") else None
        return Execution(execution["executionArn"], execution["status"], _time(execution["startDate"]), ended)
    return None


def _time(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")
