"""What `invoke run` does: sample data in, an execution followed to its end, a look at the table that it made.

Without --project, every chosen project that declares an entry runs, one after another, in the embedded AWS. In a real account
an execution costs money and changes data, so there the project must be named if several could be meant.
"""

import json as jsons
import re
from pathlib import Path
from typing import Any

from common import local
from common.base.command_text import typed
from common.base.encoding import decoded
from common.base.errors import DeclarationError, DeployError, FailedError, UsageError
from common.commands.invocation import Invocation
from common.declare import projects
from common.declare.declaration import Declares, Entry
from common.engine.session import Choices, Session
from common.execution import failure, follower, preview
from common.execution.follower import Began, Outcome, Put, Shown, Tell
from common.model.events import Note
from common.model.resource import Resource
from common.report.run_report import JsonRunReport, TextRunReport
from common.resources.rule import Rule

LIMIT = 262_144
"""Bytes of input that Step Functions accepts."""
LONGEST_PAUSE, LONGEST_PAUSE_EMBEDDED = 5.0, 1.0
Started = tuple[str, Entry, str]
"""A project, its entry, and the input of the execution to start."""
Sample = tuple[Path, str, str, bytes]
"""A file, the bucket and the key that it gets, and its content."""


def run(root: Path, choices: Choices, invocation: Invocation, text: str | None, *, json: bool) -> None:
    """Runs the chosen projects' entries, one after another.

    Args:
        root: the repository.
        choices: what the command line says.
        invocation: closes the session in the end.
        text: the execution's input instead of the declared one: a JSON object, or the name of a file that holds it.
        json: print one JSON object instead of text.

    Raises:
        UsageError: nothing can be run, more than one could be meant, or the input is not JSON.
        FailedError: an execution did not succeed.
    """
    report: Tell = JsonRunReport(choices.env or "") if json else TextRunReport()

    def make() -> Session:
        projects.chosen(root, choices.project)
        return Session(root, choices, (), report, began=invocation.began)

    session = invocation.keep(("run", choices), make, Session.close)
    _ = session.caller  # the account guard comes first
    entries = _entries(session, text)
    sampled = text is None and session.env.embedded is not None
    samples = {project: _sample(session, entry) if sampled else [] for project, entry, _ in entries}
    for project, entry, _ in entries:
        _check_deployed(session, project, entry)
    outcomes = [_run(session, report, *one, samples[one[0]]) for one in entries]
    failed = [outcome for outcome in outcomes if outcome.status != "SUCCEEDED"]
    if failed:
        raise FailedError(" ".join(_told(outcome) for outcome in failed))


def _entries(session: Session, text: str | None) -> list[Started]:
    given = None if text is None else _given(session.root, text)
    entries = {pipeline.name: pipeline.entry for pipeline in session.pipelines if pipeline.entry is not None}
    names, env = ", ".join(entries), session.env
    if not entries:
        raise UsageError("There is nothing to run: no chosen project declares an entry (`run_by` in its deploy.py).")
    if len(entries) > 1 and given is not None:
        raise UsageError(f"--input is for one project. Add --project NAME; these can be run: {names}.")
    if len(entries) > 1 and env.embedded is None:
        raise UsageError(f"Which project? {env.name} is a real account. Add --project NAME; these can be run: {names}.")
    return [(name, entry, given if given is not None else _declared(session.root, entry)) for name, entry in entries.items()]


def _run(session: Session, report: Tell, project: str, entry: Entry, text: str, sample: list[Sample]) -> Outcome:
    aws = session.aws
    if session.env.embedded is not None:
        _prepare(session, report, project)
        for path, bucket, key, body in sample:
            aws.call("s3", "PutObject", Bucket=bucket, Key=key, Body=body)
            report(Put(path, f"s3://{bucket}/{key}"))
    else:
        follower.wait_for_update(aws, session.env, project)
    started = follower.start(aws, entry.machine.arn, text)
    report(Began(project, entry.machine.name, started))
    try:
        longest = LONGEST_PAUSE if session.env.embedded is None else LONGEST_PAUSE_EMBEDDED
        history = follower.follow(aws, started, report, longest)
    except (KeyboardInterrupt, DeployError):
        stop = f"aws stepfunctions stop-execution --region {session.env.region} --execution-arn {started}"
        how = stop if session.env.embedded is None else typed("local.stop")
        report(Note(f"No longer following. The execution goes on; to stop it: {how}"))
        raise
    status = history.end or ""
    why = None if status == "SUCCEEDED" else failure.explain(aws, started, history)
    outcome = Outcome(project, started, status, history.seconds, tuple(history.visits), history.output, why)
    report(outcome)
    if why is None and entry.preview is not None:
        _show(session, report, project, entry)
    return outcome


def _prepare(session: Session, report: Tell, project: str) -> None:
    """Fetches what the embedded AWS needs for Spark jobs while somebody sees it, and not silently within the first job."""
    if any(one.key.kind == "glue-job" and one.key.project == project for one in session.resources):
        local.spark_python(session.root, lambda text: report(Note(text)))


def _show(session: Session, report: Tell, project: str, entry: Entry) -> None:
    """Shows the final table; that it cannot be shown does not make a failure of what succeeded."""
    assert entry.preview is not None  # noqa: S101 - the caller has looked
    try:
        report(Shown(project, preview.preview(session.aws, entry.preview, session.pool)))
    except DeployError as error:
        report(Note(f"{entry.preview.uri} cannot be shown: {error}"))


def _check_deployed(session: Session, project: str, entry: Entry) -> None:
    env, machine = session.env.name, entry.machine
    found = session.aws.find("stepfunctions", "DescribeStateMachine", "StateMachineDoesNotExist", stateMachineArn=machine.arn)
    if found is None or found.get("status") == "DELETING":
        where = f"{project} is not deployed to {env}: there is no state machine {machine.name}"
        raise UsageError(f"{where}. Deploy first: {typed(f'deploy --env {env} --project {project}')}")
    if found.get("type") == "EXPRESS":
        raise UsageError(f"{project}: {machine.name} is an EXPRESS state machine. Its executions leave no history to follow.")


def _sample(session: Session, entry: Entry) -> list[Sample]:
    """The sample data of an entry, and where it goes: looked at before anything is fetched or started.

    Raises:
        DeclarationError: a file cannot be read, or would start an execution by itself.
    """
    sample = []
    for path, location in entry.sample:
        bucket, key = location.bucket.name, f"{location.prefix}{path.name}"
        _check_unwatched(session.pipelines, bucket, key)
        try:
            body = path.read_bytes()
        except OSError as error:
            raise DeclarationError(f"The sample {_relative(session.root, path)} cannot be read: {error.strerror}.") from None
        sample.append((path, bucket, key, body))
    return sample


def _check_unwatched(pipelines: list[Declares], bucket: str, key: str) -> None:
    """A sample that starts an execution by itself would run beside the one that `run` starts, on the same data."""
    rules = [one for pipeline in pipelines for one in pipeline.resources() if _is_watching(one, bucket, key)]
    if rules:
        raise DeclarationError(
            f"The sample would be put to s3://{bucket}/{key}, where {rules[0].key} of {rules[0].key.project} starts an execution "
            "for each new object. Give the sample a place of its own in `run_by`."
        )


def _is_watching(resource: Resource, bucket: str, key: str) -> bool:
    if not isinstance(resource, Rule) or not resource.enabled or resource.pattern is None:
        return False
    detail = resource.pattern.get("detail", {})
    patterns = [one["wildcard"] for one in detail.get("object", {}).get("key", ()) if isinstance(one, dict) and "wildcard" in one]
    matches = any(re.fullmatch(".*".join(map(re.escape, one.split("*"))), key) for one in patterns)
    return matches and bucket in detail.get("bucket", {}).get("name", ())


def _given(root: Path, text: str) -> str:
    """The input that the user gives, as JSON text."""
    if text.lstrip()[:1] in {"{", "["}:
        return _checked(text, "--input")
    path = Path(text)
    try:
        return _checked(decoded(path.read_bytes()), _relative(root, path))
    except OSError as error:
        said = f"{error.strerror}: {text}"
        raise UsageError(f"--input takes a JSON object or the name of a file that holds one. {said}") from None
    except ValueError as error:
        raise UsageError(f"{text} cannot be read: {error}.") from None


def _declared(root: Path, entry: Entry) -> str:
    if not isinstance(entry.input, Path):
        return jsons.dumps(entry.input, default=dict)
    where = _relative(root, entry.input)
    try:
        return _checked(decoded(entry.input.read_bytes()), where)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeclarationError(f"{where} is the input of the execution and cannot be read: {reason}.") from None


def _checked(text: str, where: str) -> str:
    try:
        value: Any = jsons.loads(text, parse_constant=_no_number)
        compact = jsons.dumps(value, ensure_ascii=False)
        size = len(compact.encode())
    except jsons.JSONDecodeError as error:
        raise UsageError(f"{where}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}.") from None
    except RecursionError:
        raise UsageError(f"{where}: this is nested too deeply.") from None
    except ValueError as error:
        raise UsageError(f"{where}: this is not JSON: {error}.") from None
    if size > LIMIT:
        raise UsageError(f"{where}: the input has {size} bytes; Step Functions accepts {LIMIT}. Put the data into a bucket.")
    return compact


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number that it has")


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _told(outcome: Outcome) -> str:
    states = " > ".join(outcome.failure.states) if outcome.failure else ""
    return f"{outcome.project}: the execution ended {outcome.status}{f', in {states}' if states else ''}."
