"""The lines of a package for people: its size, why it was built, and as much of what it holds as a line has room for."""

from collections.abc import Iterator, Sequence

from common.base.plural import counted
from common.base.terminal import quoted
from common.model.events import Built


def lines(built: Built, width: int) -> Iterator[str]:
    """The lines of one package, as markup."""
    yield _packed(built)
    for noun, names in (("package", built.holds), ("file", [*built.files])):
        if names:
            yield f"    [dim]{quoted(_some(noun, names, width - 4))}[/dim]"
    if built.accepts:
        yield f"    [yellow]accepts a secret: {quoted(built.accepts)}[/yellow]"


def _packed(built: Built) -> str:
    word = "[green]built[/green]" if built.because else "[dim]unchanged[/dim]"
    size = f"{built.size / 2**20:.1f} MiB" if built.size >= 2**20 else f"{built.size / 2**10:.1f} KiB"
    why = f": {built.because}" if built.because else ""
    return f"  {word} {quoted(f'{built.key.project}/{built.key.name}')} [dim]{size}[/dim]{quoted(why)}"


def _some(noun: str, names: Sequence[str], width: int) -> str:
    """As many of the names as a line has room for."""
    begin = f"{counted(len(names), noun)}: "
    left = width - len(begin) - len(f", and {len(names)} more")
    shown = 1
    while shown < len(names) and len(", ".join(names[: shown + 1])) <= left:
        shown += 1
    more = [f"and {len(names) - shown} more"] if shown < len(names) else []
    return begin + ", ".join([*names[:shown], *more])
