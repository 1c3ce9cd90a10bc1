"""Makes logs and messages of executions fit to be shown: without lines that hold secrets, with paths of this repository.

A secret is known by its format, or because a declaration accepts it. One without a format, in a log, is a text like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from common.execution.recent import Execution, Executions, Tail
from common.execution.repository_paths import in_repository
from common.model import hidden_fields
from common.model.resource import Resource
from common.packaging import secret_detector

BEGIN, END = "-----BEGIN ", "-----END "
"""A key is a block of lines between two that begin so."""
RUNNING = ("lambda", "glue-job")
"""The kinds whose logs name files."""


def redacted(root: Path, executions: Executions, resources: Sequence[Resource]) -> Executions:
    """The executions without lines that hold a secret.

    Args:
        root: the repository, in which files are named.
        executions: the executions of a state machine.
        resources: what is declared.
    """
    accepting = [(resource, resource.desired()) for resource in resources if resource.accept_secret]
    running = {resource.name: resource for resource in resources if resource.key.kind in RUNNING}

    def clean(text: str) -> str:
        for resource, desired in accepting:
            text = hidden_fields.scrubbed(text, resource, desired)
        return "\n".join(without_secrets(text.split("\n")))

    def clean_tail(tail: Tail) -> Tail:
        text = clean("\n".join(tail.lines))
        named = in_repository(root, running[tail.called])(text) if tail.called in running else text
        return replace(tail, lines=tuple(named.split("\n")))

    return replace(executions, last=tuple(_execution(execution, clean, clean_tail) for execution in executions.last))


def without_secrets(lines: Sequence[str]) -> list[str]:
    """The lines, each that holds a secret replaced by a sentence that says of which kind.

    Where only the end of a key is seen, what comes before it may be the key.
    """
    text = "\n".join(lines).encode(errors="replace")
    kinds = {finding.line: finding.kind for finding in secret_detector.find_in_text(text)} if lines else {}
    result: list[str] = []
    within = False
    for number, line in enumerate(lines, 1):
        if END in line and not within:
            result = [_left_out("a key")] * len(result)
        within = within or BEGIN in line
        is_kept = not (within or END in line or number in kinds)
        result.append(line if is_kept else _left_out(kinds.get(number, "a key")))
        within = within and END not in line
    return result


def _left_out(kind: str) -> str:
    return f"(a line that holds {kind} is left out)"


def _execution(execution: Execution, clean: Callable[[str], str], clean_tail: Callable[[Tail], Tail]) -> Execution:
    tails = tuple(map(clean_tail, execution.tails))
    return replace(execution, cause=clean(execution.cause), error=clean(execution.error), tails=tails)
