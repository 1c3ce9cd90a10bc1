"""What people and programs get to read."""

import io
import json
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from common.base.errors import FailedError, LockedError, StoppedError
from common.model.events import (
    Blocked,
    Building,
    Built,
    Closed,
    Cost,
    Event,
    Failed,
    Finished,
    Note,
    Planned,
    Started,
    StepStarted,
)
from common.model.resource import Action, Change, Key, Plan
from common.report.deploy_report import JsonDeployReport, TextReport
from tests.support.terminal import Terminal, on_screen
from tests.support.waiting import until

BUCKET, FUNCTION, JOB = Key("shared", "bucket", "artifacts"), Key("acres", "lambda", "Validate"), Key("acres", "glue-job", "load")
CREATE = Change(BUCKET, Action.CREATE, "does not exist")
UPDATE = Change(
    FUNCTION, Action.UPDATE, "handler.py changed; MemorySize 256 → 512", changed=frozenset({"CodeSha256", "MemorySize"})
)
UPLOAD = Change(Key("acres", "artifact", "load"), Action.UPLOAD, "load.py changed")
NOOP = Change(JOB, Action.NOOP, "up to date")
ORPHAN = Change(Key("acres", "lambda", "Old"), Action.ORPHAN, "no longer declared; it stays until it is pruned")
PLAN = Plan((CREATE, UPDATE, UPLOAD, NOOP, ORPHAN))
CALLS = {"s3:PutObject": 3, "lambda:GetFunction": 2}


def text(events: Iterable[Event], *, planning: bool = False) -> list[str]:
    """The lines that a report writes where there is no terminal."""
    stream = io.StringIO()
    report = TextReport(planning=planning, stream=stream)
    for event in events:
        report(event)
    assert "\x1b" not in stream.getvalue()
    return stream.getvalue().splitlines()


def closed(done: int = 0, failed: int = 0, blocked: int = 0) -> Closed:
    error = FailedError(f"{failed} failed, {blocked} not tried.") if failed or blocked else None
    return Closed(1.25, CALLS, done, failed, blocked, error=error)


@contextmanager
def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 100) -> Iterator[tuple[TextReport, Terminal]]:
    stream = on_screen(monkeypatch, columns)
    report = TextReport(stream=stream)
    yield report, stream
    report(closed())


def test_a_plan_is_one_line_a_resource_and_a_summary() -> None:
    assert text([Planned(PLAN, cost=Cost(23, 0.1)), closed()], planning=True) == [
        "shared",
        "  + bucket/artifacts  create     does not exist",
        "acres",
        "  ~ lambda/Validate   update     handler.py changed; MemorySize 256 → 512",
        "  ↑ artifact/load     upload     load.py changed",
        "  . lambda/Old        orphan     no longer declared; it stays until it is pruned",
        "to apply: about 23 AWS calls",
        "Plan: 1 to create, 1 to update, 1 to upload, 1 unchanged, 1 no longer declared, 1.2 s.  5 AWS calls",
    ]


def test_a_plan_without_changes_says_so() -> None:
    assert text([Planned(Plan((NOOP,))), closed()], planning=True) == ["Plan: nothing to do, 1 unchanged, 1.2 s.  5 AWS calls"]


def test_one_call_is_one_call() -> None:
    assert text([Planned(Plan((NOOP,))), Closed(1.25, {"sts:GetCallerIdentity": 1}, 0, 0, 0)])[-1].endswith(" 1 AWS call")


def test_a_deploy_tells_each_step_and_what_was_done() -> None:
    events: list[Event] = [
        Planned(PLAN),
        StepStarted("deploy-shared", Plan((CREATE,)).counts()),
        Started(CREATE),
        Finished(CREATE, 0.84),
        StepStarted("deploy-lambdas", Plan((UPDATE, NOOP)).counts()),
        Started(UPDATE),
        Finished(UPDATE, 2.0),
        StepStarted("deploy-crawlers", Plan(()).counts()),
        StepStarted("deploy-sfn", Plan(()).counts(), declared=True),
        Note("The bucket [landing] is new."),
        closed(done=2),
    ]
    assert text(events) == [
        "deploy-shared    1 to create",
        "  + shared: bucket/artifacts  created      0.8 s",
        "deploy-lambdas   1 to update, 1 unchanged",
        "  ~ acres: lambda/Validate    updated      2.0 s  handler.py changed; MemorySize 256 → 512",
        "deploy-crawlers  nothing declared",
        "deploy-sfn       nothing chosen",
        "  The bucket [landing] is new.",
        "Deployed: 1 created, 1 updated, 1 unchanged, 1 no longer declared, 1.2 s.  5 AWS calls",
    ]


def test_what_failed_and_what_was_not_tried_is_told_with_the_cause() -> None:
    events: list[Event] = [
        Planned(PLAN),
        Started(CREATE),
        Failed(CREATE, "s3:CreateBucket was refused: BucketAlreadyExists: [/dim] it is somebody's"),
        Blocked(UPDATE, BUCKET),
        Blocked(UPLOAD, None),
        closed(failed=1, blocked=2),
    ]
    assert text(events) == [
        "  + shared: bucket/artifacts  failed",
        "    s3:CreateBucket was refused: BucketAlreadyExists: [/dim] it is somebody's",
        "  ~ acres: lambda/Validate    not tried           shared: bucket/artifacts failed",
        "  ↑ acres: artifact/load      not tried           the deploy was stopped",
        "failed:",
        "  ✗ shared: bucket/artifacts: s3:CreateBucket was refused: BucketAlreadyExists: [/dim] it is somebody's",
        "Deploy failed: 0 created, 0 updated, 1 unchanged, 1 no longer declared, 1 failed, 2 not tried, 1.2 s.  5 AWS calls",
    ]


def test_one_project_at_work_is_not_named() -> None:
    own = [Finished(change, 1.0) for change in (UPDATE, UPLOAD)]
    lines = text([Planned(Plan((UPDATE, UPLOAD, NOOP, replace(NOOP, key=BUCKET)))), *own])
    assert lines == [
        "  ~ lambda/Validate  updated      1.0 s  handler.py changed; MemorySize 256 → 512",
        "  ↑ artifact/load    uploaded     1.0 s  load.py changed",
    ]


def test_packages_are_told_without_a_word_of_aws() -> None:
    names = (("A", "a.py changed"), ("B", ""))
    built = [
        Built(Key("acres", "artifact", name), {"a.py": "1", "b.py": "2"}, 2048, ("numpy==2.2.6",) if why else (), why)
        for name, why in names
    ]
    lines = ["  built acres/A 2.0 KiB: a.py changed", "    1 package: numpy==2.2.6", "    2 files: a.py, b.py"]
    lines += ["  unchanged acres/B 2.0 KiB", "    2 files: a.py, b.py"]
    assert text([*built, Closed(0.1, {}, 0, 0, 0)]) == lines


@pytest.mark.parametrize("columns", [80, 120, 300])
def test_what_a_package_holds_fits_a_line(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    names = tuple(f"package-{number}==1.{number}" for number in range(40))
    files = {f"shared/module_{number}.py": "" for number in range(30)}
    with on_terminal(monkeypatch, columns) as (report, stream):
        report(Built(Key("acres", "artifact", "A"), files, 30 << 20, names))
    first, packages, modules, *_ = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue()).splitlines()
    assert first == "  unchanged acres/A 30.0 MiB"
    assert re.fullmatch(r"    40 packages: package-0==1.0, package-1==1.1, .*and \d+ more", packages)
    assert re.fullmatch(r"    30 files: shared/module_0.py, shared/module_1.py, .*and \d+ more", modules)
    assert columns - 25 < len(packages) <= columns


def test_long_lines_are_not_broken() -> None:
    (line,) = text([Note("x" * 500)])
    assert line == f"  {'x' * 500}"


def test_a_terminal_shows_colours_and_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with on_terminal(monkeypatch) as (report, stream):
        report(Started(CREATE))
        report(Finished(CREATE, 1.0))
    assert "\x1b[32m+\x1b[0m bucket/artifacts  \x1b[32mcreated" in stream.getvalue()
    assert stream.getvalue().count("\x1b[?25l") == stream.getvalue().count("\x1b[?25h") == 1, (
        "the cursor is hidden and shown again"
    )


def test_a_plan_says_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = on_screen(monkeypatch)
    report = TextReport(planning=True, stream=stream)
    load, validate = Key("acres", "artifact", "Load"), Key("acres", "artifact", "Validate")

    def wait_for(line: str) -> None:  # it is drawn some times a second
        until(lambda: re.findall(r"(?:reading|packaging) [\w, ]*\w", stream.text())[-1:] == [line])

    for line, event in (
        ("reading what is deployed", Building(load)),
        ("packaging Load", Building(validate)),
        ("packaging Load, Validate", Building(load, ended=True)),
        ("packaging Validate", Building(validate, ended=True)),
        ("reading what is deployed", closed()),
    ):
        wait_for(line)
        report(event)


def test_no_color_is_honoured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with on_terminal(monkeypatch) as (_, stream):
        monkeypatch.setenv("NO_COLOR", "1")
        report = TextReport(stream=stream)
        report(Finished(CREATE, 1.0))
        report(Failed(UPDATE, "why"))
    assert "+ bucket/artifacts  created" in re.sub(r"\x1b\[\d*m", "", stream.getvalue())
    assert not re.search(r"\x1b\[[\d;]*(3|4|9|10)\d[\d;]*m", stream.getvalue())


def test_events_may_come_from_any_thread() -> None:
    stream = io.StringIO()
    report = TextReport(stream=stream)
    changes = [Change(Key("p", "lambda", f"f{number}"), Action.CREATE, "does not exist") for number in range(50)]

    def work(change: Change) -> None:
        report(Started(change))
        report(Finished(change, 0.0))

    threads = [threading.Thread(target=work, args=(change,)) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stream.getvalue().splitlines()) == sorted(f"  + {change.key}  created      0.0 s" for change in changes)


def as_json(events: Iterable[Event]) -> dict[str, object]:
    stream = io.StringIO()
    report = JsonDeployReport("dev", ["acres"], stream)
    for event in events:
        assert stream.getvalue() == "", "nothing is written before the end"
        report(event)
    output: dict[str, object] = json.loads(stream.getvalue())
    return output


def as_line(change: Change) -> dict[str, object]:
    where = {"project": change.key.project, "key": str(change.key)}
    return {**where, "action": str(change.action), "reason": change.reason, "changed": sorted(change.changed)}


def test_json_is_one_object() -> None:
    assert as_json([Note("x"), Planned(PLAN, cost=Cost(23, 0.09)), Started(CREATE), Finished(CREATE, 1.0), closed(done=1)]) == {
        "environment": "dev",
        "projects": ["acres"],
        "counts": {**dict.fromkeys(map(str, Action), 0), "create": 1, "update": 1, "upload": 1, "orphan": 1, "noop": 1},
        "changes": [as_line(change) for change in PLAN.changes],
        "predicted": {"calls": 23, "seconds": 0.1},
        "outcome": "succeeded",
        "error": None,
        "failed": {},
        "not_tried": [],
        "skipped": {},
        "api_calls": {"total": 5, "by_operation": {"lambda:GetFunction": 2, "s3:PutObject": 3}},
        "seconds": 1.25,
    }  # fmt: skip


def test_json_tells_failures() -> None:
    report = as_json(
        [Planned(PLAN), Failed(CREATE, "refused"), Blocked(UPLOAD, BUCKET), Blocked(UPDATE, BUCKET), closed(0, 1, 2)]
    )
    assert (report["outcome"], report["error"]) == ("failed", "1 failed, 2 not tried.")
    assert report["failed"] == {"shared:bucket/artifacts": "refused"}
    assert report["not_tried"] == ["acres:artifact/load", "acres:lambda/Validate"]


@pytest.mark.parametrize(
    ("error", "outcome", "message"),
    [
        (LockedError("acres is being deployed by ann"), "failed", "acres is being deployed by ann"),
        (StoppedError(15), "stopped", "Stopped. What was finished is recorded: deploy again to continue from here."),
        (KeyboardInterrupt(), "stopped", "Stopped."),
    ],
)
def test_json_tells_what_kept_a_deploy_from_its_end(error: BaseException, outcome: str, message: str) -> None:
    report = as_json([Planned(PLAN), Started(UPDATE), Finished(UPDATE, 1.0), Closed(1.0, CALLS, 1, 0, 2, error=error)])
    assert (report["outcome"], report["error"], report["failed"]) == (outcome, message, {})
    assert report["not_tried"] == ["acres:artifact/load", "shared:bucket/artifacts"]


def test_json_has_one_shape_even_if_nothing_was_planned() -> None:
    built = Built(Key("acres", "artifact", "A"), {"a.py": "1"}, 10, ("numpy==2.2.6",), "a.py changed")
    report, planned = as_json([built, closed()]), as_json([Planned(PLAN), closed()])
    assert planned.keys() == report.keys() - {"packages"}
    assert report["packages"] == [
        {
            "project": "acres",
            "name": "A",
            "files": {"a.py": "1"},
            "bytes": 10,
            "built": True,
            "holds": ["numpy==2.2.6"],
            "reason": "a.py changed",
            "accepts_secret": "",
        }
    ]
    assert report["changes"] == []
