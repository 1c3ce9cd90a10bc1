"""What `invoke status` shows: of each project what is released, who holds its lease, and how its last execution went.

All of it is read from the artifact bucket and from Step Functions; nothing is compared with this repository, which is what
`plan` is for.
"""

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from common.base.command_text import typed
from common.base.errors import AwsError
from common.base.terminal import Screen
from common.commands.invocation import Invocation
from common.declare import projects
from common.declare.declaration import Entry
from common.engine.session import Choices, Session
from common.model.events import Closed, Event, Note
from common.report import cell_formats
from common.report.deploy_report import TextReport
from common.report.outcome import ending
from common.state import locations
from common.state.lease import Lock, who
from common.state.release_root import CLEAN, DEPLOYING, Root, printable

NEVER, UNREADABLE = "never deployed", "unreadable"
UNLISTED = frozenset({"StateMachineDoesNotExist", "StateMachineTypeNotSupported"})
"""How AWS says that there is nothing to list; of express machines only logs know the executions."""
COLUMNS = ("project", "state", "resources", "released (UTC)", "by", "commit", "last execution (UTC)")


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
        lock: what the lease says of its holder; None if nobody holds it.
    """

    project: str
    state: str
    released: dict[str, str] = field(default_factory=dict)
    resources: int = 0
    pending: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    lock: dict[str, Any] | None = None
    last_execution: Execution | None = None
    declared: bool = True
    undeclared: str = ""


def status(root: Path, choices: Choices, invocation: Invocation, *, json: bool, stream: TextIO | None = None) -> list[Status]:
    """Shows the state of the chosen projects, the shared resources first.

    Args:
        root: the repository.
        choices: what the command line says.
        invocation: closes the session in the end.
        json: print one JSON object instead of text.
        stream: where to write.
    """
    report = _JsonReport(choices.env or "", stream) if json else TextReport(stream=stream)

    def make() -> Session:
        projects.chosen(root, choices.project)
        return Session(root, choices, (), report, began=invocation.began)

    session = invocation.keep(("status", choices), make, Session.close)
    _ = session.caller  # the account guard comes first
    found = list(session.pool.map(lambda pipeline: read(session, pipeline.name, pipeline.entry), session.pipelines))
    if choices.project is None:
        gone = sorted(session.records.projects() - {one.project for one in found})
        why = {name: projects.undeclared(root, name, session.configured) for name in gone}
        found += session.pool.map(lambda name: replace(read(session, name), declared=False, undeclared=why[name]), gone)
    if isinstance(report, _JsonReport):
        report.found = found
    else:
        show(stream, found)
    return found


def read(session: Session, name: str, entry: Entry | None = None) -> Status:
    """The state of one project, which has an entry if it can be run."""
    mark = session.records.mark(name)
    root = session.records.root(name)[0] if mark else None
    readable = mark is not None and mark.state in {CLEAN, DEPLOYING} and root is not None
    found = root or Root()
    return Status(
        project=name,
        state=mark.state if mark is not None and readable else UNREADABLE if mark or session.records.listed(name) else NEVER,
        released={name: printable(text) for name, text in found.about.items()},
        resources=sum(not key.startswith("artifact/") for key in found.digests),
        pending=tuple(found.pending),
        former=tuple(sorted(key for key in found.digests if locations.FORMERLY in key)),
        lock=_lock(session, name),
        last_execution=_last_execution(session, entry),
    )


def show(stream: TextIO | None, found: list[Status]) -> None:
    """Prints one line a project, and below what is unfinished."""
    Screen(stream).table(COLUMNS, [_row(one) for one in found], right=[2], whole=[3], folding=[4])
    report = TextReport(stream=stream)
    for one in found:
        if one.pending:
            report(Note(f"{one.project}: not finished: {', '.join(one.pending)}"))
        if one.state == UNREADABLE:
            anew = f"`{typed('deploy --verify')}` looks at everything and writes it"
            report(Note(f"{one.project}: its release.json is lost, cannot be read, or is of another project; {anew}"))
        if not one.declared:
            report(Note(f"{one.project}: {one.undeclared}: --prune deletes what it left, and --prune --data what holds data"))
        if one.former:
            report(Note(f"{one.project}: kept under earlier names: {', '.join(one.former)}"))
        if one.lock is not None:
            report(Note(f"{one.project}: being deployed by {who(one.lock)}"))


def _row(one: Status) -> list[str]:
    about, execution = one.released, one.last_execution
    ran = f"{execution.status} {cell_formats.minute(execution.started)}" if execution else ""
    released = cell_formats.minute(about.get("since", ""))
    return [
        one.project,
        one.state,
        str(one.resources or ""),
        released,
        cell_formats.author(about),
        cell_formats.commit(about),
        ran,
    ]


def _lock(session: Session, project: str) -> dict[str, Any] | None:
    try:
        return Lock(session.aws, session.env, project, {}, lambda _: None).holder()
    except AwsError as error:
        if error.code != "NoSuchBucket":
            raise
        return None


def _last_execution(session: Session, entry: Entry | None) -> Execution | None:
    if entry is None:
        return None
    try:
        found = session.aws.call("stepfunctions", "ListExecutions", stateMachineArn=entry.machine.arn, maxResults=1)
    except AwsError as error:
        if error.code not in UNLISTED:
            raise
        return None
    for last in found["executions"]:
        ended = _time(last["stopDate"]) if last.get("stopDate") else None
        return Execution(last["executionArn"], last["status"], _time(last["startDate"]), ended)
    return None


def _time(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")


class _JsonReport:
    """One object on standard output, at the end."""

    def __init__(self, environment: str, stream: TextIO | None) -> None:
        self.found: list[Status] = []
        self._environment, self._screen = environment, Screen(stream)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Closed):
            told = {
                "environment": self._environment,
                "projects": [asdict(one) for one in self.found],
                **ending(event),
            }
            self._screen.object(told, indent=2)
