"""What is shown of a run of one function, job or crawler, and lines of logs: as text and as JSON."""

import json
from collections.abc import Iterator

from common.base.json_types import Json, JsonObject
from common.base.terminal import quoted
from common.execution.calls import SUCCEEDED, Returned
from common.execution.function_logs import Usage
from common.execution.logs import LogLine

WIDEST_OUTPUT = 2000
"""How many characters of a function's result are shown; `--json` has all of it."""
ENDS = {"FAILED": "failed", "TIMEOUT": "timed out", "STOPPED": "was stopped", "CANCELLED": "was cancelled"}
"""What is said of a status other than success."""


def line_texts(lines: tuple[LogLine, ...]) -> Iterator[str]:
    """Yields the markup of lines that something writes while it runs."""
    for line in lines:
        for text in line.text.splitlines():
            yield f"  [dim]│[/dim] {quoted(spaced(text))}"


def spaced(line: str) -> str:
    """A line of a log with two blanks for each tab: Lambda separates by tabs what it reports of a call."""
    return line.replace("\t", "  ")


def returned_lines(returned: Returned) -> Iterator[str]:
    """Yields the markup that tells how a run has ended."""
    failure = returned.failure
    if failure is not None:
        yield f"\n[bold red]{quoted(returned.key)} {_end(returned.status)}[/bold red]: [red]{quoted(failure.error)}[/red]"
        for text in failure.message.splitlines():
            yield f"  {quoted(text.expandtabs())}"
        if failure.advice:
            yield f"[bold]{quoted(failure.advice)}[/bold]"
        for text in failure.lines:
            yield f"  [dim]│[/dim] {quoted(text.expandtabs())}"
    good = returned.status == SUCCEEDED
    style, preposition = ("green", "in") if good else ("bold red", "after")
    used = "".join(f" [dim]·[/dim] {text}" for text in usage_texts(returned.usage))
    end = f"{quoted(returned.key)} [{style}]{_end(returned.status)}[/{style}]" if failure is None else " "
    yield f"{end} {preposition} {returned.seconds:.1f} s{used}"
    if returned.output is not None:
        shown = _pretty(returned.output)
        rest = len(shown) - WIDEST_OUTPUT
        yield from (quoted(text) for text in shown[:WIDEST_OUTPUT].splitlines())
        if rest > 0:
            yield f"[dim]… and {rest:,} more characters; --json prints all of them.[/dim]"


def usage_texts(usage: Usage) -> Iterator[str]:
    """Yields what a run used, as far as AWS tells."""
    if "billed_seconds" in usage:
        yield f"billed {usage['billed_seconds']:.3f} s"
    if "memory_mb" in usage:
        used = f"{usage['used_mb']:.0f} of " if "used_mb" in usage else ""
        yield f"{used}{usage['memory_mb']:.0f} MB used" if used else f"{usage['memory_mb']:.0f} MB"
    if "init_seconds" in usage:
        yield f"start of the environment {usage['init_seconds']:.1f} s"
    if "dpu_seconds" in usage:
        yield f"billed {usage['dpu_seconds']:.0f} DPU seconds"


def as_object(returned: Returned) -> JsonObject:
    """Returns what programs read."""
    failure = returned.failure
    return {
        "name": returned.name,
        "status": returned.status,
        "seconds": round(returned.seconds, 3),
        "error": failure.error if failure else None,
        "cause": failure.message if failure else None,
        **({"advice": failure.advice} if failure and failure.advice else {}),
        "trace": list(failure.lines) if failure else [],
        "usage": dict(returned.usage),
        "output": parsed(returned.output),
    }


def line_object(line: LogLine) -> JsonObject:
    """Returns a line for programs."""
    where = {"log_group": line.group, "log_stream": line.stream}
    state = {"state": line.state} if line.state else {}
    return {"at": line.at.isoformat(timespec="milliseconds"), **state, "text": line.text, **where}


def _end(status: str) -> str:
    return "succeeded" if status == SUCCEEDED else ENDS.get(status, f"ended as {status}")


def _pretty(text: str) -> str:
    value = parsed(text)
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= 100 else json.dumps(value, ensure_ascii=False, indent=2)


def parsed(text: str | None) -> Json:
    """Returns the JSON value of a text; the text itself if it is not JSON."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text
