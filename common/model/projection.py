"""The part of a live JSON value that a declared value is about, spelled like the declared one where both mean the same.

AWS fills in defaults, reorders lists that have no order, leaves out what is empty, and returns some numbers and documents as
texts, and some policies in other words. Nothing of that counts.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from common.base.json_types import Json, JsonMapping, are_equal
from common.base.lean_dataclass import dataclass

Path = tuple[str, ...]
"""Where a value is, from the top; ``*`` stands for every entry of a list."""
_ACCOUNT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(?::root)?")
"""An account as a principal of a policy: AWS tells the ARN of its root, whatever was sent."""
EVERYBODY = {"AWS": "*"}
"""What AWS tells of the principal ``*`` in some policies."""


def never_told(_path: Path, _around: JsonMapping, _live: Json) -> bool:
    """Says of no value that AWS tells it otherwise than it was declared."""
    return False


@dataclass(frozen=True, kw_only=True)
class Projection:
    """How live values are compared with declared ones.

    Args:
        is_ordered: whether the order of lists counts, as that of a list which has just been declared otherwise.
        is_exact: whether 300 is not ``"300"``, and a list of one not the value in it, as in what was just declared otherwise.
        off_if_absent: whether ``false`` is what AWS leaves out, as it is where it was applied.
        is_told_as: whether AWS tells a declared value as a live one; it takes the path, the declared object around, and the live
            value.
    """

    is_ordered: bool = False
    is_exact: bool = False
    off_if_absent: bool = False
    is_told_as: Callable[[Path, JsonMapping, Json], bool] = never_told

    def projected(self, live: Json, declared: Json, path: Path = (), around: JsonMapping | None = None) -> Json:
        """The live value, reduced to what is declared: of objects the declared fields, of lists each entry in the same way."""
        if live is None and self._is_absent(declared):
            return declared
        if isinstance(declared, Mapping):
            values = EVERYBODY if live == "*" and declared == EVERYBODY else _parsed(live)
            if not isinstance(values, Mapping):
                return live
            parts = {name: self.projected(values.get(name), value, (*path, name), declared) for name, value in declared.items()}
            return {name: part for name, part in parts.items() if name in values or part is not None}
        if isinstance(declared, list | tuple):
            return self._list(live, list(declared), path, around or {})
        if isinstance(live, list) and len(live) == 1 and declared is not None and not self.is_exact:  # as policies have it
            live = live[0] if are_equal(self.projected(live[0], declared, path, around), declared) else live
        return declared if self._means_the_same(live, declared, path, around or {}) else live

    def _list(self, live: Json, declared: list[Json], path: Path, around: JsonMapping) -> Json:
        entries = _parsed(live)
        if len(declared) == 1 and not isinstance(entries, list | None) and not self.is_exact:
            return declared if are_equal(self.projected(live, declared[0], path, around), declared[0]) else live
        if not isinstance(entries, list) or len(entries) != len(declared):
            return entries
        inner = (*path, "*")
        if self.is_ordered:
            return [self.projected(entry, value, inner, around) for entry, value in zip(entries, declared, strict=True)]
        return self._in_declared_order(entries, declared, inner, around)

    def _in_declared_order(self, entries: list[Json], declared: list[Json], path: Path, around: JsonMapping) -> list[Json]:
        """The entries, each where an equal one is declared; those that equal none fill the places that are left."""
        left = [*entries]
        result: list[Json] = []
        for value in declared:
            equal = next((entry for entry in left if are_equal(self.projected(entry, value, path, around), value)), _MISSING)
            if equal is not _MISSING:
                left.remove(equal)
                result.append(value)
            else:
                result.append(_MISSING)
        rest = iter(left)
        pairs = zip(result, declared, strict=True)
        return [self.projected(next(rest), value, path, around) if entry is _MISSING else entry for entry, value in pairs]

    def _is_absent(self, declared: Json) -> bool:
        """Whether a declared value says nothing that AWS would tell."""
        if isinstance(declared, Mapping):
            return all(map(self._is_absent, declared.values()))
        return declared in ("", [], ()) or (declared is False and self.off_if_absent)

    def _means_the_same(self, live: Json, declared: Json, path: Path, around: JsonMapping) -> bool:
        """Whether a simple value is the declared one, perhaps as a text: ``"300"`` for 300, ``"true"`` for True."""
        if live == declared:
            return isinstance(live, bool) == isinstance(declared, bool)
        if self.is_exact and not (isinstance(declared, str) and isinstance(live, str | Mapping | list)):
            same = False
        elif isinstance(declared, bool):
            same = isinstance(live, str) and live.lower() == str(declared).lower()
        elif isinstance(declared, int | float):
            same = isinstance(live, str) and _number(live) == Decimal(str(declared))
        elif isinstance(live, int | float) and not isinstance(live, bool):
            same = isinstance(declared, str) and _number(declared) == Decimal(str(live))
        else:
            same = isinstance(declared, str) and self._same_text(live, declared)
        return same or self.is_told_as(path, around, live)

    def _same_text(self, live: Json, declared: str) -> bool:
        """Whether both are the same JSON document, the same account, or everybody."""
        document = _parsed(declared)
        if document is not declared:
            return are_equal(self.projected(live, document), document) and _size(_parsed(live)) == _size(document)
        accounts = [_ACCOUNT.fullmatch(text) for text in (live, declared) if isinstance(text, str)]
        if len(accounts) == 2 and accounts[0] and accounts[1]:
            is_plain = "" in {declared.partition(":")[2], str(live).partition(":")[2]}
            return bool(accounts[0][1] == accounts[1][1] and is_plain)
        return bool(declared == "*" and live == EVERYBODY)


def with_value(document: Json, path: tuple[str, ...], value: Json) -> Json:
    """The JSON value with another value at a path."""
    if not path:
        return value
    inner = document if isinstance(document, Mapping) else {}
    return {**inner, path[0]: with_value(inner.get(path[0]), path[1:], value)}


def value_at(document: Json, path: tuple[str, ...]) -> Json:
    """The value at a path of names in a JSON value; None if there is none."""
    for part in path:
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


def values_at(document: Json, path: tuple[str, ...]) -> Iterator[Json]:
    """Yields the values at a path, in which ``*`` stands for every entry of a list."""
    if not path:
        yield document
    elif path[0] == "*":
        for entry in document if isinstance(document, list | tuple) else ():
            yield from values_at(entry, path[1:])
    elif isinstance(document, Mapping) and path[0] in document:
        yield from values_at(document[path[0]], path[1:])


def texts_in(value: Json) -> Iterator[str]:
    """Yields every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)


_MISSING: Json = object()


def _parsed(live: Json) -> Json:
    """A JSON document that AWS returns as text; anything else as it is."""
    if isinstance(live, str) and live[:1] in {"{", "["}:
        try:
            return json.loads(live)
        except ValueError:
            return live
    return live


def _size(document: Json) -> int:
    """How many values a JSON document has, so that what has more than is declared is told from it."""
    if isinstance(document, list) and len(document) == 1:
        return _size(document[0])
    if isinstance(document, Mapping) and document != EVERYBODY:
        return 1 + sum(map(_size, document.values()))
    return 1 + sum(map(_size, document)) if isinstance(document, list) else 1


def _number(text: str) -> Decimal | None:
    """The number that a text is, with all its digits; None if it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
