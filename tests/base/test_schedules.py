"""Schedules are held to AWS's rules wherever they are said: in declarations, in configuration, for rules and for crawlers.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
"""

import re
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest

from common.base import schedules
from common.base.errors import ConfigError, DeclarationError
from tests.support.repository import Repository

MACHINE = 'm = p.state_machine("m", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})'
RIGHT_CRONS = (
    *(
        "cron(0 3 * * ? *)",
        "cron(0/5 8-17 ? * MON-FRI *)",
        "cron(15 12 * * ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0 8 1 * ? *)",
    ),
    *("cron(0 10 L * ? *)", "cron(0 10 3W * ? *)", "cron(0 10 ? * 6L *)", "cron(0 10 ? JAN,MAR-MAY 1,3,SAT 2026-2030)"),
    *("cron(0,30 0/12 1-15 1/3 ? 2026/2)", "cron(5-25/10 3 31 12 ? 1970)", "cron(0 22-2 ? * FRI-MON *)"),
)
WRONG = (
    *(
        "hourly",
        "",
        "0 3 * * *",
        "rate(1 hours)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 hours)",
        "rate(0 days)",
        "rate(5)",
    ),
    *(
        "rate(-1 days)",
        "rate(1.5 hours)",
        "rate(5 seconds)",
        "rate(2 weeks)",
        "rate( 5 minutes)",
        "rate(5  minutes)",
        "RATE(1 day)",
    ),
    *("at(2030-01-01T00:00:00)", "rate(5 minutes)\n", "rate(\u0662 days)"),
    *(
        "cron(0 3 * * *)",
        "cron(0 3 * * * *)",
        "cron(0 3 ? * ? *)",
        "cron(* * * * *)",
        "cron(0 3 * * ? * *)",
        "cron(0  3 * * ? *)",
    ),
    *(
        "cron(60 3 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 3 32 * ? *)",
        "cron(0 3 0 * ? *)",
        "cron(0 3 * 13 ? *)",
        "cron(0 3 ? * 0 *)",
    ),
    *("cron(0 3 ? * 8 *)", "cron(0 3 * * ? 1969)", "cron(0 3 * * ? 2200)", "cron(0 3 * FOO ? *)", "cron(0 3 ? * MONDAY *)"),
    *("cron(0/0 3 * * ? *)", "cron(*/90 3 * * ? *)", "cron(0/ 3 * * ? *)", "cron(1- 3 * * ? *)", "cron(1,,2 3 * * ? *)"),
    *(
        "cron(L 3 * * ? *)",
        "cron(0 3 W * ? *)",
        "cron(0 3 32W * ? *)",
        "cron(0 3 ? * 3#6 *)",
        "cron(0 3 ? * 3#1,4#1 *)",
        "cron(? 3 * * ? *)",
    ),
    *("cron(0 3 * * ? 2030-2026)", "cron(0 3 * * ? *)\n", "cron(\u0662 3 * * ? *)", f"cron({'0,' * 130}0 3 * * ? *)"),
)


@pytest.mark.parametrize("right", ["rate(1 minute)", "rate(2 hours)", "rate(10 days)", "cron(0 3 ? * 3#2 *)", *RIGHT_CRONS])
def test_schedules_that_eventbridge_accepts_are_accepted(right: str) -> None:
    assert schedules.check_eventbridge(right) == right


@pytest.mark.parametrize("right", RIGHT_CRONS)
def test_schedules_that_glue_accepts_are_accepted(right: str) -> None:
    assert schedules.check_glue(right) == right


@pytest.mark.parametrize("wrong", WRONG)
def test_schedules_that_neither_service_accepts_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^EventBridge does not know the schedule"):
        schedules.check_eventbridge(wrong)
    if len(wrong) <= schedules.MAX_LENGTH:
        with pytest.raises(ValueError, match=r"^Glue does not know the schedule"):
            schedules.check_glue(wrong)


@pytest.mark.parametrize(
    ("check", "wrong", "message"),
    [
        (schedules.check_eventbridge, "rate(1 minutes)", "write it as rate(1 minute)"),
        (schedules.check_eventbridge, "rate(3 hour)", "write it as rate(3 hours)"),
        (schedules.check_eventbridge, "rate(0 hours)", "a rate is at least 1 minute"),
        (schedules.check_eventbridge, "cron(0 3 * * *)", "not 5; write it as cron(0 3 * * ? *), rate(1 hour) or rate(5 minutes)"),
        (schedules.check_eventbridge, "cron(0 3 * * * *)", "one of day-of-month and day-of-week must be ?, and the other not"),
        (schedules.check_eventbridge, "cron(0 25 * * ? *)", "hours is '25'; it has numbers from 0 to 23, * , - and /"),
        (
            schedules.check_eventbridge,
            "cron(0 3 ? * MONDAY *)",
            "day-of-week is 'MONDAY'; it has numbers from 1 to 7 or SUN to SAT,",
        ),
        (schedules.check_glue, "rate(1 day)", "a crawler has no rate; write it as cron(0 3 * * ? *)"),
        (schedules.check_glue, "cron(0 3 ? * 3#2 *)", "a crawler has no # in day-of-week"),
        *(
            (schedules.check_glue, f"cron({often} * * ? *)", "two starts of a crawler are at least 5 minutes apart")
            for often in ("* *", "0/2 3", "1,4 3")
        ),
        (schedules.check_glue, "cron(0,58 3,4 * * ? *)", "two starts of a crawler are at least 5 minutes apart"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_write(check: Callable[[str], str], wrong: str, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is looked at
        check(wrong)
    assert message in str(refused.value)


def test_minutes_at_both_ends_of_an_hour_are_far_apart_if_the_hours_are() -> None:
    assert schedules.check_glue("cron(0,58 3,5 * * ? *)")


@pytest.mark.parametrize("wrong", ["rate(1 minutes)", "rate(0 hours)", "cron(0 3 * * *)", "cron(0 25 * * ? *)"])
@pytest.mark.parametrize("where", ["declared", "configured", "defaults", "crawler", "crawler declared", "crawler defaults"])
def test_a_wrong_schedule_is_refused_wherever_it_is_declared(repository: Repository, where: str, wrong: str) -> None:
    crawler = 'p.crawler("c", targets=[p.shared.bucket("artifacts") / "x"], database=p.shared.database("d"){})'
    places: dict[str, dict[str, Any]] = {
        "configured": {"projects": {"acres": {"triggers": {"s": {"expression": wrong}}}}},
        "defaults": {"defaults": {"trigger": {"expression": wrong}}},
        "crawler": {"projects": {"acres": {"crawlers": {"c": {"schedule": wrong}}}}},
        "crawler defaults": {"defaults": {"crawler": {"schedule": wrong}}},
    }
    repository.configure(**places.get(where, {}))
    expression = wrong if where == "declared" else "rate(1 day)"
    settings = f', settings={{"schedule": {wrong!r}}}' if where == "crawler declared" else ""
    repository.project("acres", MACHINE, f'p.schedule("s", m, {expression!r})', crawler.format(settings))
    with pytest.raises((ConfigError, DeclarationError)) as refused:
        repository.declared()
    service = "Glue" if where.startswith("crawler") else "EventBridge"
    assert f"{service} does not know the schedule {wrong!r}" in str(refused.value)


def test_what_waits_for_new_objects_has_no_schedule(repository: Repository) -> None:
    repository.configure(projects={"acres": {"triggers": {"new": {"expression": "rate(1 day)"}}}})
    repository.project("acres", MACHINE, 'p.on_object("new", m, p.shared.bucket("artifacts") / "x")')
    with pytest.raises(DeclarationError, match=r"rule/new: it waits for events, so it has no schedule\. Take `expression` away"):
        repository.declared()


def test_time_zones_are_known_by_their_exact_names() -> None:
    for name in zoneinfo.available_timezones() - {"localtime"}:
        assert schedules.check_timezone(name) == name
    for name in ("America", "america/Chicago", "posix/UTC", "posixrules", "../zoneinfo/UTC", "zone.tab", ""):
        with pytest.raises(ValueError, match=re.escape(f"there is no time zone {name!r}.")):
            schedules.check_timezone(name)
