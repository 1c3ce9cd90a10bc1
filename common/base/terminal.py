r"""The one place that writes to the terminal, and what it makes of text that others have written.

Messages of exceptions, log lines, names of files, records and answers of AWS may hold characters that move the cursor, name the
window, hide text or turn its direction. All of these are shown as source code spells them (``\x1b``), whatever wrote them.
Rich's markup is the deployer's own alone: text of others goes through `markup.escape` before it becomes part of a line.

Rich takes long to load, so it is loaded where there is a terminal. Follows https://no-color.org and
https://trojansource.codes
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
from typing import TYPE_CHECKING, ClassVar, TextIO

from common.base.json_types import Json
from common.base.markup import escape, plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

LOG_WIDTH = 120
"""Characters of a line, where that is not the terminal's."""
_SPINNING: "list[Status]" = []
"""The lines that change by themselves."""
SIGNS = {"→": "->", "↑": "^", "±": "+-", "·": "-", "…": "...", "│": "|", "─": "-"}
"""How the deployer's own signs are written where the encoding has none of them."""


def visible(text: str, *, lines: bool = True) -> str:
    """The text with every character that does not print itself as source code spells it.

    Args:
        text: by whomever.
        lines: whether line breaks and tabs stay what they are.
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(char if char.isprintable() or char in kept else _spelled(char) for char in text)


def quoted(text: str) -> str:
    """The text as markup that shows it within one line."""
    return escape(visible(text, lines=False))


def as_json(value: Json, indent: int | None = None) -> str:
    """The value as JSON of ASCII characters that print; what JSON does not know, as text."""
    return json.dumps(value, indent=indent, default=str).replace("\x7f", "\\u007f")


class Screen:
    """Writes text, tables and JSON objects to a stream.

    Args:
        stream: where to write; standard output, if it is not said.
    """

    objects: ClassVar[int] = 0
    """How many were written, wherever."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._styled = self._stream.isatty() or any(os.environ.get(name) for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))
        self._status: Status | None = None

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console  # noqa: PLC0415 - takes long to load, and only a terminal needs it

        return Console(file=self._stream, highlight=False, soft_wrap=True, emoji=False)

    @property
    def width(self) -> int:
        """Characters of a line."""
        return self._console.width if self._styled else LOG_WIDTH

    @property
    def is_live(self) -> bool:
        """Whether a line can be written over."""
        return self._styled and self._console.is_terminal

    @property
    def room(self) -> int | None:
        """Characters that a table has to do with; None where it may be as wide as it is."""
        return self._console.width if self.is_live else None

    def line(self, markup: str) -> None:
        """Writes a line of rich's markup."""
        if self._styled:
            self._console.print(visible(markup))
        else:
            self.text(f"{plain(markup)}\n")

    def text(self, text: str) -> None:
        """Writes text that has no markup."""
        self._stream.write(visible(text))
        self._stream.flush()

    def object(self, value: Json, indent: int | None = None) -> None:
        """Writes JSON: one value, and a line break."""
        Screen.objects += 1
        self._stream.write(f"{as_json(value, indent)}\n")

    def live(self, text: str) -> None:
        """Shows text in the one line that changes, where there is one; empty text ends it."""
        if not self.is_live:
            return
        shown = f"[dim]{quoted(text[: max(self._console.width - 4, 10)])}[/dim]"
        if not text:
            if self._status is not None:
                self._status.stop()
                _SPINNING.remove(self._status)
                self._status = None
        elif self._status is None:
            self._status = self._console.status(shown, spinner="dots")
            self._status.start()
            _SPINNING.append(self._status)
        else:
            self._status.update(shown)

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        right: Sequence[int] = (),
        whole: Sequence[int] = (),
        folding: Sequence[int] = (),
    ) -> None:
        """Writes a table of text; see `table.laid_out`."""
        from rich.console import Console  # noqa: PLC0415 - see above

        from common.base import text_table  # noqa: PLC0415 - see above

        names, cells = (
            [visible(name, lines=False) for name in columns],
            [[visible(cell, lines=False) for cell in row] for row in rows],
        )
        shown, width = text_table.laid_out(names, cells, self.room, right=right, whole=whole, folding=folding)
        wide = self._console if self.room else Console(file=self._stream, width=width, highlight=False, emoji=False)
        wide.print(shown, soft_wrap=False)


def asking(*, json: bool) -> Callable[[str], str] | None:
    """Puts a question to the person at the terminal and returns the answer; None if there is nobody to be asked."""
    return _ask if sys.stdin.isatty() and not json else None


def code_asked() -> Callable[[str], str] | None:
    """Asks the person at the terminal for a code that is not shown; None if there is nobody."""
    return _ask_code if sys.stdin.isatty() else None


def show(text: str) -> None:
    """Writes a line to standard output."""
    Screen().text(f"{text}\n")


def say(text: str) -> None:
    """Writes a line to standard error."""
    Screen(errors()).text(f"{text}\n")


def errors() -> TextIO:
    """Standard error, for reports of what prints something else to standard output."""
    return sys.stderr


def flush() -> None:
    """Writes what standard output still holds back."""
    sys.stdout.flush()


@contextmanager
def prepared() -> Iterator[None]:
    """Lets every encoding do, and shows what nobody has caught as the rest is shown: of threads as long as this lasts.

    Raises:
        OSError: standard output is closed, so nobody would see what is done.
    """
    _complete()
    codecs.register_error("screen", _replaced)
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


@contextmanager
def diverted() -> Iterator[None]:
    """While this lasts, what authors' code prints, and what that starts, goes to standard error: programs may read the rest."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _complete() -> None:
    """Puts something in the place of streams that were closed when Python started: no other file may get their numbers."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for as long as this process lasts
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - see above


def _ask(question: str) -> str:
    with _still():
        return input(visible(question))


def _ask_code(question: str) -> str:
    with _still():
        return getpass.getpass(visible(question))


@contextmanager
def _still() -> Iterator[None]:
    """Nothing is written over a question while this lasts."""
    spinning = [*_SPINNING]
    for status in spinning:
        status.stop()
    try:
        yield
    finally:
        for status in spinning:
            status.start()


def _show_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, SystemExit):
        Screen(errors()).text("".join(traceback.format_exception(kind, error, trace)))


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(SIGNS.get(char) or _spelled(char) for char in error.object[error.start : error.end]), error.end


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode()
