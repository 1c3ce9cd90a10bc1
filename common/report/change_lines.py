"""One line for each change: its sign, the resource, what is or was done, how long that took, and why; in columns.

The signs are those of other tools: ``+`` creates, ``~`` updates, ``±`` replaces, ``-`` deletes, ``↑`` uploads, ``=`` only writes
down what is so already, ``.`` leaves alone what is no longer declared, or unbinds it.
"""

import re
from typing import TYPE_CHECKING

from common.base.lean_dataclass import dataclass
from common.base.terminal import quoted, visible
from common.model.comparison import FieldChange
from common.model.resource import Action, Change, Key, Plan

if TYPE_CHECKING:  # an unchanged deploy names nothing
    from common.model.aws_name import AwsName

SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.UPLOAD: "↑",
    Action.DELETE: "-",
    Action.RECORD: "=",
    Action.ORPHAN: ".",
    Action.UNBIND: ".",
    Action.FORGET: "=",
    Action.NOOP: " ",
}
STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.UPLOAD: "cyan",
    Action.DELETE: "red",
    Action.RECORD: "blue",
    Action.ORPHAN: "red",
    Action.UNBIND: "green",
    Action.FORGET: "blue",
    Action.NOOP: "dim",
}
PAST = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.UPLOAD: "uploaded",
    Action.DELETE: "deleted",
    Action.RECORD: "recorded",
    Action.ORPHAN: "no longer declared",
    Action.UNBIND: "unbound",
    Action.FORGET: "forgotten",
    Action.NOOP: "unchanged",
}
FAILED = "✗"
"""The sign of a change that failed or was not tried."""
IDLE = frozenset({Action.NOOP, Action.ORPHAN})
"""The actions that change nothing."""
IMPLIED = frozenset({"does not exist", "not uploaded yet"})
"""Reasons that go without saying once a change is done: its sign and its word say as much."""
WIDEST_NAME = 48
"""A longer name moves the columns of its own line, and of no other."""
VALUE_WIDTH = 120
"""How many characters of a value are shown."""
DIGEST = re.compile(r"(?<!\w)(?P<hex>[\da-f]{8})[\da-f]{24,}(?!\w)|(?<![\w+/])(?P<base64>[\w+/]{8})[\w+/]{35}=(?!=)", re.ASCII)
"""Matches a digest in a value; its first characters tell it from others."""
CONTEXT = 20
"""How many characters are shown before the first one in which two long values differ."""
FIELD_STYLES = {"+": "green", "-": "red", "~": "yellow"}
WORD, TIME = 9, 7
"""The widths of what was done, and of how long it took."""


@dataclass(frozen=True)
class ChangeLines:
    """The lines of one plan.

    Args:
        projects: how many projects have changes. If there are several, each may have a resource of a name, so lines say whose.
        width: of the column of names, in characters.
        removal: everything is deleted, so what is not, is kept.
    """

    projects: int = 1
    width: int = 0
    removal: bool = False

    @classmethod
    def of(cls, plan: Plan, *, removal: bool = False) -> "ChangeLines":
        """Lines as wide as this plan takes."""
        changes = [change for change in plan.changes if change.action not in IDLE]
        projects = len({change.key.project for change in changes})
        lines = cls(projects, removal=removal)
        widths = [len(visible(lines.named(change), lines=False)) for change in changes]
        return cls(projects, min(max(widths, default=0), WIDEST_NAME), removal)

    def name(self, key: Key) -> str:
        """What people call a resource."""
        return f"{key.project}: {key}" if self.projects > 1 else str(key)

    def named(self, change: Change) -> str:
        """The same of a change, and what its resource is called in AWS, where nobody would expect that."""
        return f"{self.name(change.key)}{_in_aws(change)}"

    def planned(self, change: Change, width: int, aws_name: "AwsName | None" = None) -> str:
        """A change that is to be made, below the name of its project; keys have a column of `width` characters.

        Args:
            change: the change.
            width: of the column of keys.
            aws_name: what the resource is called in AWS, and its page there.
        """
        sign, style, word = SIGNS[change.action], STYLES[change.action], str(change.action)
        if self.removal and change.action is Action.ORPHAN:
            style, word = "green", "keep"
        key = _padded(f"{change.key}{_in_aws(change)}", width)
        details = [*([aws_name.name] if aws_name and not change.name else []), *([aws_name.console] if aws_name else [])]
        where = f"  [dim]{quoted('  '.join(filter(None, details)))}[/dim]" if any(details) else ""
        return f"  [{style}]{sign}[/{style}] {key}  {word:<{WORD}}  {quoted(reason_besides_fields(change))}{where}"

    def fields(self, change: Change) -> list[str]:
        """The fields that change, one a line: sign, name, and both values; without those that the reason tells in full."""
        return [
            f"      [{FIELD_STYLES[field.sign]}]{field.sign}[/{FIELD_STYLES[field.sign]}] "
            f"{quoted(field.label or field.name)} [dim]{quoted(values(field))}[/dim]".rstrip()
            for field in besides_reason(change)
        ]

    def finished(self, change: Change, seconds: float) -> str:
        """A change that was made."""
        reason = "" if change.reason in IMPLIED else change.reason
        return self._line(change, PAST[change.action], STYLES[change.action], f"{seconds:.1f} s", reason)

    def failed(self, change: Change) -> str:
        """A change that failed; the message follows."""
        return self._line(change, "failed", "bold red", "", "")

    def skipped(self, change: Change) -> str:
        """A change that was left undone; the message follows."""
        return self._line(change, "skipped", "yellow", "", "")

    def not_tried(self, change: Change, cause: str) -> str:
        """A change that was not tried."""
        return self._line(change, "not tried", "red", "", cause)

    def _line(self, change: Change, word: str, style: str, time: str, reason: str) -> str:
        sign, name = f"[{style}]{SIGNS[change.action]}[/{style}]", _padded(self.named(change), self.width)
        line = f"  {sign} {name}  [{style}]{word:<{WORD}}[/{style}]  [dim]{time:>{TIME}}[/dim]"
        return f"{line}  {quoted(reason)}" if reason else line if time else f"  {sign} {name}  [{style}]{word}[/{style}]"


def besides_reason(change: Change) -> list[FieldChange]:
    """The fields that change, without those that the reason tells in full."""
    return [field for field in change.fields if change.taken_over or _words(field) not in change.reason]


def reason_besides_fields(change: Change) -> str:
    """The reason without the fields of which it tells only that they changed, where their values are shown beside it.

    Who else has changed a field is told in full: that part begins with words before a colon.
    """
    names = {f"{field.label or field.name} changed" for field in besides_reason(change)}
    parts = []
    for part in change.reason.split("; "):
        items = part.split(", ")
        parts.append(part if ": " in items[0] else ", ".join(item for item in items if item not in names))
    return "; ".join(filter(None, parts))


def values(field: FieldChange) -> str:
    """Both values of a field, or the one that it gets or loses; and what the change loses."""
    lost = f"; {field.lost}" if field.lost else ""
    if field.text:
        return field.text.strip() + lost
    from common.model import field_changes  # an unchanged deploy shows no values

    before, after = _cut(*_with_short_digests(*field_changes.spelled(field.live, field.declared)))
    return (before if field.sign == "-" else after if field.sign == "+" else f"{before} → {after}") + lost


def _words(field: FieldChange) -> str:
    """The change in the words of a reason."""
    from common.model import field_changes  # an unchanged deploy shows no values

    name, (before, after) = field.label or field.name, field_changes.spelled(field.live, field.declared)
    return f"{field.sign} {name} {field.text}".rstrip() if field.text else f"{name} {before} → {after}"


def _with_short_digests(before: str, after: str) -> tuple[str, str]:
    """Two values with the beginnings of their digests, unless these are the same."""
    short = [DIGEST.sub(lambda match: f"{match['hex'] or match['base64']}…", value) for value in (before, after)]
    return (short[0], short[1]) if short[0] != short[1] else (before, after)


def _cut(before: str, after: str) -> tuple[str, str]:
    """Two values that fit on a line; of long ones, the part in which they begin to differ."""
    pairs = zip(before, after, strict=False)
    same = next((number for number, (old, new) in enumerate(pairs) if old != new), min(len(before), len(after)))
    start = max(same - CONTEXT, 0) if max(len(before), len(after)) > VALUE_WIDTH else 0
    return _bounded(before, start), _bounded(after, start)


def _bounded(value: str, start: int) -> str:
    shown = visible(value[start : start + VALUE_WIDTH], lines=False)
    return f"{'…' if start else ''}{shown}{'…' if len(value) > start + VALUE_WIDTH else ''}"


def width_of_keys(changes: list[Change]) -> int:
    """The width of a column that holds the keys of these changes."""
    return min(max((len(visible(f"{change.key}{_in_aws(change)}", lines=False)) for change in changes), default=0), WIDEST_NAME)


def _in_aws(change: Change) -> str:
    return f" ({change.name})" if change.name else ""


def _padded(name: str, width: int) -> str:
    return quoted(name) + " " * (width - len(visible(name, lines=False)))
