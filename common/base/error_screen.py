"""Shows the error that a command ends with, below everything else: what went wrong, and what to type next."""

from collections.abc import Sequence

from common.base import terminal
from common.base.folding import fold
from common.base.markup import escape
from common.base.terminal import Screen, visible


def show(message: str, commands: Sequence[str] = ()) -> None:
    """Writes an error to standard error: on a terminal folded between words, elsewhere on one line so that programs find it.

    Args:
        message: what went wrong, and what to do about it.
        commands: what to type next.
    """
    screen = Screen(terminal.errors())
    first, *rest = fold(screen, f"error: {message}")
    screen.line(f"[bold red]error:[/bold red]{escape(first.removeprefix('error:'))}")
    for line in rest:
        screen.line(escape(line))
    for command in commands:
        screen.line(f"[dim]Next[/dim]   {escape(visible(command, lines=False))}")
