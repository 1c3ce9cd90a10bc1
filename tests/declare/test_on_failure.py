"""What is notified when one thing fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.model.resource import Key
from tests.support.rendered import allowed, rule_of
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
TOPIC = f"arn:aws:sns:{HERE}:t-dev-alerts"
BUS = f"arn:aws:events:{HERE}:event-bus/default"
FUNCTION_ARN = f"arn:aws:lambda:{HERE}:function:t-dev-acres-Validate"
MACHINE = 'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})'
EXPRESS = MACHINE.replace("}})", '}}, settings={"type": "EXPRESS"})').replace('"main"', '"quick"').replace("m =", "x =")
TELL = 't = p.shared.topic("alerts")'
FUNCTION = 'f = p.function("Validate")'
WORK = 'q = p.queue("work")'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.write("deploy.py", SHARED.replace("    return shared", '    shared.topic("alerts")\n    return shared'))
    return made


def test_a_failed_execution_is_a_sentence_for_a_topic(repository: Repository) -> None:
    repository.project("acres", MACHINE, TELL, "p.on_failure(m, t)")
    resources = repository.resources()
    rule = rule_of(resources, "main-failed")
    assert rule.desired()["EventPattern"]["detail"] == {
        "stateMachineArn": [f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main"],
        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
    }
    assert rule.target_arn == TOPIC
    assert rule.input_transformer is not None
    paths, template = rule.input_transformer
    assert json.loads(template) == (
        "dev, acres: an execution of <machine> is <status>: <error> <cause>. See https://eu-central-1.console.aws.amazon.com/"
        "states/home?region=eu-central-1#/v2/executions/details/<execution> (<time>)"
    )
    assert paths["cause"] == "$.detail.cause"
    assert allowed(resources, "main-failed-trigger") == [("sns:Publish", TOPIC)]


@pytest.mark.parametrize(
    ("of", "field", "name"),
    [
        ('p.job("load")', "jobName", "t-dev-acres-load"),
        ('p.existing.state_machine("theirs")', "stateMachineArn", f"arn:aws:states:{HERE}:stateMachine:theirs"),
    ],
)
def test_programs_get_the_whole_event(repository: Repository, of: str, field: str, name: str) -> None:
    repository.project("acres", WORK, f'p.on_failure({of}, q, reference="lost")')
    rule = rule_of(repository.resources(), "lost")
    assert rule.desired()["EventPattern"]["detail"][field] == [name]
    assert rule.target_arn == f"arn:aws:sqs:{HERE}:t-dev-acres-work"
    assert rule.input_transformer is None


@pytest.mark.parametrize(
    ("notify", "destination", "action"),
    [
        ('p.queue("work")', f"arn:aws:sqs:{HERE}:t-dev-acres-work", "sqs:SendMessage"),
        ('p.resource("work", "AWS::SQS::Queue")', "«acres: resource/work#Arn»", "sqs:SendMessage"),
        ('p.existing.function("theirs")', f"arn:aws:lambda:{HERE}:function:theirs", "lambda:InvokeFunction"),
    ],
)
def test_a_function_itself_sends_what_it_could_not_do(repository: Repository, notify: str, destination: str, action: str) -> None:
    """AWS names these: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html."""
    repository.project("acres", FUNCTION, f"p.on_failure(f, {notify})")
    resources = repository.resources()
    config = resources["resource/Validate.failures"]
    desired = {name: value for name, value in config.desired().items() if name != "Tags"}
    assert desired == {
        "TypeName": "AWS::Lambda::EventInvokeConfig",
        "FunctionName": "t-dev-acres-Validate",
        "Qualifier": "$LATEST",
        "DestinationConfig": {"OnFailure": {"Destination": destination}},
    }
    assert Key("acres", "lambda", "Validate") in config.needs
    assert (action, destination) in allowed(resources, "Validate-lambda")
    assert "rule/Validate-failed" not in resources


def test_what_others_encrypt_brings_its_key(repository: Repository) -> None:
    key = f"arn:aws:kms:{HERE}:key/0a1b2c3d-0000-4000-8000-123456789012"
    repository.project("acres", FUNCTION, f'p.on_failure(f, p.existing.queue("theirs", kms_key="{key}"))')
    assert ("kms:GenerateDataKey", key) in allowed(repository.resources(), "Validate-lambda")


def test_for_people_and_machines_it_sends_it_to_the_event_bus(repository: Repository) -> None:
    repository.project("acres", FUNCTION, TELL, "p.on_failure(f, t)")
    resources = repository.resources()
    destination = resources["resource/Validate.failures"].desired()["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == BUS
    assert ("events:PutEvents", BUS) in allowed(resources, "Validate-lambda")
    rule = rule_of(resources, "Validate-failed")
    assert rule.desired()["EventPattern"] == {
        "source": ["lambda"],
        "detail-type": ["Lambda Function Invocation Result - Failure"],
        "detail": {"requestContext": {"functionArn": [FUNCTION_ARN, {"prefix": f"{FUNCTION_ARN}:"}]}},
    }
    assert rule.target_arn == TOPIC


def test_a_rule_that_cannot_deliver_has_an_alarm(repository: Repository) -> None:
    repository.project("acres", MACHINE, TELL, 'p.on_failure(p.on_event("e", m, {"source": ["acres"]}), t)')
    resources = repository.resources()
    alarm = resources["resource/e.undelivered"].desired()
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Events", "FailedInvocations")
    assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": "t-dev-acres-e"}]
    assert alarm["AlarmActions"] == [TOPIC]
    assert "rule/e-failed" not in resources, "an alarm publishes itself"
    assert "queue/e-undelivered" not in resources, "it is not a schedule"


def test_an_alarm_reaches_a_machine_by_an_event(repository: Repository) -> None:
    repository.project("acres", MACHINE, EXPRESS, "p.on_failure(x, m)")
    resources = repository.resources()
    alarm = resources["resource/quick.failures"]
    metrics = alarm.desired()["Metrics"]
    assert metrics[-1]["Expression"] == "FILL(m0,0)+FILL(m1,0)+FILL(m2,0)"
    assert [entry["MetricStat"]["Metric"]["MetricName"] for entry in metrics[:-1]] == [
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
    ]
    assert "AlarmActions" not in alarm.desired()
    rule = rule_of(resources, "quick-failed")
    assert rule.desired()["EventPattern"] == {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"alarmName": ["t-dev-acres-quick-failures"], "state": {"value": ["ALARM"]}},
    }
    assert alarm.key in rule.needs


@pytest.mark.parametrize("lines", [("p.alert(t)", "p.on_failure(e, o)"), ("p.on_failure(e, o)", "p.alert(t)")])
def test_an_alarm_of_both_tells_both(repository: Repository, lines: tuple[str, str]) -> None:
    event, other = 'e = p.on_event("e", m, {"source": ["acres"]})', 'o = p.topic("other")'
    repository.project("acres", MACHINE, TELL, event, other, *lines)
    alarm = repository.resources()["resource/e.undelivered"]
    assert set(alarm.desired()["AlarmActions"]) == {TOPIC, f"arn:aws:sns:{HERE}:t-dev-acres-other"}
    assert {Key("shared", "topic", "alerts"), Key("acres", "topic", "other")} <= set(alarm.needs)


DEAD_LETTER_ARN = f', properties={{"DeadLetterConfig": {{"Arn": "arn:aws:sqs:{HERE}:theirs"}}}}'


def schedule(more: str = "") -> str:
    return f's = p.schedule("s", f, "rate(1 hour)"{more})'


def test_a_queue_takes_what_a_schedule_could_not_start(repository: Repository) -> None:
    repository.project("acres", FUNCTION, WORK, schedule(), "p.on_failure(s, q)")
    resources = repository.resources()
    target = resources["resource/s.schedule"].desired()["Target"]
    assert target["DeadLetterConfig"] == {"Arn": f"arn:aws:sqs:{HERE}:t-dev-acres-work"}
    assert ("sqs:SendMessage", f"arn:aws:sqs:{HERE}:t-dev-acres-work") in allowed(resources, "s-schedule")
    assert [key for key in resources if "undelivered" in key or "filled" in key] == []


def test_and_one_of_its_own_tells_a_topic(repository: Repository) -> None:
    """Scheduler's metrics are of groups: https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html."""
    repository.project("acres", FUNCTION, TELL, schedule(), "p.on_failure(s, t)")
    resources = repository.resources()
    target = resources["resource/s.schedule"].desired()["Target"]
    assert target["DeadLetterConfig"] == {"Arn": f"arn:aws:sqs:{HERE}:t-dev-acres-s-undelivered"}
    assert resources["queue/s-undelivered"].desired()["MessageRetentionPeriod"] == 1_209_600
    alarm = resources["resource/s-undelivered.filled"].desired()
    assert (alarm["MetricName"], alarm["Dimensions"][0]["Value"]) == ("NumberOfMessagesSent", "t-dev-acres-s-undelivered")
    assert alarm["AlarmActions"] == [TOPIC]


def test_a_dead_letter_queue_that_is_declared_is_watched(repository: Repository) -> None:
    repository.project("acres", FUNCTION, TELL, WORK, schedule(", dead_letter=q"), "p.on_failure(s, t)")
    resources = repository.resources()
    assert resources["resource/work.filled"].desired()["Dimensions"][0]["Value"] == "t-dev-acres-work"
    assert "queue/s-undelivered" not in resources


def test_a_dead_letter_queue_in_properties_is_watched(repository: Repository) -> None:
    fields = ', properties={"DeadLetterConfig": {"Arn": "${work.arn}"}}'
    repository.project("acres", FUNCTION, TELL, WORK, schedule(fields), "p.on_failure(s, t)", "p.alert(t)")
    resources = repository.resources()
    assert resources["resource/work.filled"].desired()["AlarmActions"] == [TOPIC]
    assert "queue/s-undelivered" not in resources


@pytest.mark.parametrize(
    "lines",
    [("p.on_failure(s, t)", "p.on_failure(s, q, reference='b')"), ("p.on_failure(s, q)", "p.on_failure(s, t, reference='b')")],
)
def test_a_queue_and_a_topic_may_both_be_notified(repository: Repository, lines: tuple[str, str]) -> None:
    repository.project("acres", FUNCTION, TELL, WORK, schedule(), *lines)
    resources = repository.resources()
    target = resources["resource/s.schedule"].desired()["Target"]
    assert target["DeadLetterConfig"] == {"Arn": f"arn:aws:sqs:{HERE}:t-dev-acres-work"}
    assert resources["resource/work.filled"].desired()["AlarmActions"] == [TOPIC]
    assert "queue/s-undelivered" not in resources


def test_two_topics_may_be_notified(repository: Repository) -> None:
    second = 'p.on_failure(s, p.topic("other"), reference="b")'
    repository.project("acres", FUNCTION, TELL, schedule(), "p.on_failure(s, t)", second)
    actions = repository.resources()["resource/s-undelivered.filled"].desired()["AlarmActions"]
    assert actions == [TOPIC, f"arn:aws:sns:{HERE}:t-dev-acres-other"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('p.on_failure(p.queue("q"), t)', "of must be a state machine, job, crawler, function or trigger, not queue/q"),
        ('p.on_failure(f, p.job("load"))', "notify: a rule cannot start glue-job/load"),
        ("p.on_failure(f, f)", "lambda/Validate would be notified of its own failures"),
        ('p.on_failure(f, t); p.on_failure(f, t, reference="b")', "lambda/Validate has one destination for its failures"),
        ('p.on_failure(p.existing.function("theirs"), t)', "of: lambda/theirs has a role of somebody else"),
        ('p.on_failure(f, p.queue("q.fifo"))', "queue/q.fifo is FIFO"),
        (
            f'{schedule(", dead_letter=p.queue(chr(97))")}; p.on_failure(s, p.queue("b"))',
            "what it cannot start goes to queue/a, so it cannot go to queue/b. Take the dead letter or p.on_failure away.",
        ),
        (
            f'{schedule(", dead_letter=p.queue(chr(97))")}; p.on_failure(s, p.queue("b-undelivered"))',
            "what it cannot start goes to queue/a, so it cannot go to queue/b-undelivered.",
        ),
        (
            f"{schedule(DEAD_LETTER_ARN)}; p.on_failure(s, t)",
            "rule/s: its properties name the ARN of its dead letter queue, which is not enough for p.on_failure.",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", FUNCTION, TELL, line)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"enabled": False}, ""),
        ({"timezone": "Europe/Zurich"}, "it waits for events, so it has no schedule. Take `timezone` away."),
    ],
)
def test_configuration_knows_its_rule(repository: Repository, settings: dict[str, Any], message: str) -> None:
    repository.project("acres", MACHINE, TELL, "p.on_failure(m, t)")
    repository.configure(projects={"acres": {"triggers": {"main-failed": settings}}})
    if message:
        assert message in " ".join(repository.invoke("package-lambdas", "--env", "dev").err.split())
    else:
        assert repository.resources()["rule/main-failed"].desired()["State"] == "DISABLED"
