"""One line that tells a topic of everything of a project that fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.model.resource import Resource
from common.resources.cloud_control import CloudResource
from common.resources.role import Role
from common.resources.rule import Rule
from tests.support.rendered import rule_of
from tests.support.repository import Repository

HERE = "eu-central-1:123456789012"
TOPIC = f"arn:aws:sns:{HERE}:t-dev-alerts"
CONSOLE = "https://eu-central-1.console.aws.amazon.com"
MACHINE = 'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})'
ALERT = 'p.alert(p.shared.topic("alerts"))'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    text = (made.root / "deploy.py").read_text()
    made.write("deploy.py", text.replace("    return shared", '    shared.topic("alerts")\n    return shared'))
    return made


def alert_of(resources: dict[str, Resource], name: str) -> tuple[dict[str, Any], str]:
    """The pattern of the rule of an alert, and its message."""
    rule, role = rule_of(resources, name), resources[f"role/{name}-trigger"]
    assert isinstance(role, Role)
    assert (rule.target_arn, rule.role_arn) == (TOPIC, role.arn)
    assert role.statements == ({"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [TOPIC]},)
    assert rule.input_transformer is not None
    paths, template = rule.input_transformer
    message = json.loads(template)
    assert {f"<{name}>" for name in paths} == {f"<{part.partition('>')[0]}>" for part in message.split("<")[1:]}
    return dict(rule.desired()["EventPattern"]), message


def test_what_fails_reaches_the_topic_also_what_is_declared_later(repository: Repository) -> None:
    repository.project("acres", ALERT, MACHINE)
    resources = repository.resources()
    pattern, message = alert_of(resources, "alert-machines")
    assert pattern == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main"],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    }
    assert message == (
        "dev, acres: an execution of <machine> is <status>: <error> <cause>. "
        f"See {CONSOLE}/states/home?region=eu-central-1#/v2/executions/details/<execution> (<time>)"
    )
    pattern, message = alert_of(resources, "alert-jobs")
    assert pattern["detail"] == {"jobName": ["t-dev-acres-load"], "state": ["FAILED", "TIMEOUT"]}
    assert message == (
        "dev, acres: the run <run> of the job <job> is <status>: <why>. "
        f"See {CONSOLE}/gluestudio/home?region=eu-central-1#/job/<job>/run/<run> (<time>)"
    )
    assert "rule/alert-crawlers" not in resources, "there is no crawler"


def test_failed_crawlers_are_reported(repository: Repository) -> None:
    text = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", text.replace("    return shared", '    shared.database("farm")\n    return shared'))
    crawler = 'p.crawler("c", targets=[p.shared.bucket("artifacts") / "x"], database=p.shared.database("farm"))'
    repository.project("acres", crawler, ALERT)
    pattern, _ = alert_of(repository.resources(), "alert-crawlers")
    assert pattern["detail"] == {"crawlerName": ["t-dev-acres-c"], "state": ["Failed"]}


def test_each_function_has_an_alarm(repository: Repository) -> None:
    repository.project("acres", ALERT)
    desired = dict(repository.resources()["resource/Validate.errors"].desired())
    assert desired["AlarmName"] == "t-dev-acres-Validate-errors"
    assert desired["AlarmActions"] == [TOPIC]
    link = f"{CONSOLE}/lambda/home?region=eu-central-1#/functions/t-dev-acres-Validate"
    assert desired["AlarmDescription"] == f"dev, acres: the function t-dev-acres-Validate has failed. See {link}"
    assert desired["Dimensions"] == [{"Name": "FunctionName", "Value": "t-dev-acres-Validate"}]
    assert (desired["MetricName"], desired["Threshold"], desired["TreatMissingData"]) == ("Errors", 0, "notBreaching")


def test_no_link_leads_to_a_console_that_nobody_knows(repository: Repository) -> None:
    repository.configure(region="eusc-de-east-1")
    repository.project("acres", ALERT, MACHINE)
    _, template = rule_of(repository.resources(), "alert-machines").input_transformer or ({}, "")
    assert json.loads(template) == "dev, acres: an execution of <machine> is <status>: <error> <cause>. (<time>)"


def test_rules_and_schedules_that_could_not_start_are_reported(repository: Repository) -> None:
    """Scheduler's metrics are of groups: https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html."""
    event, hourly = 'p.on_event("e", m, {"source": ["a"]})', 'p.schedule("s", m, "rate(1 hour)", timezone="UTC")'
    other = 'p.schedule("o", m, "rate(1 hour)", dead_letter=p.queue("lost"))'
    repository.project("acres", MACHINE, ALERT, event, hourly, other)
    resources = repository.resources()
    lost = {name: resources[f"resource/{name}.schedule"].desired()["Target"]["DeadLetterConfig"]["Arn"] for name in "so"}
    assert lost == {"s": f"arn:aws:sqs:{HERE}:t-dev-acres-alert-undelivered", "o": f"arn:aws:sqs:{HERE}:t-dev-acres-lost"}
    watched = {
        key: resources[f"resource/{key}"].desired() for key in ("e.undelivered", "alert-undelivered.filled", "lost.filled")
    }
    assert {(alarm["MetricName"], alarm["Dimensions"][0]["Value"]) for alarm in watched.values()} == {
        ("FailedInvocations", "t-dev-acres-e"),
        ("NumberOfMessagesSent", "t-dev-acres-alert-undelivered"),
        ("NumberOfMessagesSent", "t-dev-acres-lost"),
    }
    assert all(alarm["AlarmActions"] == [TOPIC] for alarm in watched.values())
    assert "resource/alert-machines.undelivered" not in resources, "who cannot publish cannot say so either"


def test_without_schedules_no_queue_is_made_for_them(repository: Repository) -> None:
    repository.project("acres", ALERT, MACHINE)
    assert "queue/alert-undelivered" not in repository.resources()


def test_express_machines_send_no_events_and_have_an_alarm(repository: Repository) -> None:
    """Express machines emit none: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html."""
    repository.project("acres", ALERT, MACHINE.replace("}})", '}}, settings={"type": "EXPRESS"})'))
    resources = repository.resources()
    assert "rule/alert-machines" not in resources
    assert resources["resource/main.failures"].desired()["AlarmActions"] == [TOPIC]


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        (
            "lambda.amazonaws.com",
            "resource/mine encrypts it, and its KeyPolicy does not allow cloudwatch.amazonaws.com to use it",
        ),
        ("cloudwatch.amazonaws.com", ""),
        (None, "AWS's own key alias/aws/sns encrypts it, which lets no alarm publish to it"),
    ],
)
@pytest.mark.parametrize("topic", ['p.resource("told", "AWS::SNS::Topic", {})', 'p.topic("told", properties={})'])
def test_an_encrypted_topic_lets_alarms_publish(repository: Repository, topic: str, principal: str | None, message: str) -> None:
    """https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger names what the key must allow."""
    policy = {"Statement": [{"Effect": "Allow", "Principal": {"Service": principal}, "Action": "kms:*", "Resource": "*"}]}
    key = f'k = p.resource("mine", "AWS::KMS::Key", {{"KeyPolicy": {policy!r}}})' if principal else "k = None"
    master = 'k.attribute("KeyId")' if principal else '"alias/aws/sns"'
    declared = topic.replace("{}", f'{{"KmsMasterKeyId": {master}}}')
    repository.project("acres", key, f"p.alert({declared})")
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert message in " ".join(ended.err.split())
    assert ("/told" in ended.err) == bool(message)


def test_a_topic_of_others_is_asked_whether_alarms_may_publish(repository: Repository) -> None:
    repository.configure(existing={"topics": {"theirs": {"name": "their-topic"}}})
    repository.project("acres", 'p.alert(p.shared.topic("theirs"))')
    alarm = repository.resources()["resource/Validate.errors"]
    assert isinstance(alarm, CloudResource)
    assert [(ref.name, ref.purposes) for ref in alarm.uses] == [("their-topic", ("alarms",))]


def test_configuration_may_switch_a_rule_off(repository: Repository) -> None:
    repository.project("acres", ALERT, MACHINE)
    repository.configure(projects={"acres": {"triggers": {"alert-machines": {"enabled": False}}}})
    assert repository.resources()["rule/alert-machines"].desired()["State"] == "DISABLED"


def test_more_than_one_pattern_may_name_is_watched_by_several_rules(repository: Repository) -> None:
    """A pattern has up to 2,048 characters: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html."""
    machines = (MACHINE.replace('"main"', f'"machine_{number:02}"') for number in range(40))
    repository.project("acres", ALERT, *machines)
    rules = {key: rule for key, rule in repository.resources().items() if key.startswith("rule/alert-machines")}
    patterns = [rule.desired()["EventPattern"] for rule in rules.values()]
    assert [*rules] == ["rule/alert-machines", "rule/alert-machines-2"]
    assert all(len(json.dumps(pattern)) <= 2048 for pattern in patterns)
    watched = [arn for pattern in patterns for arn in pattern["detail"]["stateMachineArn"]]
    assert watched == [f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-machine_{number:02}" for number in range(40)]
    assert len({(rule.name, rule.role_arn) for rule in rules.values() if isinstance(rule, Rule)}) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('p.alert(p.queue("work"))', "topic must be a topic, not queue/work"),
        (f"{ALERT}; {ALERT}", "declares rule/alert-machines twice"),
    ],
)
def test_what_makes_no_sense_is_refused(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", line)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_the_printed_policy_allows_the_alarms(repository: Repository) -> None:
    repository.project("acres", ALERT, MACHINE)
    printed = repository.invoke("policy", "--env", "dev")
    assert printed.code == 0, printed.err
    allowed = {action for statement in json.loads(printed.out)["Statement"] for action in statement["Action"]}
    assert {"cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "events:PutTargets", "iam:PassRole"} <= allowed
