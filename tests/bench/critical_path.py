"""The critical path of one command: when its process loaded what, and in which phase which calls were under way.

A phase is told from the calls that the proxy saw: what comes before the first write is planning, then come the artifact bucket,
leases and roots, the changes, and the clean roots. The seconds without a call under way are those of the process itself.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from tests.bench import measuring

PROGRAM = Path(__file__).with_name("profiled.py")
READS = ("Get", "List", "Describe", "Head", "GET", "HEAD")
LOCK, ROOT = "lock.json", "release.json"


class Call(NamedTuple):
    """A call as the proxy saw it: its beginning and end in seconds since the epoch, its service, and the operation or path."""

    begun: float
    ended: float
    service: str
    name: str

    @property
    def is_write(self) -> bool:
        return not self.name.startswith(READS)

    @property
    def short_name(self) -> str:
        """The operation, or the method and the last part of the path."""
        method, _, path = self.name.partition(" ")
        return f"{method} {path.rpartition('/')[2]}" if path else f"{self.service} {self.name}"


class Phase(NamedTuple):
    """A part of the critical path, in seconds since the process was started."""

    begun: float
    ended: float
    name: str
    calls: Sequence[Call] = ()

    def line(self, started: float) -> str:
        """One line of the table."""
        busy = _busy_seconds(self.calls, started + self.begun, started + self.ended)
        services = Counter(call.service for call in self.calls)
        by_service = ", ".join(f"{number} {service}" for service, number in services.most_common())
        seconds = self.ended - self.begun
        return f"| {self.begun:.2f} | {seconds:.2f} | {seconds - busy:.2f} | {self.name} | {by_service} |"


HEAD = "| at | seconds | no call under way | what | calls |\n|---|---|---|---|---|"


def profile(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[float, float, Mapping[str, float]]:
    """Runs a command; when it was started and ended, and when it began to load what."""
    path = folder / "build" / "marks.json"
    path.parent.mkdir(exist_ok=True)
    started = time.time()
    measuring.run([sys.executable, str(PROGRAM), str(path), *words], folder, environment)
    ended = time.time()
    noted = json.loads(path.read_text())
    return started, ended, noted["marks"]


def phases(started: float, ended: float, marks: Mapping[str, float], calls: Sequence[Call]) -> Iterator[Phase]:
    """The critical path from the start of the process to its end."""
    calls = sorted(calls)
    first = calls[0].begun if calls else ended
    loading = sorted((moment, name) for name, moment in marks.items() if moment < first)
    yield from _between([(started, "the process is started"), *loading, (first, "")], (), started)
    if not calls:
        return
    last = max(call.ended for call in calls)
    moments = [(first, "planning"), *_moments(calls), (last, "the process ends"), (ended, "")]
    yield from _between(moments, calls, started)


def chain(calls: Sequence[Call]) -> list[Call]:
    """The calls that were made one after the other: back from the one that ended last, each time the last one that had ended."""
    path = [max(calls, key=lambda call: call.ended)] if calls else []
    while before := [call for call in calls if call.ended <= path[-1].begun] if path else []:
        path.append(max(before, key=lambda call: call.ended))
    return path[::-1]


def chain_line(calls: Sequence[Call]) -> str:
    """The chain for people: how long it is, and its calls, of which equal neighbors are counted."""
    path = chain(calls)
    names = [(name, len([*group])) for name, group in groupby(call.short_name for call in path)]
    return f"{len(path)} of {len(calls)} calls one after the other: " + ", ".join(
        f"{name} {number} times" if number > 1 else name for name, number in names
    )


def _moments(calls: Sequence[Call]) -> list[tuple[float, str]]:
    """When what comes after planning begins, as far as anything does."""
    writes = [call for call in calls if call.is_write]
    locks = [call for call in writes if call.name.startswith("PUT") and call.name.endswith(LOCK)]
    roots = [call for call in writes if call.name.startswith("PUT") and call.name.endswith(ROOT)]
    if not locks or not roots:
        return []
    projects = {call.name for call in roots}
    firsts = [next(call for call in roots if call.name == name) for name in projects]
    lasts = [call for call in roots if call not in firsts]
    changing = max(call.ended for call in firsts)
    moments = [(writes[0].begun, "artifact bucket")] if writes[0] != locks[0] else []
    moments += [(locks[0].begun, "leases and roots"), (changing, "changes")]
    return moments + ([(min(call.begun for call in lasts), "clean roots, leases given back")] if lasts else [])


def _between(moments: Sequence[tuple[float, str]], calls: Sequence[Call], started: float) -> Iterator[Phase]:
    for (begun, name), (ended, _) in pairwise(moments):
        yield Phase(begun - started, ended - started, name, [call for call in calls if begun <= call.begun < ended])


def _busy_seconds(calls: Sequence[Call], begun: float, ended: float) -> float:
    """For how many seconds at least one call was under way."""
    busy, until = 0.0, begun
    for call in sorted(calls):
        busy += max(0.0, min(call.ended, ended) - max(call.begun, until))
        until = max(until, call.ended)
    return busy
