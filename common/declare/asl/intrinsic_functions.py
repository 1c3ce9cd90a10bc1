"""Parses and checks intrinsic functions, as in ``States.Format('{}/{}', $.bucket, States.UUID())``.

AWS looks at the name and the parentheses when a machine is created, and at the arguments only when it runs. Kinds are checked of
literal values and of the results of nested functions; what a path leads to is known only at run time.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from common.base.lean_dataclass import dataclass
from common.base.plural import counted
from common.base.suggestions import did_you_mean, known_names
from common.declare.asl.json_paths import read_path
from common.declare.asl.path_steps import JsonPath
from common.declare.asl.scanner import ESCAPED, ScanError, Scanner
from common.model.reference import UPPER_TOKEN


class Signature(NamedTuple):
    """What a function takes and returns; kinds are text, number, boolean, array, object, or any."""

    takes: tuple[str, ...]
    returns: str
    least: int | None = None
    """How many arguments it needs; all, if it is None."""
    more: bool = False
    """Whether any number of further arguments may follow."""


FUNCTIONS: Mapping[str, Signature] = {
    "States.Array": Signature((), "array", more=True),
    "States.ArrayPartition": Signature(("array", "number"), "array"),
    "States.ArrayContains": Signature(("array", "any"), "boolean"),
    "States.ArrayRange": Signature(("number", "number", "number"), "array"),
    "States.ArrayGetItem": Signature(("array", "number"), "any"),
    "States.ArrayLength": Signature(("array",), "number"),
    "States.ArrayUnique": Signature(("array",), "array"),
    "States.Base64Encode": Signature(("text",), "text"),
    "States.Base64Decode": Signature(("text",), "text"),
    "States.Hash": Signature(("any", "text"), "text"),
    "States.JsonMerge": Signature(("object", "object", "boolean"), "object"),
    "States.StringToJson": Signature(("text",), "any"),
    "States.JsonToString": Signature(("any",), "text"),
    "States.MathRandom": Signature(("number", "number", "number"), "number", least=2),
    "States.MathAdd": Signature(("number", "number"), "number"),
    "States.StringSplit": Signature(("text", "text"), "array"),
    "States.UUID": Signature((), "text"),
    "States.Format": Signature(("text",), "text", more=True),
}
"""The intrinsic functions by name."""
ALGORITHMS = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")
"""The algorithms of States.Hash, and of $hash in JSONata."""
RESERVED = "'{}\\"
"""The characters that a text escapes by a backslash."""
MOST = 10
"""How many functions may be nested within a field."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_TEXT = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_PLACEHOLDER = re.compile(r"\\.|\{\}", re.DOTALL)


@dataclass(frozen=True)
class Literal:
    """A literal argument.

    Args:
        value: its value; a text is without its escapes.
        raw: what stands between the quotes of a text.
    """

    value: str | float | bool | None
    raw: str = ""

    @property
    def template(self) -> list[str]:
        """The parts of a template between its placeholders ``{}``, without escapes."""
        parts, end = [""], 0
        for match in _PLACEHOLDER.finditer(self.raw):
            parts[-1] += self.raw[end : match.start()]
            end = match.end()
            if match[0] == "{}":
                parts.append("")
            else:
                parts[-1] += match[0][1]
        parts[-1] += self.raw[end:]
        return parts


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple["Argument", ...]


Argument: TypeAlias = Call | JsonPath | Literal


def parse_intrinsic(text: str) -> Call:
    """Returns the function that a text calls.

    Raises:
        ScanError: it calls none.
    """
    scanner = Scanner(text)
    try:
        call = _call(scanner)
    except RecursionError:
        raise ScanError("it is nested too deep") from None
    scanner.skip_space()
    if not scanner.ended:
        raise scanner.error("the end is expected")
    return call


def paths_in(call: Call) -> Iterator[JsonPath]:
    """Yields the paths among the arguments of a function, and of those within it."""
    for argument in call.arguments:
        if isinstance(argument, Call):
            yield from paths_in(argument)
        elif isinstance(argument, JsonPath):
            yield argument


def intrinsic_problems(call: Call) -> Iterator[tuple[str, str]]:
    """Yields what is wrong with a function and those within it: a sentence, and a suggestion to append."""
    calls = [*_calls(call)]
    if len(calls) > MOST:
        yield f"{len(calls)} functions are nested; AWS allows {MOST} in a field.", ""
    for inner in calls:
        yield from _problems(inner)


def _call(scanner: Scanner) -> Call:
    name = scanner.match(_NAME)
    if name is None:
        raise scanner.error("the name of a function is expected, such as States.Format")
    if not scanner.sees("("):
        scanner.at -= len(name[0])
        raise scanner.error("a path, which begins with $, or a function such as States.Format(…) is expected")
    scanner.take("(")
    arguments: list[Argument] = []
    scanner.skip_space()
    while not scanner.take(")"):
        if arguments:
            scanner.expect(",", "',' or ')' is expected")
            scanner.skip_space()
        arguments.append(_argument(scanner))
        scanner.skip_space()
    return Call(name[0], tuple(arguments))


def _argument(scanner: Scanner) -> Argument:
    if scanner.sees("$"):
        return read_path(scanner, "$")
    if scanner.match(UPPER_TOKEN):
        return JsonPath("$", ())  # what replaces it can be anything
    if text := scanner.match(_TEXT):
        if wrong := next((escape for escape in ESCAPED.finditer(text[1]) if escape[1] not in RESERVED), None):
            raise ScanError(rf"a text has the escape {wrong[0]}, and only \' \{{ \}} and \\ are allowed")
        return Literal(ESCAPED.sub(r"\1", text[1]), text[1])
    if number := scanner.match(_NUMBER):
        return Literal(float(number[0]) if not number[0].lstrip("-").isdigit() else int(number[0]))
    for word, value in _WORDS.items():
        if scanner.match(re.compile(rf"{word}\b(?![.(])")):
            return Literal(value)
    if scanner.sees("'"):
        raise ScanError(f"the quote before {scanner.text[scanner.at + 1 :][:20]!r} is not closed")
    if not scanner.match(re.compile(r"(?=[A-Za-z])")):
        raise scanner.error("an argument is expected: a text in single quotes, a number, a path or a function")
    return _call(scanner)


def _calls(call: Call) -> Iterator[Call]:
    yield call
    for argument in call.arguments:
        if isinstance(argument, Call):
            yield from _calls(argument)


def _problems(call: Call) -> Iterator[tuple[str, str]]:
    signature = FUNCTIONS.get(call.name)
    if signature is None:
        names = known_names(sorted(FUNCTIONS))
        yield f"there is no intrinsic function {call.name!r}.", did_you_mean(call.name, FUNCTIONS, otherwise=names)
        return
    count, most = len(call.arguments), len(signature.takes)
    least = most if signature.least is None else signature.least
    if count < least or (count > most and not signature.more):
        number = f"{least} or more" if signature.more else f"{least} to {most}" if least < most else str(most) if most else "no"
        yield f"{call.name} takes {number} argument{'s' * (number != '1')}, not {count}.", ""
        return
    for position, (kind, argument) in enumerate(zip(signature.takes, call.arguments, strict=False), 1):
        actual = _kind(argument)
        if "any" not in {kind, actual} and kind != actual:
            yield f"argument {position} of {call.name} must be {_WITH_ARTICLE[kind]}, not {_WITH_ARTICLE[actual]}.", ""
    yield from _values(call)


def _values(call: Call) -> Iterator[tuple[str, str]]:
    values = [argument.value if isinstance(argument, Literal) else ... for argument in call.arguments]
    if call.name == "States.Format" and isinstance(call.arguments[0], Literal):
        placeholders, inserted = len(call.arguments[0].template) - 1, len(values) - 1
        if placeholders != inserted:
            counts = f"{counted(placeholders, 'placeholder')} {{}} for {counted(inserted, 'value')}"
            yield f"the template of States.Format has {counts}.", ""
    elif call.name == "States.Hash" and isinstance(values[1], str) and values[1] not in ALGORITHMS:
        guess = did_you_mean(values[1], ALGORITHMS, otherwise=known_names(ALGORITHMS))
        yield f"States.Hash has no algorithm {values[1]!r}.", guess
    elif call.name == "States.JsonMerge" and values[2] is True:
        yield "States.JsonMerge merges only the outermost level, so its third argument must be false.", ""
    elif call.name == "States.ArrayRange" and values[2] == 0:
        yield "the increment of States.ArrayRange must not be 0.", ""
    elif call.name == "States.ArrayPartition" and isinstance(values[1], int | float) and values[1] < 1:
        yield "the size of the parts of States.ArrayPartition must be at least 1.", ""


_WITH_ARTICLE = {
    "text": "a text",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}


def _kind(argument: Argument) -> str:
    if isinstance(argument, JsonPath):
        return "any"
    if isinstance(argument, Call):
        return FUNCTIONS[argument.name].returns if argument.name in FUNCTIONS else "any"
    if isinstance(argument.value, bool):
        return "boolean"
    if argument.value is None:
        return "null"
    return "text" if isinstance(argument.value, str) else "number"
