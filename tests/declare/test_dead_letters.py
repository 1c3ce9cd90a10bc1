"""What rules cannot deliver goes to a queue, whose policy must allow it.

See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

import json
from pathlib import Path
from typing import Any

import pytest

from common.model.resource import Key
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
RULE = f"arn:aws:events:{HERE}:rule/t-dev-acres-"
LOST = f"arn:aws:sqs:{HERE}:t-dev-acres-lost"
FUNCTION = 'f = p.function("Validate")'
OWN = 'q = p.queue("lost")'
ANY = 'q = p.resource("lost", "AWS::SQS::Queue")'


def on_event(name: str, more: str = "dead_letter=q") -> str:
    return f'p.on_event("{name}", f, {{"source": ["acres"]}}, {more})'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def statement(policy: dict[str, Any]) -> dict[str, Any]:
    (only,) = policy["Statement"]
    return dict(only)


def test_a_queue_of_the_project_gets_the_policy(repository: Repository) -> None:
    repository.project("acres", FUNCTION, OWN, on_event("b", "dead_letter=q, retries=3"), on_event("a"))
    resources = repository.resources()
    target = resources["rule/b"].desired()["Targets"][0]
    assert target["DeadLetterConfig"] == {"Arn": LOST}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 3}
    assert Key("acres", "queue", "lost") in resources["rule/b"].needs
    allowed = statement(json.loads(resources["queue/lost"].desired()["Policy"]))
    assert allowed == {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": LOST,
        "Condition": {"ArnEquals": {"aws:SourceArn": [f"{RULE}a", f"{RULE}b"]}},
    }


def test_a_policy_that_is_declared_stays(repository: Repository) -> None:
    repository.project("acres", FUNCTION, 'q = p.queue("lost", properties={"Policy": "{}"})', on_event("a"))
    assert repository.resources()["queue/lost"].desired()["Policy"] == "{}"


def test_a_queue_of_any_type_gets_one_beside_it(repository: Repository) -> None:
    repository.project("acres", FUNCTION, ANY, on_event("a"))
    policy = repository.resources()["resource/lost.rules"].desired()
    assert policy["Queue"] == "«acres: resource/lost#QueueUrl»"
    assert statement(policy["PolicyDocument"])["Resource"] == "«acres: resource/lost#Arn»"
    assert Key("acres", "resource", "lost") in repository.resources()["resource/lost.rules"].needs


def test_unless_its_policy_is_declared_already(repository: Repository) -> None:
    policy = 'p.resource("pol", "AWS::SQS::QueueInlinePolicy", {"Queue": q.attribute("QueueUrl"), "PolicyDocument": {}})'
    repository.project("acres", FUNCTION, ANY, policy, on_event("a"))
    assert "resource/lost.rules" not in repository.resources()


def test_the_alarm_of_a_rule_counts_what_went_there(repository: Repository) -> None:
    """See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html."""
    repository.project("acres", FUNCTION, OWN, 't = p.resource("told", "AWS::SNS::Topic")', on_event("a"), "p.alert(t)")
    assert repository.resources()["resource/a.undelivered"].desired()["MetricName"] == "InvocationsSentToDlq"


def test_configuration_says_how_often_it_is_tried(repository: Repository) -> None:
    repository.configure(projects={"acres": {"triggers": {"a": {"retries": 0}}}})
    repository.project("acres", FUNCTION, on_event("a", "retries=9"))
    assert repository.resources()["rule/a"].desired()["Targets"][0]["RetryPolicy"] == {"MaximumRetryAttempts": 0}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([on_event("a", 'dead_letter=p.queue("q.fifo")')], "q.fifo is FIFO, and EventBridge takes standard queues alone"),
        ([on_event("a", "dead_letter=f")], "dead_letter must be a queue, not lambda/Validate"),
        ([on_event("a", "retries=200")], "retries is 200; AWS accepts 0 to 185"),
        (
            ['q = p.shared.queue("lost")', on_event("a")],
            "acres: rule/a: the policy of queue/lost lets no rule send to it. Declare it in deploy.py with properties=",
        ),
    ],
)
def test_what_takes_nothing_is_refused(repository: Repository, lines: list[str], message: str) -> None:
    repository.write("deploy.py", SHARED.replace("    return", '    shared.queue("lost")\n    return'))
    repository.project("acres", FUNCTION, *lines)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err
