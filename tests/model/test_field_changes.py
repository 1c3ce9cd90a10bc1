"""The change of a field part by part: maps by key, lists by item, policies by statement."""

from typing import Any

import pytest

from common.model.field_changes import of_field
from tests.resources.builders import Place
from tests.resources.conftest import moto_aws, moto_gaps, moto_glue, place

__all__ = ["moto_aws", "moto_gaps", "moto_glue", "place"]

OPEN = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}, ["~ F.b.c 2 3"]),
        ({"a": 1}, {"a": 1, "b": {"c": 3}}, ["+ F.b.c None 3"]),
        ({"a": 1}, {}, ["- F.a 1 None"]),
        (None, {"a": 1}, ["+ F.a None 1"]),
        (["x", "y"], ["y", "z"], ["- F x None", "+ F None z"]),
        (["x", "y"], ["y", "x"], ["~ F ['x', 'y'] ['y', 'x']"]),
        ([{"Id": "a", "n": 1}, {"Id": "b"}], [{"Id": "b"}, {"Id": "a", "n": 2}], ["~ F.a.n 1 2"]),
        ([{"n": 1}], [{"n": 1}, {"n": 2}], ["+ F.1 None {'n': 2}"]),
        (1, 2, ["~ F 1 2"]),
        ("x", None, ["~ F x None"]),
        ("x", "«p: resource/q#Arn»", ["~ F x (Arn is known after resource/q is created)"]),
        ({"own": policy()}, {"own": policy(OPEN)}, ["+ s3:GetObject on * "]),
        ({"own": policy(OPEN)}, {"own": policy({**OPEN, "Sid": "x"}, {**OPEN, "Effect": "Deny"})}, ["+ deny s3:GetObject on * "]),
        (
            policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}),
            policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            ["~ F.Statement.0.NotAction s3:* iam:*"],
        ),
        (
            policy({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}),
            policy({"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}),
            [
                "+ sts:AssumeRole by Service glue.amazonaws.com ",
                "- sts:AssumeRole by Service lambda.amazonaws.com ",
            ],
        ),
        ('{"a": 1}', '{"a": 2}', ["~ F.a 1 2"]),
    ],
)
def test_each_part_is_told_by_itself(place: Place, before: Any, after: Any, expected: list[str]) -> None:
    changes = of_field(place.topic(), "F", before, after)
    assert [
        f"{change.sign} {change.label}{change.text}"
        if change.text
        else f"{change.sign} {change.label or change.name} {change.live} {change.declared}"
        for change in changes
    ] == expected
    assert len({change.name for change in changes}) == len(changes), "programs find each by its name"
