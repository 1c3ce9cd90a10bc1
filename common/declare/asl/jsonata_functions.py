"""The functions that expressions in JSONata may call, with the number of their arguments.

They are those of JSONata 2.0.6 and those that Step Functions adds; a test compares them with the parser's own.

Follows https://docs.jsonata.org/overview.html
and https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
"""

from collections.abc import Mapping
from typing import NamedTuple

from common.base.suggestions import closest

ADDED: Mapping[str, tuple[int, int]] = {
    "partition": (2, 2),
    "hash": (2, 2),
    "range": (3, 3),
    "random": (0, 1),
    "uuid": (0, 0),
    "parse": (1, 1),
}
"""The functions that Step Functions adds or extends, each with the least and the largest number of its arguments."""
ANY_NUMBER = 1_000_000
FUNCTIONS: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(
        ("sum", "count", "max", "min", "average", "merge", "reverse", "shuffle", "distinct", "exists", "type"), (1, 1)
    ),
    **dict.fromkeys(
        ("lowercase", "uppercase", "length", "trim", "number", "floor", "ceil", "abs", "sqrt", "boolean", "not"), (0, 1)
    ),
    **dict.fromkeys(("keys", "spread", "clone", "base64encode", "base64decode", "error"), (0, 1)),
    **dict.fromkeys(("encodeUrl", "decodeUrl", "encodeUrlComponent", "decodeUrlComponent"), (0, 1)),
    **dict.fromkeys(("string", "round", "formatBase", "toMillis", "now", "sift"), (0, 2)),
    **dict.fromkeys(("substringBefore", "substringAfter", "contains", "formatInteger", "parseInteger", "power"), (1, 2)),
    **dict.fromkeys(("join", "single", "each", "lookup", "assert", "sort"), (1, 2)),
    **dict.fromkeys(("substring", "pad", "match", "split", "formatNumber"), (1, 3)),
    **dict.fromkeys(("map", "filter", "append"), (2, 2)),
    "replace": (2, 4),
    "reduce": (2, 3),
    "zip": (1, ANY_NUMBER),
    "fromMillis": (0, 3),
    "millis": (0, 0),
    **ADDED,
}
"""The functions, each with the least and the largest number of its arguments.

Many take the value that is being looked at for their first argument, so that they need one less.
"""


class FunctionCall(NamedTuple):
    """A call in an expression."""

    name: str
    arguments: int
    partial: bool
    """Whether some of the arguments are given later, as in ``$map(?, $f)``."""


def call_problem(call: FunctionCall) -> tuple[str, str] | None:
    """Returns what is wrong with the call of a function that is not defined in the expression: a sentence and a suggestion."""
    if call.name == "eval":
        return "Step Functions does not allow $eval.", " $parse reads a text as JSON."
    if call.name not in FUNCTIONS:
        close = closest(call.name, FUNCTIONS)
        return f"there is no function ${call.name}.", f" Did you mean ${close}?" if close else ""
    least, most = FUNCTIONS[call.name]
    if call.arguments > most or (call.arguments < least and not call.partial):
        number = str(most) if least == most else f"{least} or more" if most == ANY_NUMBER else f"{least} to {most}"
        plural = "" if number == "1" else "s"
        return f"${call.name} takes {number if most else 'no'} argument{plural}, not {call.arguments}.", ""
    return None
