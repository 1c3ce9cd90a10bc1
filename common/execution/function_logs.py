"""Tells the lines of a function's log apart by invocation, and reads what Lambda reports of each: duration, billed time, memory.

An execution environment writes to one stream, and handles one request at a time. So everything between the start and the report
of a request is its own. A function may log as text or as JSON; Lambda's own lines have the same format.

Follows https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

import re
from collections.abc import Iterable, Mapping

from common.base.json_types import JsonMapping
from common.base.lean_dataclass import dataclass, field
from common.execution.json_text import json_object
from common.execution.logs import LogLine

_START = re.compile(r"START RequestId: (\S+)")
_END = re.compile(r"END RequestId: ")
_REPORT = re.compile(r"REPORT RequestId: (\S+)")
_INIT = re.compile(r"INIT_(START|REPORT) ")
_FIELDS = {
    "seconds": re.compile(r"\tDuration: ([\d.]+) ms"),
    "billed_seconds": re.compile(r"\tBilled Duration: ([\d.]+) ms"),
    "init_seconds": re.compile(r"\tInit Duration: ([\d.]+) ms"),
    "memory_mb": re.compile(r"\tMemory Size: (\d+) MB"),
    "used_mb": re.compile(r"\tMax Memory Used: (\d+) MB"),
}
"""What a report in text says; times are in milliseconds."""
_METRICS = {
    "durationMs": "seconds",
    "billedDurationMs": "billed_seconds",
    "initDurationMs": "init_seconds",
    "memorySizeMB": "memory_mb",
    "maxMemoryUsedMB": "used_mb",
}
"""The same in a report in JSON."""
_FAILURES = re.compile(
    r"^\[ERROR\]|\bTask timed out after |\bRuntime exited\b|\bRuntime\.\w+|\tStatus: (error|timeout)\b|^Traceback \(most recent"
)
_BAD_STATUSES = frozenset({"error", "failure", "timeout"})

Usage = Mapping[str, float]
"""What a call or run has used: `seconds`, `billed_seconds`, `init_seconds`, `memory_mb`, `used_mb`; of a job `dpu_seconds`."""


@dataclass
class Invocation:
    """The lines of one invocation of a function.

    Attributes:
        request: its request id; empty for lines before the first start, whose beginning was not read.
        lines: what the function wrote.
        usage: what Lambda reported at its end; empty if that was not read.
        failed: whether it failed, as far as its lines tell.
    """

    request: str
    lines: list[LogLine] = field(default_factory=list)
    usage: Usage = field(default_factory=dict)
    failed: bool = False

    @property
    def ended(self) -> bool:
        """Whether its report was read."""
        return bool(self.usage)


def invocations(lines: Iterable[LogLine]) -> list[Invocation]:
    """Returns the invocations that lines belong to, in the order in which they began."""
    current: dict[tuple[str, str], Invocation] = {}
    result: list[Invocation] = []
    for line in lines:
        where = (line.group, line.stream)
        platform = _platform_event(line.text)
        request = _started_request(line.text, platform)
        if request or where not in current:
            current[where] = Invocation(request)
            result.append(current[where])
        invocation = current[where]
        if is_platform_line(line.text):
            invocation.usage = {**invocation.usage, **usage_of(line.text)}
            invocation.failed = invocation.failed or _tells_failure(line.text, platform)
        else:
            invocation.lines.append(line)
            invocation.failed = invocation.failed or _tells_failure(line.text, platform)
    return [invocation for invocation in result if invocation.lines or invocation.request]


def usage_of(text: str) -> Usage:
    """Returns what a report of Lambda says; nothing if the text is not a report."""
    platform = _platform_event(text)
    if platform.get("type") == "platform.report":
        metrics = platform.get("record", {}).get("metrics", {})
        values = {name: float(metrics[metric]) for metric, name in _METRICS.items() if metric in metrics}
    elif _REPORT.match(text):
        values = {name: float(match[1]) for name, pattern in _FIELDS.items() if (match := pattern.search(text))}
    else:
        return {}
    return {name: value / 1000 if name.endswith("seconds") else value for name, value in values.items()}


def is_platform_line(text: str) -> bool:
    """Whether Lambda itself wrote the line, around those of a function."""
    return any(pattern.match(text) for pattern in (_START, _END, _REPORT, _INIT)) or bool(_platform_event(text))


def _started_request(text: str, platform: JsonMapping) -> str:
    if platform.get("type") == "platform.start":
        return str(platform.get("record", {}).get("requestId", ""))
    match = _START.match(text)
    return match[1] if match else ""


def _tells_failure(text: str, platform: JsonMapping) -> bool:
    if platform:
        return platform.get("record", {}).get("status") in _BAD_STATUSES
    if text.startswith("{"):
        return str(json_object(text).get("level") or json_object(text).get("log_level")).upper() in {"ERROR", "CRITICAL", "FATAL"}
    return bool(_FAILURES.search(text))


def _platform_event(text: str) -> JsonMapping:
    """Returns an event that Lambda wrote in JSON, or an empty object."""
    event = json_object(text) if text.startswith("{") and '"platform.' in text else {}
    return event if str(event.get("type", "")).startswith("platform.") else {}
