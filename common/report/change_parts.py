"""What changes about a resource, part by part and short enough for a column: the files, the fields with values, the grants."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from common.base import text_fit
from common.base.plural import counted
from common.base.terminal import visible
from common.model.resource import Action, Change
from common.report.change_lines import IMPLIED, besides_reason, reason_besides_fields, values
from common.resources import cloud_control, kinds
from common.resources.cloud_requests import type_words

BETWEEN = re.compile(r"; |, (?=[+-] )")
"""What stands between the parts of a reason."""
GRANT = re.compile(r"(?P<what>[+-] [\w*-]+:[\w*]+(?:, [\w*-]+:[\w*]+)*) on (?P<arns>[^ ]+(?: [^ ]+)*?)(?: if .*)?")
"""A permission that is granted or taken away, as reasons word it."""
NESTED = re.compile(r"(?P<sign>[+-] )?(?:[\w-]+\.)+(?P<rest>[\w-]+ .*)")
"""Matches a field inside others with its value, as in ``Environment.Variables.MODE a → b``."""
VALUES = re.compile(r"(?P<name>[^ ]+) (?P<before>[^ ]+) → (?P<after>[^ ]+)")
"""Matches a field with two values; those that are long, such as addresses, differ at their ends."""
ACCOUNT = re.compile(r"-\d{12}(?=/|$)")
"""The account in the name of a bucket, which says nothing to those who work in one account."""
MOST_UPLOADS = 6
"""More uploads of a project than these are only counted."""
LEAST_PATH = 12
"""A permission is shown with at least this much of the end of what it is about."""


def parts(change: Change) -> list[str]:
    """What changes: the parts of the reason, and the fields that it does not tell in full."""
    reason = "" if change.reason in IMPLIED else reason_besides_fields(change)
    texts = [part for part in BETWEEN.split(reason) if part]
    for field in besides_reason(change):
        name = field.label or field.name
        if f"{name} no longer declared" in texts:
            continue
        texts.append(f"{'' if field.sign == '~' else f'{field.sign} '}{name} {values(field)}".rstrip())
    return [visible(part, lines=False) for part in texts]


def fitting(part: str, width: int) -> str:
    """A part that fits a width: of a permission the action and the end of what it is about, of anything else the beginning."""
    grant = GRANT.fullmatch(part)
    if grant and text_fit.width_of(part) > width and width - len(grant["what"]) > LEAST_PATH:
        last = ACCOUNT.sub("", grant["arns"].split()[-1])
        return f"{grant['what']} …{text_fit.end_of(last, width - len(grant['what']) - 2, '')}"
    if text_fit.width_of(part) > width and (field := NESTED.fullmatch(part)):
        part = f"{field['sign'] or ''}…{field['rest']}"
    change = VALUES.fullmatch(part)
    if change and text_fit.width_of(part) > width and (room := (width - len(change["name"]) - len("  → ")) // 2) > LEAST_PATH:
        return f"{change['name']} {text_fit.end_of(change['before'], room)} → {text_fit.end_of(change['after'], room)}"
    return text_fit.cut(part, width)


def at_work(change: Change) -> str:
    """A change that is under way: its key, and of a resource of any type what that is."""
    is_of_any_type = change.key.kind == cloud_control.KIND.name and cloud_control.TYPE in change.desired
    return f"{change.key} ({_kind_word(change)})" if is_of_any_type else str(change.key)


def kinds_of(changes: Iterable[Change]) -> list[str]:
    """How many there are of each kind, such as ``4 buckets`` and ``table``: the most frequent first, else by their words."""
    words = Counter(_kind_word(change) for change in changes)
    return [_counted(word, count) for word, count in sorted(words.items(), key=lambda item: (-item[1], item[0]))]


def _kind_word(change: Change) -> str:
    """The word for a resource: of one of any type, the end of the type's name, such as ``event source mapping``."""
    if change.key.kind == cloud_control.KIND.name:
        return type_words(str(change.desired.get(cloud_control.TYPE, ""))) or "resource"
    return kinds()[change.key.kind].word.replace("_", " ") if change.key.kind in kinds() else change.key.kind


def _counted(word: str, count: int) -> str:
    if count == 1:
        return word
    return f"{count} {word}" if word.endswith("ns") else counted(count, word)  # permissions, options


def is_told_one_by_one(action: Action, changes: Sequence[Change]) -> bool:
    """Whether each change is worth a line: updates are; what is new or goes is counted by kind, unless it is one or two."""
    few = MOST_UPLOADS if action is Action.UPLOAD else 2
    return action in {Action.UPDATE, Action.REPLACE} or len(changes) <= few
