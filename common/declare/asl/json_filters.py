"""Parses the conditions of filters in paths, such as ``?(@.kind == 'csv' && @.size > 10)``.

As text, a condition is that of RFC 9535 as far as it has its operators. A bare word on the right side of an operator is a text.

Follows https://github.com/json-path/JsonPath#filter-operators
"""

import json
import re
from collections.abc import Callable
from typing import TypeAlias

from common.base.json_types import Json
from common.base.lean_dataclass import dataclass
from common.declare.asl.path_steps import JsonPath
from common.declare.asl.scanner import Scanner

_OPERATOR = re.compile(
    r"===|!==|==|!=|<=|>=|=~|<|>|(?:in|nin|subsetof|anyof|noneof|contains|size|empty|type|matches)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.:-])")
_PATTERN = re.compile(r"/((?:\\.|[^/\\])+)/(\w*)")
_WORD = re.compile(r"[\w:./-]+")
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Constant:
    """A value that is written out: a text, a number, true, false or null."""

    value: Json

    def __str__(self) -> str:
        return json.dumps(self.value, ensure_ascii=False)


@dataclass(frozen=True)
class Pattern:
    """A regular expression with its flags."""

    source: str
    flags: str = ""

    def __str__(self) -> str:
        return f"/{self.source}/{self.flags}"


@dataclass(frozen=True)
class Listed:
    """A list of values."""

    values: "tuple[Operand, ...]"

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.values))}]"


@dataclass(frozen=True)
class Comparison:
    """Two values with an operator, or only one that must be there."""

    left: "Operand"
    operator: str = ""
    right: "Operand | None" = None

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}" if self.operator else str(self.left)


@dataclass(frozen=True)
class Negation:
    """The opposite of a condition."""

    inner: "Condition"

    def __str__(self) -> str:
        plain = isinstance(self.inner, Comparison) and not self.inner.operator
        return f"!{self.inner}" if plain or isinstance(self.inner, Negation) else f"!({self.inner})"


@dataclass(frozen=True)
class Joined:
    """Conditions that are joined by ``&&`` or ``||``."""

    operator: str
    parts: "tuple[Condition, ...]"

    def __str__(self) -> str:
        return f" {self.operator} ".join(f"({part})" if isinstance(part, Joined) else str(part) for part in self.parts)


Operand: TypeAlias = "Constant | Pattern | Listed | JsonPath"
Condition: TypeAlias = Comparison | Negation | Joined


def read_condition(scanner: Scanner, read_path: Callable[[], JsonPath]) -> Condition:
    """Reads the condition of a filter.

    Args:
        scanner: the text.
        read_path: reads a path within the condition.

    Raises:
        ScanError: there is none.
    """
    return _Reader(scanner, read_path).joined("||")


class _Reader:
    """Reads the parts of a condition."""

    def __init__(self, scanner: Scanner, read_path: Callable[[], JsonPath]) -> None:
        self._scanner, self._read_path = scanner, read_path

    def joined(self, operator: str) -> Condition:
        """Reads conditions that are joined by this operator; ``&&`` binds more closely than ``||``."""
        read = self._term if operator == "&&" else lambda: self.joined("&&")
        parts = [read()]
        while self._scanner.take(operator):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Joined(operator, tuple(parts))

    def _term(self) -> Condition:
        self._scanner.skip_space()
        term: Condition
        if self._scanner.take("!"):
            term = Negation(self._term())
        elif self._scanner.take("("):
            term = self.joined("||")
            self._scanner.expect(")", "')' is expected at the end of the condition")
        else:
            term = self._comparison()
        self._scanner.skip_space()
        return term

    def _comparison(self) -> Comparison:
        left = self._operand(right=False)
        self._scanner.skip_space()
        operator = self._scanner.match(_OPERATOR)
        if operator is None:
            if self._scanner.sees("="):
                raise self._scanner.error("an operator such as == is expected")
            return Comparison(left)
        self._scanner.skip_space()
        return Comparison(left, operator[0].lower(), self._operand(right=True))

    def _operand(self, *, right: bool) -> Operand:
        scanner = self._scanner
        if scanner.sees("@", "$"):
            return self._read_path()
        if (text := scanner.string()) is not None:
            return Constant(text)
        if number := scanner.match(_NUMBER):
            return Constant(int(number[0]) if number[0].lstrip("-").isdigit() else float(number[0]))
        if pattern := scanner.match(_PATTERN):
            return Pattern(pattern[1], pattern[2])
        if scanner.take("["):
            return self._list()
        word = scanner.match(_WORD)
        if word is None or not (right or word[0] in _CONSTANTS):
            scanner.at -= len(word[0]) if word else 0
            raise scanner.error("a value is expected, or a path that begins with @")
        return Constant(_CONSTANTS.get(word[0], word[0]))

    def _list(self) -> Listed:
        values: list[Operand] = []
        self._scanner.skip_space()
        while not self._scanner.take("]"):
            if values:
                self._scanner.expect(",", "']' is expected at the end of the list")
                self._scanner.skip_space()
            values.append(self._operand(right=True))
            self._scanner.skip_space()
        return Listed(tuple(values))
