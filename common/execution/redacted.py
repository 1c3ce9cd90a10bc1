"""Takes lines that hold secrets out of logs and messages before they are shown to others."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from common.execution.recent import Execution, Executions
from common.model import hidden_fields
from common.model.resource import Resource
from common.packaging import secret_detector

BEGIN, END = "-----BEGIN ", "-----END "
"""A key is a block of lines between two that begin so."""


def executions(executions: Executions, resources: Sequence[Resource]) -> Executions:
    """The executions without lines that hold a secret by its format, or a value that a declaration accepts as a secret."""
    accepting = [(resource, resource.desired()) for resource in resources if resource.accept_secret]

    def clean(text: str) -> str:
        for resource, desired in accepting:
            text = hidden_fields.scrubbed(text, resource, desired)
        return "\n".join(lines(text.split("\n")))

    return replace(executions, last=tuple(_execution(execution, clean) for execution in executions.last))


def lines(texts: Sequence[str]) -> list[str]:
    """The lines, each that holds a secret replaced by a sentence that says of which kind."""
    kinds = {finding.line: finding.kind for finding in secret_detector.find_in_text("\n".join(texts).encode())} if texts else {}
    result: list[str] = []
    within = False
    for number, text in enumerate(texts, 1):
        within = within or BEGIN in text
        if within or number in kinds:
            result.append(f"(a line that holds {kinds.get(number, 'a key')} is left out)")
        else:
            result.append(text)
        within = within and END not in text
    return result


def _execution(execution: Execution, clean: Callable[[str], str]) -> Execution:
    tails = tuple(replace(tail, lines=tuple(clean("\n".join(tail.lines)).split("\n"))) for tail in execution.tails)
    return replace(execution, cause=clean(execution.cause), error=clean(execution.error), tails=tails)
