"""Patterns of events are checked before anything is deployed.

Comparisons: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from pathlib import Path
from typing import Any

import pytest

from common.declare import event_patterns
from tests.support.repository import Repository

GLUE = {"source": ["aws.glue"]}


@pytest.mark.parametrize(
    "detail",
    [
        {"state": ["FAILED", None, True, 7, 1.5]},
        {"c": [{"prefix": "in/"}, {"suffix": {"equals-ignore-case": ".CSV"}}, {"equals-ignore-case": "x"}]},
        {"c": [{"anything-but": "a"}, {"anything-but": [1, 2]}, {"anything-but": {"prefix": ["a", "b"]}}]},
        {"c": [{"anything-but": {"wildcard": "*/tmp/*"}}, {"wildcard": "in/*.csv"}, {"wildcard": "a\\**"}]},
        {"c": [{"numeric": [">", 0, "<=", 5]}, {"numeric": ["=", -1.5]}, {"cidr": "10.0.0.0/24"}, {"exists": False}]},
        {"$or": [{"a": [1]}, {"b": [{"exists": True}]}]},
        {"bucket": {"name": ["«acres: resource/in#BucketName»"]}},
    ],
)
def test_what_eventbridge_takes_is_taken(detail: dict[str, Any]) -> None:
    event_patterns.check({**GLUE, "detail": detail})


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({}, "it is empty"),
        ({"source": "aws.glue"}, "source is 'aws.glue'; it must be a list of values, as in [\"aws.glue\"]"),
        ({"source": []}, "source is an empty list"),
        ({"sources": ["aws.glue"]}, "sources: events have no such field. Did you mean 'source'?"),
        ({"detail_type": ["x"]}, "Did you mean 'detail-type'?"),
        ({"state": ["x"]}, "What is within an event stands in `detail`"),
        ({"detail": {"state": "FAILED"}}, "detail.state is 'FAILED'; it must be a list"),
        ({"detail": {}}, "detail is empty"),
        ({"detail": {"a": [["b"]]}}, "detail.a has a list within its list"),
        (
            {"detail": {"a": [{"anything_but": "b"}]}},
            "detail.a: there is no comparison 'anything_but'. Did you mean 'anything-but'?",
        ),
        ({"detail": {"a": [{"prefix": "b", "suffix": "c"}]}}, "must be one comparison"),
        (
            {"detail": {"a": [{"prefix": ["b"]}]}},
            'detail.a: prefix takes a text, or {"equals-ignore-case": …} with one, not ["b"]',
        ),
        ({"detail": {"a": [{"exists": "true"}]}}, "exists takes true or false"),
        ({"detail": {"a": [{"numeric": [">", "0"]}]}}, "numeric takes a list such as"),
        ({"detail": {"a": [{"numeric": ["=", 6_000_000_000]}]}}, "numbers up to 5,000,000,000"),
        ({"detail": {"a": [{"cidr": "10.0.0"}]}}, "cidr takes addresses such as 10.0.0.0/24"),
        ({"detail": {"a": [{"wildcard": "a**b"}]}}, "wildcard takes no two stars side by side"),
        ({"detail": {"a": [{"anything-but": ["a", 1]}]}}, "anything-but takes texts or numbers, and not both"),
        (
            {"detail": {"a": [{"anything-but": {"prefx": "a"}}]}},
            "anything-but takes values, or one of equals-ignore-case, prefix",
        ),
        ({"$or": [{"source": ["a"]}]}, "$or must be a list of two or more objects"),
        ({"detail": {f"f{n}": {"$or": [{"a": [1]}] * 11} for n in range(3)}}, "stands for 1331 combinations"),
    ],
)
def test_anything_else_is_refused(pattern: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="pattern: ") as refused:
        event_patterns.check(pattern)
    assert message.replace("'", "") in str(refused.value).replace("'", "")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_message_says_where_and_names_every_problem(repository: Repository) -> None:
    repository.project("acres", 'p.on_event("e", p.queue("q"), {"source": "a", "detail": {"b": [{"prefx": "c"}]}})')
    ended = repository.invoke("package-lambdas", "--env", "dev")
    message = " ".join(ended.err.split())
    assert ended.code == 1
    assert "projects/acres/deploy.py:9: ValueError: pattern: source is 'a'" in message
    assert "detail.b: there is no comparison 'prefx'" in message


LONG = 'p.on_event("e", p.queue("q"), {"source": ["acres"], "detail": {"id": [f"{n:020}" for n in range(100)]}})'


def test_a_pattern_is_not_longer_than_the_quota(repository: Repository) -> None:
    """2,048 characters unless it was raised: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html."""
    repository.project("acres", LONG)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert "acres: rule/e: its pattern has 2338 characters, and the account may have 2048." in " ".join(ended.err.split())
    repository.configure(defaults={"trigger": {"pattern_characters": 4096}})
    assert len(repository.resources()["rule/e"].desired()["EventPattern"]["detail"]["id"]) == 100
