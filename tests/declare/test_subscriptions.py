"""Configuration says who gets the messages of topics."""

from pathlib import Path
from typing import Any

import pytest

from common.model.resource import Key, Resource
from tests.support.repository import SHARED, Repository

HERE = "eu-central-1:123456789012"
TOPIC = f"arn:aws:sns:{HERE}:t-dev-alerts"
TEAM = "email:team@example.com"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    lines = 'shared.topic("alerts")\n    shared.resource("news", "AWS::SNS::Topic")\n    return shared'
    made.write("deploy.py", SHARED.replace("return shared", lines))
    made.project("acres", 'p.resource("own", "AWS::SNS::Topic")')
    return made


def shared_of(repository: Repository) -> dict[str, Resource]:
    return {str(resource.key): resource for resource in repository.declared()[0].rendered()}


def sent(resource: Resource) -> tuple[Any, ...]:
    return tuple(resource.desired()[name] for name in ("TopicArn", "Protocol", "Endpoint"))


def test_those_of_shared_topics_are_the_environments(repository: Repository) -> None:
    hook = "https://hooks.example.com/T0/secret"
    repository.configure(subscriptions={"alerts": [TEAM, hook], "news": ["sms:+12065550100"]})
    shared = shared_of(repository)
    named = {key: resource for key, resource in shared.items() if "subscription." in key}
    mail, web, phone = (named[key] for key in sorted(named))
    assert str(mail.key) == "resource/subscription.alerts.email-team-example-com"
    assert sent(mail) == (TOPIC, "email", "team@example.com")
    assert mail.needs == (Key("shared", "topic", "alerts"),)
    assert str(web.key).startswith("resource/subscription.alerts.https-hooks-example-com-")
    assert "secret" not in str(web.key), "the path of an address is nothing for a name"
    assert sent(web) == (TOPIC, "https", hook)
    assert sent(phone) == ("«shared: resource/news#TopicArn»", "sms", "+12065550100")


def test_a_project_has_its_own(repository: Repository) -> None:
    """Of its own topics, of shared ones, and of those of others; parameters are replaced."""
    subscriptions = {"own": ["email:${team}@example.com"], "alerts": [TEAM], "theirs": [TEAM]}
    existing = {"topics": {"theirs": {"name": "their-topic"}}}
    section = {"subscriptions": subscriptions, "parameters": {"team": "farmers"}, "existing": existing}
    repository.configure(projects={"acres": section})
    resources = repository.resources()
    assert sent(resources["resource/subscription.own.email-farmers-example-com"]) == (
        "«acres: resource/own#TopicArn»",
        "email",
        "farmers@example.com",
    )
    assert sent(resources["resource/subscription.alerts.email-team-example-com"])[0] == TOPIC
    assert sent(resources["resource/subscription.theirs.email-team-example-com"])[0] == f"arn:aws:sns:{HERE}:their-topic"


def test_a_topic_of_the_project_is_subscribed_too(repository: Repository) -> None:
    repository.project("acres", 'p.topic("mine")')
    repository.configure(projects={"acres": {"subscriptions": {"mine": [TEAM]}}})
    subscribed = repository.resources()["resource/subscription.mine.email-team-example-com"]
    assert sent(subscribed)[0] == f"arn:aws:sns:{HERE}:t-dev-acres-mine"
    assert subscribed.needs == (Key("acres", "topic", "mine"),)


def test_addresses_that_look_alike_stay_apart(repository: Repository) -> None:
    repository.configure(subscriptions={"alerts": ["email:a.b@example.com", "email:a-b@example.com", TEAM, TEAM]})
    subscribed = [resource for key, resource in shared_of(repository).items() if "subscription." in key]
    assert {sent(resource)[2] for resource in subscribed} == {"a.b@example.com", "a-b@example.com", "team@example.com"}
    assert len({resource.key for resource in subscribed}) == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"subscriptions": {"alert": [TEAM]}}, "$.subscriptions.alert: there is no topic of this name. Did you mean alerts?"),
        (
            {"projects": {"acres": {"subscriptions": {"owns": [TEAM]}}}},
            "$.projects.acres.subscriptions.owns: there is no topic of this name. Did you mean own?",
        ),
        (
            {"subscriptions": {"alerts": ["mail:team@example.com"]}},
            "must begin with a protocol, as in email:team@example.com. Did you mean email?",
        ),
        ({"subscriptions": {"alerts": ["email:team"]}}, "'email:team' is not a subscription; write it as email:team@example.com"),
        ({"subscriptions": {"alerts": ["sms:0123"]}}, "write it as sms:+12065550100"),
        ({"subscriptions": {"alerts": ["sqs:arn:aws:sqs:x"]}}, "Subscribe programs where they are declared: p.resource("),
        ({"subscriptions": {"alerts": TEAM}}, "$.subscriptions.alerts"),
    ],
)
def test_what_is_no_subscription_is_refused(repository: Repository, settings: dict[str, Any], message: str) -> None:
    repository.configure(**settings)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message.replace("'", "") in " ".join(ended.err.split()).replace("'", "")
    assert "Traceback" not in ended.err
