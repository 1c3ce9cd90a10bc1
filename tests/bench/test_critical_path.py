"""How calls that a proxy saw become the phases of a command."""

import pytest

from tests.bench.critical_path import Call, chain_line, phases

BUCKET = "/t-dev-artifacts"
LOCK, ROOT = f"PUT {BUCKET}/dev/acres/lock.json", f"PUT {BUCKET}/dev/acres/release.json"
READS = [Call(1.0, 1.2, "sts", "GetCallerIdentity"), Call(1.1, 1.3, "lambda", "GET /2015-03-31/functions/f")]
DEPLOY = [
    *READS,
    Call(1.5, 1.6, "s3", f"PUT {BUCKET}"),
    Call(1.7, 1.8, "s3", LOCK),
    Call(1.8, 1.9, "s3", ROOT),
    Call(2.0, 2.5, "glue", "CreateJob"),
    Call(2.6, 2.7, "s3", ROOT),
    Call(2.7, 2.8, "s3", f"DELETE {BUCKET}/dev/acres/lock.json"),
]


def test_a_deploy_has_all_phases_one_after_the_other() -> None:
    path = list(phases(0.0, 3.0, {"Invoke": 0.2, "loaded while calls were under way": 1.1}, DEPLOY))
    assert [phase.name for phase in path] == [
        "the process is started",
        "Invoke",
        "planning",
        "artifact bucket",
        "leases and roots",
        "changes",
        "clean roots, leases given back",
        "the process ends",
    ]
    assert [phase.begun for phase in path] == pytest.approx([0.0, 0.2, 1.0, 1.5, 1.7, 1.9, 2.6, 2.8])
    assert sum(phase.ended - phase.begun for phase in path) == pytest.approx(3.0)
    assert sum(len(phase.calls) for phase in path) == len(DEPLOY)


def test_what_changes_nothing_is_planning_alone() -> None:
    path = list(phases(10.0, 12.0, {}, [Call(begun + 10, ended + 10, *named) for begun, ended, *named in READS]))
    assert [phase.name for phase in path] == ["the process is started", "planning", "the process ends"]
    assert path[1].line(10.0) == "| 1.00 | 0.30 | 0.00 | planning | 1 sts, 1 lambda |"


def test_seconds_without_a_call_are_those_of_the_process() -> None:
    planning = next(phase for phase in phases(0.0, 3.0, {}, DEPLOY) if phase.name == "planning")
    assert planning.line(0.0) == "| 1.00 | 0.50 | 0.20 | planning | 1 sts, 1 lambda |"


def test_the_chain_has_what_was_waited_for_one_after_the_other() -> None:
    """Of two calls at once only the longer one counts; a page follows a page."""
    pages = [Call(begun, begun + 0.1, "tagging", "GetResources") for begun in (0.7, 0.85)]
    assert chain_line([*pages, *DEPLOY]) == (
        "9 of 10 calls one after the other: tagging GetResources 2 times, GET f, PUT t-dev-artifacts, PUT lock.json, "
        "PUT release.json, glue CreateJob, PUT release.json, DELETE lock.json"
    )
    assert chain_line([]) == "0 of 0 calls one after the other: "
