"""Invoke's own options: each does what it says for our tasks, or is refused before anything is done.

Most of them are about shell commands that tasks run through Invoke, and no task here runs any: an option without an effect would
be taken for one that has been obeyed. What an option says, a variable ``INVOKE_…`` or a configuration file of Invoke may say
as well, so what counts is the configuration that all of these make together.

Follows https://docs.pyinvoke.org/en/stable/invoke.html and https://docs.pyinvoke.org/en/stable/concepts/configuration.html
"""

import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import invoke
from invoke.config import Config
from invoke.exceptions import AmbiguousEnvVar, UncastableEnvVar
from invoke.tasks import Call

from common.base.errors import UsageError
from common.base.version import VERSION

OPTIONS = {
    "run.echo": "--echo",
    "run.hide": "--hide",
    "run.pty": "--pty",
    "run.warn": "--warn-only",
    "sudo.password": "--prompt-for-sudo-password",
    "tasks.dedupe": "--no-dedupe",
    "timeouts.command": "--command-timeout",
}
"""The option that sets each setting of Invoke, where there is one."""
SHELL = ("run", "sudo", "timeouts")
"""The sections of Invoke's configuration that are about shell commands."""
EXECUTOR = "common.commands.executor.Executor"
"""The one executor that our tasks run with; `invoke.yaml` names it."""
DRY = "dry_run"
"""The parameter of tasks that can show what they would do."""
PROMPT = "--prompt-for-sudo-password"
FORMATS = ("flat", "nested", "json")


def check_words(words: Sequence[str]) -> None:
    """Checks, before an executor runs, the options that Invoke obeys or on which it fails with a traceback.

    Raises:
        UsageError: an option is refused, or has a value that Invoke does not know.
    """
    if PROMPT in words:
        raise UsageError(_about_shell(PROMPT))
    for name in _values(words, "--list-format", "-F"):
        if name not in FORMATS:
            raise UsageError(f"--list-format is {name!r}; it must be one of {', '.join(FORMATS)}.")
    files = {"--config": _values(words, "--config", "-f"), "INVOKE_RUNTIME_CONFIG": [os.environ.get("INVOKE_RUNTIME_CONFIG")]}
    for option, paths in files.items():
        for path in filter(None, paths):
            if not Path(path).expanduser().is_file():
                raise UsageError(f"{option} names {path}, and there is no such file.")
            try:
                Config(runtime_path=Path(path)).load_runtime()
            except Exception as error:  # noqa: BLE001 - whatever its loaders raise: they do not wrap it
                raise UsageError(f"{option} names {path}, which Invoke cannot read: {' '.join(str(error).split())}") from None


def check(config: Config) -> None:
    """Looks whether Invoke's configuration asks for something that is not done here. Takes the variables into it first.

    Args:
        config: all that options and files say.

    Raises:
        UsageError: it does.
    """
    for library in ("botocore", "urllib3"):  # whose requests and responses hold tokens and values: --debug is about Invoke
        logging.getLogger(library).setLevel(logging.INFO)
    before = dict(config.tasks)
    try:
        config.load_shell_env()
    except (AmbiguousEnvVar, UncastableEnvVar, ValueError) as error:
        raise UsageError(f"One of the variables INVOKE_… cannot be used: {error}") from None
    defaults = Config.global_defaults()
    for section in SHELL:
        for name, default in defaults[section].items():
            if config[section][name] != default and (section, name) != ("run", "dry"):
                raise UsageError(_about_shell(_source_of(f"{section}.{name}")))
    if not config.tasks.dedupe:
        why = "steps share one plan, and each of them is carried out once"
        raise UsageError(f"{_source_of('tasks.dedupe')} is not possible: {why}. Leave it out. Nothing was done.")
    late = [name for name, value in before.items() if config.tasks[name] != value]
    if late or config.tasks.executor_class not in {None, EXECUTOR}:
        name = late[0] if late else "executor_class"
        why = f"Invoke reads INVOKE_TASKS_{name.upper()} only after it has loaded the tasks" if late else f"only {EXECUTOR} is"
        raise UsageError(f"{_source_of(f'tasks.{name}')} is not possible: {why}. Leave it out. Nothing was done.")


def refused_executor() -> str:
    """What to say where a task is run by another executor than ours."""
    return f"{_source_of('tasks.executor_class')} is not possible: only {EXECUTOR} is."


def versions() -> str:
    """The versions of the deployer and of what it runs with, for whoever reports an error."""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"pipeline-deployer {VERSION} (Invoke {invoke.__version__}, Python {python})"


def dry(calls: Iterable[Call]) -> list[Call]:
    """The calls, each of them only showing what it would do.

    Raises:
        UsageError: one of them cannot.
    """
    shown = list(calls)
    for call in shown:
        if DRY in {argument.name for argument in call.task.get_arguments()}:
            call.kwargs = {**call.kwargs, DRY: True}
        elif not getattr(call.task, "reads_only", False):
            why = "it cannot show what it would do"
            raise UsageError(f"{_source_of('run.dry')} is not possible with {call.task.name}: {why}. Nothing was done.")
    return shown


def _values(words: Sequence[str], *names: str) -> Iterator[str]:
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        if word in names:
            yield following
        elif word.startswith(f"{names[0]}="):
            yield word.partition("=")[2]


def _source_of(setting: str) -> str:
    """What sets a setting: the option, or where else it may be said."""
    option: Mapping[str, str] = {**OPTIONS, "run.dry": "--dry"}
    variable = f"INVOKE_{setting.replace('.', '_').upper()}"
    named = f"{setting} (in {variable} or a configuration file of Invoke)"
    return f"{option[setting]}, or {named}," if setting in option else named


def _about_shell(source: str) -> str:
    why = "is about shell commands that tasks run through Invoke, and no task here runs any"
    return f"{source} {why}. Leave it out. Nothing was done."
