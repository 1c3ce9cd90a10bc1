"""Evaluates the filters of paths, such as ``?(@.kind == 'csv' && @.size > 10)``.

Follows https://github.com/json-path/JsonPath#filter-operators
"""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from common.base.json_types import Json
from common.declare.asl.json_paths import JsonPath, read_path
from common.declare.asl.scanner import Scanner

Condition = Callable[[Json, Json], bool]
"""Says of an item, and of the data in which the whole path began, whether a filter keeps the item."""
Read = Callable[[JsonPath, Json, Json], Json]
"""Returns what a path leads to, from an item and from the whole data; raises an exception if it leads to nothing."""
OPERATOR = re.compile(r"===|!==|==|!=|<=|>=|=~|<|>|(?:in|nin|subsetof|anyof|noneof|contains|size|empty|type|matches)\b")
LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|true\b|false\b|null\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
REGEX = re.compile(r"/((?:\\.|[^/\\])+)/(\w*)")
_NAME_IN_FILTER = re.compile(r"""(?:\\.|[^\s.\[\](),'"<>=!&|~\\])+""")
MISSING = object()
"""Stands for what a path does not lead to."""
Operand = Callable[[Json, Json], Any]


def condition(text: str, read: Read) -> Condition:
    """Returns the condition that a filter says, as the parser of paths writes it."""
    return _Parser(Scanner(text), read).either()


class _Parser:
    def __init__(self, scanner: Scanner, read: Read) -> None:
        self._scanner, self._read = scanner, read

    def either(self) -> Condition:
        parts = [self._both()]
        while self._next("||"):
            parts.append(self._both())
        return lambda item, root: any(part(item, root) for part in parts)

    def _both(self) -> Condition:
        parts = [self._term()]
        while self._next("&&"):
            parts.append(self._term())
        return lambda item, root: all(part(item, root) for part in parts)

    def _term(self) -> Condition:
        self._scanner.skip_space()
        if self._scanner.take("!"):
            inner = self._term()
            return lambda item, root: not inner(item, root)
        if self._scanner.take("("):
            inner = self.either()
            self._scanner.skip_space()
            self._scanner.expect(")", "')' is expected")
            return inner
        left = self._operand()
        self._scanner.skip_space()
        operator = self._scanner.match(OPERATOR)
        if operator is None:
            return lambda item, root: left(item, root) is not MISSING
        self._scanner.skip_space()
        right, compare = self._operand(), COMPARING[operator[0].lower()]
        return lambda item, root: bool(compare(left(item, root), right(item, root)))

    def _operand(self) -> Operand:
        if self._scanner.sees("@", "$"):
            path, read = read_path(self._scanner, "@", "$", names=_NAME_IN_FILTER), self._read

            def value(item: Json, root: Json) -> Any:
                with suppress(LookupError, Exception):
                    return read(path, item, root)
                return MISSING

            return value
        if regex := self._scanner.match(REGEX):
            pattern = re.compile(regex[1], re.IGNORECASE if "i" in regex[2] else 0)
            return lambda _item, _root: pattern
        if self._scanner.take("["):
            values: list[Operand] = []
            while not self._next("]"):
                values.append(self._operand())
                self._next(",")
                self._scanner.skip_space()
            return lambda item, root: [value(item, root) for value in values]
        literal = self._scanner.match(LITERAL)
        if literal is None:
            raise self._scanner.error("a value is expected")
        constant = json.loads(literal[0])
        return lambda _item, _root: constant

    def _next(self, text: str) -> bool:
        self._scanner.skip_space()
        return self._scanner.take(text)


def _equal(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _ordered(left: Any, right: Any) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    return numbers or (isinstance(left, str) and isinstance(right, str))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


COMPARING: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": _equal,
    "===": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "!==": lambda left, right: not _equal(left, right),
    "<": lambda left, right: _ordered(left, right) and left < right,
    "<=": lambda left, right: _ordered(left, right) and left <= right,
    ">": lambda left, right: _ordered(left, right) and left > right,
    ">=": lambda left, right: _ordered(left, right) and left >= right,
    "=~": lambda left, right: isinstance(left, str) and right.fullmatch(left) is not None,
    "matches": lambda left, right: isinstance(left, str) and right.fullmatch(left) is not None,
    "in": lambda left, right: left in _listed(right),
    "nin": lambda left, right: left not in _listed(right),
    "subsetof": lambda left, right: all(value in _listed(right) for value in _listed(left)),
    "anyof": lambda left, right: any(value in _listed(right) for value in _listed(left)),
    "noneof": lambda left, right: not any(value in _listed(right) for value in _listed(left)),
    "contains": lambda left, right: isinstance(left, str | list) and right in left,
    "size": lambda left, right: isinstance(left, str | list) and len(left) == right,
    "empty": lambda left, right: isinstance(left, str | list) and (not left) == right,
    "type": lambda left, right: type(left).__name__ == right,
}
"""The operators of filters."""
