"""When AWS starts something: `rate(…)` and `cron(…)` as EventBridge takes them, and `cron(…)` as Glue does for crawlers.

Both refuse a wrong one only when it is deployed, and the embedded AWS takes all. The fields are minutes, hours, day of month,
month, day of week and year, in UTC; one of the two days is `?`.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
and https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

LONGEST = 256
"""Characters of an expression that EventBridge takes."""
RATE = re.compile(r"rate\(([0-9]+) (minute|hour|day)(s?)\)", re.ASCII)
CRON = re.compile(r"cron\(([^()\n]*)\)")
GLUE_PRECISION = 5
"""Minutes between two starts of a crawler, at least."""
EXAMPLES = "write it as cron(0 3 * * ? *), rate(1 hour) or rate(5 minutes)"


class Field(NamedTuple):
    """One field of a cron expression."""

    name: str
    first: int
    last: int
    names: Sequence[str] = ()
    """What stands for its numbers, the first of them for `first`."""
    special: str = ""
    """A pattern of what it may be besides values, ranges and steps."""


MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
DAY = rf"([1-7]|{'|'.join(DAYS)})"
FIELDS = (
    Field("minutes", 0, 59),
    Field("hours", 0, 23),
    Field("day-of-month", 1, 31, special=r"L|LW|(0?[1-9]|[12][0-9]|3[01])W"),
    Field("month", 1, 12, MONTHS),
    Field("day-of-week", 1, 7, DAYS, rf"{DAY}?L|{DAY}#[1-5]"),
    Field("year", 1970, 2199),
)
OF_MONTH, OF_WEEK = 2, 4
"""The places of the two days."""


def eventbridge(expression: str) -> str:
    """The expression, which EventBridge takes for a rule.

    Raises:
        ValueError: it does not.
    """
    rate, cron = RATE.fullmatch(expression), CRON.fullmatch(expression)
    problem: str | None = EXAMPLES
    if rate:
        problem = _rate_problem(int(rate[1]), rate[2], bool(rate[3]))
    elif cron:
        problem = next(_cron_problems(cron[1]), None)
    if len(expression) > LONGEST:
        problem = f"it has {len(expression)} characters, and at most {LONGEST} are taken"
    if problem:
        raise ValueError(f"EventBridge does not know the schedule {expression!r}: {problem}")
    return expression


def glue(expression: str) -> str:
    """The expression, which Glue takes for a crawler.

    Raises:
        ValueError: it does not.
    """
    cron = CRON.fullmatch(expression)
    problem: str | None = "write it as cron(0 3 * * ? *)"
    if expression.startswith("rate"):
        problem = f"a crawler has no rate; {problem}"
    elif cron:
        problem = next(_cron_problems(cron[1]), None) or _glue_problem(cron[1])
    if problem:
        raise ValueError(f"Glue does not know the schedule {expression!r}: {problem}")
    return expression


def _rate_problem(value: int, unit: str, plural: bool) -> str | None:
    if value < 1:
        return "a rate is at least 1 minute"
    if plural == (value == 1):
        return f"write it as rate({value} {unit}{'' if value == 1 else 's'})"
    return None


def _cron_problems(text: str) -> Iterator[str]:
    given = text.split(" ")
    if len(given) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        yield f"cron has {len(FIELDS)} fields ({names}) with one space between two, not {len(given)}; {EXAMPLES}"
        return
    if (given[OF_MONTH] == "?") == (given[OF_WEEK] == "?"):
        yield "one of day-of-month and day-of-week must be ?, and the other not"
    for place, (field, value) in enumerate(zip(FIELDS, given, strict=True)):
        if value == "?" and place in {OF_MONTH, OF_WEEK}:
            continue
        if "#" in value and "," in value:
            yield f"{field.name}: # stands alone"
        for part in value.split(","):
            if not (field.special and re.fullmatch(field.special, part)) and _values(field, part) is None:
                yield f"{field.name} is {value!r}; it has {_allowed(field)}"


def _allowed(field: Field) -> str:
    names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"numbers from {field.first} to {field.last}{names}, * , - and / (a step of {_longest_step(field)} at most)"


def _values(field: Field, part: str) -> list[int] | None:
    """What a part of a field stands for: `*`, a value or a range, each perhaps with a step; None if it is none of them."""
    beginning, slash, step = part.partition("/")
    first, dash, last = beginning.partition("-")
    begin = field.first if beginning == "*" else _number(field, first)
    end = _number(field, last) if dash else field.last if beginning == "*" or slash else begin
    each = int(step) if slash and _is_number(step) else None if slash else 1
    if begin is None or end is None or each is None or not 1 <= each <= _longest_step(field):
        return None
    if begin > end and field.name == "year":
        return None
    if begin > end:  # from Friday to Monday
        end += field.last - field.first + 1
    return [field.first + (value - field.first) % (field.last - field.first + 1) for value in range(begin, end + 1, each)]


def _longest_step(field: Field) -> int:
    return field.last - field.first if field.first == 0 else field.last - field.first + 1


def _number(field: Field, text: str) -> int | None:
    if text in field.names:
        return field.first + field.names.index(text)
    return int(text) if _is_number(text) and field.first <= int(text) <= field.last else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4


def _glue_problem(text: str) -> str | None:
    if "#" in text:
        return "a crawler has no # in day-of-week"
    minutes, hours = ([*_all(field, given)] for field, given in zip(FIELDS, text.split(" ")[:2], strict=False))
    times = sorted({60 * hour + minute for hour in hours for minute in minutes})
    if any(later - earlier < GLUE_PRECISION for earlier, later in pairwise([*times, times[0] + 24 * 60])):
        return f"a crawler starts every {GLUE_PRECISION} minutes at most; write the minutes as in 0/{GLUE_PRECISION}"
    return None


def _all(field: Field, given: str) -> Iterator[int]:
    return (value for part in given.split(",") for value in _values(field, part) or ())
