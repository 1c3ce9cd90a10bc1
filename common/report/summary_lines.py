"""What became of each project, in columns that fit a terminal: sign, project, how many, what was done, to what, and how long.

In a narrow terminal what it was done to stands below, so that nothing is broken in the middle.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from common.base import text_fit
from common.base.lean_dataclass import dataclass, field
from common.base.terminal import quoted, visible
from common.model.resource import Action, Change, Key
from common.report import change_parts
from common.report.change_lines import FAILED, PAST, SIGNS, STYLES

ORDER = (
    *(Action.CREATE, Action.UPDATE, Action.REPLACE, Action.UPLOAD, Action.DELETE, Action.UNBIND),
    *(Action.RECORD, Action.FORGET, Action.ORPHAN),
)
"""The order of the lines of a project. Failures come last, because they are to be read last."""
MOST_CHANGES, MOST_PARTS = 8, 4
"""How many changes of a project are told one by one, and how many parts of one of them."""
LEAST_DETAIL, ENOUGH_DETAIL = 34, 48
"""In fewer characters than the first, what was done to which resource stands on lines of its own; in fewer than the second, if
some of it would have to be shortened."""
WIDEST_PROJECT, WIDEST_KEY = 28, 32
TIME = 8
"""The width of the column of seconds, with what is before it."""


@dataclass
class Progress:
    """What became of one project's changes so far.

    Args:
        project: its name.
        total: how many changes there are to be carried out.
        unchanged: how many of its resources were left as they are.
        orphans: what is no longer declared and stays.
    """

    project: str
    total: int = 0
    unchanged: int = 0
    orphans: list[Change] = field(default_factory=list)
    done: list[Change] = field(default_factory=list)
    failed: list[tuple[Change, str]] = field(default_factory=list)
    skipped: list[tuple[Change, str]] = field(default_factory=list)
    blocked: list[tuple[Change, str]] = field(default_factory=list)
    running: dict[Key, Change] = field(default_factory=dict)
    began: float | None = None
    ended: float = 0.0

    @property
    def settled(self) -> int:
        """How many changes are over, however they ended."""
        return len(self.done) + len(self.failed) + len(self.skipped) + len(self.blocked)

    @property
    def seconds(self) -> float | None:
        """From the beginning of the first change to the end of the last; None if there was none."""
        return None if self.began is None else max(self.ended - self.began, 0.0)


@dataclass(frozen=True)
class Row:
    """One line of a project and those below it: ``2 updated`` and which."""

    sign: str
    style: str
    count: int
    word: str
    details: Callable[[int], Sequence[str]]
    """Returns the lines of details, plain text that fits a width."""
    below: bool = False
    """Whether the details always stand below, where they have more room."""


class SummaryLines:
    """Lays out lines of projects.

    Args:
        projects: all projects, so that their columns are equally wide.
        width: of the terminal, in characters.
        spelled: spells text with the signs that the terminal's encoding has.
        kept: the word for what is no longer declared, or is not deleted.
    """

    def __init__(
        self, projects: Sequence[Progress], width: int, spelled: Callable[[str], str], kept: str = "no longer declared"
    ) -> None:
        self._projects, self._width, self._spelled, self._kept = projects, width, spelled, kept
        names = [text_fit.width_of(visible(progress.project, lines=False)) for progress in projects]
        self.name_width = min(max(names, default=0), WIDEST_PROJECT, max(width // 4, 8))
        rows = [row for progress in projects for row in self._rows(progress)]
        self._count_width = max((len(str(row.count)) for row in rows), default=1)
        self._word_width = max((len(row.word) for row in rows), default=0)
        self._room = width - self.name_width - self._count_width - self._word_width - 7 - TIME
        is_cut = self._room < ENOUGH_DETAIL and any(
            line.endswith(spelled("…")) for row in rows if not row.below for line in row.details(max(self._room, 1))
        )
        self._beside = self._room >= LEAST_DETAIL and not is_cut

    def name(self, project: str) -> str:
        """A project's name in its column."""
        fitting = text_fit.shortened(visible(project, lines=False), self.name_width, self._spelled("…"))
        return text_fit.padded(fitting, self.name_width)

    def lines(self, progress: Progress) -> Iterator[str]:
        """The lines of one project, as markup."""
        rows = self._rows(progress)
        for number, row in enumerate(rows):
            yield from self._row(
                self.name(progress.project if number == 0 else ""), row, progress.seconds if not number else None
            )

    def unchanged(self) -> Iterator[str]:
        """One line for each project that nothing was done to, or one for all if there are many."""
        idle = [progress for progress in self._projects if not self._rows(progress) and progress.unchanged]
        listed = [(self.name(progress.project), progress.unchanged) for progress in idle]
        if len(idle) > MOST_CHANGES:
            listed = [(self.name(f"{len(idle)} projects"), sum(progress.unchanged for progress in idle))]
        width = max(self._count_width, *(len(str(count)) for _, count in listed)) if listed else 0
        for name, count in listed:
            yield f"[dim]{SIGNS[Action.RECORD]} {quoted(name)}  {count:>{width}} {PAST[Action.NOOP]}[/dim]"

    def _row(self, name: str, row: Row, seconds: float | None) -> Iterator[str]:
        word = text_fit.padded(row.word, self._word_width)
        sign = self._spelled(row.sign)
        begin = f"{sign} {name}  {row.count:>{self._count_width}} {word}"
        head = f"[{row.style}]{sign}[/{row.style}] {quoted(name)}  {row.count:>{self._count_width}} "
        head += f"[{row.style}]{quoted(word)}[/{row.style}]"
        time = "" if seconds is None else f"{seconds:.1f} s"
        beside = self._beside and not row.below
        details = [*row.details(self._room if beside else self._width - 4)]
        first, rest = (details[:1], details[1:]) if beside else ([], details)
        indent = text_fit.width_of(begin) + 2 if beside else 4
        shown = text_fit.padded(f"  {first[0]}" if first else "", max(self._room + 2, 0))
        yield f"{head}{quoted(shown)}[dim]{time:>{TIME}}[/dim]" if time else f"{head}{quoted(shown.rstrip())}"
        for line in rest:
            yield quoted(" " * indent + line)

    def _rows(self, progress: Progress) -> list[Row]:
        rows = [self._of_action(action, progress) for action in ORDER]
        groups = [
            (FAILED, "bold red", "failed", progress.failed),
            (FAILED, "red", "not tried", progress.blocked),
            (SIGNS[Action.ORPHAN], "yellow", "skipped", progress.skipped),
        ]
        others = [
            Row(sign, style, len(pairs), word, partial(self._messages, pairs, whole=is_failed), below=is_failed)
            for sign, style, word, pairs in groups
            for is_failed in [pairs is progress.failed]
            if pairs
        ]
        return [*filter(None, rows), *others]

    def _of_action(self, action: Action, progress: Progress) -> Row | None:
        changes = [change for change in (*progress.done, *progress.orphans) if change.action is action]
        if not changes:
            return None
        word = self._kept if action is Action.ORPHAN else PAST[action]
        return Row(SIGNS[action], STYLES[action], len(changes), word, lambda width: [*self._changes(action, changes, width)])

    def _changes(self, action: Action, changes: Sequence[Change], width: int) -> Iterator[str]:
        separator = self._spelled(text_fit.SEPARATOR)
        if not change_parts.is_told_one_by_one(action, changes):
            yield from text_fit.wrapped(change_parts.kinds_of(changes), width, separator)
            return
        names = [visible(change.key.name if action is Action.UPLOAD else str(change.key), lines=False) for change in changes]
        if action is Action.ORPHAN or not any(change_parts.parts(change) for change in changes):
            yield from text_fit.wrapped(names, width, separator)
            return
        shown = changes if len(changes) <= MOST_CHANGES else changes[: MOST_CHANGES - 1]
        keys = names[: len(shown)]
        key_width = min(max(map(text_fit.width_of, keys)), WIDEST_KEY, max(width // 2, 12))
        for change, key in zip(shown, keys, strict=True):
            name = text_fit.padded(text_fit.shortened(key, key_width, self._spelled("…")), key_width)
            yield from self._with_parts(name, change_parts.parts(change), width)
        if len(shown) < len(changes):
            yield f"and {len(changes) - len(shown)} more, which --verbose lists"

    def _with_parts(self, name: str, parts: Sequence[str], width: int) -> Iterator[str]:
        """The name of a resource, and beside it, one below the other, what changed about it."""
        room = width - text_fit.width_of(name) - 2
        shown = (
            parts if len(parts) <= MOST_PARTS else [*parts[: MOST_PARTS - 1], f"and {len(parts) - MOST_PARTS + 1} more changes"]
        )
        lines = [change_parts.fitting(self._spelled(part), room) for part in shown] or [""]
        yield f"{name}  {lines[0]}".rstrip()
        yield from (f"{' ' * text_fit.width_of(name)}  {line}" for line in lines[1:])

    def _messages(self, pairs: Sequence[tuple[Change, str]], width: int, *, whole: bool) -> list[str]:
        """Each resource and what was said about it: of failures all, below those that have failed alike."""
        keys = [visible(str(change.key), lines=False) for change, _ in pairs]
        if whole:
            alike: dict[str, list[str]] = {}
            for key, (_, text) in zip(keys, pairs, strict=True):
                alike.setdefault(text, []).append(key)
            paragraphs = {text: text_fit.paragraphs(visible(self._spelled(text)), width - 2) for text in alike}
            return [line for text, failed in alike.items() for line in (*failed, *paragraphs[text])]
        key_width = text_fit.widest(keys, min(WIDEST_KEY, width // 2))
        shown = [
            text_fit.cut(f"{text_fit.padded(key, key_width)}  {visible(text, lines=False)}", width, self._spelled("…"))
            for key, (_, text) in zip(keys, pairs, strict=True)
        ]
        return shown if len(shown) <= MOST_CHANGES else [*shown[: MOST_CHANGES - 1], f"and {len(shown) - MOST_CHANGES + 1} more"]
