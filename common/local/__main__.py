"""Tells the embedded AWS, which runs in its own environment, the path of another pinned environment.

Usage: ``python -m common.local <name> [<Python version>]``; prints one JSON object, or the error and exits with 1.
"""

import sys
from pathlib import Path

from common.base import terminal
from common.base.errors import LocalError
from common.local import environments


def main() -> int:
    """Install the environment where it is missing, and print its Python and its variables."""
    name, *version = sys.argv[1:]
    try:
        variables: dict[str, str] = {}
        if name == "spark":
            python, variables = environments.spark(terminal.say)
        elif name in {"uv", "node"}:
            python = Path(environments.uv() if name == "uv" else environments.node(terminal.say))
        else:
            python = environments.python(name, terminal.say, *version)
    except LocalError as error:
        terminal.say(f"error: {error}")
        return 1
    terminal.Screen().object({"python": str(python), "variables": variables})
    return 0


if __name__ == "__main__":
    sys.exit(main())
