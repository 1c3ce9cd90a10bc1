"""The tour of the README: each command with the screen that it shows, for tests that print the real one."""

import re

from tests.support.repository import ROOT

PROMPT = "    $ uv run invoke "
OMITTED = "…"
"""Stands for lines that the README leaves out."""
VARYING = (
    (r"\d+\.\d s\b", "N s"),
    (r"\d+ AWS calls", "N AWS calls"),
    (r"( · us-east-1) · [0-9a-f]{7}$", r"\1"),
    ("uv run invoke", "invoke"),
    (r"\s+", " "),
)
"""What differs from run to run: seconds, polls, the commit, of which a copy has none, how it was started, and widths."""


def screens() -> list[tuple[str, list[str]]]:
    """Every command with the lines that follow it, in the order of the tour."""
    screens_shown: list[tuple[str, list[str]]] = []
    shown = False
    for line in (ROOT / "README.md").read_text().splitlines():
        if line.startswith(PROMPT):
            screens_shown.append((line.removeprefix(PROMPT), []))
            shown = True
        elif line and not line.startswith("    "):
            shown = False
        elif shown and line.strip() not in {"", OMITTED}:
            screens_shown[-1][1].append(line)
    return screens_shown


def not_printed(command: str, printed: str, *, time: int = 0) -> list[str]:
    """The lines of the README's screen that the command did not print.

    Args:
        command: behind ``invoke``.
        printed: by the real command.
        time: which one, of several screens of that command.
    """
    shown = [lines for name, lines in screens() if name == command][time]
    assert shown
    real = {_without_what_varies(line) for line in printed.splitlines()}
    return [line for line in shown if _without_what_varies(line) not in real]


def _without_what_varies(line: str) -> str:
    for pattern, fixed in VARYING:
        line = re.sub(pattern, fixed, line)
    return line.strip()
