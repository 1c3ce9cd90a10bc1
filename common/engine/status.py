"""Reads the status of each project: its release, the holder of its lease, and its last execution.

All of it comes from the artifact bucket and from Step Functions. Nothing is compared with this repository; `plan` does that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.declare import naming
from common.declare.declaration import Declares, Entry
from common.declare.workspace import DeclaredPipelines
from common.engine.connection import Connection
from common.engine.lease_takeover import holder
from common.state import locations
from common.state.release_root import CLEAN, DEPLOYING, Root
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
        released: who, when and from what: ``who``, ``holder``, ``host``, ``since``, ``commit``, ``clean`` (was the tree?).
        resources: how many there are.
        pending: what a deploy was about to change.
        former: what is still there under a name that it had before.
        names: what resources are declared to be called in AWS, by key, where that does not follow from prefix, project and key.
        lock: what the lease says of its holder; None if nobody holds it.
    """

    project: str
    state: str
    released: dict[str, str] = field(default_factory=dict)
    resources: int = 0
    pending: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    lock: JsonObject | None = None
    last_execution: Execution | None = None
    declared: bool = True
    undeclared: str = ""


def read_all(
    connection: Connection, declarations: DeclaredPipelines, *, others: bool, why_undeclared: Callable[[str], str]
) -> list[Status]:
    """The status of each declared project, the shared resources first.

    Args:
        connection: where to read.
        declarations: the projects that the command is about.
        others: read those, too, that are deployed and not declared.
        why_undeclared: tells why nothing of a project is declared.
    """
    pool, pipelines = connection.pool, declarations.pipelines
    statuses = list(pool.map(lambda pipeline: _with_names(connection, pipeline), pipelines))
    if others:
        names = sorted(connection.records.projects() - {status.project for status in statuses})
        reasons = {name: why_undeclared(name) for name in names}
        statuses += pool.map(lambda name: replace(read(connection, name), declared=False, undeclared=reasons[name]), names)
    return statuses


def read(connection: Connection, project: str, entry: Entry | None = None) -> Status:
    """The status of one project, which has an entry if it can be run."""
    records = connection.records
    mark = records.root_tag(project)
    root = records.root(project)[0] if mark else None
    if mark is not None and root is not None and mark.state in {CLEAN, DEPLOYING}:
        state = mark.state
    else:
        state = UNREADABLE if mark or records.recorded_keys(project) else NEVER
    released = root or Root()
    return Status(
        project=project,
        state=state,
        released={name: printable(text) for name, text in released.about.items()},
        resources=sum(not key.startswith("artifact/") for key in released.digests),
        pending=tuple(released.pending),
        former=tuple(sorted(key for key in released.digests if locations.FORMERLY in key)),
        lock=holder(connection, project),
        last_execution=_last_execution(connection, entry),
    )


def _with_names(connection: Connection, pipeline: Declares) -> Status:
    """The status of a declared project, and the names in AWS of what is deployed of it."""
    status = read(connection, pipeline.name, pipeline.entry)
    if status.state == NEVER:
        return status
    names = {
        str(resource.key): naming.unusual_name(connection.env, resource.key, resource.name, resource.arn)
        for resource in pipeline.resources()
    }
    return replace(status, names={key: name for key, name in names.items() if name})


def _last_execution(connection: Connection, entry: Entry | None) -> Execution | None:
    if entry is None:
        return None
    try:
        page = connection.aws.call("stepfunctions", "ListExecutions", stateMachineArn=entry.machine.arn, maxResults=1)
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
