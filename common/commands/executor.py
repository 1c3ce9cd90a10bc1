"""Invoke's executor, with two things added: pre-tasks get the caller's options, and one invocation shares what its tasks open.

Stock Invoke runs pre-tasks without the options of the task that asked for them: `invoke deploy-sfn --env dev` would package for
no environment. And each task would have to open what the one before had just closed.
"""

import atexit
import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import invoke.executor
from invoke.exceptions import Exit
from invoke.parser.context import ParserContext
from invoke.program import Program
from invoke.runners import Result
from invoke.tasks import Call, Task

from common.base import error_screen, process_clock, process_end, signals, terminal
from common.base.errors import DeployError
from common.base.json_types import JsonMapping, JsonObject
from common.commands import invoke_options
from common.commands.invocation import INVOCATION, ROOT, Invocation

EXITED = "code of a declaration called sys.exit while the command was at work, so that was not finished. Take it out."
"""The message where something ends the command that is none of its own."""
UNREAD = "whoever read the output has closed it, so the command has stopped. What was done is recorded: type it again."
"""The message of a command that changes something and whose output nobody reads any more."""
PIPE_CLOSED = 141
"""The exit code of a command whose output nobody reads any more, as a shell has it for other programs."""
STOPPED = frozenset({130, 143})
"""The exit codes of what was stopped by a signal."""


class Executor(invoke.executor.Executor):
    """Runs tasks, and turns our errors into one message and an exit code."""

    def execute(self, *tasks: str | tuple[str, JsonObject] | ParserContext) -> dict[Task[Any], Result]:
        """Runs the tasks of one command line within one `Invocation`."""
        atexit.register(gc.freeze)  # Python would otherwise look for garbage among all objects before it ends
        requested: list[tuple[str, JsonMapping]] = []
        written, only_reads = terminal.Screen.objects, True
        try:
            invoke_options.check(self.config)
            calls = self.normalize(tasks)
            requested += [(str(call.task.name), call.kwargs) for call in calls]
            only_reads = all(getattr(call.task, "reads_only", False) for call in calls)
            invocation = Invocation(requested, process_clock.process_started(), self._root)
            begun = INVOCATION.set(invocation)
            try:
                with terminal.prepared_streams(), signals.interruptible():
                    return self._execute(invocation, *tasks)
            finally:
                INVOCATION.reset(begun)
        except DeployError as error:
            _show_object(requested, written, "stopped" if error.exit_code in STOPPED else "failed", str(error))
            terminal.flush()
            error_screen.show(str(error), getattr(error, "__notes__", ()))
            raise Exit(code=error.exit_code) from None
        except BrokenPipeError:
            terminal.discard_output()
            if not only_reads:
                error_screen.show(UNREAD)
            raise Exit(code=PIPE_CLOSED) from None
        except OSError as error:
            error_screen.show(str(error))
            raise Exit(code=1) from None
        except SystemExit:
            _show_object(requested, written, "failed", EXITED)
            error_screen.show(EXITED)
            raise Exit(code=1) from None
        except KeyboardInterrupt as stopped:
            _show_object(requested, written, "stopped", "Stopped.")
            raise Exit("Stopped.", code=143 if isinstance(stopped, signals.Terminated) else 130) from None

    def _execute(self, invocation: Invocation, *tasks: str | tuple[str, JsonObject] | ParserContext) -> dict[Task[Any], Result]:
        """The first error is the one to tell: what closing finds afterwards is its consequence."""
        answer: Exit | None = None
        try:
            result = super().execute(*tasks)
        except Exit as code:  # such as that of `plan`: no error, and none while closing
            result, answer = {}, code
        except BaseException:
            with suppress(DeployError):
                invocation.close()
            raise
        invocation.close()
        if answer is not None:
            raise answer
        if _is_alone():
            terminal.flush()
            process_end.skip_teardown()
        return result

    def normalize(self, tasks: tuple[str | tuple[str, JsonObject] | ParserContext, ...]) -> list[Call]:
        """The calls that the command line asks for; with ``--dry`` they only show what they would do."""
        calls = super().normalize(tasks)
        calls = invoke_options.dry(calls) if self.config.run.dry else calls
        without = [call for call in calls if call.kwargs.get("env", "") is None and not getattr(call.task, "for_all", False)]
        named = any(call.kwargs.get("env") for call in calls)  # which those without may have been meant for, too
        for call in without if not named else ():
            call.kwargs = {**call.kwargs, "env": self._default}
        return calls

    @property
    def _root(self) -> Path:
        """The repository: the folder that the tasks were loaded from."""
        return Path(self.collection.loaded_from or ROOT).resolve()

    @cached_property
    def _default(self) -> str | None:
        """The environment of calls that name none. A message says once which it is, and why."""
        from common.environment import default_environment

        default = default_environment.default_environment(self._root)
        if default is not None:
            terminal.say(f"note: --env {default[0]}, {default[1]}")
        return default[0] if default else None

    def expand_calls(self, calls: list[Call]) -> list[Call]:
        """Every call after its pre-tasks, which get those of its options that they know."""
        return [expanded for call in calls for expanded in _expanded(call, call.kwargs)]


def _show_object(requested: Sequence[tuple[str, JsonMapping]], written: int, outcome: str, error: str) -> None:
    """What programs read of a command that ended before it had anything to report; whatever else it has is in the full object."""
    if terminal.Screen.objects == written and any(options.get("json") for _, options in requested):
        terminal.Screen().object({"outcome": outcome, "error": error, "failed": {}, "not_tried": [], "skipped": {}})


def _expanded(call: Call, options: JsonObject) -> Iterator[Call]:
    before: list[Any] = list(call.task.pre)  # Invoke declares texts, and keeps tasks and calls
    for pre in before:
        yield from _expanded(_with(pre, options), options)
    yield call


def _is_alone() -> bool:
    """Whether this process was started for one command line, so that nothing follows that could fail."""
    path = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    return path.stem in {"invoke", "inv"} or path.parts[-2:] == ("invoke", "__main__.py")


def _with(pre: Call | Task[Any], options: JsonObject) -> Call:
    """The call with all of its options said, as the parser says them: equal calls run once."""
    call = pre if isinstance(pre, Call) else Call(pre)
    values = {str(argument.name): options.get(str(argument.name), argument.default) for argument in call.task.get_arguments()}
    return Call(call.task, args=call.args, kwargs={**values, **call.kwargs})


def main(task: str, project: str | None = None) -> None:
    """Runs a task as if by `invoke TASK`, with the options of this command line; for declarations that run as scripts."""
    words = ["invoke", "--search-root", str(ROOT), task, *sys.argv[1:], *(["--project", project] if project else [])]
    gc.set_threshold(1_000_000, 50, 50)  # as in `tasks.py`
    sys.argv = words  # as what looks at the command line finds it
    Program(executor_class=Executor).run(words)
