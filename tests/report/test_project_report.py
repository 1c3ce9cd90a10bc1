"""What a deploy shows on a terminal: one line a project while it works, and then a summary that fits the terminal."""

import re
from collections.abc import Iterable

import pytest

from common.base import text_fit
from common.base.errors import FailedError
from common.model.aws_name import AwsName
from common.model.comparison import FieldChange
from common.model.events import Blocked, Closed, Event, Failed, Finished, Note, Opened, Planned, Started, StepStarted
from common.model.resource import Action, Change, Key, Plan
from common.report import change_parts
from common.report.project_report import ProjectReport
from tests.support.pseudo_terminal import stays
from tests.support.terminal import Terminal, on_screen
from tests.support.waiting import until

OPENED = Opened("dev", "111122223333", "us-east-1", "0e75cd7" * 5, command="deploy --env dev")
CREATED = [
    *(Change(Key("shared", "bucket", name), Action.CREATE, "does not exist") for name in ("a", "b", "c", "d")),
    *(Change(Key("shared", "log-group", name), Action.CREATE, "does not exist") for name in ("x", "y", "z")),
    *(Change(Key("shared", kind, "n"), Action.CREATE, "does not exist") for kind in ("database", "table", "topic")),
]
FUNCTION = Change(Key("acres", "lambda", "Validate"), Action.UPDATE, "MemorySize 512 → 1024")
GRANT = "+ s3:GetObject on t-dev-acres-landing-and-cleansed-111122223333/cleansed, t-dev-acres-111122223333/cleansed/*"
ROLE = Change(Key("acres", "role", "landing_job"), Action.UPDATE, GRANT)
IDLE = [Change(Key("acres", "state-machine", "acres"), Action.NOOP, ""), Change(Key("other", "lambda", "f"), Action.NOOP, "")]
PLAN = Plan((*CREATED, FUNCTION, ROLE, *IDLE))
CALLS = {"s3:PutObject": 3}


def report(monkeypatch: pytest.MonkeyPatch, events: Iterable[Event], *, columns: int = 100, planning: bool = False) -> list[str]:
    """The lines that stay on a terminal, without styles; the time of the clock is the number of times it was read, tenths."""
    stream = on_screen(monkeypatch, columns)
    now = iter(range(1000))
    shown = ProjectReport(planning=planning, stream=stream, clock=lambda: next(now) / 10)
    for event in events:
        shown(event)
    return stays(stream.getvalue())


def deployed(changes: Iterable[Change]) -> list[Event]:
    """A deploy that carries out the changes one after another."""
    return [
        Planned(PLAN),
        StepStarted("deploy-shared", PLAN.counts()),
        *(event for change in changes for event in (Started(change), Finished(change, 0.1))),
    ]


def test_a_deploy_collapses_to_a_summary_by_project(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [OPENED, *deployed((*CREATED, FUNCTION, ROLE)), Closed(3.8, CALLS, 12, 0, 0)]
    assert report(monkeypatch, events) == [
        "dev   111122223333 · us-east-1 · 0e75cd7",
        "= other    1 unchanged",
        f"{'+ shared  10 created  4 buckets · 3 log groups · database · table · topic':<94} 1.9 s",
        f"{'~ acres    2 updated  lambda/Validate   MemorySize 512 → 1024':<94} 0.3 s",
        "                      role/landing_job  + s3:GetObject …t-dev-acres/cleansed/*",
        "Deployed to dev: 10 created, 2 updated, 2 unchanged, 3.8 s.  3 AWS calls",
        "Next   invoke run --env dev --project acres",
    ]


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    long = Key("a_project_with_a_very_long_name_that_goes_on", "lambda", "A" * 70)
    failed = Change(long, Action.UPDATE, "; ".join(f"Setting{number} {number} → {number + 1}" for number in range(9)))
    changes = (*CREATED, FUNCTION, ROLE, failed)
    events: list[Event] = [
        Opened("dev", "111122223333", "us-east-1", "0e75cd7" * 5, command="deploy"),
        Planned(Plan(changes)),
        Note("a sentence of many words " * 10),
        *(event for change in changes[:-1] for event in (Started(change), Finished(change, 0.1))),
        *(Started(failed), Failed(failed, "lambda:UpdateFunctionConfiguration was refused because " + "of this and that " * 9)),
        Closed(3.8, CALLS, 12, 1, 0, error=FailedError("1 failed.")),
    ]
    lines = report(monkeypatch, events, columns=columns)
    whole = ("Deploy to", "Next", f"    {long}")  # what is searched for, or typed, is not shortened
    assert max(len(line) for line in lines if not line.startswith(whole)) <= columns
    assert any("MemorySize 512 → 1024" in line for line in lines)
    assert any("s3:GetObject …" in line for line in lines)
    assert any(re.search(r"topic|table", line) for line in lines)


def test_failures_are_shown_again_at_the_end_with_the_command_that_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked, error = Blocked(ROLE, FUNCTION.key), FailedError("x")
    failed: list[Event] = [Started(FUNCTION), Failed(FUNCTION, "lambda:UpdateFunctionCode was refused:\nInvalidParameterValue")]
    events: list[Event] = [
        OPENED,
        Planned(PLAN),
        *failed,
        blocked,
        *deployed(CREATED)[2:],
        Closed(2.0, CALLS, 10, 1, 1, error=error),
    ]
    lines = report(monkeypatch, events)
    assert lines[1] == "✗ acres: lambda/Validate  lambda:UpdateFunctionCode was refused:"
    assert lines[-6:] == [
        f"{'✗ acres    1 failed':<94} 0.2 s",
        "    lambda/Validate",
        "      lambda:UpdateFunctionCode was refused:",
        "      InvalidParameterValue",
        "✗          1 not tried  role/landing_job  lambda/Validate failed",
        "Deploy to dev failed: 10 created, 0 updated, 2 unchanged, 1 failed, 1 not tried, 2.0 s.  3 AWS calls",
    ]
    assert error.__notes__ == ["invoke deploy --env dev"], "what to type next, which is shown below the error"


def test_a_plan_shows_names_in_aws_with_links_and_the_values_of_what_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "https://us-east-1.console.aws.amazon.com/lambda/home?region=us-east-1#/functions/t-dev-acres-Validate"
    name = AwsName("t-dev-acres-Validate", "arn:aws:lambda:us-east-1:111122223333:function:t-dev-acres-Validate", page)
    field = FieldChange("Environment.MODE", "a", "b")
    change = Change(FUNCTION.key, Action.UPDATE, "MemorySize 512 → 1024", fields=(field,))
    upload = Change(Key("acres", "artifact", "load"), Action.UPLOAD, "load.py changed")
    stream = on_screen(monkeypatch, 80)
    shown = ProjectReport(planning=True, stream=stream)
    opened = Opened("dev", "111122223333", "us-east-1", command="plan --env dev --project acres")
    for event in (opened, Planned(Plan((upload, change)), in_aws={change.key: name}), Closed(1.0, CALLS, 0, 0, 0)):
        shown(event)
    assert f";{page}\x1b\\\x1b[2mt-dev-acres-Validate" in stream.getvalue(), "a hyperlink of OSC 8"
    assert stays(stream.getvalue()) == [
        "dev   111122223333 · us-east-1",
        "acres  1 to update, 1 to upload",
        "  ↑ artifact/load    load.py changed",
        "  ~ lambda/Validate  t-dev-acres-Validate",
        "      MemorySize 512 → 1024",
        "      Environment.MODE a → b",
        "to apply: about 0 AWS calls",
        "Plan for dev: 1 to update, 1 to upload, 1.0 s.  3 AWS calls",
        "Next   invoke deploy --env dev --project acres",
    ]


def test_what_is_under_way_of_any_type_says_what_it_is() -> None:
    mapping = Change(
        Key("acres", "resource", "orders"), Action.CREATE, "", desired={"TypeName": "AWS::Lambda::EventSourceMapping"}
    )
    assert change_parts.at_work(mapping) == "resource/orders (event source mapping)"
    assert change_parts.at_work(FUNCTION) == "lambda/Validate"


def test_lines_that_are_drawn_live_say_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch, 80)
    shown = ProjectReport(stream=stream)
    for event in (OPENED, *deployed(CREATED)[:5], Started(FUNCTION)):
        shown(event)
    lines = (r"\S shared   1 of 10  bucket/b\s", r"\S acres    0 of 2   lambda/Validate\s")
    until(lambda: all(re.search(line, stream.text()) for line in lines))  # they are drawn some times a second
    for event in (
        Finished(FUNCTION, 0.1),
        *(event for change in CREATED[1:] for event in (Started(change), Finished(change, 0.1))),
    ):
        shown(event)
    until(lambda: "+ shared  10 of 10" in stream.text())  # the sign of the summary, and not that of what is unchanged
    shown(Closed(1.0, CALLS, 0, 0, 0))


def test_signs_are_of_the_encoding_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Latin(Terminal):
        encoding = "ascii"

    on_screen(monkeypatch, 80)
    stream = Latin()
    shown = ProjectReport(stream=stream, clock=lambda: 0.0)
    for event in (OPENED, *deployed([*CREATED, FUNCTION]), Started(ROLE), Failed(ROLE, "no"), Closed(1.0, CALLS, 11, 1, 0)):
        shown(event)
    summary = [line for line in stays(stream.getvalue()) if line.startswith(("+", "~", "x", "=", " "))]
    assert summary
    assert "".join(summary).isascii()
    assert any("MemorySize 512 -> 1024" in line for line in summary)


def test_what_a_field_tells_is_not_told_by_the_reason_again() -> None:
    fields = (FieldChange("Environment.AA", None, "b", sign="+"), FieldChange("Reserved", 5, {}))
    change = Change(
        FUNCTION.key, Action.UPDATE, "handler.py changed; Environment.AA changed; Reserved no longer declared", fields=fields
    )
    assert change_parts.parts(change) == ["handler.py changed", "Reserved no longer declared", "+ Environment.AA b"]


@pytest.mark.parametrize(
    ("name", "width", "expected"),
    [
        ("acres-local-fpac_pipeline-Validate", 34, "acres-local-fpac_pipeline-Validate"),
        ("acres-local-fpac_pipeline-landing_job-glue-job", 30, "acres-…-landing_job-glue-job"),
        ("acres-local-cleansed-000000000000/fpac/*", 20, "acres-…/fpac/*"),
        ("short", 3, "sh…"),
        ("東京" * 10, 9, "東京…東京"),
    ],
)
def test_names_keep_their_beginning_and_the_end_that_tells_them_apart(name: str, width: int, expected: str) -> None:
    fitting = text_fit.shortened(name, width)
    assert text_fit.width_of(fitting) <= width
    assert fitting == expected


def test_resources_of_any_type_are_counted_by_the_end_of_their_type() -> None:
    types = [
        *("CloudWatch::Alarm", "CloudWatch::Alarm", "EC2::VPCEndpoint", "EC2::EC2Fleet", "Lambda::EventSourceMapping"),
        *("LakeFormation::PrincipalPermissions", "LakeFormation::PrincipalPermissions"),
    ]
    changes = [
        Change(Key("acres", "resource", str(number)), Action.CREATE, "", desired={"TypeName": f"AWS::{name}"})
        for number, name in enumerate(types)
    ]
    expected = ["2 alarms", "2 principal permissions", "EC2 fleet", "VPC endpoint", "event source mapping"]
    assert change_parts.kinds_of(changes) == expected


def test_values_stay_where_a_line_is_too_narrow_for_the_name_of_a_field() -> None:
    assert change_parts.fitting("Environment.Variables.MAX_MISFIT_PERCENT 10 → 12", 32) == "…MAX_MISFIT_PERCENT 10 → 12"
    assert change_parts.fitting("+ Environment.Variables.MAX_MISFIT_PERCENT 10", 32) == "+ …MAX_MISFIT_PERCENT 10"
    path = "s3://acres-local-artifacts-000000000000/local/acres/artifacts/load"
    script = f"Command.ScriptLocation {path}/33097ce4….py → {path}/7999869a….py"
    assert change_parts.fitting(script, 60) == "…ScriptLocation …/load/33097ce4….py → …/load/7999869a….py"


def test_what_is_kept_is_named_whole_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "it holds data and stays, unless you say --data"
    kept = [
        Change(Key("acres", kind, name), Action.ORPHAN, why) for kind, name in (("log-group", "Normalize"), ("table", "codes"))
    ]
    deleted = Change(Key("acres", "lambda", "Normalize"), Action.DELETE, "")
    events: list[Event] = [OPENED, Planned(Plan((deleted, *kept)), removal=True), StepStarted("destroy", PLAN.counts())]
    lines = report(monkeypatch, [*events, Started(deleted), Finished(deleted, 0.1), Closed(1.0, CALLS, 1, 0, 0)], columns=80)
    assert ".        2 kept     log-group/Normalize · table/codes" in lines
