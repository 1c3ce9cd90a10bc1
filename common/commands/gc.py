"""`invoke gc`: shows what nothing needs any more, and deletes it unless it is only to be shown."""

from datetime import UTC, datetime
from pathlib import Path

from common.base.errors import UnfinishedError, UsageError
from common.commands import answering
from common.commands.invocation import Invocation
from common.engine import protection
from common.engine.garbage import RELEASES, Collector, Garbage
from common.engine.old_layers import OldVersion
from common.engine.session import Choices, Session
from common.model.resource import PROJECT_NAME
from common.packaging.bill import ENDING
from common.state import old_versions
from common.state.old_versions import OldRecord


def report(
    root: Path, choices: Choices, invocation: Invocation, days: str, *, dry: bool, json: bool
) -> list[Garbage | OldVersion]:
    """Shows and deletes; what was, or would be, deleted.

    Raises:
        UsageError: `days` is no number, a project's name is none, or the name of a protected environment was not typed.
    """
    if not (days.isascii() and days.isdecimal()) or not 8 <= int(days) <= 3650:
        raise UsageError(f"--days is {days!r}; it must be from 8 to 3650: a run of a Glue job may last for 7 days.")
    session, answer = answering.opened(Session, root, choices, invocation, json=json)
    _ = session.caller  # the account guard comes first
    collector = Collector(session.configured, session.aws, session.records, session.pool, datetime.now(UTC), int(days))
    names = _names(session)
    todo = {name: some for name in names if (some := _found(session, collector, name))}
    old = [one for name in names for one in _old_records(session, name)]
    if (todo or old) and not dry:
        if session.configured.protected and not choices.yes:
            name = session.configured.name
            protection.name_back(name, f"{name} is protected", session.ask, hint="Add --yes if you mean it.")
        old_versions.delete(session.configured, session.aws, old)
        todo = {name: collector.collect(name, session.lock(name), session.about) for name in todo}
    told = [one for some in todo.values() for one in some]
    artifacts, layers = [one for one in told if isinstance(one, Garbage)], [one for one in told if isinstance(one, OldVersion)]
    for line in (*(f"{one.key} {one.size} bytes" for one in artifacts), *(one.key for one in layers)):
        session.say(f"{'would delete' if dry else 'deleted'} {line}")
    size, verb = sum(one.size for one in artifacts), "would be deleted" if dry else "deleted"
    if answer is not None:
        answer.found |= {"artifacts": [one.key for one in artifacts], "bytes": size, "deleted": not dry}
        answer.found |= {"layers": [one.key for one in layers]}
        answer.found |= {"old_records": {one.key: len(one.versions) for one in old}}
    number = sum(not one.key.endswith(ENDING) for one in artifacts)
    versions = f" and {len(layers)} versions of layers" if layers else ""
    session.say(f"{number} artifacts{versions} {verb}, {size / 2**20:.1f} MiB.")
    if old:
        number, size = sum(len(one.versions) for one in old), sum(one.size for one in old)
        session.say(f"{number} old versions of locks, releases and records {verb}, {size / 2**20:.1f} MiB.")
    return told


def _found(session: Session, collector: Collector, project: str) -> list[Garbage | OldVersion]:
    try:
        return collector.find(project)
    except UnfinishedError as error:
        session.say(str(error))
        return []


def _old_records(session: Session, project: str) -> list[OldRecord]:
    given = (session.configured, session.aws, session.records, project, RELEASES, datetime.now(UTC), session.pool)
    return old_versions.superseded(*given)


def _names(session: Session) -> list[str]:
    if session.choices.project is None:
        return sorted(session.records.projects())
    names = [name.strip() for name in session.choices.project.split(",")]
    for name in names:
        if not PROJECT_NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no project's name.")
    return names
