"""Prints what may come next on a command line: tasks, options, values. The scripts of `invoke completion` start it.

It is a program of its own that needs nothing but Python, because whoever presses Tab does not wait: Invoke alone takes longer to
load. Tasks and options are asked of Invoke once, and remembered in ``build/completion.json`` until a task changes. Nothing is
asked of AWS, and no declaration is run: keys are read from folders and from the source of `deploy.py`.

    python -I complete.py SHELL "the line up to the cursor"
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("invoke", "inv")
METHODS = {
    "function": "lambda",
    "layer": "layer",
    "job": "glue-job",
    "crawler": "crawler",
    "state_machine": "state-machine",
    "schedule": "rule",
    "on_object": "rule",
    "on_event": "rule",
    "queue": "queue",
    "topic": "topic",
    "table": "table",
    "bucket": "bucket",
    "database": "database",
    "resource": "resource",
}
"""The kinds of keys, by the methods of declarations whose first argument is the name."""
LISTS = frozenset({"project", "match", "from-machine"})
"""Options whose values may be separated by commas."""
SHELLS = ("bash", "zsh", "fish")


class TaskWords(TypedDict, total=False):
    """What may follow a task: its options, each with whether it takes a value, and the option whose value may stand alone."""

    options: dict[str, bool]
    subject: str


Tasks = dict[str, TaskWords]
"""What may follow each task, by its name."""


def candidates(root: Path, shell: str, line: str, tasks: Tasks) -> list[str]:
    """Returns what may stand in place of the last word of a line.

    Args:
        root: the repository.
        shell: bash takes ``--env=`` for a word of its own, the others do not.
        line: the line up to the cursor.
        tasks: the options of all tasks, by name, and whether each takes a value.
    """
    words = re.split(r"\s+", line.lstrip())
    start = max((number for number, word in enumerate(words[:-1]) if word.rpartition("/")[2] in PROGRAMS), default=-1)
    if start < 0:
        return []
    *before, last = words[start + 1 :]
    last = re.sub("^['\"]", "", last)  # shells keep the quotation mark that a value begins with
    task, pending = _context(before, tasks)
    if pending is None and last.startswith("--") and "=" in last:
        option, _, value = last.partition("=")
        if not _takes_value(tasks, task, option):
            return []
        values = _values(root, option[2:], value)
        return values if shell == "bash" else [f"{option}={each}" for each in values]
    if pending is not None:
        return _values(root, pending, last)
    options = [f"--{option}" for option in tasks.get(task, {}).get("options", {})] if task else ["--list", "--help", "--dry"]
    if last.startswith("-"):
        return _matching([*options, *(["--help"] if task else [])], last)
    subject = tasks.get(task, {}).get("subject") if task and before and before[-1] == task else ""
    return _values(root, subject, last) if subject else _matching([*tasks], last)


def _context(before: list[str], tasks: Tasks) -> tuple[str, str | None]:
    """The task that the words before the last one end in, and the option whose value comes next, if one does."""
    task, pending = "", None
    for word in before:
        if pending is not None:
            pending = None
        elif word.startswith("--"):
            pending = word[2:] if "=" not in word and _takes_value(tasks, task, word) else None
        elif word in tasks:
            task = word
    return task, pending


def _takes_value(tasks: Tasks, task: str, option: str) -> bool:
    return bool(tasks.get(task, {}).get("options", {}).get(option.lstrip("-")))


def _values(root: Path, option: str, begun: str) -> list[str]:
    """The values of an option that begin as the word does."""
    done, comma, last = begun.rpartition(",") if option in LISTS else ("", "", begun)
    return [f"{done}{comma}{value}" for value in _matching(_all_values(root, option), last)]


def _all_values(root: Path, option: str) -> Iterator[str]:
    match option:
        case "env" | "like":
            yield from (path.stem for path in (root / "config").glob("[!.]*.json") if path.stem != "schema")
        case "project":
            yield from (path.parent.name for path in (root / "projects").glob("[!.]*/deploy.py"))
        case "template":
            yield from (path.parent.parent.name for path in (root / "common/templates").glob("*/project/deploy.py"))
        case "only" | "role" | "adopt" | "key":
            yield from _keys(root)
        case "machine":
            yield from (key.partition("/")[2] for key in _keys(root) if key.startswith("state-machine/"))
        case "shell":
            yield from SHELLS


def _keys(root: Path) -> Iterator[str]:
    """The keys of what is found by convention, and of what declarations name."""
    for path in root.glob("projects/[!.]*/lambda/[!._]*/"):
        yield f"lambda/{path.name}"
    for path in root.glob("projects/[!.]*/glue/*/*.py"):
        yield f"glue-job/{path.stem}"
    for path in (root / "deploy.py", *root.glob("projects/[!.]*/deploy.py")):
        try:
            nodes = [*ast.walk(ast.parse(path.read_bytes()))]
        except (OSError, SyntaxError, ValueError):
            continue
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS and node.args:
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield f"{METHODS[node.func.attr]}/{name.value}"


def _matching(names: Iterable[str], begun: str) -> list[str]:
    return sorted({name for name in names if name.startswith(begun)})


def known_tasks(root: Path) -> Tasks:
    """Returns the tasks with their options: as remembered, or from Invoke if a task has changed since."""
    stamps = [path.stat().st_mtime_ns for path in (root / "common/commands").glob("*.py")]
    stamp, cache = [len(stamps), max(stamps, default=0)], root / "build" / "completion.json"
    try:
        remembered = json.loads(cache.read_text(encoding="utf-8"))
        if remembered["stamp"] == stamp:
            tasks: Tasks = remembered["tasks"]
            return tasks
    except (OSError, ValueError, KeyError, TypeError):
        pass
    command = [sys.executable, "-m", "invoke", "--search-root", str(root), "completion", "--tasks"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    try:
        tasks = json.loads(done.stdout)
    except ValueError:
        return {}
    try:
        temporary = cache.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({"stamp": stamp, "tasks": tasks}), encoding="utf-8")
        temporary.replace(cache)
    except OSError:  # where nothing can be written, Invoke is asked each time
        pass
    return tasks


def main(shell: str, line: str) -> None:
    """Prints the candidates, one a line."""
    sys.stdout.write("".join(f"{each}\n" for each in candidates(ROOT, shell, line, known_tasks(ROOT))))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
