r"""Parses JSONPath as Step Functions has it: the dialect of Jayway, with `$$` for the context object and `$name` for variables.

Libraries for JSONPath follow RFC 9535 and refuse much that AWS accepts: `$.[0]`, `$.list.length()`, `$.a[?(@.kind == word)]`,
`$.a\.b`, `$.123`.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
and https://github.com/json-path/JsonPath
"""

import re
from collections.abc import Callable
from typing import TypeVar

from common.base.suggestions import did_you_mean
from common.declare.asl.json_filters import read_condition
from common.declare.asl.path_steps import JsonPath, Step
from common.declare.asl.scanner import ESCAPED, ScanError, Scanner

T = TypeVar("T")
FUNCTIONS = frozenset(
    {*("length", "size", "min", "max", "avg", "stddev", "sum", "keys", "concat", "append", "first", "last", "index")}
)
"""The functions that may follow a path."""
_NAME = re.compile(r"""(?:\\.|[^\s.\[\](),'"<>=!\\])+""")
_NAME_IN_FILTER = re.compile(r"""(?:\\.|[^\s.\[\](),'"<>=!&|~\\])+""")
_VARIABLE = re.compile(r"[^\W\d]\w*")
_INDEX = re.compile(r"-?\d+")
_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(-?\d+)?)?(?=\s*\])")
_FROM_END = re.compile(r"\(\s*@\.(?:length|size)(?:\(\))?\s*-\s*(\d+)\s*\)")
_ARGUMENTS = re.compile(r"[^()]*\)")
_BRACKETS = "a number, a range, *, a filter ?(…) or a quoted name is expected in brackets"


def parse_path(text: str) -> JsonPath:
    """Returns the path that a text says.

    Raises:
        ScanError: it is not a path.
    """
    scanner = Scanner(text)
    try:
        path = read_path(scanner, "$")
    except RecursionError:
        raise ScanError("it is nested too deep") from None
    if not scanner.ended and not scanner.text[scanner.at :].isspace():
        raise scanner.error("'.' or '[' is expected")
    return path


def read_path(scanner: Scanner, *roots: str, names: re.Pattern[str] = _NAME) -> JsonPath:
    """Reads a path from a longer text.

    Args:
        scanner: the text.
        roots: what it may begin with.
        names: what a name that is not quoted may consist of.

    Raises:
        ScanError: there is no path.
    """
    if not scanner.sees(*roots):
        raise scanner.error("a path is expected, which begins with $")
    root = "$$" if scanner.take("$$") else scanner.text[scanner.at]
    scanner.at += root != "$$"
    if root == "$" and (variable := scanner.match(_VARIABLE)):
        root = variable[0]
    steps = []
    while scanner.sees(".", "["):
        steps.append(_step(scanner, names))
    return JsonPath(root, tuple(steps))


def _step(scanner: Scanner, names: re.Pattern[str]) -> Step:
    deep = scanner.take("..")
    dotted = deep or scanner.take(".")
    if scanner.take("["):
        scanner.skip_space()
        kind, value = _in_brackets(scanner)
        scanner.skip_space()
        scanner.expect("]", "']' is expected")
        return Step(kind, value, deep)
    if dotted and scanner.take("*"):
        return Step("all", None, deep)
    name = scanner.match(names)
    if name is None:
        raise scanner.error("a name is expected; one with other characters than letters, digits, - and _ is written ['name']")
    if not scanner.sees("("):
        return Step("names", (ESCAPED.sub(r"\1", name[0]),), deep)
    if name[0] not in FUNCTIONS:
        raise ScanError(f"a path has no function {name[0]!r}", did_you_mean(name[0], FUNCTIONS))
    scanner.at += 1
    if not scanner.match(_ARGUMENTS):
        raise scanner.error("')' is expected")
    return Step("function", name[0], deep)


def _in_brackets(scanner: Scanner) -> tuple[str, object]:
    if scanner.take("*"):
        return "all", None
    if scanner.take("?"):
        scanner.skip_space()
        return "filter", read_condition(scanner, lambda: read_path(scanner, "@", "$", names=_NAME_IN_FILTER))
    if from_end := scanner.match(_FROM_END):
        return "from end", int(from_end[1])
    if parts := scanner.match(_SLICE):
        return "slice", tuple(None if part is None else int(part) for part in parts.groups())
    if scanner.sees("'", '"'):
        return "names", tuple(_many(scanner, _quoted))
    return "indices", tuple(_many(scanner, _index))


def _many(scanner: Scanner, read: Callable[[Scanner], T]) -> list[T]:
    values = [read(scanner)]
    scanner.skip_space()
    while scanner.take(","):
        scanner.skip_space()
        values.append(read(scanner))
        scanner.skip_space()
    return values


def _quoted(scanner: Scanner) -> str:
    name = scanner.string()
    if name is None:
        raise scanner.error("a name between quotes is expected")
    return name


def _index(scanner: Scanner) -> int:
    index = scanner.match(_INDEX)
    if index is None:
        raise scanner.error(_BRACKETS)
    return int(index[0])
