"""Finds the expressions in the fields of a state whose query language is JSONata, and checks each in its place.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from collections.abc import Iterator, Mapping

from common.base.json_types import Json, JsonMapping
from common.base.suggestions import did_you_mean
from common.declare.asl.context_object import context_problem
from common.declare.asl.expression_uses import Findings, Use, is_token, with_token_names
from common.declare.asl.jsonata import CLOSING, OPENING, content_of, parse_jsonata
from common.declare.asl.scanner import ScanError
from common.declare.asl.walk import Place, listed

CONSTANT = frozenset({"Type", "Comment", "QueryLanguage", "Next", "End", "Default", "Resource", "Label", "Retry"})
"""Fields that hold no expression."""
INNER = frozenset({"Branches", "ItemProcessor", "Iterator"})
CALLING = frozenset({"Task", "Parallel", "Map"})
"""The types of states that have a result or fail with an error."""
EVALUATED = frozenset({"MaxItems", "ExpectedBucketOwner"})
"""The fields of a ReaderConfig that may hold an expression; AWS takes those of CSVHeaders for names of columns."""
OUTGOING = ("Assign", "Output")
STATES = ("input", "context", "result", "errorOutput")
"""The fields of `$states`."""


def read_jsonata_state(state: JsonMapping, here: Place, findings: Findings) -> None:
    """Reads the expressions of a state."""
    if isinstance(state.get("Resource"), str) and OPENING in state["Resource"]:
        findings.add("JSONATA", here / "Resource", "it must be a constant, not an expression.")
    for place, value, allowed in _fields(state, here):
        for at, text in _texts(value, place):
            _read(text, at, allowed, findings)


def _fields(state: JsonMapping, here: Place) -> Iterator[tuple[Place, Json, str]]:
    """Yields each field that may hold expressions, with its place and with what `$states` has there besides input and context."""
    for field, value in state.items():
        if field == "Catch":
            yield from ((at, part, "errorOutput") for at, part in _parts(value, here / field, OUTGOING))
        elif field == "Choices":
            yield from ((at, part, "") for at, part in _parts(value, here / field, ("Condition", *OUTGOING)))
        elif field in {"ItemReader", "ResultWriter"} and isinstance(value, Mapping):
            yield from _of_part(value, here / field)
        elif field not in CONSTANT and field not in INNER:
            yield here / field, value, "result" if field in OUTGOING and state["Type"] in CALLING else ""


def _of_part(part: JsonMapping, here: Place) -> Iterator[tuple[Place, Json, str]]:
    """Yields the fields of what a Map reads from or writes to that may hold expressions."""
    if "Arguments" in part:
        yield here / "Arguments", part["Arguments"], ""
    config = part.get("ReaderConfig")
    if isinstance(config, Mapping):
        yield from ((here / "ReaderConfig" / name, config[name], "") for name in EVALUATED & config.keys())


def _parts(values: Json, here: Place, fields: tuple[str, ...]) -> Iterator[tuple[Place, Json]]:
    for number, value in enumerate(listed(values)):
        for field in fields if isinstance(value, Mapping) else ():
            if field in value:
                yield here / number / field, value[field]


def _texts(value: Json, here: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield here, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, here / str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, here / number)


def _read(text: str, here: Place, allowed: str, findings: Findings) -> None:
    content = content_of(text)
    if content is None:
        if text.strip().startswith(OPENING) or text.strip().endswith(CLOSING):
            message = f"an expression begins with {OPENING} and ends with {CLOSING}, without spaces around them."
            findings.add("JSONATA", here, message)
        return
    try:
        expression = parse_jsonata(with_token_names(content), is_token)
    except ScanError as error:
        findings.add("JSONATA", here, f"the expression is not valid {error}.", error.suggestion)
        return
    for message, suggestion in expression.problems:
        findings.add("JSONATA", here, message, suggestion)
    for names in expression.states:
        _states(names, here, allowed, findings)
    findings.uses += [Use(here, name, True, is_optional=name in expression.optional) for name in expression.variables]
    findings.uses += [Use(here, call.name, True, call) for call in expression.calls]


def _states(names: tuple[str, ...], here: Place, allowed: str, findings: Findings) -> None:
    if not names or is_token(names[0]):
        return
    field, *inner = names
    if field not in STATES:
        findings.add("STATES_VARIABLE", here, f"$states has no field {field!r}.", did_you_mean(field, STATES))
    elif field == "result" and allowed != field:
        findings.add("STATES_VARIABLE", here, "$states.result exists only in Assign and Output of a Task, Parallel or Map.")
    elif field == "errorOutput" and allowed != field:
        findings.add("STATES_VARIABLE", here, "$states.errorOutput exists only in Assign and Output of a Catch.")
    elif field == "context":
        written = inner[: next((number for number, name in enumerate(inner) if is_token(name)), len(inner))]
        if problem := context_problem("$states.context", written, in_map=findings.in_map):
            findings.add("CONTEXT", here, *problem)
