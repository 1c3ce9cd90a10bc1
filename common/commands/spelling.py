"""Refuses tasks and options that nobody has, and says what was probably meant, which Invoke's own message does not.

Invoke parses a command line only after it has loaded the tasks, and fails with "No idea what '--evn' is!". So it is parsed here
before, by Invoke's own parser, where a word looks as if that would happen.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.parser import Parser
from invoke.program import Program

from common.base.command_text import typed
from common.base.errors import UsageError
from common.base.suggestions import did_you_mean
from common.base.terminal import show
from common.commands.invoke_options import check_words, versions

UNKNOWN = re.compile(r"No idea what (['\"])(?P<word>.*)\1 is!")
PROGRAMS = frozenset({"invoke", "inv"})
VERSION_OPTIONS = frozenset({"--version", "-V"})


def check(namespace: Collection, words: Sequence[str]) -> None:
    """Refuses a command line that names a task or an option that nobody has, or an option of Invoke that cannot be obeyed.

    Args:
        namespace: all tasks.
        words: the command line, its program included; another program's is not looked at.

    Raises:
        UsageError: it does.
        Exit: the versions were asked for, and shown.
    """
    check_words(words[1:])
    if not _is_invoke(words[0]):
        return
    if not VERSION_OPTIONS.isdisjoint(words[1:]):  # Invoke shows its own version alone, and only for an option before all tasks
        show(versions())
        raise Exit(code=0)
    if not any(_suspicious(namespace, words[1:])):
        return
    parser = Parser(contexts=namespace.to_contexts(), initial=Program().initial_context)
    try:
        parser.parse_argv(list(words[1:]))
    except ParseError as error:
        if unknown := UNKNOWN.fullmatch(str(error)):
            word, context = unknown["word"], error.context
            if not word.startswith("-"):
                guess = did_you_mean(word, namespace.task_names)
                raise UsageError(f"There is no task {word!r}.{guess} `{typed('--list')}` shows all of them.") from None
            name, options = (context.name, [*context.flags]) if context else (None, [])
            help_of = typed(f"{name} --help" if name else "--help")
            raise UsageError(
                f"{name or 'invoke'} has no option {word}.{did_you_mean(word, options)} `{help_of}` lists them."
            ) from None


def is_plain(tasks: Collection, words: Sequence[str]) -> bool:
    """Whether a command line of Invoke has only these tasks, options of theirs, and values of these options.

    Args:
        tasks: the tasks.
        words: the command line, its program included.
    """
    return _is_invoke(words[0]) and not any(_suspicious(tasks, words[1:]))


def take_subjects(namespace: Collection, words: Sequence[str]) -> None:
    """Lets the value of a task's subject stand without its option, if the command line has it so.

    Invoke would take `--help` and every other word for a value that must come, so this is decided for each command line.

    Args:
        namespace: all tasks.
        words: the command line, without its program.
    """
    for name in namespace.task_names:
        task: Any = namespace[name]
        if getattr(task, "subject", ""):
            task.positional = [task.subject] if name in words and _has_subject(namespace, task, words) else []


def _is_invoke(program: str) -> bool:
    return not PROGRAMS.isdisjoint((Path(program).stem, Path(program).parent.name))


def _has_subject(namespace: Collection, task: Any, words: Sequence[str]) -> bool:
    if {"--help", "-h"} & {*words} or f"--{task.subject}" in {word.partition("=")[0] for word in words}:
        return False
    task.positional = [task.subject]
    try:
        Parser(contexts=namespace.to_contexts(), initial=Program().initial_context).parse_argv(list(words))
    except ParseError as error:
        return "did not receive required positional arguments" not in str(error)
    return True


def _suspicious(namespace: Collection, words: Sequence[str]) -> Iterator[bool]:
    """Yields for each word whether Invoke may not know it. Most commands have no such word, and are parsed once."""
    tasks: Mapping[str, object] = namespace.task_names
    options: set[str] = set()
    before = ""
    for word in words:
        name = word.partition("=")[0]
        if word in tasks:
            options = {f"--{option.replace('_', '-')}" for option in namespace[word].help}
        elif word.startswith("-"):
            yield name not in options
        else:
            yield not before.startswith("--") or "=" in before
        before = word
