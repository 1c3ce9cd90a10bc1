"""Reads JSON files that people write: says where a text is not JSON and what to do, and never makes another value of a number.

A key that is repeated is refused, as JSON would keep only the last value; so is a number that Python would round.

Follows https://www.rfc-editor.org/rfc/rfc8259
"""

import json
import re
from contextlib import suppress
from json import decoder, scanner
from typing import Any

from common.base.json_types import Json, JsonObject

ADVICE = (
    (r"(//|/\*|#)", "JSON has no comments. Remove it"),
    (r"<<<<<<<|=======|>>>>>>>", "A merge has left its conflict here. Resolve it"),
    (r"['\u2018\u2019\u201c\u201d`]", 'Texts are in straight double quotes: "…"'),
    (r"(True|False|None|undefined|yes|no|on|off)\b", "JSON has the words true, false and null"),
    (r"[+.]?(NaN|Infinity|inf|nan)\b|[+.][0-9]", "JSON does not have such numbers"),
    (r"\ufeff", "The file has a second byte-order mark here. Remove it"),
    (
        r"[^\S\n\r\t ]|[\u200b-\u200f\u2060\x00]",
        "An invisible character is here. Remove it, and type a blank if there is to be one",
    ),
    (r"[A-Za-z_][\w-]*\s*:", 'Keys are in double quotes: "…"'),
)
"""What to do where a text is not JSON, by what stands there."""
PROBLEMS = {
    "Extra data": "there is more text after its end",
    "Invalid control character at": r"a text is on one line: write a line end as \n and a tab as \t",
    "Invalid \\escape": r"write a backslash as \\",
    "Unterminated string starting at": "this text does not end",
}
"""Problems in plainer words, by those of Python."""
LONGEST_NUMBER = 4_000
"""How many digits a whole number may have; Python reads hardly more."""


class JsonError(ValueError):
    """A text is not JSON, or is refused; the message says where and why."""


def load_json(text: str, name: str, *, as_written: bool = False) -> Json:
    """Returns the value of a text.

    Args:
        text: the text of one document.
        name: the name of the file, for errors.
        as_written: whether numbers are refused, too, that are written otherwise afterwards, as 1.10, which becomes 1.1. It is for
            files whose numbers become parts of texts.

    Raises:
        JsonError: the text is not JSON, a key is repeated, or a number would become another one.
        RecursionError: it is nested too deeply.
    """
    try:
        return _decoder(as_written=as_written).decode(text)
    except json.JSONDecodeError as error:
        end = " ".join(filter(None, (f"this is not JSON: {_problem(error)}.", _advice(text, error.pos))))
        raise JsonError(f"{name}:{error.lineno}:{error.colno}: {end}") from None
    except _NumberError as error:
        number, reason = error.args
        place = re.search(rf"(?<![\w.+-]){re.escape(number)}(?![\w.+-])", text)
        line = text.count("\n", 0, place.start()) + 1 if place else 1
        raise JsonError(f"{name}:{line}: {reason}") from None
    except _RepeatedKeyError as error:
        raise JsonError(
            f"{name}:{_line_of_repeated(text)}: the key {error.args[0]!r} is repeated in the object that begins here."
        ) from None


def without_duplicates(pairs: list[tuple[Any, Json]]) -> JsonObject:
    """Returns the object of these pairs.

    Raises:
        ValueError: a key is repeated.
    """
    result: JsonObject = {}
    for key, value in pairs:
        if key in result:
            raise _RepeatedKeyError(key)
        result[key] = value
    return result


class _NumberError(ValueError):
    """A number would become another one: the number, and the reason."""


class _RepeatedKeyError(ValueError):
    """A key is repeated in an object."""

    def __str__(self) -> str:
        return f"the key {self.args[0]!r} is repeated"


def _decoder(*, as_written: bool) -> json.JSONDecoder:
    def number(text: str) -> int | float:
        return _number(text, as_written=as_written)

    return json.JSONDecoder(
        object_pairs_hook=without_duplicates, parse_float=number, parse_int=number, parse_constant=_refuse_constant
    )


def _number(text: str, *, as_written: bool) -> int | float:
    """Returns a number if it is kept as it is."""
    if len(text) > LONGEST_NUMBER:
        raise _NumberError(text, f"a number of {len(text)} characters is too long. Quote it if it is a text or a code.")
    value = int(text) if text.lstrip("-").isdigit() else float(text)
    spelled = json.dumps(value)
    if spelled == text or (not as_written and _is_exactly(spelled, text)):
        return value
    became = spelled if spelled not in {"Infinity", "-Infinity"} else "a number that JSON does not have"
    or_number = f", or write {spelled} if it is a number" if spelled == became else ""
    raise _NumberError(text, f'{text} would become {became}. Quote it ("{text}") if it is a text or a code{or_number}.')


def _is_exactly(first: str, second: str) -> bool:
    from decimal import Decimal  # few files have such numbers

    return Decimal(first) == Decimal(second)


def _refuse_constant(name: str) -> None:
    raise _NumberError(name, f"JSON does not have the number {name}. Quote it if it is a text.")


def _problem(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "the file is empty"
    return PROBLEMS.get(error.msg, error.msg)


def _advice(text: str, position: int) -> str:
    """Says what to do where a text is not JSON; empty if that is not known."""
    before, after = text[:position].rstrip(), text[position:]
    if re.match(r"\s*,\s*[}\]]", after) or (before.endswith(",") and re.match(r"\s*[}\]]", after)):
        return f"A comma must not stand before {after.strip().lstrip(',').strip()[:1]}. Remove it."
    if re.search(r"(?<![\w.])-?0\Z", text[:position]) and re.match(r"[0-9xob]", after):
        return "A number does not begin with 0. Quote it if it is a code."
    if before[-1:].isdigit() and re.match(r"[\w:.-]", after):
        return "Quote it if it is a text, as a code, a time or a date."
    if not after.strip() and before:
        return "The file ends too early."
    return next((f"{advice}." for pattern, advice in ADVICE if re.match(rf"\s*({pattern})", after)), "")


def _line_of_repeated(text: str) -> int:
    """Returns the line on which the first object begins that repeats a key."""
    starts: list[int] = []

    class Finder(json.JSONDecoder):
        """Reads objects in Python, where it is known at which character each begins."""

        def __init__(self) -> None:
            super().__init__(object_pairs_hook=without_duplicates)
            self.parse_object = self._object
            self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]  # typeshed does not know it

        def _object(self, where: tuple[str, int], *rest: Any) -> Any:
            try:
                return decoder.JSONObject(where, *rest)  # type: ignore[attr-defined]  # typeshed does not know it
            except _RepeatedKeyError:
                starts.append(where[1])
                raise

    with suppress(ValueError):
        Finder().decode(text)
    return text.count("\n", 0, starts[0]) + 1 if starts else 1
