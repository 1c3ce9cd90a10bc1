r"""Writes everything to the terminal, and makes text of other origin safe to show.

Messages of exceptions, log lines, names of files, records and responses of AWS may contain characters that move the cursor,
rename the window, hide text or reverse its direction. All of these are shown as in source code (``\x1b``). Only the deployer
uses markup of rich: text of other origin is escaped with `markup.escape`.

Rich takes long to load, so it is loaded only on a terminal. Follows https://no-color.org, https://trojansource.codes and, for
links, https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda
"""

import codecs
import errno
import getpass
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Literal, TextIO

from common.base.json_types import Json
from common.base.markup import escape, strip_markup

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

    from common.base.live_lines import Draw

LOG_WIDTH = 120
"""The width of a line in characters when the output is not a terminal."""
_LIVE: "list[Live]" = []
"""The live lines that are being shown."""
ASCII_SIGNS = {"→": "->", "↑": "^", "±": "+-", "·": "-", "…": "...", "│": "|", "─": "-", "✗": "x"}
"""Replacements for the deployer's own signs in encodings that do not have them."""


def visible(text: str, *, lines: bool = True) -> str:
    """Returns the text with every character that is not printable escaped as in source code.

    Args:
        text: text of any origin.
        lines: whether line breaks and tabs stay unchanged.
    """
    if text.isprintable():
        return text
    allowed = "\n\t" if lines else ""
    return "".join(char if char.isprintable() or char in allowed else _escape_character(char) for char in text)


def quoted(text: str) -> str:
    """Returns markup that shows the text literally on one line."""
    return escape(visible(text, lines=False))


def as_json(value: Json, indent: int | None = None) -> str:
    """Returns the value as JSON of printable ASCII characters; values that JSON does not have become text."""
    return json.dumps(value, indent=indent, default=str).replace("\x7f", "\\u007f")


class Screen:
    """Writes text, tables and JSON objects to a stream.

    Args:
        stream: the stream to write to, by default standard output.
    """

    objects: ClassVar[int] = 0
    """How many JSON objects all screens have written."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._styled = self._stream.isatty() or any(os.environ.get(name) for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))
        self._live: Live | None = None

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console  # slow to load, and only a terminal needs it

        return Console(file=self._stream, highlight=False, soft_wrap=True, emoji=False)

    @property
    def width(self) -> int:
        """The width of a line in characters."""
        return self._console.width if self._styled else LOG_WIDTH

    @property
    def is_live(self) -> bool:
        """Whether lines can be overwritten: the stream is a terminal that can move its cursor."""
        return self._stream.isatty() and self._console.is_terminal and not self._console.is_dumb_terminal

    def spelled(self, text: str) -> str:
        """The text with the deployer's own signs as the stream's encoding can show them, so that columns can be measured."""
        try:
            text.encode(self._stream.encoding or "utf-8", "surrogatepass")
        except (UnicodeError, LookupError):
            return "".join(ASCII_SIGNS.get(char, char) for char in text)
        return text

    @property
    def room(self) -> int | None:
        """The width in characters that a table must fit in; None if there is no limit."""
        return self._console.width if self.is_live else None

    def line(self, markup: str) -> None:
        """Writes a line of rich's markup."""
        if self._styled:
            self._console.print(visible(markup))
        else:
            self.text(f"{strip_markup(markup)}\n")

    def text(self, text: str) -> None:
        """Writes text that has no markup."""
        self._stream.write(visible(text))
        self._stream.flush()

    def object(self, value: Json, indent: int | None = None) -> None:
        """Writes a value as JSON, followed by a line break."""
        Screen.objects += 1
        self._stream.write(f"{as_json(value, indent)}\n")

    def live(self, text: str) -> None:
        """Shows text in one live line of a terminal, behind a spinner; an empty text removes the line."""
        if self.is_live:
            from common.base.text_fit import cut  # loads rich

            line, end = visible(text, lines=False), self.spelled("…")
            self.live_lines(
                (lambda width, spinner: [f"{spinner} [dim]{escape(cut(line, width - 3, end))}[/dim]"]) if text else None
            )

    def live_lines(self, draw: "Draw | None") -> None:
        """Shows lines of markup that are drawn again some times a second, below everything else; None removes them."""
        if draw is None:
            if self._live is not None:
                self._live.stop()
                _LIVE.remove(self._live)
                self._live = None
            return
        from rich.live import Live  # slow to load, and only a terminal needs it

        from common.base.live_lines import FRAMES_PER_SECOND, LiveLines

        lines = LiveLines(draw)
        if self._live is None:
            self._live = Live(lines, console=self._console, refresh_per_second=FRAMES_PER_SECOND, transient=True)
            self._live.start()
            _LIVE.append(self._live)
        else:
            self._live.update(lines)

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: Sequence[int] = (),
        whole: Sequence[int] = (),
        folding: Sequence[int] = (),
    ) -> None:
        """Writes a table of text; see `text_table.lay_out`."""
        from rich.console import Console  # slow to load, and few commands print tables

        from common.base import text_table  # loads rich

        names, cells = (
            [visible(name, lines=False) for name in columns],
            [[visible(cell, lines=False) for cell in row] for row in rows],
        )
        shown, width = text_table.lay_out(names, cells, self.room, right=right, whole=whole, folding=folding)
        wide = self._console if self.room else Console(file=self._stream, width=width, highlight=False, emoji=False)
        wide.print(shown, soft_wrap=False)


def prompt(*, json: bool) -> Callable[[str], str] | None:
    """Returns a function that asks the person at the terminal a question; None if there is no terminal."""
    return _ask if sys.stdin.isatty() and not json else None


def code_prompt() -> Callable[[str], str] | None:
    """Returns a function that asks the person at the terminal for a hidden code; None if there is no terminal."""
    return _ask_code if sys.stdin.isatty() else None


def show(text: str) -> None:
    """Writes a line to standard output."""
    Screen().text(f"{text}\n")


def say(text: str) -> None:
    """Writes a line to standard error."""
    Screen(errors()).text(f"{text}\n")


def errors() -> TextIO:
    """Returns standard error, for reports of commands that print something else to standard output."""
    return sys.stderr or _nowhere("w")


def flush() -> None:
    """Flushes standard output."""
    sys.stdout.flush()


@contextmanager
def prepared_streams() -> Iterator[None]:
    """Makes the standard streams accept every character, and escapes tracebacks of uncaught errors (of threads in this block).

    Raises:
        OSError: standard output is closed, so nobody would see the result.
    """
    _replace_closed_streams()
    codecs.register_error("screen", _encode_fallback)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="screen")
    sys.excepthook = _show_uncaught
    before = threading.excepthook
    threading.excepthook = lambda about: _show_uncaught(about.exc_type, about.exc_value, about.exc_traceback)
    try:
        yield
    finally:
        threading.excepthook = before


def discard_output() -> None:
    """Drops what is still to be printed: whoever read it has closed the pipe, and Python would complain when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Sends to standard error what pipelines' code and its programs print, as other programs may read standard output."""
    sys.stdout.flush()
    descriptor = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(descriptor, 1)
        os.close(descriptor)


def _replace_closed_streams() -> None:
    """Replaces streams that were closed when Python started, so that no other file gets their descriptors."""
    if sys.stdin is None:
        sys.stdin = _nowhere("r")
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    if sys.stderr is None:
        sys.stderr = _nowhere("w")


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    """Opens a file without contents, which stays open until the process ends."""
    return Path(os.devnull).open(mode, encoding="utf-8")


def _ask(question: str) -> str:
    return _answered(lambda: input(visible(question)))


def _ask_code(question: str) -> str:
    return _answered(lambda: getpass.getpass(visible(question)))


def _answered(ask: Callable[[], str]) -> str:
    """The answer to a question, without live lines that would overwrite it. Ctrl-D stops the command as Ctrl-C does."""
    shown = [*_LIVE]
    for live in shown:
        live.stop()
    try:
        return ask()
    except EOFError:
        raise KeyboardInterrupt from None
    finally:
        for live in shown:
            live.start()


def _show_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, SystemExit):
        Screen(errors()).text("".join(traceback.format_exception(kind, error, trace)))


def _encode_fallback(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(ASCII_SIGNS.get(char) or _escape_character(char) for char in error.object[error.start : error.end]), error.end


def _escape_character(char: str) -> str:
    return char.encode("unicode_escape").decode()
