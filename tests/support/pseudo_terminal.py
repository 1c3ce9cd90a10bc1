"""Runs a program in a terminal of its own, and tells what that shows in the end."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LINK, STYLE = r"\x1b\]8;[^\x1b]*\x1b\\", r"\x1b\[[?\d;]*[A-Za-z]"
"""Hyperlinks; and colours, and whether the cursor is shown."""
MOVES = re.compile(r"(\x1b\[1A|\x1b\[2K|\n|\r)")


class Shown(NamedTuple):
    """What a terminal got, what it shows in the end, and the exit code of the program."""

    written: str
    lines: list[str]
    code: int


def stays(written: str) -> list[str]:
    """What a terminal shows in the end: lines that were drawn live are erased again, and empty ones are left out."""
    lines = [""]
    for part in MOVES.split(written):
        if part == "\x1b[1A":
            lines.pop()
        elif part == "\x1b[2K":
            lines[-1] = ""
        elif part == "\n":
            lines.append("")
        elif part != "\r":
            lines[-1] += re.sub(f"{LINK}|{STYLE}", "", part)
    return [line.rstrip() for line in lines if line.strip()]


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str], *, columns: int = 100) -> Shown:
    """Runs a command in a terminal of so many columns, with these environment variables, and waits for its end."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {"TERM": "xterm-256color", **variables}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # the program has ended
        pass
    finally:
        os.close(ours)
    text = written.decode(errors="replace")
    return Shown(text, stays(text), process.wait(timeout=60))
