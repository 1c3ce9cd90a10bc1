"""Lines that a terminal draws again some times a second while a command is at work; loads rich."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    import rich.console

Draw = Callable[[int, str], Sequence[str]]
"""Takes the width of the terminal and a frame of the spinner, and returns lines of markup. It is called on a thread of rich."""
FRAMES, ASCII_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "-\\|/"
"""The frames of the spinner, and those for encodings that do not have them."""
FRAMES_PER_SECOND = 10


class LiveLines:
    """What rich draws, one terminal line each; a line that does not fit is cut, and so is what is below the terminal.

    Args:
        draw: returns the lines.
    """

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def __rich_console__(self, console: "rich.console.Console", options: "rich.console.ConsoleOptions") -> Iterator[Text]:
        """The lines, as rich asks for them."""
        frames = ASCII_FRAMES if options.ascii_only else FRAMES
        frame = frames[int(time.monotonic() * FRAMES_PER_SECOND) % len(frames)]
        lines = self._draw(options.max_width, frame)
        room = max(console.height - 1, 1)
        for line in lines[-room:]:
            text = Text.from_markup(line, emoji=False)
            text.no_wrap, text.overflow = True, "crop"
            text.truncate(options.max_width, overflow="crop")
            yield text
