"""One line that tells a topic of everything of a project that fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.model.resource import Resource
from common.resources.role import Role
from common.resources.rule import Rule
from tests.support.repository import Repository

HERE = "eu-central-1:123456789012"
TOPIC = f"arn:aws:sns:{HERE}:t-dev-alerts"
MACHINE = 'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})'
ALERT = 'p.alert(p.shared.topic("alerts"))'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    text = (made.root / "deploy.py").read_text()
    made.write("deploy.py", text.replace("    return shared", '    shared.topic("alerts")\n    return shared'))
    return made


def rule_of(resources: dict[str, Resource], name: str) -> tuple[dict[str, Any], str]:
    """The pattern of a rule, and its message."""
    rule, role = resources[f"rule/{name}"], resources[f"role/{name}-trigger"]
    assert isinstance(rule, Rule)
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
    pattern, message = rule_of(resources, "alert-machines")
    assert pattern == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [f"arn:aws:states:{HERE}:stateMachine:t-dev-acres-main"],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    }
    assert message == "dev, acres: an execution of <machine> is <status>: <execution> (<time>)"
    pattern, message = rule_of(resources, "alert-jobs")
    assert pattern["detail"] == {"jobName": ["t-dev-acres-load"], "state": ["FAILED", "TIMEOUT"]}
    assert message == "dev, acres: the run <run> of the job <job> is <status>: <why> (<time>)"
    assert "rule/alert-crawlers" not in resources, "there is no crawler"


def test_crawlers_are_told_of(repository: Repository) -> None:
    text = (repository.root / "deploy.py").read_text()
    repository.write("deploy.py", text.replace("    return shared", '    shared.database("farm")\n    return shared'))
    crawler = 'p.crawler("c", targets=[p.shared.bucket("artifacts") / "x"], database=p.shared.database("farm"))'
    repository.project("acres", crawler, ALERT)
    pattern, _ = rule_of(repository.resources(), "alert-crawlers")
    assert pattern["detail"] == {"crawlerName": ["t-dev-acres-c"], "state": ["Failed"]}


def test_each_function_has_an_alarm(repository: Repository) -> None:
    repository.project("acres", ALERT)
    desired = dict(repository.resources()["resource/Validate.errors"].desired())
    assert desired["AlarmName"] == "t-dev-acres-Validate-errors"
    assert desired["AlarmActions"] == [TOPIC]
    assert desired["Dimensions"] == [{"Name": "FunctionName", "Value": "t-dev-acres-Validate"}]
    assert (desired["MetricName"], desired["Threshold"], desired["TreatMissingData"]) == ("Errors", 0, "notBreaching")


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
