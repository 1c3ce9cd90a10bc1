"""Schedules: rules by UTC, and schedules of EventBridge Scheduler for everything else."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.model.resource import Key
from common.resources.rule import Rule
from tests.support.repository import Repository

HERE = "eu-central-1:123456789012"
MACHINE = 'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})'
DAILY = '"cron(30 6 * * ? *)"'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def scheduled(repository: Repository, *lines: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties of the schedule, and its role's state."""
    repository.project("acres", *lines)
    resources = repository.resources()
    assert "rule/nightly" not in resources
    return dict(resources["resource/nightly.schedule"].desired()), dict(resources["role/nightly-schedule"].desired())


def granted(role: dict[str, Any]) -> list[tuple[list[str], list[str]]]:
    statements = role["Policies"]["deployer-permissions"]["Statement"]
    return [(statement["Action"], statement["Resource"]) for statement in statements]


def test_a_time_zone_makes_a_schedule(repository: Repository) -> None:
    line = (
        f'p.schedule("nightly", m, {DAILY}, {{"full": True}}, timezone="America/Chicago", flexible_minutes=10, retries=3, '
        'dead_letter=p.queue("lost"))'
    )
    desired, role = scheduled(repository, MACHINE, line)
    target = desired.pop("Target")
    assert {name: value for name, value in desired.items() if name != "Tags"} == {
        "TypeName": "AWS::Scheduler::Schedule",
        "Name": "t-dev-acres-nightly",
        "ScheduleExpression": "cron(30 6 * * ? *)",
        "ScheduleExpressionTimezone": "America/Chicago",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10},
        "State": "ENABLED",
    }
    assert target == {
        "Arn": f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main",
        "RoleArn": "arn:aws:iam::123456789012:role/t-dev/dev/acres/t-dev-acres-nightly-schedule",
        "Input": '{"full": true}',
        "RetryPolicy": {"MaximumRetryAttempts": 3},
        "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{HERE}:t-dev-acres-lost"},
    }
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert granted(role) == [
        (["states:StartExecution"], [f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main"]),
        (["sqs:SendMessage"], [f"arn:aws:sqs:{HERE}:t-dev-acres-lost"]),
    ]


@pytest.mark.parametrize(
    ("target", "arn", "sent", "action"),
    [
        ('p.function("Validate")', f"arn:aws:lambda:{HERE}:function:t-dev-acres-Validate", {"--a": "1"}, "lambda:InvokeFunction"),
        (
            'p.job("load")',
            "arn:aws:scheduler:::aws-sdk:glue:startJobRun",
            {"JobName": "t-dev-acres-load", "Arguments": {"--a": "1"}},
            "glue:StartJobRun",
        ),
        ('p.queue("work")', f"arn:aws:sqs:{HERE}:t-dev-acres-work", {"--a": "1"}, "sqs:SendMessage"),
    ],
)
def test_other_targets_than_machines(repository: Repository, target: str, arn: str, sent: dict[str, Any], action: str) -> None:
    desired, role = scheduled(repository, f'p.schedule("nightly", {target}, {DAILY}, {{"--a": "1"}})')
    assert desired["Target"]["Arn"] == arn
    assert json.loads(desired["Target"]["Input"]) == sent
    assert desired["ScheduleExpressionTimezone"] == "UTC"
    assert [actions for actions, _ in granted(role)] == [[action]]


def test_any_operation_with_its_permissions(repository: Repository) -> None:
    api = "arn:aws:scheduler:::aws-sdk:glue:startCrawler"
    line = (
        f'p.schedule("nightly", "{api}", "at(2027-01-31T06:30:00)", {{"Name": "c"}}, '
        f'permissions=[allow("glue:StartCrawler", on="arn:aws:glue:{HERE}:crawler/c")])'
    )
    desired, role = scheduled(repository, "from common import allow", line)
    assert (desired["Target"]["Arn"], desired["Target"]["Input"]) == (api, '{"Name": "c"}')
    assert granted(role) == [(["glue:StartCrawler"], [f"arn:aws:glue:{HERE}:crawler/c"])]


def test_what_needs_no_more_than_a_rule_stays_a_rule(repository: Repository) -> None:
    repository.project("acres", MACHINE, f'p.schedule("nightly", m, {DAILY})')
    resources = repository.resources()
    rule = resources["rule/nightly"]
    assert isinstance(rule, Rule)
    assert rule.replaces == (Key("acres", "resource", "nightly.schedule"), Key("acres", "role", "nightly-schedule"))
    assert "resource/nightly.schedule" not in resources


def test_configuration_of_triggers_is_about_both(repository: Repository) -> None:
    repository.project("acres", MACHINE, f'p.schedule("nightly", m, {DAILY}, timezone="Europe/Zurich")')
    triggers = {
        "nightly": {"enabled": False, "expression": "rate(2 days)", "properties": {"RetryPolicy": {"MaximumRetryAttempts": 1}}}
    }
    repository.configure(projects={"acres": {"triggers": triggers}})
    desired = repository.resources()["resource/nightly.schedule"].desired()
    assert (desired["State"], desired["ScheduleExpression"]) == ("DISABLED", "rate(2 days)")
    assert desired["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 1}


def test_a_single_time_in_configuration_makes_a_schedule(repository: Repository) -> None:
    repository.project("acres", MACHINE, f'p.schedule("nightly", m, {DAILY})')
    repository.configure(projects={"acres": {"triggers": {"nightly": {"expression": "at(2027-01-31T06:30:00)"}}}})
    assert "resource/nightly.schedule" in repository.resources()


def test_configuration_says_all_of_a_schedule(repository: Repository) -> None:
    """As an environment has it: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html."""
    repository.project(
        "acres",
        MACHINE,
        f'p.schedule("nightly", m, {DAILY}, timezone="Europe/Zurich", flexible_minutes=5, end="2029-01-01T00:00:00")',
    )
    nightly = {"timezone": "America/Chicago", "flexible_minutes": 0, "retries": 2, "start": "2027-01-31T06:30:00"}
    repository.configure(projects={"acres": {"triggers": {"nightly": nightly}}})
    desired = repository.resources()["resource/nightly.schedule"].desired()
    assert desired["ScheduleExpressionTimezone"] == "America/Chicago"
    assert desired["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert (desired["StartDate"], desired["EndDate"]) == ("2027-01-31T06:30:00Z", "2029-01-01T00:00:00Z")
    assert desired["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 2}


def test_a_time_zone_in_configuration_makes_a_schedule(repository: Repository) -> None:
    repository.project("acres", MACHINE, f'p.schedule("nightly", m, {DAILY})')
    repository.configure(defaults={"trigger": {"timezone": "Europe/Zurich"}})
    desired = repository.resources()["resource/nightly.schedule"].desired()
    assert desired["ScheduleExpressionTimezone"] == "Europe/Zurich"


@pytest.mark.parametrize(
    ("line", "settings", "message"),
    [
        (f'p.schedule("t", m, {DAILY})', {"timezone": "Zurich"}, "there is no time zone 'Zurich'"),
        (
            f'p.schedule("t", m, {DAILY})',
            {"start": "tomorrow"},
            "'tomorrow' is not a moment in UTC; write it as 2027-01-31T06:30:00",
        ),
        (
            f'p.schedule("t", m, {DAILY}, start="2027-02-01T00:00:00")',
            {"end": "2027-01-31T06:30:00"},
            "it would end at 2027-01-31T06:30:00Z, which is not after its start, 2027-02-01T00:00:00Z",
        ),
        (
            'p.schedule("t", m, "at(2027-01-31T06:30:00)", end="2027-02-01T00:00:00")',
            {},
            "at(2027-01-31T06:30:00) is a single time. Take its start and its end away",
        ),
        ('p.on_event("t", m, {"source": ["a"]})', {"timezone": "Europe/Zurich"}, "has no schedule. Take `timezone` away"),
    ],
)
def test_other_settings_are_refused(repository: Repository, line: str, settings: dict[str, Any], message: str) -> None:
    repository.project("acres", MACHINE, line)
    repository.configure(projects={"acres": {"triggers": {"t": settings}}})
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_a_role_may_have_an_exact_name(repository: Repository) -> None:
    _, role = scheduled(repository, MACHINE, f'p.schedule("nightly", m, {DAILY}, timezone="UTC", role_name="starts")')
    assert role["Path"] == "/t-dev/dev/acres/"
    assert repository.resources()["role/nightly-schedule"].name == "starts"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            f'p.schedule("nightly", m, {DAILY}, timezone="America/Chikago")',
            "there is no time zone 'America/Chikago'. Did you mean",
        ),
        (f'p.schedule("nightly", m, {DAILY}, flexible_minutes=2000)', "flexible_minutes"),
        (f'p.schedule("nightly", m, {DAILY}, retries=200)', "retries"),
        (
            f'p.schedule("nightly", m, {DAILY}, dead_letter=p.queue("q.fifo"))',
            "q.fifo is FIFO, and EventBridge takes standard queues",
        ),
        ('p.schedule("nightly", m, "at(2027-02-31T06:30:00)")', "write a single time as at(2027-01-31T06:30:00)"),
        (f'p.schedule("nightly", "arn:aws:glue:x", {DAILY})', "'arn:aws:glue:x' is not an operation to call"),
        (
            f'p.schedule("nightly", "arn:aws:scheduler:::aws-sdk:glue:startCrawler", {DAILY})',
            "say what the schedule's role is allowed",
        ),
        (f'p.schedule("nightly", p.queue("q.fifo"), {DAILY})', "q.fifo is FIFO, and its messages need a group"),
        (f'p.schedule("nightly", m, {DAILY}, timezone="UTC", properties={{"RetryPolicy": {{"Tries": 1}}}})', "Tries"),
    ],
)
def test_what_aws_would_refuse_is_refused(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", MACHINE, line)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_the_printed_policy_allows_to_make_it(repository: Repository) -> None:
    repository.project("acres", MACHINE, f'p.schedule("nightly", m, {DAILY}, timezone="UTC")')
    printed = repository.invoke("policy", "--env", "dev")
    assert printed.code == 0, printed.err
    statements = json.loads(printed.out)["Statement"]
    allowed = {action: statement["Resource"] for statement in statements for action in statement["Action"]}
    assert {"scheduler:CreateSchedule", "scheduler:DeleteSchedule", "events:DeleteRule", "iam:PassRole"} <= allowed.keys()
    assert any(
        "nightly-schedule" in arn or "role/t-dev/" in arn
        for s in statements
        if "iam:PassRole" in s["Action"]
        for arn in s["Resource"]
    )
