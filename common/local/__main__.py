"""Answers the embedded AWS, which runs in an environment of its own, where another pinned environment is.

Usage: ``python -m common.local <name> [<Python version>]``; prints one JSON object, or the error and exits with 1.
"""

import json
import sys
from pathlib import Path

from common.errors import LocalError
from common.local import environments


def main() -> int:
    """Install the environment where it is missing, and print its Python and its variables."""
    name, *version = sys.argv[1:]
    try:
        variables: dict[str, str] = {}
        if name == "spark":
            python, variables = environments.spark(_note)
        elif name in {"uv", "node"}:
            python = Path(environments.uv() if name == "uv" else environments.node(_note))
        else:
            python = environments.python(name, _note, *version)
    except LocalError as error:
        _note(f"error: {error}")
        return 1
    sys.stdout.write(json.dumps({"python": str(python), "variables": variables}) + "\n")
    return 0


def _note(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
