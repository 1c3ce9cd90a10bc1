"""`invoke report`: the page of an environment, with so few calls that it can be made every morning."""

import re
from collections import Counter
from functools import partial
from threading import Barrier
from typing import Any

import boto3
import pytest
from botocore import handlers

from common.aws.session import AwsSession
from tests.report.page.test_report_page import Parsed
from tests.resources.scripted import answered
from tests.support.report_content import declare
from tests.support.repository import Repository

CALLS = re.compile(r"(\d+) AWS calls?")


@pytest.fixture
def deployed(repository: Repository, moto_dates: None) -> Repository:
    declare(repository)
    assert repository.invoke("deploy", "--env", "dev").code == 0
    return repository


def report(repository: Repository, *words: str) -> tuple[Parsed, int]:
    """The page, and how many calls it took."""
    ended = repository.invoke("report", "--env", "dev", *words)
    assert (ended.code, ended.err) == (0, "")
    assert "report.html is written" in ended.out
    calls = CALLS.search(ended.out)
    assert calls
    return Parsed((repository.root / "report.html").read_text()), int(calls[1])


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each operation was called."""
    counted: Counter[str] = Counter()
    made = AwsSession.call

    def call(session: AwsSession, service: str, operation: str, /, **parameters: Any) -> Any:
        counted[f"{service}:{operation}"] += 1
        return made(session, service, operation, **parameters)

    monkeypatch.setattr(AwsSession, "call", call)
    return counted


def test_a_deployed_project_is_shown_and_nothing_is_changed(deployed: Repository, calls: Counter[str]) -> None:
    client = boto3.client("lambda", region_name="eu-central-1")
    client.update_function_configuration(FunctionName="t-dev-acres-Validate", MemorySize=1024)
    calls.clear()
    page, _ = report(deployed)
    reading = ("Get", "Head", "List", "Describe", "Filter")
    assert calls
    assert [name for name in calls if not name.partition(":")[2].startswith(reading)] == []
    assert page.text.count("deployed") > 10
    assert "acres: lambda/Validate changed" in page.text
    assert re.search(r"MemorySize\s*\d+\s*\d+\s*1024", page.text)
    assert "glue-job/load" in page.text
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d acres succeeded", page.text)
    assert "No execution in the last 30 days" in page.text


def test_calls_do_not_grow_with_resources_but_for_drift(deployed: Repository) -> None:
    """Few dozen calls; one more for each job, and each machine takes one, and one for each of its last executions."""
    _, small = report(deployed, "--no-drift")
    assert small < 36
    declared = (deployed.root / "projects/acres/deploy.py").read_text()
    more = "".join(f'    p.table("t{number}", partition_key="id")\n    p.queue("q{number}")\n' for number in range(20))
    deployed.write("projects/acres/deploy.py", declared.replace("    return p", f"{more}    return p"))
    assert deployed.invoke("deploy", "--env", "dev").code == 0
    page, large = report(deployed, "--no-drift")
    assert "q19" in page.text
    releases = 2 * 2
    assert large <= small + releases, "what the second release wrote is read, and nothing more"


def test_the_parts_are_read_at_the_same_time(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call of each part waits for those of the others, which come only if they do not wait for it."""
    operations = {"glue.GetJobRuns", "sfn.ListExecutions", "cloudwatch.GetMetricData", "s3.ListObjectVersions", "iam.GetRole"}
    all_wait, begun = Barrier(len(operations)), set[str]()

    def wait_for_others(operation: str, **_: Any) -> None:
        if operation not in begun:
            begun.add(operation)
            all_wait.wait(20)

    added = [
        (f"before-send.{operation}", partial(wait_for_others, operation), handlers.REGISTER_LAST) for operation in operations
    ]
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, *added])
    page, _ = report(deployed)
    assert (begun, all_wait.broken) == (operations, False)
    assert "could not be read" not in page.text


def test_what_may_not_be_read_is_told_and_the_rest_is_shown(deployed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(request: Any, **_: Any) -> Any:
        return answered(request, "AccessDeniedException", "not allowed: glue:GetJobRuns")

    added = ("before-send.glue.GetJobRuns", refusing, handlers.REGISTER_LAST)
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, added])
    page, _ = report(deployed, "--no-drift")
    assert "The runs of jobs could not be read" in page.text
    assert "not allowed: glue:GetJobRuns" in page.text
    assert "Permissions by role" in page.text


def test_nothing_is_deployed_yet(repository: Repository, moto_dates: None) -> None:
    declare(repository)
    page, _ = report(repository, "--project", "acres")
    assert "Nothing of it was deployed to this environment yet" in page.text
    assert "Nothing was released yet" in page.text


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(repository: Repository, moto: None) -> None:
    declare(repository)
    ended = repository.invoke("report", "--env", "dev", "--out", "no/such/folder/report.html")
    assert ended.code == 1
    assert "no/such/folder/report.html cannot be written" in ended.err
    assert "AWS call" not in ended.out
