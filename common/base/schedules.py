"""Checks schedules: `rate(…)` and `cron(…)` of EventBridge, and `cron(…)` of Glue for crawlers.

AWS refuses a wrong schedule only during a deploy, and the embedded AWS accepts all. The fields are minutes, hours, day of month,
month, day of week and year, in UTC; one of the two days is `?`.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
and https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
"""

import re
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from common.base.suggestions import did_you_mean

MAX_LENGTH = 256
"""How many characters EventBridge allows for a schedule."""
RATE = re.compile(r"rate\(([0-9]+) (minute|hour|day)(s?)\)", re.ASCII)
CRON = re.compile(r"cron\(([^()\n]*)\)")
GLUE_INTERVAL_MINUTES = 5
"""The shortest time between two starts of a crawler, in minutes."""
EXAMPLES = "write it as cron(0 3 * * ? *), rate(1 hour) or rate(5 minutes)"
TIMEZONE = re.compile(r"(?!posix/|right/|posixrules|localtime)[A-Za-z0-9_+/-]+")
"""The names of time zones; the folders have more, which AWS does not know."""
ONCE = re.compile(r"at\((.*)\)")
"""Matches a single time of EventBridge Scheduler."""


class Field(NamedTuple):
    """A field of a cron expression."""

    name: str
    first: int
    last: int
    names: Sequence[str] = ()
    """Names for its numbers; the first name is that of the number `first`."""
    special: str = ""
    """A pattern of values that it allows besides numbers, ranges and steps."""


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
DAY_OF_MONTH, DAY_OF_WEEK = 2, 4
"""The positions of the two day fields."""


def is_once(expression: str) -> bool:
    """Whether it is a single time, which EventBridge Scheduler alone knows."""
    return ONCE.fullmatch(expression) is not None


def check_eventbridge(expression: str) -> str:
    """Returns the expression if EventBridge accepts it as a schedule.

    Raises:
        ValueError: EventBridge would refuse it.
    """
    rate, cron = RATE.fullmatch(expression), CRON.fullmatch(expression)
    problem: str | None = EXAMPLES
    if rate:
        problem = _rate_problem(int(rate[1]), rate[2], bool(rate[3]))
    elif cron:
        problem = next(_cron_problems(cron[1]), None)
    if len(expression) > MAX_LENGTH:
        problem = f"it has {len(expression)} characters, and at most {MAX_LENGTH} are allowed"
    if problem:
        raise ValueError(f"EventBridge does not know the schedule {expression!r}: {problem}")
    return expression


def check_scheduler(expression: str) -> str:
    """Returns the expression if EventBridge Scheduler accepts it: a schedule, or a single time.

    Raises:
        ValueError: Scheduler would refuse it.
    """
    once = ONCE.fullmatch(expression)
    if once and (problem := _time_problem(once[1])):
        raise ValueError(f"EventBridge does not know the schedule {expression!r}: {problem}")
    return expression if once else check_eventbridge(expression)


def check_timezone(name: str) -> str:
    """Returns the name of a time zone if there is one. Where this machine knows none, AWS decides.

    Raises:
        ValueError: there is no such time zone.
    """
    if any(_has_timezone(folder, name) for folder in zoneinfo.TZPATH):
        return name
    names = zoneinfo.available_timezones()
    if names and name not in names:
        raise ValueError(f"there is no time zone {name!r}.{did_you_mean(name, names)}")
    return name


def _has_timezone(folder: str, name: str) -> bool:
    """Whether a folder of time zones has this one, spelled like this. Listing all time zones would take much longer."""
    if not TIMEZONE.fullmatch(name):
        return False
    path = Path(folder)
    for part in name.split("/"):
        if not path.is_dir() or part not in {entry.name for entry in path.iterdir()}:
            return False
        path /= part
    return not path.is_dir()


def check_moment(text: str) -> str:
    """Returns a moment in UTC, as AWS spells it.

    Raises:
        ValueError: it is none.
    """
    if _time_problem(text.removesuffix("Z")):
        raise ValueError(f"{text!r} is not a moment in UTC; write it as 2027-01-31T06:30:00")
    return f"{text.removesuffix('Z')}Z"


def seconds_of(moment: str) -> int:
    """The seconds since 1970 of a moment in UTC."""
    return int(datetime.fromisoformat(moment).timestamp())


def check_glue(expression: str) -> str:
    """Returns the expression if Glue accepts it as the schedule of a crawler.

    Raises:
        ValueError: Glue would refuse it.
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


def _time_problem(text: str) -> str | None:
    try:
        if datetime.fromisoformat(text).strftime("%Y-%m-%dT%H:%M:%S") == text:
            return None
    except ValueError:
        pass
    return "write a single time as at(2027-01-31T06:30:00)"


def _rate_problem(value: int, unit: str, plural: bool) -> str | None:
    if value < 1:
        return "a rate is at least 1 minute"
    if plural == (value == 1):
        return f"write it as rate({value} {unit}{'' if value == 1 else 's'})"
    return None


def _cron_problems(text: str) -> Iterator[str]:
    values = text.split(" ")
    if len(values) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        yield f"cron has {len(FIELDS)} fields ({names}) with one space between two, not {len(values)}; {EXAMPLES}"
        return
    if (values[DAY_OF_MONTH] == "?") == (values[DAY_OF_WEEK] == "?"):
        yield "one of day-of-month and day-of-week must be ?, and the other not"
    for position, (field, value) in enumerate(zip(FIELDS, values, strict=True)):
        if value == "?" and position in {DAY_OF_MONTH, DAY_OF_WEEK}:
            continue
        if "#" in value and "," in value:
            yield f"{field.name}: # stands alone"
        for part in value.split(","):
            if not (field.special and re.fullmatch(field.special, part)) and _expand_part(field, part) is None:
                yield f"{field.name} is {value!r}; it has {_describe_allowed(field)}"


def _describe_allowed(field: Field) -> str:
    names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"numbers from {field.first} to {field.last}{names}, * , - and / (a step of {_longest_step(field)} at most)"


def _expand_part(field: Field, part: str) -> list[int] | None:
    """Returns the numbers of a part of a field (`*`, a value or a range, perhaps with a step); None if it is invalid."""
    beginning, slash, step = part.partition("/")
    first, dash, last = beginning.partition("-")
    begin = field.first if beginning == "*" else _parse_number(field, first)
    end = _parse_number(field, last) if dash else field.last if beginning == "*" or slash else begin
    step_size = int(step) if slash and _is_number(step) else None if slash else 1
    if begin is None or end is None or step_size is None or not 1 <= step_size <= _longest_step(field):
        return None
    if begin > end and field.name == "year":
        return None
    if begin > end:  # from Friday to Monday
        end += field.last - field.first + 1
    return [field.first + (value - field.first) % (field.last - field.first + 1) for value in range(begin, end + 1, step_size)]


def _longest_step(field: Field) -> int:
    return field.last - field.first if field.first == 0 else field.last - field.first + 1


def _parse_number(field: Field, text: str) -> int | None:
    if text in field.names:
        return field.first + field.names.index(text)
    return int(text) if _is_number(text) and field.first <= int(text) <= field.last else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4


def _glue_problem(text: str) -> str | None:
    if "#" in text:
        return "a crawler has no # in day-of-week"
    minutes, hours = ([*_expand_field(field, value)] for field, value in zip(FIELDS, text.split(" ")[:2], strict=False))
    times = sorted({60 * hour + minute for hour in hours for minute in minutes})
    if any(later - earlier < GLUE_INTERVAL_MINUTES for earlier, later in pairwise([*times, times[0] + 24 * 60])):
        apart = f"two starts of a crawler are at least {GLUE_INTERVAL_MINUTES} minutes apart"
        return f"{apart}; write the minutes as in 0/{GLUE_INTERVAL_MINUTES}"
    return None


def _expand_field(field: Field, text: str) -> Iterator[int]:
    return (value for part in text.split(",") for value in _expand_part(field, part) or ())
