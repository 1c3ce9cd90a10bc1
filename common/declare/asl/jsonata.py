"""Parses expressions in JSONata and finds what they use: variables, functions, and the fields of `$states`.

Step Functions has JSONata 2.0.6 without an input document: data comes from variables only, so a bare name or `$` means nothing at
the outermost level. Names that an expression defines itself (by `:=`, as parameters of a function, by `@` or `#`) are its own.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
and https://states-language.net/spec.html#jsonata-restrictions
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from common.base.jsonata_library import deep_recursion, library
from common.base.lean_dataclass import dataclass, field
from common.base.suggestions import closest
from common.declare.asl.jsonata_functions import FunctionCall
from common.declare.asl.scanner import ScanError

OPENING, CLOSING = "{%", "%}"
Part: TypeAlias = Any
"""A node of the parsed tree, or what one of its attributes holds. Its `type` says which attributes it has."""
OTHERWISE = {"==": " JSONata compares with one =.", "&&": " Write and.", "||": " Write or.", "!==": " Write !=."}
"""What other languages write, with what JSONata has instead."""
NEWER = ("?:", "??")
"""Operators that the parser knows and JSONata 2.0.6 does not."""
CHILDREN = (
    *("expression", "expressions", "steps", "procedure", "arguments", "body", "predicate", "stages", "expr", "group", "terms"),
    *("lhs", "rhs", "lhs_object", "rhs_object", "rhs_terms", "condition", "then", "_else", "pattern", "update", "delete"),
)
"""The attributes of a parsed part that hold other parts."""
WITH_CONTEXT = frozenset({"predicate", "stages", "group", "terms", "pattern", "update", "delete"})
"""The parts within which a bare name or `$` means a value that is being looked at."""
SHOWN = 25
"""How many characters before an error a message shows."""


@dataclass
class Expression:
    """What an expression uses.

    Args:
        variables: the names of variables that it does not define itself.
        calls: the calls of functions that it does not define itself.
        states: the names behind each `$states`, as far as they are written out.
        problems: what is wrong with the expression itself: sentences, each with a suggestion to append.
        optional: the variables that need not have a value, because it checks that by `$exists`.
    """

    variables: list[str] = field(default_factory=list)
    calls: list[FunctionCall] = field(default_factory=list)
    states: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    optional: set[str] = field(default_factory=set)


def content_of(text: str) -> str | None:
    """Returns the expression in a text such as ``{% $x + 1 %}``; None if it is not one."""
    if len(text) < len(OPENING + CLOSING) or not (text.startswith(OPENING) and text.endswith(CLOSING)):
        return None
    return text[len(OPENING) : -len(CLOSING)]


def parse_jsonata(content: str, is_later: Callable[[str], bool] = lambda _: False) -> Expression:
    """Returns what an expression uses.

    Args:
        content: the text between ``{%`` and ``%}``.
        is_later: whether a name stands for something that is known only later.

    Raises:
        ScanError: the expression cannot be parsed.
    """
    tree = _parsed(content)
    parts = [*_every(tree)]
    defined = frozenset(name for part in parts for name in _defined(part))
    reader = _Reader(content, is_later, defined)
    reader.read(tree)
    reader.result.optional = {name for part in parts for name in _optional(part) if not closest(name, defined)}
    return reader.result


def _parsed(content: str) -> Part:
    jsonata = library()
    try:
        with deep_recursion():
            # Patterns are those of another language than Python's, so they are not compiled.
            return jsonata.Jsonata.get_parser().parse(content, lambda pattern, _: pattern)
    except jsonata.JException as error:
        shown = content[max(0, error.location - SHOWN) : error.location].strip()
        near = f"near its end, {shown!r}" if error.location >= len(content.rstrip()) else f"after {shown!r}"
        around = content[max(0, error.location - 3) : error.location + 1]
        suggestion = next((words for operator, words in OTHERWISE.items() if operator in around), "")
        raise ScanError(f"{near if shown else 'at its beginning'}: {str(error).rstrip('.')}", suggestion) from None
    except (IndexError, AttributeError, TypeError, KeyError, ValueError):  # the library fails so at a text that breaks off
        raise ScanError(f"near its end, {content[-SHOWN:].strip()!r}: something is missing") from None
    except RecursionError:
        raise ScanError("it is nested too deep") from None


def _parts(part: Part, keys: tuple[str, ...] = CHILDREN) -> Iterator[tuple[str, Part]]:
    """Yields the parts of a part, each with the name of the attribute that holds it."""
    attributes = vars(part)
    for key in keys:
        pending = [attributes.get(key)]
        while pending:
            value = pending.pop(0)
            if isinstance(value, list):
                pending = [*value, *pending]
            elif value is not None and hasattr(value, "keep_array"):
                yield key, value


def _every(part: Part) -> Iterator[Part]:
    """Yields a part and all parts within it."""
    pending = [part]
    while pending:
        yield (part := pending.pop())
        pending += [child for _, child in _parts(part)]


def _defined(part: Part) -> Iterator[str]:
    """Yields the names that a part defines."""
    if part.type == "bind":
        yield str(part.lhs.value)
    elif part.type == "lambda":
        yield from (str(argument.value) for argument in part.arguments)
    elif part.type == "index":
        yield str(part.value)
    yield from (name for name in (part.focus, part.index) if isinstance(name, str))


def _optional(part: Part) -> Iterator[str]:
    """Yields the variables of which a part checks by `$exists` whether they have a value."""
    if part.type == "function" and part.procedure.value == "exists":
        yield from (str(argument.value) for argument in part.arguments if argument.type == "variable")


class _Visit(NamedTuple):
    """A part that is to be read."""

    part: Part
    in_context: bool
    """Whether a bare name or `$` means a value that is being looked at."""
    chained: int = 0
    """How many arguments `~>` hands to it."""


class _Reader:
    """Walks through a parsed expression and collects what it uses."""

    def __init__(self, content: str, is_later: Callable[[str], bool], defined: frozenset[str]) -> None:
        self.result = Expression()
        self._content, self._is_later, self._defined = content, is_later, defined

    def read(self, tree: Part) -> None:
        """Reads an expression."""
        pending = [_Visit(tree, in_context=False)]
        while pending:
            pending += reversed([*self._part(pending.pop())])

    def _part(self, visit: _Visit) -> Iterator[_Visit]:
        """Reads a part, and yields the parts within it that are to be read."""
        part, in_context, chained = visit
        if part.type == "path":
            yield from self._path(part, in_context)
            return
        if part.type in {"function", "partial"} and part.procedure.type == "variable":
            self._call(part, chained)
        elif part.type in {"name", "wildcard", "descendant", "parent"}:
            self._name(part, in_context)
        elif part.type == "variable":
            self._variable(str(part.value), in_context)
        elif part.type == "condition" and (operator := self._content[max(0, part.position - 2) : part.position]) in NEWER:
            self._problem(f"JSONata 2.0.6, which Step Functions has, does not know {operator}.", " Write … ? … : … instead.")
        yield from self._children(part, in_context)

    def _children(self, part: Part, in_context: bool) -> Iterator[_Visit]:
        if part.type == "lambda":
            yield _Visit(part.body, in_context)
            return
        for key, child in _parts(part):
            if key == "procedure" and child.type == "variable":
                continue
            if part.type == "bind" and key == "lhs":
                continue
            chained = 1 if part.type == "apply" and key == "rhs" else 0
            yield _Visit(child, in_context or key in WITH_CONTEXT, chained)

    def _path(self, part: Part, in_context: bool) -> Iterator[_Visit]:
        first, *following = part.steps
        if first.type == "variable" and first.value == "states":
            self._states(first, following)
            yield from self._children(first, in_context=True)
        else:
            yield _Visit(first, in_context)
        yield from (_Visit(step, in_context=True) for step in following)
        yield from (_Visit(child, in_context=True) for _, child in _parts(part, ("predicate", "stages", "group")))

    def _states(self, first: Part, following: list[Part]) -> None:
        names = []
        for step in following if not first.predicate else []:
            if step.type != "name":
                break
            names.append(str(step.value))
            if step.stages:
                break
        self.result.states.append(tuple(names))

    def _call(self, part: Part, chained: int) -> None:
        name = str(part.procedure.value)
        if name not in self._defined and not self._is_later(name):
            self.result.calls.append(FunctionCall(name, len(part.arguments) + chained, part.type == "partial"))

    def _name(self, part: Part, in_context: bool) -> None:
        name = str(part.value)
        bare = self._content[max(0, part.position - len(name)) : part.position] == name
        if part.type == "name" and bare and {"'", '"'} & {*name}:
            self._problem(f"the quotes of {name!r} do not belong together.", "")
        elif not in_context and not self._is_later(name):
            better = f" Write $states.input.{name} or a variable." if part.type == "name" else ""
            better = " Intrinsic functions are for JSONPath; JSONata has functions of its own." if name == "States" else better
            self._problem(f"{name!r} is not in a path, and an expression has no data but its variables.", better)

    def _variable(self, name: str, in_context: bool) -> None:
        if name == "$":
            self._problem("$$ means nothing in Step Functions.", " The input of the state is $states.input.")
        elif name == "" and not in_context:
            self._problem("$ means nothing at the outermost level.", " The input of the state is $states.input.")
        elif name == "states":
            self.result.states.append(())
        elif name and name not in self._defined and not self._is_later(name):
            self.result.variables.append(name)

    def _problem(self, message: str, suggestion: str) -> None:
        if (message, suggestion) not in self.result.problems:
            self.result.problems.append((message, suggestion))
