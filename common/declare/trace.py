"""Remembers what the declarations of an environment came to, so that an unchanged repository is planned without loading them.

In the words of build systems it is a verifying trace: what went in, as one digest (`surroundings`), and what came out, as the
digests that release roots have. It says nothing of what is in AWS: that is compared with it by every command. It only saves time,
may be deleted, and is ignored if it is damaged.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from common.base import digest
from common.base.atomic_file import new_file
from common.base.digest import Digest
from common.base.digest_cache import YOUNG_NS
from common.base.json_types import JsonObject
from common.base.lean_dataclass import dataclass
from common.base.process_clock import LOADED_NS
from common.declare import surroundings
from common.declare.surroundings import TooManyFilesError
from common.environment.site import Port, RememberedSite
from common.model.choices import Choices
from common.model.resource import Action, Change, Key

SCHEMA = 1


@dataclass(frozen=True)
class Trace:
    """What the declarations of an environment came to.

    Args:
        site: where the environment is.
        projects: the projects of the command.
        known: all projects that are for the environment, and that of shared resources.
        roots: by project, the digest of the release root in which everything is as declared.
        arns: the ARNs of everything that the tagging index and the listing of roles show.
        roles: by project and ``role/name``, the ARNs of declared roles.
        steps: the changes of a plan of which everything is as declared, each with its step, in the order of the plan.
        declared: the steps for which something is declared.
        advice: what people should know although nothing changes.
    """

    site: RememberedSite
    projects: Sequence[str]
    known: frozenset[str]
    roots: Mapping[str, Digest]
    arns: frozenset[str]
    roles: Mapping[str, Mapping[str, str]]
    steps: Sequence[tuple[Change, str]]
    declared: frozenset[str]
    advice: Sequence[str]


class Recalled(NamedTuple):
    """A trace that was kept.

    Args:
        trace: the trace. The environment is still where it says.
        is_current: nothing that the declarations depend on has changed since.
    """

    trace: Trace
    is_current: bool


class TraceFile:
    """The file with the trace of one kind of command, and the surroundings in which this command began.

    Args:
        root: the repository.
        choices: what the command line says.
        started_ns: when the process started, in nanoseconds since the epoch.

    Raises:
        TooManyFilesError: to look at the surroundings would take as long as it saves.
    """

    def __init__(self, root: Path, choices: Choices, started_ns: int = LOADED_NS) -> None:
        self._started_ns = started_ns
        about = [str(root), str(choices.env), str(choices.project)]
        name = f"{digest.short(digest.of_struct('command', 1, [*about]))}.json"
        self._path, self._began = root / "build" / "traces" / name, surroundings.look(root, about)

    def read(self) -> Recalled | None:
        """The trace; None if there is none, or if the environment may be elsewhere by now."""
        try:
            head, _, text = self._path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if not head.startswith(self._settings()) or not head.endswith(digest.of_bytes(text).encode()):
            return None
        saved: JsonObject = json.loads(text)
        is_current = head == self._head(text) and _beside(saved["folders"], saved["paths"]) == saved["beside"]
        return Recalled(_parsed(saved["trace"]), is_current)

    @property
    def is_settled(self) -> bool:
        """Whether no file was changed so lately that it may change again without looking changed, or since the process started.

        What changes while a process is at work may have been read before or after.
        """
        return self._began.newest_ns <= self._started_ns - YOUNG_NS

    def write(self, trace: Trace, folders: Sequence[str], paths: Sequence[str]) -> None:
        """Keeps a trace, unless something is not settled.

        Args:
            trace: what the declarations came to.
            folders: what the declarations used besides; see `surroundings.look_beside`.
            paths: the same.
        """
        try:
            beside, newest_ns = surroundings.look_beside(folders, paths)
        except TooManyFilesError:
            return
        if not self.is_settled or newest_ns > self._started_ns - YOUNG_NS:
            return
        saved = {"folders": [*folders], "paths": [*paths], "beside": beside, "trace": _as_object(trace)}
        text = json.dumps(saved, separators=(",", ":")).encode()
        with suppress(OSError), new_file(self._path) as temporary:  # if the folder cannot be written, the next command is slower
            temporary.write_bytes(self._head(text) + b"\n" + text)

    def _settings(self) -> bytes:
        return f"{SCHEMA} {self._began.settings} ".encode()

    def _head(self, text: bytes) -> bytes:
        return self._settings() + f"{self._began.digest} {digest.of_bytes(text)}".encode()


def trace_file(root: Path, choices: Choices) -> TraceFile | None:
    """The file of the trace; None if such commands are not traced, or if there are too many files to look at.

    Args:
        root: the repository.
        choices: what the command line says.
    """
    try:
        return TraceFile(root, choices) if choices.is_plain else None
    except TooManyFilesError:
        return None


def _beside(folders: Sequence[str], paths: Sequence[str]) -> Digest | None:
    try:
        return surroundings.look_beside(folders, paths)[0]
    except TooManyFilesError:
        return None


def _as_object(trace: Trace) -> JsonObject:
    steps = [[*change.key, change.reason, change.name, step] for change, step in trace.steps]
    plain = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in vars(trace).items()}
    return {**plain, "site": vars(trace.site), "steps": steps}


def _parsed(saved: JsonObject) -> Trace:
    site = saved["site"]
    embedded = Port(*site["embedded"]) if site["embedded"] is not None else None
    steps = [
        (Change(Key(project, kind, name), Action.NOOP, reason, name=in_aws), step)
        for project, kind, name, reason, in_aws, step in saved["steps"]
    ]
    sets = {name: frozenset(saved[name]) for name in ("known", "arns", "declared")}
    return Trace(**{**saved, **sets, "site": RememberedSite(**{**site, "embedded": embedded}), "steps": steps})
